/**
 * The page's colours inside a notebook, which has custom properties and a theme of its own. Parts import
 * `app/theme.svelte`; the build of the widgets puts this file in its place.
 */

import { coloursOf, type Colours } from "../colours";
import palette from "../palette.css?raw";
import tokens from "../theme.css?raw";

type Properties = Readonly<Record<string, string>>;

/** Custom properties of the first block of a sheet that begins with `selector`. */
function block(sheet: string, selector: string): Properties {
  const start = sheet.indexOf(`${selector} {`);
  const inside = sheet.slice(sheet.indexOf("{", start) + 1, sheet.indexOf("}", start));
  return Object.fromEntries([...inside.matchAll(/(--[\w-]+):\s*([^;]+);/g)].map((found) => [found[1]!, found[2]!]));
}

const TOKENS = block(tokens, ":root");
const LIGHT: Properties = { ...TOKENS, ...block(palette, ":root") };
const DARK: Properties = { ...TOKENS, ...block(tokens, ':root[data-theme="dark"]'), ...block(palette, ':root[data-theme="dark"]') };
const SYSTEM = matchMedia("(prefers-color-scheme: dark)");

/** Whether the notebook is dark: as JupyterLab, VS Code and marimo say it, else as the system does. */
function dark(): boolean {
  const { body, documentElement } = document;
  const jupyter = body.dataset["jpThemeLight"];
  if (jupyter !== undefined) return jupyter === "false";
  const names = `${body.className} ${documentElement.className}`;
  if (/\bvscode-light\b|\blight(-theme)?\b/.test(names)) return false;
  return /\bvscode-(dark|high-contrast)\b|\bdark(-theme)?\b/.test(names) || SYSTEM.matches;
}

class Theme {
  properties = $state.raw<Properties>(LIGHT);
  readonly now: Colours = $derived.by(() => coloursOf((name) => this.properties[`--${name}`] ?? "#808080"));

  constructor() {
    const again = (): void => void (this.properties = dark() ? DARK : LIGHT);
    again();
    SYSTEM.addEventListener("change", again);
    const watch = new MutationObserver(again);
    for (const one of [document.body, document.documentElement])
      watch.observe(one, { attributeFilter: ["class", "data-theme", "data-jp-theme-light"] });
  }
}

export const theme = new Theme();
export const motion = { reduced: matchMedia("(prefers-reduced-motion: reduce)").matches };

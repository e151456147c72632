import { readColours, type Colours } from "../colours";

/** The colours of the page, for what is drawn pixel by pixel; new ones when the theme changes. */
class Theme {
  now = $state.raw<Colours>(readColours());

  constructor() {
    const again = (): void => void (this.now = readColours());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
    new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }
}

export const theme = new Theme();

/** Whether the person asked for little motion. */
class Motion {
  reduced = $state(false);

  constructor() {
    const asked = matchMedia("(prefers-reduced-motion: reduce)");
    this.reduced = asked.matches;
    asked.addEventListener("change", () => (this.reduced = asked.matches));
  }
}

export const motion = new Motion();

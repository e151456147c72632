/** The widgets for notebooks: each one file that needs nothing else, beside the page. */

import { svelte } from "@sveltejs/vite-plugin-svelte";
import { build, type Plugin, type ResolvedConfig } from "vite";

const NAMES = ["draw-pad", "gallery", "weight-maps", "confusion-grid"];

/** Parts take their colours from the notebook instead of from the page. */
function notebook(root: string): Plugin {
  return {
    name: "sightline-notebook",
    enforce: "pre",
    resolveId: (source) => (source.endsWith("/app/theme.svelte") ? `${root}/src/widgets/theme.svelte.ts` : null),
  };
}

/** After the page, its widgets. */
export function widgets(): Plugin {
  let config: ResolvedConfig;
  return {
    name: "sightline-widgets",
    apply: "build",
    configResolved: (found) => void (config = found),
    async closeBundle() {
      for (const name of NAMES) {
        await build({
          configFile: false,
          root: config.root,
          logLevel: "warn",
          plugins: [notebook(config.root), svelte({ emitCss: false, compilerOptions: { runes: true, css: "injected" } })],
          publicDir: false,
          build: {
            outDir: `${config.build.outDir}/widgets`,
            emptyOutDir: false,
            target: "es2022",
            lib: { entry: `src/widgets/${name}.ts`, formats: ["es"], fileName: () => `${name}.js` },
            rollupOptions: { output: { codeSplitting: false } },
          },
        });
      }
    },
  };
}

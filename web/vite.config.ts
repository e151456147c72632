import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, loadEnv } from "vite";
import { widgets } from "./vite.widgets";

const server = loadEnv("", ".", "SIGHTLINE_")["SIGHTLINE_STUDIO"] ?? "http://127.0.0.1:7860";

export default defineConfig({
  base: "./",
  plugins: [svelte(), widgets()],
  build: {
    outDir: "../src/sightline/studio/page",
    emptyOutDir: true,
    license: { fileName: "licences.md" }, // of what is bundled
    target: "es2022",
    assetsInlineLimit: 0, // an inlined script or font would be refused by the page's Content-Security-Policy
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: { "/api": { target: server, changeOrigin: true }, "/data": { target: server, changeOrigin: true } },
  },
});

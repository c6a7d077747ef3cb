import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** The script that draws the page is fetched at once, not when the script that asks for it was read. */
const preloadRoot: Plugin = {
  name: "preload-root",
  transformIndexHtml: {
    order: "post",
    handler: (_, { bundle = {} }) =>
      Object.values(bundle)
        .filter((one) => one.type === "chunk" && one.name === "root")
        .map(({ fileName }) => ({
          tag: "link",
          attrs: { rel: "modulepreload", crossorigin: true, href: `/${fileName}` },
          injectTo: "head",
        })),
  },
};

export default defineConfig({
  plugins: [react(), preloadRoot],
  build: {
    // Every browser that the Azure portal supports has top-level await, which src/api/config.ts uses.
    target: "es2022",
    // Inlined as data: URLs, small files would be counted into the script and need more of the CSP.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Kilobytes before compression; what the list needs is held to a budget by tests/browser/test_tickets.py.
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      output: {
        // What the list needs comes in two files, not in as many as other pages share some of it.
        codeSplitting: {
          groups: [
            { name: "main", test: /src[\\/]main\.ts$/, priority: 2 },
            { name: "root", test: /src[\\/]app[\\/]root\.tsx$/, priority: 1 },
          ],
        },
      },
    },
  },
  // `npm run dev` serves the page alone; the app of `make run` answers for the rest.
  server: { proxy: { "/api": { target: "http://127.0.0.1:7071", changeOrigin: true } } },
});

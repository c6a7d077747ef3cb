import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  build: {
    // Every browser that the Azure portal supports has top-level await, which src/api/config.ts uses.
    target: "es2022",
    // Inlined as data: URLs, small files would be counted into the script and need more of the CSP.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // `npm run dev` serves the page alone; the app of `make run` answers for the rest.
  server: { proxy: { "/api": { target: "http://127.0.0.1:7071", changeOrigin: true } } },
});

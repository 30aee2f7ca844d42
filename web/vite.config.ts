import { defineConfig } from "vite";

export default defineConfig({
  base: "/",
  build: {
    target: "es2022",
    // A page served under a content security policy of 'self' must not carry data: scripts or preload helpers.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rollupOptions: { input: { viewer: "index.html", kiosk: "kiosk.html" } },
  },
});

import { defineConfig } from "vitest/config";

// The bundle is served by dray-notifier under a Content-Security-Policy without unsafe-inline: nothing
// may be inlined, neither scripts nor styles nor data: images.
export default defineConfig({
  base: "./",
  build: {
    target: "es2022",
    outDir: "dist",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  test: { include: ["test/**/*.test.ts"], environment: "node" },
});

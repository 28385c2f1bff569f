import { defineConfig } from "vitest/config";

import { licences } from "./licences.ts";

export default defineConfig({
  base: "./",
  plugins: [licences()],
  // The server writes a <base> into the page: where the app is, with or without a path before it.
  experimental: { renderBuiltUrl: (file) => `static/${file}` },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../static",
    emptyOutDir: true,
    chunkSizeWarningLimit: 800,
    assetsInlineLimit: 0,
  },
  test: { environment: "happy-dom", include: ["test/**/*.test.{ts,tsx}"] },
});

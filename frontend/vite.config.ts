import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { gatewayProxy, serveDevConfig } from "./vite-dev.ts";

const productionRouter = [
  { find: /^react-router$/, replacement: routerFile("index.mjs") },
  { find: /^react-router\/dom$/, replacement: routerFile("dom-export.mjs") },
];

function routerFile(name: string): string {
  return fileURLToPath(
    new URL(`./node_modules/react-router/dist/production/${name}`, import.meta.url),
  );
}

export default defineConfig(({ mode }) => ({
  plugins: [react(), tailwindcss(), serveDevConfig()],
  resolve: {
    alias: [
      { find: "@", replacement: fileURLToPath(new URL("./src", import.meta.url)) },
      // The package's own exports name its development build only.
      ...(mode === "production" ? productionRouter : []),
    ],
  },
  // 5173 is where `make run` serves the build: both can run at once.
  server: { port: 5174, strictPort: true, proxy: gatewayProxy(process.env) },
  build: { target: "es2023", manifest: true, reportCompressedSize: false },
  test: {
    environment: "jsdom",
    environmentOptions: { jsdom: { url: "http://localhost:5173/" } },
    setupFiles: "./src/testing/setup.ts",
    restoreMocks: true,
    testTimeout: 60_000,
    css: false,
  },
}));

import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { gatewayProxy, serveDevConfig } from "./vite-dev.ts";

const productionRouter = {
  find: /^react-router$/,
  replacement: fileURLToPath(
    new URL("./node_modules/react-router/dist/production/index.mjs", import.meta.url),
  ),
};

export default defineConfig(({ mode }) => ({
  plugins: [react(), tailwindcss(), serveDevConfig()],
  resolve: {
    alias: [
      { find: "@", replacement: fileURLToPath(new URL("./src", import.meta.url)) },
      // The package exports only its development build.
      ...(mode === "production" ? [productionRouter] : []),
    ],
  },
  // `make run` serves the build on 5173, so that both can run at once.
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

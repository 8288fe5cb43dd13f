import js from "@eslint/js";
import importPlugin from "eslint-plugin-import";
import a11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import globals from "globals";
import { readdirSync } from "node:fs";
import ts from "typescript-eslint";

const features = readdirSync("src/features");
const shared = ["components", "config", "hooks", "lib"].map((name) => `./src/${name}`);

export default ts.config(
  { ignores: ["dist", "src/lib/api/schema.d.ts"] },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [
      ts.configs.strictTypeChecked,
      ts.configs.stylisticTypeChecked,
      hooks.configs.flat["recommended-latest"],
      a11y.flatConfigs.strict,
    ],
    plugins: { import: importPlugin },
    languageOptions: {
      globals: globals.browser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    settings: { "import/resolver": { typescript: true } },
    rules: {
      // A number in a template literal is formatted as intended.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // Event handlers may be async: mutations handle their own errors.
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: false }],
      // Agrees with the compiler's noPropertyAccessFromIndexSignature.
      "@typescript-eslint/dot-notation": ["error", { allowIndexSignaturePropertyAccess: true }],
      "import/no-restricted-paths": [
        "error",
        {
          zones: [
            ...features.map((name) => ({
              target: `./src/features/${name}`,
              from: "./src/features",
              except: [`./${name}`],
              message: "Features must not import each other; a route combines them.",
            })),
            {
              target: "./src/features",
              from: "./src/app",
              message: "Features must not import the app.",
            },
            {
              target: shared,
              from: ["./src/features", "./src/app"],
              message: "Shared code must not import features or the app.",
            },
          ],
        },
      ],
      "import/no-cycle": "error",
    },
  },
  { files: ["**/*.{js,mjs}"], languageOptions: { globals: globals.node } },
  {
    files: ["public/*.js"],
    languageOptions: { globals: globals.browser, sourceType: "script" },
  },
);

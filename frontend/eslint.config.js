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
      // A number in a template literal reads as it will be shown.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // Event handlers may be async; what they throw is shown by the mutation that threw.
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: false }],
      // As the compiler's noPropertyAccessFromIndexSignature: a key that may be missing looks like one.
      "@typescript-eslint/dot-notation": ["error", { allowIndexSignaturePropertyAccess: true }],
      "import/no-restricted-paths": [
        "error",
        {
          zones: [
            ...features.map((name) => ({
              target: `./src/features/${name}`,
              from: "./src/features",
              except: [`./${name}`],
              message: "A feature knows no other feature; a route brings them together.",
            })),
            {
              target: "./src/features",
              from: "./src/app",
              message: "Imports flow from the app to the features.",
            },
            {
              target: shared,
              from: ["./src/features", "./src/app"],
              message: "What is shared knows no feature.",
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

// Measures the JavaScript of the first page: the entry and the browse route, each with its imports.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT_BYTES = 125_000;
const manifest = JSON.parse(readFileSync("dist/.vite/manifest.json", "utf8"));
const gzipSize = (file) => gzipSync(readFileSync(`dist/${file}`), { level: 9 }).length;

function withImports(key, keys = new Set()) {
  if (keys.has(key)) return keys;
  keys.add(key);
  for (const next of manifest[key].imports ?? []) withImports(next, keys);
  return keys;
}

const initial = new Set([
  ...withImports("index.html"),
  ...withImports("src/app/routes/browse.tsx"),
]);
const print = (keys) => {
  let sum = 0;
  for (const key of keys) {
    const { file } = manifest[key];
    if (!file.endsWith(".js")) continue;
    const bytes = gzipSize(file);
    sum += bytes;
    console.log(`${(bytes / 1000).toFixed(1).padStart(8)} kB  ${file}`);
  }
  return sum;
};

console.log("Initial JavaScript (entry and browse), gzip:");
const total = print(initial);
console.log(
  `${(total / 1000).toFixed(1).padStart(8)} kB  in total; the limit is ${LIMIT_BYTES / 1000} kB`,
);
console.log("Loaded on demand, gzip:");
print(Object.keys(manifest).filter((key) => !initial.has(key)));
if (total > LIMIT_BYTES) {
  console.error("The initial JavaScript exceeds the limit.");
  process.exit(1);
}

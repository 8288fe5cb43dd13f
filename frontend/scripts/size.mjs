// Weighs what the first page loads: the entry, its imports, and the browse route's chunk with its imports.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT = 130_000;
const manifest = JSON.parse(readFileSync("dist/.vite/manifest.json", "utf8"));
const weigh = (file) => gzipSync(readFileSync(`dist/${file}`), { level: 9 }).length;

function withImports(key, found = new Set()) {
  if (found.has(key)) return found;
  found.add(key);
  for (const next of manifest[key].imports ?? []) withImports(next, found);
  return found;
}

const first = new Set([...withImports("index.html"), ...withImports("src/app/routes/browse.tsx")]);
const print = (keys) => {
  let sum = 0;
  for (const key of keys) {
    const { file } = manifest[key];
    if (!file.endsWith(".js")) continue;
    const bytes = weigh(file);
    sum += bytes;
    console.log(`${(bytes / 1000).toFixed(1).padStart(8)} kB  ${file}`);
  }
  return sum;
};

console.log("Initial JavaScript (entry and browse), gzip:");
const total = print(first);
console.log(
  `${(total / 1000).toFixed(1).padStart(8)} kB  together; the limit is ${LIMIT / 1000} kB`,
);
console.log("Loaded when needed, gzip:");
print(Object.keys(manifest).filter((key) => !first.has(key)));
if (total > LIMIT) {
  console.error("The first page has become too heavy.");
  process.exit(1);
}

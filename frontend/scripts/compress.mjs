// Compresses every text asset of the build for nginx's gzip_static and `python -m frontend.server`.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { constants, gzipSync } from "node:zlib";

const TEXT = /\.(css|html|js|json|svg|txt)$/;
const MIN_SIZE_BYTES = 1024;

for (const entry of await readdir("dist", { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (!entry.isFile() || !TEXT.test(entry.name) || path.includes(".vite")) continue;
  const text = await readFile(path);
  if (text.length < MIN_SIZE_BYTES) continue;
  await writeFile(`${path}.gz`, gzipSync(text, { level: constants.Z_BEST_COMPRESSION }));
}

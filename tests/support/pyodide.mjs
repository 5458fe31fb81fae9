// Runs a Python script in Pyodide: node pyodide.mjs PYODIDE SCRIPT FOLDER...
// PYODIDE is the folder of the npm package; Python finds modules in each FOLDER.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [package_, script, ...folders] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(resolve(package_, "pyodide.mjs")));
const pyodide = await loadPyodide();
for (const [index, folder] of folders.entries()) {
  pyodide.mountNodeFS(`/folder${index}`, resolve(folder));
  pyodide.runPython(`import sys; sys.path.append("/folder${index}")`);
}
try {
  pyodide.runPython(readFileSync(script, "utf8"));
} catch (error) {
  console.error(String(error).slice(-4000));
  process.exit(1);
}

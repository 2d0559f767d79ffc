// usage: node check.js FOLDER, where the folder is the one that the parser is installed in
// Reads a JSON list of AsyncAPI documents on stdin; prints what the parser says of each: a JSON list a line, worst first.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { Parser } = createRequire(`${process.argv[2]}/package.json`)("@asyncapi/parser");
const LEVELS = ["error", "warning", "information", "hint"];

for (const document of JSON.parse(readFileSync(0, "utf8"))) {
  const { diagnostics } = await new Parser().parse(JSON.stringify(document));
  const said = [...diagnostics]
    .sort((one, other) => one.severity - other.severity)
    .map(({ severity, code, message, path }) => ({ level: LEVELS[severity], code, message, path: path.join(".") }));
  console.log(JSON.stringify(said));
}

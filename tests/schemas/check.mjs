// What Node's ajv says of the corpus: check.mjs STATE_DIR SCHEMAS CORPUS
//
// Prints what check.py prints. ajv is strict: it refuses a schema with keywords that it does not
// know, or that make no sense where they stand.

import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";

const [state, schemas, corpus] = process.argv.slice(2).map((it) => resolve(it));
const { default: Ajv } = createRequire(join(state, "package.json"))("ajv");
const read = (file) => JSON.parse(readFileSync(file, "utf8"));

for (const file of readdirSync(corpus).sort()) {
  const document = basename(file, ".json");
  const cases = read(join(corpus, file));
  const ajv = new Ajv({ strict: true, allErrors: true });
  const validate = ajv.compile(read(join(schemas, `${document}.schema.json`)));
  for (const { name, document: instance } of [...cases.accepted, ...cases.rejected]) {
    const accepted = validate(instance);
    const violations = (validate.errors ?? []).map(({ instancePath, keyword }) => ({
      pointer: instancePath,
      keyword,
    }));
    console.log(JSON.stringify({ validator: "ajv", document, name, accepted, violations }));
  }
}

// Checks documents with ajv: validate.mjs STATE_DIR SCHEMAS DOCUMENT...

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";

const [state, schemas, ...documents] = process.argv.slice(2);
const { default: Ajv } = createRequire(join(state, "package.json"))("ajv");
const read = (file) => JSON.parse(readFileSync(file, "utf8"));

for (const document of documents) {
  const schema = join(schemas, `${basename(document, ".json")}.schema.json`);
  const validate = new Ajv().compile(read(schema));
  if (!validate(read(document))) {
    console.error(document, validate.errors);
    process.exit(1);
  }
}

"""What Python's validators say of the corpus: check.py SCHEMAS CORPUS

Prints one JSON object per line: {"validator", "document", "name", "accepted", "violations"}, where a
violation has the "pointer" to what is wrong and the "keyword" of the schema that says so.
"""

import json
import sys
from pathlib import Path

import fastjsonschema
import jsonschema


def pointer(path):
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return "".join("/" + part for part in parts)


def by_jsonschema(schema):
    validator = jsonschema.Draft7Validator(schema)

    def violations(document):
        for error in validator.iter_errors(document):
            yield {"pointer": pointer(error.absolute_path), "keyword": error.validator}

    return violations


def by_fastjsonschema(schema):
    # Without `use_default=False` it would write the defaults into what it checks.
    validate = fastjsonschema.compile(schema, use_default=False)

    def violations(document):
        # It stops at the first error. The path starts with the name of the argument, `data`.
        try:
            validate(document)
        except fastjsonschema.JsonSchemaValueException as error:
            yield {"pointer": pointer(error.path[1:]), "keyword": error.rule}

    return violations


def main(schemas, corpus):
    for file in sorted(Path(corpus).glob("*.json")):
        cases = json.loads(file.read_text("utf-8"))
        schema = json.loads(Path(schemas, f"{file.stem}.schema.json").read_text("utf-8"))
        jsonschema.Draft7Validator.check_schema(schema)
        for name, compile_schema in (
            ("jsonschema", by_jsonschema),
            ("fastjsonschema", by_fastjsonschema),
        ):
            check = compile_schema(schema)
            for case in cases["accepted"] + cases["rejected"]:
                violations = list(check(case["document"]))
                verdict = {
                    "validator": name,
                    "document": file.stem,
                    "name": case["name"],
                    "accepted": not violations,
                    "violations": violations,
                }
                print(json.dumps(verdict))


main(*sys.argv[1:])

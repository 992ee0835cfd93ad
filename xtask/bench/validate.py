"""Checks documents with Python's jsonschema: validate.py SCHEMAS DOCUMENT..."""

import json
import sys
from pathlib import Path

from jsonschema import Draft7Validator

schemas, *documents = sys.argv[1:]
for document in map(Path, documents):
    schema = json.loads(Path(schemas, f"{document.stem}.schema.json").read_text("utf-8"))
    instance = json.loads(document.read_text("utf-8"))
    for error in Draft7Validator(schema).iter_errors(instance):
        sys.exit(f"{document}: {error.json_path}: {error.message}")

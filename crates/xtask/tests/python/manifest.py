"""Validates manifests against the published schema: prints {file: [what is wrong, ...]}.

Arguments: the schema, then the manifests.
"""

import json
import pathlib
import sys

import jsonschema

schema = json.loads(pathlib.Path(sys.argv[1]).read_text())
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
found = {}
for name in sys.argv[2:]:
    manifest = json.loads(pathlib.Path(name).read_text())
    found[name] = [f"{error.json_path}: {error.validator}" for error in validator.iter_errors(manifest)]
print(json.dumps(found))

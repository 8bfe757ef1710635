#!/usr/bin/env python3
"""log_lines.py SCHEMA SECRETS LOG...: each line of the logs must be an object of the schema, and hold none of the texts that
are lines of SECRETS. Prints the names of the events, sorted. Without python3-jsonschema the schema is not looked at, which
is said."""
import json
import sys

schema_path, secrets_path, *logs = sys.argv[1:]
schema = json.load(open(schema_path))
known = {}
for kind in schema["oneOf"]:
    known[kind["properties"]["event"]["const"]] = kind
try:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema)
    check = Draft202012Validator(schema)
except ImportError:
    print("python3-jsonschema is not installed: the schema is not checked", file=sys.stderr)
    check = None
secrets = [line.rstrip("\n") for line in open(secrets_path)]
assert secrets and all(len(s) >= 4 for s in secrets), "no secrets to look for"

wrong = 0
events = set()
for log in logs:
    for number, line in enumerate(open(log, encoding="utf-8"), 1):
        try:
            entry = json.loads(line, parse_constant=lambda word: sys.exit(f"{log}:{number}: {word}"))
        except ValueError as e:
            print(f"{log}:{number}: no JSON: {e}: {line!r}", file=sys.stderr)
            wrong += 1
            continue
        events.add(entry.get("event"))
        for error in check.iter_errors(entry) if check else ():
            print(f"{log}:{number}: {error.message[:300]}: {line!r}", file=sys.stderr)
            wrong += 1
        for secret in secrets:
            if secret.lower() in line.lower():
                print(f"{log}:{number}: holds {secret!r}: {line!r}", file=sys.stderr)
                wrong += 1
print(" ".join(sorted(events)))
sys.exit(1 if wrong else 0)

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""schema.py SCHEMA              - is SCHEMA what its own description says?
schema.py SCHEMA NAME [LINES]    - does standard input fit SCHEMA's definition NAME?

Standard input is one JSON document or, with the word LINES, one in each line, at least one.  The part of JSON Schema 2020-12
that SCHEMA uses is understood here; any other keyword is an error.
Status 0: it fits; 1: it does not, and each difference has a line.
"""
import json
import re
import sys

KEYWORDS = {"$ref", "$defs", "$schema", "$id", "$comment", "title", "description", "deprecated", "type", "const", "enum", "anyOf", "pattern",
            "minimum", "maximum", "items", "properties", "required", "additionalProperties", "propertyNames"}
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None)}


def is_type(value, name):
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def check_object(root, schema, value, where):
    properties = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            yield f"{where}: {name} is missing"
    for name, item in value.items():
        inner = properties.get(name, schema.get("additionalProperties", {}))
        if inner is False:
            yield f"{where}: {name} is not in the schema"
            continue
        if "propertyNames" in schema:
            yield from check(root, schema["propertyNames"], name, f"{where}: the name {name}")
        yield from check(root, inner, item, f"{where}.{name}")


def check_scalar(schema, value, where):
    if "type" in schema and not is_type(value, schema["type"]):
        yield f"{where}: {value!r} is no {schema['type']}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        yield f"{where}: {value!r} does not match {schema['pattern']}"
    if "minimum" in schema and value < schema["minimum"] or "maximum" in schema and value > schema["maximum"]:
        yield f"{where}: {value!r} is out of range"


def check(root, schema, value, where):
    """Yields what of @value does not fit @schema."""
    if "$ref" in schema:
        yield from check(root, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, where)
    if "anyOf" in schema:
        tries = [list(check(root, choice, value, where)) for choice in schema["anyOf"]]
        if all(tries):
            yield from min(tries, key=len)
    differences = list(check_scalar(schema, value, where))
    yield from differences
    if differences:
        return
    if isinstance(value, dict):
        yield from check_object(root, schema, value, where)
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from check(root, schema.get("items", {}), item, f"{where}[{i}]")


def check_schema(root, schema, where):
    """Yields what of @schema its own rules or this program do not allow."""
    for keyword in schema.keys() - KEYWORDS:
        yield f"{where}: {keyword} is not understood"
    if "$ref" in schema and schema["$ref"].removeprefix("#/$defs/") not in root["$defs"]:
        yield f"{where}: there is no {schema['$ref']}"
    if "properties" in schema and schema.get("additionalProperties") is not False:
        yield f"{where}: any other field would be allowed"
    for name in schema.get("required", []):
        if name not in schema["properties"]:
            yield f"{where}: {name} is required and not described"
    for name, inner in schema.get("properties", {}).items():
        if not re.fullmatch("[a-z][a-z0-9_]*", name):
            yield f"{where}: {name} is not in lower case with underscores"
        if "flags" in name and not inner.get("deprecated") and inner.get("type") != "array":
            yield f"{where}: {name} are flags, and not a list of names"
        yield from check_schema(root, inner, f"{where}.{name}")
    for keyword in ("items", "propertyNames", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            yield from check_schema(root, schema[keyword], f"{where}.{keyword}")
    for i, choice in enumerate(schema.get("anyOf", [])):
        yield from check_schema(root, choice, f"{where}.anyOf[{i}]")
    for name, inner in schema.get("$defs", {}).items():
        yield from check_schema(root, inner, f"{where}.$defs.{name}")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        root = json.load(file)
    if len(sys.argv) == 2:
        differences = list(check_schema(root, root, "schema"))
    else:
        text = sys.stdin.read()
        lines = text.splitlines() if sys.argv[3:] == ["LINES"] else [text]
        differences = [] if lines else ["there is no line"]
        for number, line in enumerate(lines, 1):
            differences += check(root, root["$defs"][sys.argv[2]], json.loads(line), f"{sys.argv[2]} {number}")
    for difference in differences:
        print(difference)
    return 1 if differences else 0


sys.exit(main())

"""The records of the table that all programs of examples/ are held to, and the answers: examples/pulumi/tests/refusals.json."""

import copy
import json
import pathlib
from datetime import datetime

EXAMPLES = pathlib.Path(__file__).resolve().parents[2]
RECORD = json.loads((EXAMPLES / "pulumi/tests/record.json").read_text(encoding="utf-8"))
TABLE = json.loads((EXAMPLES / "pulumi/tests/refusals.json").read_text(encoding="utf-8"))
VERIFIED_AT = datetime.fromisoformat(RECORD["verification"]["verified_at"]).timestamp()


def changed(case):
    """The record of a case."""
    if "value" in case:
        return case["value"]
    text = json.dumps(RECORD)
    for old, new in case.get("text", {}).items():
        text = text.replace(old, json.dumps(new)[1:-1])
    record = json.loads(text)
    if "named" in case:
        name(record["image"], *case["named"])
    for path, value in case.get("set", {}).items():
        parent, last = place(record, path)
        parent[last] = copy.deepcopy(value)
    for path in case.get("drop", []):
        parent, last = place(record, path)
        del parent[last]
    return record


def place(value, path):
    """The parent of what is at a path, and its key there. In a list, it is a number or an `id`."""

    def key(parent, part):
        if isinstance(parent, dict):
            return part
        return int(part) if part.isdigit() else next(at for at, item in enumerate(parent) if item["id"] == part)

    *above, last = path.split(".")
    for part in above:
        value = value[key(value, part)]
    return value, key(value, last)


def name(image, server, registry, repository):
    """Gives an image another name everywhere, as the program would write it."""
    name = "/".join(part for part in (server, registry, repository) if part is not None)
    tagged = f"{name}:{image['tag']}"
    image.update(server=server, registry=registry, repository=repository, reference=tagged)
    image.update(pinned=f"{name}@{image['digest']}", pinned_with_tag=f"{tagged}@{image['digest']}")


def wanted(case):
    return {**TABLE["wanted"], **case.get("wanted", {})}


def now(case):
    """The clock of a case, in seconds since 1970."""
    return VERIFIED_AT + case.get("hours", 1) * 3600

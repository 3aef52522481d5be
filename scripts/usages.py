"""Writes every example's `usage` of a packed orb as a pipeline file: usages.py ORB FOLDER.

A namespace has small letters only, so the placeholder NAMESPACE gets them. The YAML library is check-jsonschema's own.
"""

import pathlib
import sys

import ruamel.yaml

yaml = ruamel.yaml.YAML(typ="safe", pure=True)
orb = yaml.load(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").replace("NAMESPACE", "namespace"))
for name, example in orb["examples"].items():
    with (pathlib.Path(sys.argv[2]) / f"{name}.yml").open("w", encoding="utf-8") as out:
        yaml.dump(example["usage"], out)

"""Writes every whole pipeline that we show as a file: usages.py ORB FOLDER PAGE...

From a packed orb every example's `usage`, from a Markdown page every YAML block with a version at its top. A namespace has
small letters only, so the placeholder NAMESPACE gets them. The YAML library is check-jsonschema's own.
"""

import pathlib
import re
import sys

import ruamel.yaml

yaml = ruamel.yaml.YAML(typ="safe", pure=True)
orb, folder, *pages = map(pathlib.Path, sys.argv[1:])


def read(path):
    return path.read_text(encoding="utf-8").replace("NAMESPACE", "namespace")


for name, example in yaml.load(read(orb))["examples"].items():
    with (folder / f"{name}.yml").open("w", encoding="utf-8") as out:
        yaml.dump(example["usage"], out)
shown = 0
for page in pages:
    for block in re.findall(r"^```yaml\n(version: .*?)^```$", read(page), re.MULTILINE | re.DOTALL):
        shown += 1
        (folder / f"{page.stem}-{shown}.yml").write_text(block, encoding="utf-8")
if pages and not shown:
    sys.exit("usages: the pages show no pipeline")

#!/usr/bin/env python3
"""structures.py TABLE SOURCES: compares the table of structures with the Go sources that they are taken from.

A Go structure is flattened as `encoding/json` reads it: tags, embedded structures, unexported and ignored fields. The types
become the words of the table; a type that is not known is a difference.
"""

import pathlib
import re
import sys

SPEC = "opencontainers/image-spec/specs-go/v1"
DOCKER = "docker/docker"
DISTRIBUTION = "docker/distribution"
IMAGE = "image"  # containers/image, whatever the path that it is imported by

# A structure of the table: from which suite, package and type it is taken. One may have several sources.
SOURCES = {
    "OCI_PLATFORM": [("sid", SPEC, "Platform"), ("trixie", SPEC, "Platform")],
    "OCI_DESCRIPTOR": [("sid", SPEC, "Descriptor"), ("trixie", SPEC, "Descriptor")],
    "OCI_MANIFEST": [("sid", SPEC, "Manifest"), ("trixie", SPEC, "Manifest")],
    "OCI_INDEX": [("sid", SPEC, "Index"), ("trixie", SPEC, "Index")],
    "ROOTFS": [("sid", SPEC, "RootFS"), ("trixie", SPEC, "RootFS"), ("sid", DOCKER + "/image", "RootFS")],
    "HISTORY": [("sid", SPEC, "History"), ("trixie", SPEC, "History"), ("sid", DOCKER + "/image", "History")],
    "OCI_CONFIG": [("sid", SPEC, "ImageConfig"), ("trixie", SPEC, "ImageConfig")],
    "OCI_IMAGE": [("sid", SPEC, "Image"), ("trixie", SPEC, "Image")],
    "DISTRIBUTION_DESCRIPTOR": [("sid", DISTRIBUTION, "Descriptor")],
    "DISTRIBUTION_SCHEMA2": [("sid", DISTRIBUTION + "/manifest/schema2", "Manifest")],
    "DISTRIBUTION_OCI": [("sid", DISTRIBUTION + "/manifest/ocischema", "Manifest")],
    "DOCKER_PLATFORM": [
        ("sid", DISTRIBUTION + "/manifest/manifestlist", "PlatformSpec"),
        ("trixie", IMAGE + "/internal/manifest", "Schema2PlatformSpec"),
    ],
    "DISTRIBUTION_ENTRY": [("sid", DISTRIBUTION + "/manifest/manifestlist", "ManifestDescriptor")],
    "DISTRIBUTION_LIST": [("sid", DISTRIBUTION + "/manifest/manifestlist", "ManifestList")],
    "HEALTHCHECK": [
        ("sid", "moby/docker-image-spec/specs-go/v1", "HealthcheckConfig"),
        ("trixie", IMAGE + "/manifest", "Schema2HealthConfig"),
    ],
    "CONTAINER": [
        ("sid", DOCKER + "/api/types/container", "Config"),
        ("trixie", IMAGE + "/manifest", "Schema2Config"),
    ],
    "DOCKER_IMAGE": [("sid", DOCKER + "/image", "Image")],
    "SCHEMA2_DESCRIPTOR": [("trixie", IMAGE + "/manifest", "Schema2Descriptor")],
    "SCHEMA2": [("trixie", IMAGE + "/manifest", "Schema2")],
    "SCHEMA2_ENTRY": [("trixie", IMAGE + "/internal/manifest", "Schema2ManifestDescriptor")],
    "SCHEMA2_LIST": [("trixie", IMAGE + "/internal/manifest", "Schema2ListPublic")],
    "SCHEMA2_IMAGE": [("trixie", IMAGE + "/manifest", "Schema2V1Image")],
}

# Go's types that are no structures of a document, in the table's words.
WORDS = {
    "string": "Text",
    "digest.Digest": "Text",
    "layer.DiffID": "Text",  # a digest.Digest; its package is not among the sources
    "int": "Int",
    "int64": "Int",
    "time.Duration": "Int",
    "bool": "Bool",
    "time.Time": "Time",
    "[]byte": "Bytes",
    "struct{}": "Empty",
    "strslice.StrSlice": "Words",
    "nat.PortSet": "Map(&Empty)",
}


def main():
    """Prints each difference. 1 if there is one."""
    table = table_of(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    Package.table = table
    differences, compared = [], 0
    for name in sorted(table.keys() ^ SOURCES.keys()):
        differences.append(f"{name}: it has no source here, or is missing in the table")
    for name in sorted(table.keys() & SOURCES.keys()):
        for suite, package, go_type in SOURCES[name]:
            source = Package.of(pathlib.Path(sys.argv[2]) / suite, package)
            there = source.flattened(go_type)
            compared += 1
            for field in sorted(table[name].keys() | there.keys()):
                ours, theirs = table[name].get(field, "nothing"), there.get(field, "nothing")
                if ours != theirs:
                    where = f"{go_type} of {source.package} ({suite})"
                    differences.append(f"{name}.{field}: the table has {ours}, and {where} has {theirs}")
    for difference in differences:
        print(difference)
    print(f"structures: {len(table)} compared with {compared} of Go's, {len(differences)} differences", file=sys.stderr)
    return 1 if differences else 0


def table_of(text):
    """The table's structures: by name, each field's type with the name of a structure in place of its reference."""
    text = text[text.index("\nstructures! {") :]
    structures = {}
    for name, body in re.findall(r"^    ([A-Z0-9_]+) \{(.*?)\}$", text, re.M | re.S):
        fields = re.findall(r'"([^"]+)":\s*((?:[^,()]|\([^()]*(?:\([^()]*\))?[^()]*\))+),', body)
        structures[name] = {field: re.sub(r"\s+", " ", kind.strip()) for field, kind in fields}
    return structures


class Package:
    """A Go package's text, and the packages that it imports."""

    kept = {}
    # The structures of the table, to name those that a field refers to.
    table = {}

    def __init__(self, root, package, folder):
        self.root, self.package = root, package
        files = [file for file in sorted(folder.glob("*.go")) if not file.name.endswith("_test.go")]
        texts = [file.read_text(encoding="utf-8") for file in files]
        self.text = "\n".join(re.sub(r"/\*.*?\*/", "", re.sub(r"//[^\n]*", "", without_urls(text)), flags=re.S) for text in texts)

    @classmethod
    def of(cls, root, package):
        """The package of this path, or of one that ends so."""
        if (root, package) not in cls.kept:
            base = root / "usr/share/gocode/src"
            found = [folder for folder in base.glob("**/" + package) if any(folder.glob("*.go"))]
            # The shortest path: others are copies in vendor folders.
            folder = min(found, key=lambda folder: len(folder.parts), default=None)
            if folder is None:
                sys.exit(f"structures: {package} is not in {base}")
            cls.kept[root, package] = cls(root, str(folder.relative_to(base)), folder)
        return cls.kept[root, package]

    def imported(self, name):
        """The package that this one calls by that name; `None` where it is not among the sources."""
        paths = re.findall(r'^\s*(?:import\s+)?(\w+)?\s*"([^"]+)"$', self.text, re.M)
        for alias, path in paths:
            short = re.sub(r"/v\d+$", "", path).rsplit("/", 1)[-1]
            if alias == name or (not alias and short in (name, "go-" + name, name + "-go")) or (not alias and path.endswith("/" + name)):
                path = re.sub(r"/v\d+(?=/)", "", path)
                base = self.root / "usr/share/gocode/src"
                if (base / path).is_dir():
                    return Package.of(self.root, path)
        return None

    def found(self, go_type):
        """The package and the text of a type."""
        if "." in go_type:
            package, _, name = go_type.partition(".")
            other = self.imported(package)
            return (None, None) if other is None else other.found(name)
        if match := re.search(rf"^type {go_type} struct \{{(.*?)^\}}", self.text, re.M | re.S):
            return self, match[1]
        if match := re.search(rf"^(?:type\s+|\s+){go_type}\s+=?\s*([\w.\[\]*{{}}]+)$", self.text, re.M):
            return self, match[1]
        return None, None

    def flattened(self, go_type):
        """The fields of a structure, as JSON names them."""
        where, body = self.found(go_type)
        if body is None:
            sys.exit(f"structures: {self.package} has no {go_type}")
        if "\n" not in body:
            return where.flattened(body)
        own, embedded = {}, {}
        for line in body.split("\n"):
            line, _, tag = line.partition("`")
            json = re.search(r'json:"([^"]*)"', tag)
            json = json[1].split(",")[0] if json else ""
            words = line.split(None, 1)
            if not words or json == "-":
                continue
            if len(words) == 1 and not json:
                embedded.update(where.flattened(words[0].lstrip("*")))
            elif words[0][0].isupper():
                kind = words[1] if len(words) == 2 else words[0]
                own[json or words[0]] = where.word(re.sub(r"\s+", "", kind))
        return embedded | own

    def word(self, go_type):
        """A type in the table's words."""
        go_type = go_type.lstrip("*")
        if go_type in WORDS:
            return WORDS[go_type]
        if match := re.fullmatch(r"\[\](.+)", go_type):
            return listed("List", self.word(match[1]))
        if match := re.fullmatch(r"map\[[\w.]+\](.+)", go_type):
            return listed("Map", self.word(match[1]))
        where, body = self.found(go_type)
        if body is None:
            return f"`{go_type}`"
        if "\n" not in body:
            return where.word(body)
        fields = where.flattened(go_type.rsplit(".", 1)[-1])
        names = [name for name, known in Package.table.items() if known == fields]
        return f"Object(&{names[0]})" if names else f"an object of {sorted(fields)}"


def listed(kind, of):
    """A list or a map of something."""
    return f"{kind}(&{of})"


def without_urls(text):
    """The text with no `//` but that of comments."""
    return text.replace("://", ":")


if __name__ == "__main__":
    sys.exit(main())

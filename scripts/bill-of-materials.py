#!/usr/bin/env python3
"""Writes what a built binary is made of: bill-of-materials.py TARGET BINARY FOLDER

FOLDER gets verify-registry-image.cdx.json (CycloneDX 1.6) and licenses/: the texts of every crate that the binary links,
of the C code in them and of musl (third-party.txt), and those of Rust's standard library (rust-standard-library.html).
The same commit, compiler and binary give the same bytes in any folder; SOURCE_DATE_EPOCH, where it is set, is the time.

BINARY.crates, which scripts/build-static.sh leaves, holds the crates that Cargo built for the binary. Where it is there and
names others than Cargo's tree, nothing is written. It installs nothing and needs Python 3.9.
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAME = "verify-registry-image"
TEXT = re.compile(r"(licen[cs]e|copying|copyright|notice|unlicense)", re.IGNORECASE)
# libzstd may be had under the BSD licence or the GPL; it is taken under the first, whose text is beside this one.
NOT_CHOSEN = {("zstd-sys", "zstd/COPYING")}


class Refusal(Exception):
    """A bill that would not be true."""


def run(*command):
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


class Crate:
    """A package, as `cargo metadata` has it."""

    def __init__(self, package, sums):
        self.name, self.version = package["name"], package["version"]
        # `/` is what `OR` was written as before SPDX.
        self.license = re.sub(r"\s*/\s*", " OR ", package["license"] or "")
        self.repository = package["repository"]
        self.folder = pathlib.Path(package["manifest_path"]).parent
        self.sum = sums.get((self.name, self.version))
        self.key = f"{self.name} {self.version}"
        self.ref = f"pkg:cargo/{self.name}@{self.version.replace('+', '%2B')}"

    def texts(self):
        """The licence files in it, in folders of code taken from elsewhere, too."""
        found = []
        for path in sorted(self.folder.rglob("*")):
            inside = path.relative_to(self.folder).as_posix()
            if path.is_file() and TEXT.match(path.name) and path.suffix not in (".rs", ".c", ".h"):
                if (self.name, inside) not in NOT_CHOSEN:
                    found.append(path.read_text(encoding="utf-8", errors="replace"))
        return found


def linked(target):
    """The crates that Cargo links for a target, without what only tests, builds and macros use, and who needs whom."""
    metadata = json.loads(run("cargo", "metadata", "--quiet", "--locked", "--format-version=1", f"--filter-platform={target}"))
    sums = {}
    for block in (ROOT / "Cargo.lock").read_text().split("[[package]]"):
        fields = dict(re.findall(r'^(name|version|checksum) = "(.*)"$', block, re.MULTILINE))
        sums[fields.get("name"), fields.get("version")] = fields.get("checksum")
    packages = [Crate(package, sums) for package in metadata["packages"]]
    crates = {crate.key: crate for crate in packages}
    # Not from the metadata: their features are those of the tests, too.
    tree = run("cargo", "tree", "--quiet", "--locked", "--edges=normal,no-proc-macro", f"--target={target}",
               "--prefix=depth", "--format={p}")
    needs, path = {}, []
    for line in tree.splitlines():
        depth, name, version = re.match(r"(\d+)(\S+) v(\S+)", line).groups()
        key = f"{name} {version}"
        del path[int(depth):]
        needs.setdefault(key, set())
        if path:
            needs[path[-1]].add(key)
        path.append(key)
    return [crates[key] for key in sorted(needs)], needs


def musl_version(target):
    folder = pathlib.Path(run("rustc", "--print=sysroot").strip()) / "lib/rustlib" / target / "lib/self-contained"
    found = set(re.findall(rb"\0(1\.\d+\.\d+)\0", (folder / "libc.a").read_bytes()))
    if len(found) != 1:
        raise Refusal(f"the version of musl is not to be seen in {folder}/libc.a: {found}")
    return found.pop().decode()


def of_crate(crate):
    component = {"type": "library", "bom-ref": crate.ref, "name": crate.name, "version": crate.version, "purl": crate.ref,
                 "licenses": [{"expression": crate.license}]}
    if crate.sum:
        component["hashes"] = [{"alg": "SHA-256", "content": crate.sum}]
    if crate.repository:
        component["externalReferences"] = [{"type": "vcs", "url": crate.repository}]
    if crate.name == "zstd-sys":
        version = crate.version.split("+zstd.")[1]
        component["components"] = [outside("zstd", version, f"pkg:github/facebook/zstd@v{version}", "BSD-3-Clause",
                                           f"cpe:2.3:a:facebook:zstandard:{version}:*:*:*:*:*:*:*")]
    return component


def outside(name, version, purl, expression, cpe=None):
    component = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
                 "licenses": [{"expression": expression}]}
    return {**component, "cpe": cpe} if cpe else component


def not_crates(target):
    """What the binary links and no crate brings."""
    rust = re.match(r"rustc (\S+)", run("rustc", "--version"))[1]
    found = [outside("rust-std", rust, f"pkg:generic/rust-std@{rust}", "MIT OR Apache-2.0",
                     f"cpe:2.3:a:rust-lang:rust:{rust}:*:*:*:*:*:*:*")]
    if target.endswith("-musl"):
        version = musl_version(target)
        found.append(outside("musl", version, f"pkg:generic/musl@{version}", "MIT",
                             f"cpe:2.3:a:musl-libc:musl:{version}:*:*:*:*:*:*:*"))
    return found


def bill(target, binary, crates, needs):
    refs = {crate.key: crate.ref for crate in crates}
    own = next(crate for crate in crates if crate.name == NAME)
    others = [crate for crate in crates if crate is not own]
    outsiders = not_crates(target)
    depends = [{"ref": refs[key], "dependsOn": sorted(refs[need] for need in needs[key])} for key in sorted(needs)]
    next(entry for entry in depends if entry["ref"] == own.ref)["dependsOn"] += [one["bom-ref"] for one in outsiders]
    # Said even of those that need nothing, so that nobody takes it for unknown.
    depends += [{"ref": one["bom-ref"], "dependsOn": []} for one in outsiders]
    about = {"type": "application", "bom-ref": own.ref, "name": NAME, "version": own.version,
             "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(binary.read_bytes()).hexdigest()}],
             "licenses": [{"expression": own.license}],
             "externalReferences": [{"type": "vcs", "url": own.repository}]}
    metadata = {"component": about, "properties": [{"name": "cdx:rustc:sbom:target:triple", "value": target}]}
    if os.environ.get("SOURCE_DATE_EPOCH"):
        moment = time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))
        metadata["timestamp"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)
    made = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": metadata,
            "components": [of_crate(crate) for crate in others] + outsiders, "dependencies": depends}
    # A number of its own, as the format wants, and the same for the same content.
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(made, sort_keys=True))
    return {"$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "serialNumber": f"urn:uuid:{serial}", **made}


def licenses(target, crates):
    """The texts, each once, with the names of those that it belongs to."""
    texts, without = {}, []
    for crate in crates:
        found = crate.texts() if crate.name != NAME else []
        if not found and crate.name != NAME:
            without.append(crate.key)
        for text in found:
            owners, _ = texts.setdefault(" ".join(text.split()), ([], text.replace("\r\n", "\n").strip("\n")))
            if crate.key not in owners:
                owners.append(crate.key)
    if without:
        raise Refusal(f"no licence text is in {', '.join(without)}")
    if target.endswith("-musl"):
        text = (ROOT / "scripts/licences/musl.txt").read_text(encoding="utf-8")
        texts["musl"] = (["musl " + musl_version(target)], text.strip("\n"))
    listed = [f"{crate.key}  {crate.license}  {crate.repository or ''}".rstrip() for crate in crates if crate.name != NAME]
    head = (f"What {NAME} for {target} links, and the licences of it.\n\n"
            "The program itself is MIT OR Apache-2.0: LICENSE-MIT, LICENSE-APACHE. Rust's standard library, with what it is\n"
            "made of: rust-standard-library.html, beside this file. libzstd in zstd-sys is taken under its BSD licence.\n\n")
    rule = "=" * 100
    return head + "\n".join(listed) + "\n" + "".join(
        f"\n{rule}\n{', '.join(owners)}\n{rule}\n\n{text}\n" for owners, text in texts.values())


def write(target, binary, folder):
    crates, needs = linked(target)
    built = binary.with_name(binary.name + ".crates")
    if built.exists():
        known, there = set(needs), set(built.read_text().splitlines())
        if known != there:
            raise Refusal(f"Cargo's tree and what was built differ in {', '.join(sorted(known ^ there))}")
    sysroot = pathlib.Path(run("rustc", "--print=sysroot").strip())
    of_rust = sysroot / "share/doc/rust/COPYRIGHT-library.html"
    if not of_rust.exists():
        raise Refusal(f"the licences of Rust's standard library are not in {of_rust}")
    made, texts = bill(target, binary, crates, needs), licenses(target, crates)
    (folder / "licenses").mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.cdx.json").write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "licenses/third-party.txt").write_text(texts, encoding="utf-8")
    shutil.copyfile(of_rust, folder / "licenses/rust-standard-library.html")
    print(f"{folder}: {len(made['components'])} components, built as {'seen' if built.exists() else 'Cargo says'}")


def main(words):
    if len(words) != 3:
        print("usage: scripts/bill-of-materials.py TARGET BINARY FOLDER", file=sys.stderr)
        return 2
    try:
        write(words[0], pathlib.Path(words[1]), pathlib.Path(words[2]))
    except (Refusal, OSError, subprocess.CalledProcessError) as error:
        print(f"bill-of-materials: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

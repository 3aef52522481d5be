"""Tests of scripts/bill-of-materials.py, with two readers of CycloneDX that are not ours. tests/bill/run.sh runs this."""

import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from lib4sbom.parser import SBOMParser

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCRIPT = ROOT / "scripts/bill-of-materials.py"
sys.dont_write_bytecode = True
LINUX = ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl"]
MACOS = ["aarch64-apple-darwin", "x86_64-apple-darwin"]
BILL = "verify-registry-image.cdx.json"


def module():
    spec = importlib.util.spec_from_file_location("bill", SCRIPT)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


class Made:
    """What the script makes of a stand-in for a binary."""

    def __init__(self, target, root=ROOT, crates=None, **variables):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        binary = self.folder / "verify-registry-image"
        binary.write_bytes(b"a binary\n")
        if crates is not None:
            binary.with_name(binary.name + ".crates").write_text(crates)
        environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
        command = [sys.executable, root / "scripts/bill-of-materials.py", target, binary, self.folder / "out"]
        ended = subprocess.run(command, env={**environment, **variables}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, cwd="/")
        self.code, self.said = ended.returncode, ended.stderr

    def files(self):
        out = self.folder / "out"
        return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}

    def text(self, name):
        return self.files()[name].decode()

    def bill(self):
        return json.loads(self.text(BILL))

    def crates(self):
        return {f"{one['name']} {one['version']}" for one in self.bill()["components"] if one["purl"].startswith("pkg:cargo/")}

    def __del__(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Bills(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.made = {target: Made(target) for target in LINUX + MACOS}

    def test_every_target_has_one(self):
        for target, made in self.made.items():
            self.assertEqual((made.code, made.said), (0, ""), target)
            self.assertEqual(sorted(made.files()),
                             ["licenses/rust-standard-library.html", "licenses/third-party.txt", BILL])

    def test_it_keeps_the_formats_own_schema(self):
        validator = JsonStrictValidator(SchemaVersion.V1_6)
        for target, made in self.made.items():
            self.assertIsNone(validator.validate_str(made.text(BILL)), target)
            # That the validator finds something.
            wrong = made.text(BILL).replace('"type": "library"', '"type": "book"', 1)
            self.assertIsNotNone(validator.validate_str(wrong))

    def test_the_formats_own_library_reads_it_whole(self):
        for target, made in self.made.items():
            bom = Bom.from_json(made.bill())
            self.assertTrue(bom.validate(), target)
            written = made.bill()
            self.assertEqual({one.bom_ref.value for one in bom.components}, {one["bom-ref"] for one in written["components"]})
            self.assertEqual(len(bom.dependencies), len(written["dependencies"]))
            # Nothing stands in the list that the program does not need, by whatever way.
            needs = {one["ref"]: one["dependsOn"] for one in written["dependencies"]}
            reached, left = set(), [written["metadata"]["component"]["bom-ref"]]
            while left:
                ref = left.pop()
                if ref not in reached:
                    reached.add(ref)
                    left += needs[ref]
            self.assertEqual(reached, set(needs), target)
            self.assertEqual(reached - {written["metadata"]["component"]["bom-ref"]},
                             {one["bom-ref"] for one in written["components"]})

    def test_a_reader_of_another_hand_finds_the_same(self):
        for target, made in self.made.items():
            parser = SBOMParser()
            parser.parse_file(str(made.folder / "out" / BILL))
            self.assertEqual(parser.get_type(), "cyclonedx")
            read = {f"{one['name']} {one['version']}": one for one in parser.get_packages()}
            written = {f"{one['name']} {one['version']}": one for one in made.bill()["components"]}
            self.assertEqual(set(written) - set(read), set(), target)
            own = set(read) - set(written)
            self.assertTrue(all(name.split()[0] in ("verify-registry-image", "zstd") for name in own), own)
            for name, component in written.items():
                self.assertEqual(read[name]["licenseconcluded"], component["licenses"][0]["expression"], name)

    def test_it_lists_what_is_linked_and_not_what_tests_macros_and_other_systems_use(self):
        names = {target: {crate.split()[0] for crate in made.crates()} for target, made in self.made.items()}
        for target, found in names.items():
            self.assertTrue({"ring", "zstd-sys", "zlib-rs", "rustls", "tokio"} <= found, target)
            # A library of tests, one for builds, a macro, a feature that only the tests' dependencies ask for.
            self.assertFalse({"insta", "axum", "cc", "serde_derive", "allocator-api2", "clap_mangen"} & found, target)
        for target in LINUX:
            self.assertIn("linux-raw-sys", names[target])
            self.assertNotIn("security-framework", names[target])
        for target in MACOS:
            self.assertIn("security-framework", names[target])
            self.assertNotIn("linux-raw-sys", names[target])

    def test_what_no_crate_brings_is_in_it(self):
        for target, made in self.made.items():
            others = {one["name"] for one in made.bill()["components"] if not one["purl"].startswith("pkg:cargo/")}
            self.assertEqual(others, {"rust-std", "musl"} if target in LINUX else {"rust-std"}, target)
            inside = [one for one in made.bill()["components"] if one.get("components")]
            self.assertEqual([(one["name"], one["components"][0]["name"]) for one in inside], [("zstd-sys", "zstd")])

    def test_every_crate_has_its_licence_and_the_c_code_its_own(self):
        for target, made in self.made.items():
            text = made.text("licenses/third-party.txt")
            rule = "=" * 100
            blocks = text.split(rule + "\n")[1:]
            owners = {owner.strip() for block in blocks[::2] for owner in block.split(",")}
            self.assertEqual(owners - made.crates(), {"musl 1.2.5"} if target in LINUX else set(), target)
            self.assertEqual(made.crates() - owners, set(), target)
            for phrase in ["Google Inc.", "Meta Platforms", "BoringSSL", "Trifecta", "fiat-crypto"]:
                self.assertIn(phrase, text, target)
            self.assertEqual("Rich Felker" in text, target in LINUX)
            # zstd is had under the BSD licence as well, which is the one that is taken.
            self.assertNotIn("GNU GENERAL PUBLIC LICENSE", text)

    def test_another_folder_and_another_cargo_home_give_the_same_bytes(self):
        elsewhere = pathlib.Path(tempfile.mkdtemp()) / "a folder, with a longer name"
        self.addCleanup(shutil.rmtree, elsewhere.parent)
        names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout.decode()
        for name in names.rstrip("\0").split("\0"):
            if (ROOT / name).exists():
                (elsewhere / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, elsewhere / name)
        shutil.copy(SCRIPT, elsewhere / "scripts/bill-of-materials.py")
        home = elsewhere.parent / "home"
        home.mkdir()
        real = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo"))
        for entry in real.iterdir():
            (home / entry.name).symlink_to(entry)
        again = Made(LINUX[0], root=elsewhere, CARGO_HOME=str(home))
        self.assertEqual((again.code, again.said), (0, ""))
        self.assertEqual(again.files(), self.made[LINUX[0]].files())
        for name, content in again.files().items():
            for path in (str(ROOT), str(elsewhere), str(home), str(real)):
                self.assertNotIn(path.encode(), content, name)

    def test_the_time_is_in_it_only_where_it_is_given(self):
        self.assertNotIn("timestamp", self.made[LINUX[0]].bill()["metadata"])
        given = Made(LINUX[0], SOURCE_DATE_EPOCH="1767225600")
        self.assertEqual(given.bill()["metadata"]["timestamp"], "2026-01-01T00:00:00Z")
        self.assertNotEqual(given.bill()["serialNumber"], self.made[LINUX[0]].bill()["serialNumber"])

    def test_a_binary_of_other_crates_has_no_bill(self):
        known = self.made[LINUX[0]].crates() | {"verify-registry-image " + self.made[LINUX[0]].bill()["metadata"]["component"]["version"]}
        same = Made(LINUX[0], crates="\n".join(sorted(known)) + "\n")
        self.assertEqual((same.code, same.said), (0, ""))
        for other in (known | {"left-pad 1.0.0"}, known - {min(known)}, set()):
            differs = Made(LINUX[0], crates="\n".join(sorted(other)) + "\n")
            self.assertEqual((differs.code, differs.files()), (1, {}), differs.said)
            self.assertIn("differ in", differs.said)

    def test_a_crate_without_a_licence_text_has_no_bill(self):
        bill = module()
        with tempfile.TemporaryDirectory() as folder:
            package = {"name": "bare", "version": "1.0.0", "license": "MIT/Apache-2.0", "repository": None,
                       "manifest_path": f"{folder}/Cargo.toml"}
            crate = bill.Crate(package, {})
            self.assertEqual(crate.license, "MIT OR Apache-2.0")
            with self.assertRaisesRegex(bill.Refusal, "no licence text is in bare 1.0.0"):
                bill.licenses(MACOS[0], [crate])
            (pathlib.Path(folder) / "LICENSE").write_text("do what you want\r\n")
            self.assertTrue(bill.licenses(MACOS[0], [crate]).endswith("\ndo what you want\n"))

    def test_a_wrong_call_says_how(self):
        ended = subprocess.run([sys.executable, SCRIPT, "x"], stderr=subprocess.PIPE, text=True)
        self.assertEqual((ended.returncode, ended.stderr), (2, "usage: scripts/bill-of-materials.py TARGET BINARY FOLDER\n"))


if __name__ == "__main__":
    unittest.main(warnings="ignore")

"""Pulumi.yaml, over the records of the table that all programs of examples/ share."""

import copy
import pathlib
import sys
import unittest

import yaml

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parents[1] / "pulumi-python/tests")]

import kubernetes_validate
import records
from evaluate import Program, Refused

PROGRAM = yaml.safe_load((FOLDER.parent / "Pulumi.yaml").read_text(encoding="utf-8"))
FRAGMENT = yaml.safe_load((records.EXAMPLES / "pulumi/tests/pulumi-config.yaml").read_text(encoding="utf-8"))
DEPLOYMENT, SERVICE = "kubernetes:apps/v1:Deployment", "kubernetes:core/v1:Service"


def deployed(record, **wanted):
    wanted = {**records.TABLE["wanted"], **wanted}
    config = {"environment": wanted["environment"], "registry": wanted["registry"], "supportEmail": record}
    return Program(PROGRAM, config, wanted["service"])


class Programs(unittest.TestCase):
    def test_every_record_of_the_table_gets_its_answer(self):
        deploys_all_the_same = 0
        for case in records.TABLE["cases"]:
            with self.subTest(case["what"]):
                is_refused = {None: case["refused"] is not None, "deploys": False, "refuses": True}[case.get("yaml")]
                self.assertIn("yaml", case) if is_refused == (case["refused"] is None) else None
                deploys_all_the_same += case.get("yaml") == "deploys"
                try:
                    deployed(records.changed(case), **records.wanted(case)).resources()
                except Refused:
                    self.assertTrue(is_refused, "it was refused")
                else:
                    self.assertFalse(is_refused, "it was not refused")
        self.assertGreater(deploys_all_the_same, 20, "no clock, and no types")

    def test_the_fragment_that_the_gate_writes_is_deployed_by_its_digest(self):
        program = deployed(FRAGMENT["config"]["supportEmail"])
        resources = program.resources()
        [container] = resources[DEPLOYMENT]["spec"]["template"]["spec"]["containers"]
        self.assertEqual(container["image"], records.RECORD["image"]["pinned"])
        self.assertEqual(program.outputs(), {"image": records.RECORD["image"]["pinned"]})
        self.assertEqual({line["name"]: line["value"] for line in container["env"]}, records.RECORD["service"]["env"])
        for kind, version in ((DEPLOYMENT, "apps/v1"), (SERVICE, "v1")):
            manifest = {"apiVersion": version, "kind": kind.rpartition(":")[2], **resources[kind]}
            kubernetes_validate.validate(manifest, "1.33", strict=True)

    def test_verifying_the_same_image_again_changes_nothing(self):
        again = copy.deepcopy(records.RECORD)
        again["verification"]["verified_at"] = "2026-03-02T19:00:00Z"
        for check in again["verification"]["checks"]:
            check["message"] += ", again"
        again["pipeline"]["job_url"] = "https://circleci.com/gh/keepkey/support-email/9999"
        self.assertEqual(deployed(again).resources(), deployed(records.RECORD).resources())

    def test_every_guard_is_part_of_the_image(self):
        joined = PROGRAM["variables"]["guards"]["fn::join"][1]
        guards = [name for name, value in PROGRAM["variables"].items() if isinstance(value, dict) and "fn::select" in value]
        steps = {"hex", "lastOfHex", *(name for name in guards if "Behind" in name or "Status" in name)}
        steps |= {"registryHonest", "tagExists", "manifestIntact", "layersPresent"}
        self.assertEqual(sorted(joined), sorted(f"${{{name}}}" for name in guards if name not in steps))

    def test_a_stack_without_a_record_deploys_nothing(self):
        with self.assertRaisesRegex(Refused, "missing configuration variable `supportEmail`"):
            Program(PROGRAM, {"environment": "development", "registry": "keepkey"}, "support-email")


if __name__ == "__main__":
    unittest.main()

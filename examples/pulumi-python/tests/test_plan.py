"""What Pulumi would do with a record: the programs in Python and TypeScript, with their real SDKs, at an engine by gRPC."""

import json
import pathlib
import sys
import tempfile
import time
import unittest

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))

import engine
import records

SDK = records.EXAMPLES / "pulumi/node_modules/@pulumi/pulumi"
OPTIONS = [f"--project={engine.PROJECT}", f"--stack={engine.STACK}", "--monitor={address}", "--engine={address}"]
COMMANDS = {
    "python": (
        [sys.executable, str(FOLDER / "run_program.py"), str(FOLDER.parent), "{address}", engine.PROJECT, engine.STACK],
        FOLDER.parent,
    ),
    "typescript": (
        ["node", str(SDK / "cmd/run"), *OPTIONS, str(records.EXAMPLES / "pulumi/bin/index.js")],
        records.EXAMPLES / "pulumi",
    ),
}
# test.sh says so where the packages of the program in TypeScript are missing.
PROGRAMS = [name for name, (_, folder) in COMMANDS.items() if name == "python" or (folder / "bin/index.js").exists()]
DEPLOYMENT = "kubernetes:apps/v1:Deployment support-email"
SERVICE = "kubernetes:core/v1:Service support-email"


def record(hex=None, **parts):
    """A record that was verified just now: of another image with `hex`, with other top-level parts."""
    text = json.dumps(records.RECORD)
    digest = records.RECORD["image"]["digest"]
    value = {**json.loads(text.replace(digest, f"sha256:{hex}") if hex else text), **parts}
    value["verification"]["verified_at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return value


class Plans(unittest.TestCase):
    first = {}

    def run_first(self, program):
        """The run with the first record, once for all tests."""
        if program not in self.first:
            self.first[program] = self.deployed(record(), program)
        return self.first[program]

    def run_with(self, value, program, **config):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "record.json")
            path.write_text(json.dumps(value), encoding="utf-8")
            config = {"environment": "development", "registry": "keepkey", "pullSecret": "ours", "recordPath": str(path), **config}
            return engine.run(*COMMANDS[program], {key: value for key, value in config.items() if value is not None})

    def deployed(self, *arguments, **config):
        run = self.run_with(*arguments, **config)
        self.assertEqual(run.code, 0, run.printed + run.log)
        return run

    def test_the_first_run_creates_a_deployment_and_a_service(self):
        nothing = engine.Run(engine.Engine(), type("Ended", (), {"returncode": 0, "stdout": "", "stderr": ""}))
        for program in PROGRAMS:
            run = self.run_first(program)
            self.assertEqual(
                engine.plan(nothing, run), {DEPLOYMENT: "create", SERVICE: "create", "outputs": "update"}, program
            )
            container = run.resources[DEPLOYMENT]["spec"]["template"]["spec"]["containers"][0]
            self.assertEqual(container["image"], records.RECORD["image"]["pinned"])
            self.assertEqual(run.outputs, {"image": records.RECORD["image"]["pinned"]})
            self.assertIn(f"by {records.RECORD['pipeline']['job_url']}", run.log)

    def test_verifying_the_same_image_again_changes_nothing_in_the_plan(self):
        again = record(
            pipeline={**records.RECORD["pipeline"], "job_url": "https://circleci.com/gh/keepkey/support-email/9999", "job_number": 9999},
            source={**records.RECORD["source"], "revision": "0" * 40},
            warnings=["a warning"],
        )
        again["verification"]["verified_at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600))
        for program in PROGRAMS:
            before, after = self.run_first(program), self.deployed(again, program)
            self.assertEqual(engine.plan(before, after), {}, program)
            self.assertIn("9999", after.log)
            self.assertIn("a warning", after.log)

    def test_another_image_under_the_same_tag_updates_the_deployment_alone(self):
        for program in PROGRAMS:
            before, after = self.run_first(program), self.deployed(record("f" * 64), program)
            self.assertEqual(engine.plan(before, after), {DEPLOYMENT: "update", "outputs": "update"}, program)

    def test_both_programs_deploy_the_same(self):
        for program in PROGRAMS:
            self.assertEqual(engine.plan(self.run_first("python"), self.run_first(program)), {}, program)

    def test_a_record_in_the_stacks_configuration_is_deployed_too(self):
        # The fragment of a run over two services: each stack takes its own.
        other = record()
        other["service"]["name"] = "support-web"
        configured = {"recordPath": None, "supportEmail": json.dumps(record()), "supportWeb": json.dumps(other)}
        for program in PROGRAMS:
            before, after = self.run_first(program), self.deployed(None, program, **configured)
            self.assertEqual(engine.plan(before, after), {}, program)

    def test_nothing_is_registered_for_a_record_that_is_refused(self):
        for program in PROGRAMS:
            for value, config, reason in (
                (record(environment={"name": "production"}), {}, 'is for the environment "production"'),
                (records.RECORD, {}, "more than 24 hours ago"),
                (record(), {"registry": "pioneer"}, 'is of the registry "keepkey"'),
                (record(), {"repository": "billing"}, 'is of the repository "support-email"'),
                (record(), {"service": "billing"}, 'is of the service "support-email"'),
                (None, {}, "is not a deployment record"),
                (None, {"recordPath": None}, "deployment-record.json"),
            ):
                run = self.run_with(value, program, **config)
                self.assertNotEqual(run.code, 0, program)
                self.assertIn(reason, run.printed + run.log)
                self.assertEqual((run.resources, run.outputs), ({}, {}), program)


if __name__ == "__main__":
    unittest.main()

"""Tests of scripts/orb.py, and of the orb, the pipelines and the pages by it. `cargo test` runs this."""

import pathlib
import re
import sys
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True
import orb  # noqa: E402

SOURCES = orb.sources()
MAJOR = re.search(r'^version = "(\d+)', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]


def read(path):
    return (ROOT / path).read_bytes().decode()


def edited(files, path, old, new):
    """The files with a text in one of them replaced; it must be there, or the test proves nothing."""
    assert old in files[path], f"`{old}` is not in {path}"
    return {**files, path: files[path].replace(old, new, 1)}


class Case(unittest.TestCase):
    maxDiff = None

    def each(self, runs, expected):
        """Every run with what came of it, one blank line between."""
        found = ["\n".join(run) for run in runs]
        self.assertEqual(found, [block.strip("\n") for block in re.split(r"\n\n", expected.strip("\n"))])


class Committed(Case):
    def test_the_committed_orb_is_what_the_sources_pack_to(self):
        packed, committed = orb.pack(SOURCES), read("orb/orb.yml")
        self.assertEqual(committed, orb.to_yaml(packed), "run `make orb-pack` and commit orb/orb.yml")
        self.assertTrue(orb.is_same(orb.parse(committed), packed))
        # A reader of YAML 1.1 takes `off` and `no` for booleans.
        self.assertTrue(orb.is_same(yaml.safe_load(committed), packed))


class Yaml(Case):
    TEXT = r"""
a: [off, "no", 'Y', ~, 1, 2.1, true, {}, [], [[x, y: z]]]
b: |
  #!/bin/sh

  \<<END
c: "two\nlines"
d: " x\n y"
"on": "# : - & * ! % @ `"
e: {f: {g: []}}
h: sha256:1
i: ["12:30", "0123", "1e3", "2026-01-01", "", "two\tlines\n", "no newline\n\n"]
"""

    def test_what_is_written_reads_back_as_what_it_was(self):
        value = orb.parse(self.TEXT)
        self.assertEqual(value["a"][:7], ["off", "no", "Y", None, 1, 2.1, True])
        written = orb.to_yaml(value)
        self.assertTrue(orb.is_same(orb.parse(written), value), written)
        self.assertTrue(orb.is_same(yaml.safe_load(written), value), written)
        self.assertEqual(
            written.partition("i:")[0],
            r"""a:
  - "off"
  - "no"
  - "Y"
  - null
  - 1
  - 2.1
  - true
  - {}
  - []
  - - - x
      - "y": z
b: |
  #!/bin/sh

  \<<END
c: |-
  two
  lines
d: " x\n y"
"on": "# : - & * ! % @ `"
e:
  f:
    g: []
h: "sha256:1"
""",
        )

    def test_plain_values_that_only_yaml_1_1_knows_are_text(self):
        for text in ["off", "no", "Y", "12:30", "0123", "2026-01-01", "1_000", "<<", "0b1"]:
            self.assertEqual(orb.parse(f"a: {text}"), {"a": text})
        self.assertEqual(orb.parse("a: [0, -7, 2.1, 1e3, TRUE, Null]"), {"a": [0, -7, 2.1, 1000.0, True, None]})
        self.assertEqual(orb.parse("<<: {a: 1}"), {"<<": {"a": 1}})


class Pack(Case):
    FILES = {
        "@orb.yml": "version: 2.1\ndescription: An orb\n",
        "commands/a.yml": "steps:\n  - run:\n      name: n\n      command: <<include(scripts/a.sh)>>\n",
        "scripts/a.sh": "cat <<END\n<< not a parameter\nEND\n",
    }

    def refused(self, path, text):
        with self.assertRaises(orb.Mistake) as caught:
            orb.pack({**self.FILES, path: text})
        return str(caught.exception)

    def test_a_script_is_included_whole_and_its_heredoc_survives(self):
        self.assertEqual(
            orb.to_yaml(orb.pack(self.FILES)),
            r"""version: 2.1
description: An orb
commands:
  a:
    steps:
      - run:
          command: |
            cat \<<END
            \<< not a parameter
            END
          name: "n"
""",
        )

    def test_an_include_outside_the_elements_is_left_alone(self):
        packed = orb.pack({**self.FILES, "@orb.yml": "version: 2.1\ndescription: <<include(x)>>\n"})
        self.assertEqual(packed["description"], "<<include(x)>>")

    def test_an_include_works_in_an_environment_too(self):
        job = "environment:\n  A: << include(scripts/a.sh) >>\n"
        packed = orb.pack({**self.FILES, "jobs/j.yml": job})
        self.assertTrue(packed["jobs"]["j"]["environment"]["A"].startswith("cat \\<<END"))

    def test_what_the_two_generations_pack_differently_is_refused(self):
        refused = self.refused
        without_root = {path: text for path, text in self.FILES.items() if path != "@orb.yml"}
        with self.assertRaisesRegex(orb.Mistake, "^`@orb.yml` is missing$"):
            orb.pack(without_root)
        include = "<<include(scripts/a.sh)>>"
        messages = [
            refused("commands/b.yml", f"a: {include} {include}\n"),
            refused("commands/b.yml", f"a: sh -c {include}\n"),
            refused("commands/b.yml", "a: <<include(scripts/none.sh)>>\n"),
            refused("commands/b.yml", "a: <<include(../Cargo.toml)>>\n"),
            refused("commands/b.yml", "- a\n"),
            refused("commands/b.yml", ""),
            refused("commands/a.yaml", "a: 1\n"),
            refused("commands/deep/b.yml", "a: 1\n"),
            refused("fixtures/b.yml", "a: 1\n"),
            refused("other.yml", "a: 1\n"),
            refused("@orb.yml", "version: 2.1\nparameters: {}\n"),
            refused("examples/e.yml", "usage:\n  commands: {}\n"),
            refused("commands/b.yml", "a: 1\na: 2\n"),
            refused("examples/e.yml", "usage: all\n"),
            refused("@orb.yml", "version: 2.1\ncommands: none\n"),
        ]
        self.assertEqual(
            messages,
            f"""`commands/b.yml`: multiple include statements: `{include} {include}`
`commands/b.yml`: entire string must be include statement: `sh -c {include}`
`commands/b.yml`: could not open `scripts/none.sh` for inclusion
`commands/b.yml`: `../Cargo.toml` is not a file below the orb's root
`commands/b.yml`: expected a map
`commands/b.yml`: expected a map
`commands/a.yml` gives `a` in `commands` a second time
`commands/deep/b.yml`: a YAML file outside the four flat folders
`fixtures/b.yml`: a YAML file outside the four flat folders
`other.yml`: only `@orb.yml` belongs in the root
`@orb.yml`: `parameters` would be dropped by packing
`examples/e.yml`: `commands` would be dropped by packing
`commands/b.yml`: duplicate key `a`
`examples/e.yml`: expected a map
`commands` in `@orb.yml` is not a map""".splitlines(),
        )


class References(Case):
    def test_the_orb_has_nothing_to_find(self):
        self.assertEqual(orb.check_orb(orb.pack(SOURCES)), [])

    def test_each_mistake_is_found(self):
        def after(path, old, new):
            return orb.check_orb(orb.pack(edited(SOURCES, path, old, new)))

        command, job, executor = "commands/verify.yml", "jobs/verify.yml", "executors/default.yml"
        parameters = sorted(orb.pack(SOURCES)["commands"]["verify"]["parameters"])
        self.assertEqual(len(parameters), 23)
        not_handed_on = "\n".join(f"jobs/verify: does not hand `{name}` on to the command" for name in parameters)
        self.each(
            [
                after(command, "<< parameters.wait >>", "<< parameters.weit >>"),
                after(
                    command,
                    "      name: << parameters.step_name >>",
                    "      shell: << parameters.shell >>\n      name: << parameters.step_name >>",
                ),
                after(command, "<<include(scripts/verify.sh)>>", "verify << parameters.image >>"),
                after(command, "default: when_labelled", "default: [on]"),
                after(command, "default: DIGITALOCEAN_ACCESS_TOKEN", "default: $TOKEN"),
                after(command, "    default: false\n", '    default: "false"\n'),
                after(executor, "    description: The image, without a tag.\n", ""),
                after(job, "    type: executor\n    default: default", "    type: executor\n    default: defualt"),
                after(job, "  - verify:\n", "  - verfy:\n"),
                after(job, "        - checkout\n", "        - chekout\n"),
                after(job, "      port: << parameters.port >>\n", "      port: << parameters.checkout >>\n"),
                after(job, "      wait: << parameters.wait >>\n", ""),
                after(job, "      wait: ", "      wiat: "),
                after(job, "  attach_workspace:\n", "  attach:\n"),
                after(command, "    type: env_var_name\n", "    type: variable\n"),
            ],
            f"""
commands/verify: uses the undeclared parameter `weit`
commands/verify: declares the parameter `wait` and does not use it

commands/verify: uses the undeclared parameter `shell`

commands/verify: puts the parameter `image` into shell text

commands/verify: the default of parameter `revision` is not of type string
jobs/verify: does not declare `revision` as the command does

commands/verify: the default of parameter `token` is not of type env_var_name
jobs/verify: does not declare `token` as the command does

commands/verify: the default of parameter `content` is not of type boolean
jobs/verify: does not declare `content` as the command does

executors/default: parameter `image` has no description

jobs/verify: there is no executor `defualt`

jobs/verify: there is no command `verfy`
{not_handed_on}

jobs/verify: there is no command `chekout`

jobs/verify: declares the parameter `port` and does not use it
jobs/verify: command `verify`: `port` is passed on with another type
jobs/verify: does not hand `port` on to the command

jobs/verify: declares the parameter `wait` and does not use it
jobs/verify: does not hand `wait` on to the command

jobs/verify: command `verify`: the parameter `wiat` does not exist
jobs/verify: does not hand `wait` on to the command

jobs/verify: uses the undeclared parameter `attach_workspace`
jobs/verify: declares the parameter `attach` and does not use it
jobs/verify: has the parameter `attach`, the command has not

commands/verify: the default of parameter `token` has the unknown type `variable`
jobs/verify: command `verify`: `token` is passed on with another type
jobs/verify: does not declare `token` as the command does
""",
        )

    def test_each_mistake_in_a_pipeline_is_found(self):
        path = "examples/verify_after_docker_publish.yml"

        def after(old, new):
            return orb.check_pipeline(orb.parse(edited(SOURCES, path, old, new)[path])["usage"], orb.pack(SOURCES))

        push = "        - {}:\n            context"
        self.each(
            [
                after("verify-registry-image/verify:", "verify-registry-image/verifi:"),
                after("digest_file: pushed", "digestfile: pushed"),
                after("verify-registry-image/docr", "verify-registry-image/doc"),
                after("              repository: my-registry/verify-registry-image\n", ""),
                after("requires: [push]", "requires: [posh]"),
                after("attach_workspace: .", "attach_workspace: true"),
                after("- docker/check:", "- verify-registry-image/check:"),
                after(push.format("push"), push.format("pish")),
                after(push.format("push"), push.format("other/push")),
                after("- docker/check:", "- verify:"),
                after(push.format("push"), push.format("pish").replace("context", "type: approval\n            context")),
            ],
            """
workflows/develop: there is no job `verify-registry-image/verifi`

workflows/develop: `verify-registry-image/verify`: the parameter `digestfile` does not exist

workflows/develop: there is no executor `verify-registry-image/doc`

workflows/develop: executor `verify-registry-image/docr`: the parameter `repository` is required and not given

workflows/develop: `verify-registry-image/verify` requires `posh`, which is not there

workflows/develop: `verify-registry-image/verify`: the value of `attach_workspace` is not of type string

jobs/push: there is no command `verify-registry-image/check`

workflows/develop: there is no job `pish`
workflows/develop: `verify-registry-image/verify` requires `push`, which is not there

workflows/develop: the orb of `other/push` is not imported
workflows/develop: `verify-registry-image/verify` requires `push`, which is not there

jobs/push: there is no command `verify`

workflows/develop: `verify-registry-image/verify` requires `push`, which is not there
""",
        )

    def test_every_example_uses_the_orb_as_it_is(self):
        packed = orb.pack(SOURCES)
        self.assertEqual(len(packed["examples"]), 12)
        for name, example in packed["examples"].items():
            self.assertEqual(orb.check_pipeline(example["usage"], packed), [], name)


class Pipelines(Case):
    """The project's own pipelines, and those that its pages show."""

    def check(self, text):
        pipeline = orb.parse(text)
        findings = orb.check_pipeline(pipeline, orb.pack(SOURCES))
        for name in re.findall(r"<< pipeline\.parameters\.(\S*)", text):
            if orb.get(pipeline, "parameters", name) is None:
                findings.append(f"the pipeline parameter `{name}` is not declared")
        return findings

    def shown(self):
        pages = read("README.md"), read("docs/circleci.md")
        return [block for page in pages for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]

    def test_the_pipelines_use_the_orb_as_it_is(self):
        for path in [".circleci/config.yml", ".circleci/test-deploy.yml"]:
            self.assertEqual(self.check(read(path)), [], path)

    def test_the_workflows_in_the_documentation_use_the_orb_as_it_is(self):
        workflows = [block for block in self.shown() if "\nworkflows:" in block]
        self.assertEqual(len(workflows), 3, "on the first screen, the whole one, the one that commits the status")
        for block in workflows:
            # The first screen says that these two are the reader's own.
            own = () if "\njobs:" in block else ("there is no job `push`", "there is no job `deploy`")
            self.assertEqual([finding for finding in self.check(block) if not finding.endswith(own)], [])

    def test_the_jobs_in_the_documentation_use_the_orb_as_it_is(self):
        jobs = [block for block in self.shown() if block.startswith("      - verify-")]
        self.assertEqual(len(jobs), 3, "the two places of the gate's image, and the record for Pulumi")
        for job in jobs:
            findings = self.check(f"version: 2.1\nworkflows:\n  develop:\n    jobs:\n{job}")
            self.assertEqual(
                [finding for finding in findings if not finding.endswith("requires `push`, which is not there")], []
            )

    def test_a_mistake_in_a_pipeline_is_found(self):
        path = ".circleci/test-deploy.yml"

        def broken(old, new):
            return self.check(edited({path: read(path)}, path, old, new)[path])

        executor = "executor:\n      name: verify-registry-image/doc"
        self.each(
            [
                broken("requires: [index]", "requires: [indx]"),
                broken("revision: required", "revision: [required]"),
                broken(f"{executor}r", executor),
                broken("<< pipeline.parameters.image_repository >>", "<< pipeline.parameters.image >>"),
                broken("          arch: arm64\n", ""),
                broken("          arch: arm64\n", "          arch: arm\n"),
            ],
            """
workflows/test-deploy: `verify-registry-image/verify` requires `indx`, which is not there

workflows/test-deploy: `verify-registry-image/verify`: the value of `revision` is not of type string

jobs/must_fail: there is no executor `verify-registry-image/doc`

the pipeline parameter `image` is not declared

workflows/test-deploy: `image`: the parameter `arch` is required and not given

workflows/test-deploy: `image`: the value of `arch` is not of type enum
""",
        )


class Review(Case):
    # With an owner, so that only what a test breaks is found.
    SOUND = {path: text.replace("OWNER", "someone") for path, text in SOURCES.items()}

    def rules(self, files):
        return [rule for rule, _ in orb.review(files, MAJOR)]

    def test_the_orb_passes_every_rule_that_the_pipeline_does_not_exclude(self):
        is_excluded = "exclude: RC006,RC007" in read(".circleci/config.yml")
        expected = ["RC006", "RC007"] if is_excluded else []
        self.assertEqual(self.rules(SOURCES), expected, "once OWNER is set, the exclusion must go too")
        self.assertEqual(self.rules(self.SOUND), [])

    def test_each_rule_has_a_source_that_breaks_it(self):
        def broken(path, old, new):
            return self.rules(edited(self.SOUND, path, old, new))

        def with_file(path, text):
            return self.rules({**self.SOUND, path: text})

        command, example = "commands/verify.yml", "examples/many_services.yml"
        without = {path: text for path, text in self.SOUND.items() if not path.startswith("examples/")}
        cache = """
description: x
parameters:
  image:
    type: string
    default: $CIRCLE_SHA1
    description: x
steps:
  - save_cache:
      key: << parameters.image >>
"""
        include = "command: <<include(scripts/verify.sh)>>"
        found = [
            broken("@orb.yml", "source_url", "source"),
            broken("executors/docr.yml", "description: |", "comment: |"),
            self.rules(without),
            with_file("examples/example.yml", self.SOUND[example]),
            with_file("@orb.yml", "description: An orb\ndisplay: {source_url: https://a}\n"),
            broken("@orb.yml", "source_url: https", "source_url: http"),
            broken("@orb.yml", "home_url: https", "home_url: http"),
            broken(command, "name: << parameters.step_name >>", 'name: ""'),
            broken(command, include, f"command: {'x' * 65}"),
            broken(command, "  digest_file:", "  digest-file:"),
            broken(example, f"verify-registry-image@{MAJOR}.", "verify-registry-image@99."),
            with_file("commands/cache.yml", cache),
        ]
        self.assertEqual(found, [[f"RC{number:03}"] for number in range(1, 13)])
        self.assertEqual(broken(command, include, f"command: {'x' * 64}"), [])
        self.assertEqual(with_file("commands/a-b.yml", "description: x\n"), ["RC010"])
        self.assertEqual(with_file("commands/a.yml", "description: x\nsteps: [run: make]\n"), ["RC008", "RC009"])


class Compiled(Case):
    def executor(self, name, given):
        return orb.compiled(orb.pack(SOURCES)["executors"][name], orb.parse(given))

    def test_the_executors_log_in_where_they_are_told_to_and_the_gates_token_goes_to_digitalocean_alone(self):
        def machine(image, user, password, size="small"):
            return {
                "docker": [{"image": image, "auth": {"username": user, "password": password}}],
                "resource_class": size,
            }

        packed = orb.pack(SOURCES)["executors"]["default"]["parameters"]
        public = f"{packed['image']['default']}:0.1.0"
        private = (
            "{ image: registry.gitlab.com/team/gate, tag: 1.2.3, username: PULL_USER, password: PULL_TOKEN,"
            " resource_class: arm.medium }"
        )
        token = "$DIGITALOCEAN_ACCESS_TOKEN"
        for name, given, expected in [
            ("default", "{}", machine(public, "$GATE_IMAGE_USERNAME", "$GATE_IMAGE_PASSWORD")),
            (
                "default",
                private,
                machine("registry.gitlab.com/team/gate:1.2.3", "$PULL_USER", "$PULL_TOKEN", "arm.medium"),
            ),
            ("docr", "{ repository: team/gate }", machine("registry.digitalocean.com/team/gate:0.1.0", token, token)),
            (
                "docr",
                "{ repository: team/gate, token: DO_READ }",
                machine("registry.digitalocean.com/team/gate:0.1.0", "$DO_READ", "$DO_READ"),
            ),
        ]:
            self.assertEqual(self.executor(name, given), expected)
        with self.assertRaises(orb.Mistake, msg="a value in place of a name"):
            self.executor("default", "{ username: $PULL_USER }")

    def test_values_keep_their_type_alone_and_are_text_inside_text(self):
        element = orb.parse(
            r"""
parameters: {on: {type: boolean}, size: {type: integer, default: 2}, list: {type: steps, default: []}}
steps:
  - run: {command: "cat \\<<END", environment: {A: << parameters.on >>, B: "x<< parameters.size >>"}}
  - unless: {condition: << parameters.on >>, steps: [a]}
  - when: {condition: {and: [{or: ["", 0, << parameters.on >>]}, {not: << parameters.list >>}]}, steps: [b, {run: {when: always}}]}
"""
        )
        found = list(orb.steps({"commands": {"c": element}}, "commands", "c", {"on": True}))
        run = {"name": "", "command": "cat <<END", "when": "on_success", "environment": {"A": "1", "B": "x2"}}
        always = {"name": "", "command": "", "when": "always", "environment": {}}
        self.assertEqual(found, [("run", run), ("b", None), ("run", always)])
        found = list(orb.steps({"commands": {"c": element}}, "commands", "c", {"on": False}))
        self.assertEqual([name for name, _ in found], ["run", "a"])
        with self.assertRaisesRegex(orb.Mistake, "^the value of `on` is not of type boolean$"):
            list(orb.steps({"commands": {"c": element}}, "commands", "c", {"on": "true"}))

    def test_a_job_has_the_steps_of_its_command(self):
        packed = orb.pack(SOURCES)
        command = list(orb.steps(packed, "commands", "verify", {"image": "a"}))
        job = list(orb.steps(packed, "jobs", "verify", {"image": "a"}))
        self.assertEqual([step for step in job if step[0] == "run"], [step for step in command if step[0] == "run"])
        with self.assertRaisesRegex(orb.Mistake, "^there is no `verfy` in `jobs`$"):
            list(orb.steps(packed, "jobs", "verfy", {}))


if __name__ == "__main__":
    unittest.main()

"""The orb without CircleCI: packs it, checks it, and puts parameters into its steps.

    orb.py pack                                    checks orb/src, and writes orb/orb.yml from it
    orb.py steps commands|jobs NAME [PARAMETERS]   prints the steps with these parameters (YAML) as JSON

`pack` does what `circleci orb pack` does. The two generations of that command differ, so it takes only what both pack to
the same document. The checks are what CircleCI's schema leaves open (whether everything that is named exists and fits) and
the review rules of CircleCI's orb-tools. The tests are tests/orb/test_orb.py.
"""

import json
import pathlib
import re
import sys

try:
    import yaml
except ImportError:
    sys.exit("orb.py: PyYAML is missing; `sh scripts/tools.sh` installs it and prints the folder to put first in PATH")

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAME = "verify-registry-image"

SECTIONS = ("commands", "executors", "jobs", "examples")
TOP_LEVEL = ("version", "description", "display", "orbs", *SECTIONS)
EXAMPLE = ("description", "usage", "result")
USAGE = ("version", "setup", "orbs", "jobs", "workflows")


class Mistake(Exception):
    """One sentence that says what is wrong, and where."""


# --- reading and writing YAML


class Reader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Reads as `circleci orb pack` does: `off` and `12:30` are text, `<<` is a key, and a key may appear once."""

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node, deep=False):
        mapping = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value):
            keys = [self.construct_object(key, deep=True) for key, _ in node.value]
            key = next(key for key in keys if keys.count(key) > 1)
            raise Mistake(f"duplicate key `{key}`")
        return mapping


for kind, pattern, first in [
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?", "-+.0123456789"),
]:
    Reader.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", re.compile(f"(?:{pattern})$"), first)


class Writer(yaml.SafeDumper):
    """Writes what YAML 1.1 and 1.2 read alike: CircleCI's compiler takes a plain `off` for a boolean."""

    RESERVED = ("true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan")

    def ignore_aliases(self, data):
        return True

    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)

    def represent_text(self, text):
        style = '"'
        if "\n" in text and not text.startswith((" ", "\n")):
            style = "|"
        elif re.fullmatch(r"[A-Za-z_]([\w ./,-]*[\w./,-])?", text, re.ASCII) and text.lower() not in self.RESERVED:
            style = None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style)


Writer.add_representer(str, Writer.represent_text)


def parse(text):
    return yaml.load(text, Reader)


def to_yaml(value):
    return yaml.dump(value, Dumper=Writer, sort_keys=False, allow_unicode=True, width=float("inf"))


def is_same(left, right):
    """Whether two values are equal. In Python, `True == 1`."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


# --- walking


def mapped(value, change):
    """The value with every text in it changed, but for the keys."""
    if isinstance(value, dict):
        return {key: mapped(inner, change) for key, inner in value.items()}
    if isinstance(value, list):
        return [mapped(inner, change) for inner in value]
    return change(value) if isinstance(value, str) else value


def pairs(value):
    """Every key of every mapping in a value, with what it holds."""
    yield from mapping(value).items()
    for inner in [*mapping(value).values(), *sequence(value)]:
        yield from pairs(inner)


def get(value, *keys):
    """What is below these keys, or None."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def mapping(value):
    return value if isinstance(value, dict) else {}


def sequence(value):
    return value if isinstance(value, list) else []


def text_of(value):
    return value if isinstance(value, str) else ""


def named(entry):
    """The name of a step or of a workflow's job, and what is behind it. The short form is a name alone."""
    if isinstance(entry, dict) and entry:
        return next(iter(entry.items()))
    return text_of(entry), None


# --- packing


def sources(root=ROOT / "orb/src"):
    """The texts of the orb, by their path below its root."""
    paths = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    return {name: paths[name].read_bytes().decode() for name in sorted(paths)}


def read_map(path, text):
    try:
        value = parse(text)
    except (yaml.YAMLError, Mistake) as error:
        raise Mistake(f"`{path}`: {error}") from error
    if not isinstance(value, dict):
        raise Mistake(f"`{path}`: expected a map")
    return value


def element_of(path):
    """The section and the name of the element in a file; None for a file that is not packed."""
    if not path.endswith((".yml", ".yaml")) or path == "@orb.yml":
        return None
    section, slash, name = path.rpartition(".")[0].partition("/")
    if not slash:
        raise Mistake(f"`{path}`: only `@orb.yml` belongs in the root")
    if section not in SECTIONS or "/" in name:
        raise Mistake(f"`{path}`: a YAML file outside the four flat folders")
    return section, name


def only_known(path, value, known):
    if not isinstance(value, dict):
        raise Mistake(f"`{path}`: expected a map")
    for key in value:
        if key not in known:
            raise Mistake(f"`{path}`: `{key}` would be dropped by packing")


def include(path, text, files):
    """The text of the file that a value includes, with each `<<` escaped, so that a heredoc is no parameter."""
    statements = re.findall(r"<<\s*include\(", text)
    if not statements:
        return text
    if len(statements) > 1:
        raise Mistake(f"`{path}`: multiple include statements: `{text}`")
    whole = re.fullmatch(r"<<\s*include\(([^)]*)\)\s*>>", text)
    if not whole:
        raise Mistake(f"`{path}`: entire string must be include statement: `{text}`")
    file = whole[1]
    if not re.fullmatch(r"[A-Za-z0-9_/.-]*", file) or ".." in file.split("/"):
        raise Mistake(f"`{path}`: `{file}` is not a file below the orb's root")
    if file not in files:
        raise Mistake(f"`{path}`: could not open `{file}` for inclusion")
    return files[file].replace("<<", "\\<<")


def sorted_keys(value):
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value, key=str)}
    return [sorted_keys(item) for item in value] if isinstance(value, list) else value


def pack(files):
    if "@orb.yml" not in files:
        raise Mistake("`@orb.yml` is missing")
    top = read_map("@orb.yml", files["@orb.yml"])
    for path in sorted(files):
        element = element_of(path)
        if not element:
            continue
        section, name = element
        body = read_map(path, files[path])
        if section == "examples":
            only_known(path, body, EXAMPLE)
            if "usage" in body:
                only_known(path, body["usage"], USAGE)
        else:
            body = mapped(body, lambda text: include(path, text, files))
        elements = top.setdefault(section, {})
        if not isinstance(elements, dict):
            raise Mistake(f"`{section}` in `@orb.yml` is not a map")
        if name in elements:
            raise Mistake(f"`{path}` gives `{name}` in `{section}` a second time")
        elements[name] = body
    only_known("@orb.yml", top, TOP_LEVEL)
    return {key: sorted_keys(top[key]) for key in TOP_LEVEL if key in top}


# --- parameters


def declared(element):
    return mapping(get(element, "parameters"))


def references(text):
    """The names in every `<< parameters.NAME >>` of a text; an escaped `\\<<` begins none."""
    return re.findall(r"(?<!\\)<<\s*parameters\.(.*?)\s*>>", text, re.DOTALL)


def used(value):
    """The names of all parameters that a value uses."""
    return {name for text in texts(value) for name in references(text)}


def texts(value):
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list):
        return [text for inner in value for text in texts(inner)]
    return [value] if isinstance(value, str) else []


def whole_reference(value):
    """The parameter's name, if a value is one reference and nothing else."""
    whole = re.fullmatch(r"<<\s*parameters\.([^< ]*)\s*>>", text_of(value))
    return whole and whole[1]


FITS = {
    "string": lambda value: type(value) in (str, int, float),
    "boolean": lambda value: type(value) is bool,
    "integer": lambda value: type(value) is int,
    "steps": lambda value: type(value) is list,
    "executor": lambda value: type(value) in (str, dict),
    "env_var_name": lambda value: bool(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text_of(value))),
}


def misfit(parameter, value):
    """Why a literal value does not fit a parameter's type; None if it does."""
    kind = get(parameter, "type")
    if kind == "enum":
        fits = any(is_same(member, value) for member in sequence(get(parameter, "enum")))
    elif kind in FITS:
        fits = FITS[kind](value)
    else:
        return f"has the unknown type `{kind}`"
    return None if fits else f"is not of type {kind}"


def given_wrongly(target, given, outer=None):
    """What is wrong with the values that an element is given. References may name the parameters in `outer`."""
    findings = []
    for name, value in given.items():
        if name not in target:
            findings.append(f"the parameter `{name}` does not exist")
            continue
        reference = whole_reference(value)
        passed = (outer or {}).get(reference)
        if passed is not None:
            if any(not is_same(get(passed, key), get(target[name], key)) for key in ("type", "enum")):
                findings.append(f"`{name}` is passed on with another type")
        elif "<<" not in text_of(value) and (why := misfit(target[name], value)):
            findings.append(f"the value of `{name}` {why}")
    for name, parameter in target.items():
        if "default" not in mapping(parameter) and name not in given:
            findings.append(f"the parameter `{name}` is required and not given")
    return findings


# --- what the schema leaves open

BUILT_IN = (
    "run checkout setup_remote_docker save_cache restore_cache store_artifacts store_test_results persist_to_workspace"
    " attach_workspace add_ssh_keys deploy"
).split()
# Beside a job's parameters in a workflow.
OF_WORKFLOW = "name requires context filters type matrix pre-steps post-steps serial-group when".split()
# The orb's job has these, and the command of the same name has not.
OF_JOB = "attach_workspace checkout executor persist".split()


class Checker:
    """Checks that everything an orb or a pipeline names is there, and fits. A finding names its place."""

    def __init__(self, orb, alias=None):
        self.orb = orb
        # The orb's name in a pipeline; None inside the orb itself, whose elements use each other by their own names.
        self.alias = alias
        self.findings = []

    def find(self, place, findings):
        self.findings += [f"{place}: {finding}" for finding in findings]

    def lookup(self, section, name):
        if self.alias:
            if not name.startswith(f"{self.alias}/"):
                return None
            name = name[len(self.alias) + 1 :]
        return get(self.orb, section, name)

    def is_foreign(self, name):
        return bool(self.alias) and "/" in name and not name.startswith(f"{self.alias}/")

    def element(self, place, element):
        parameters = declared(element)
        names = used({key: value for key, value in mapping(element).items() if key not in ("parameters", "description")})
        self.find(place, (f"uses the undeclared parameter `{name}`" for name in sorted(names - parameters.keys())))
        for name, parameter in parameters.items():
            if name not in names:
                self.find(place, [f"declares the parameter `{name}` and does not use it"])
            if not text_of(get(parameter, "description")).strip():
                self.find(place, [f"parameter `{name}` has no description"])
            if "default" in mapping(parameter):
                if why := misfit(parameter, parameter["default"]):
                    self.find(place, [f"the default of parameter `{name}` {why}"])
                if get(parameter, "type") == "executor":
                    self.executor(place, parameter["default"], parameters)
        if "executor" in mapping(element):
            self.executor(place, element["executor"], parameters)
        self.steps(place, get(element, "steps"), parameters)

    def executor(self, place, executor, outer):
        name = text_of(mapping(executor).get("name", executor))
        if whole_reference(executor) or self.is_foreign(name):
            return
        target = self.lookup("executors", name)
        if target is None:
            self.find(place, [f"there is no executor `{name}`"])
            return
        given = {key: value for key, value in mapping(executor).items() if key != "name"}
        self.find(f"{place}: executor `{name}`", given_wrongly(declared(target), given, outer))

    def steps(self, place, steps, outer):
        for name, body in map(named, sequence(steps)):
            if name in ("when", "unless"):
                self.steps(place, get(body, "steps"), outer)
            elif name == "run":
                command = text_of(mapping(body).get("command", body))
                self.find(place, (f"puts the parameter `{name}` into shell text" for name in references(command)))
            elif name not in BUILT_IN and not self.is_foreign(name):
                target = self.lookup("commands", name)
                if target is None:
                    self.find(place, [f"there is no command `{name}`"])
                else:
                    self.find(f"{place}: command `{name}`", given_wrongly(declared(target), mapping(body), outer))

    def pass_through(self, name, job):
        """A job repeats every parameter of the command that it is named after, and hands each on."""
        command = self.lookup("commands", name)
        if command is None:
            return
        ours, its, place = declared(job), declared(command), f"jobs/{name}"
        given = next((step[name] for step in sequence(get(job, "steps")) if name in mapping(step)), None)
        for parameter, declaration in its.items():
            if not is_same(ours.get(parameter), declaration):
                self.find(place, [f"does not declare `{parameter}` as the command does"])
            if whole_reference(get(given, parameter)) != parameter:
                self.find(place, [f"does not hand `{parameter}` on to the command"])
        foreign = [parameter for parameter in ours if parameter not in its and parameter not in OF_JOB]
        self.find(place, (f"has the parameter `{parameter}`, the command has not" for parameter in foreign))

    def workflow(self, place, entries, jobs, orbs):
        entries = [(job, mapping(body)) for job, body in map(named, entries)]
        names = {text_of(body.get("name")) or job for job, body in entries}
        for job, body in entries:
            required = [named(entry)[0] for entry in sequence(body.get("requires"))]
            missing = [name for name in required if name not in names]
            self.find(place, (f"`{job}` requires `{name}`, which is not there" for name in missing))
            self.invocation(place, job, body, jobs, orbs)

    def invocation(self, place, job, body, jobs, orbs):
        target = jobs[job] if job in jobs else self.lookup("jobs", job)
        if target is None:
            if self.is_foreign(job):
                if job.split("/")[0] not in orbs:
                    self.find(place, [f"the orb of `{job}` is not imported"])
            elif body.get("type") != "approval":
                self.find(place, [f"there is no job `{job}`"])
            return
        given = {key: value for key, value in body.items() if key not in OF_WORKFLOW}
        for name, values in mapping(get(body, "matrix", "parameters")).items():
            given[name] = values[0] if sequence(values) else None
        if "executor" in given:
            self.executor(place, given["executor"], {})
        self.find(f"{place}: `{job}`", given_wrongly(declared(target), given))


def check_orb(orb):
    checker = Checker(orb)
    for section in ("commands", "executors", "jobs"):
        for name, element in mapping(orb.get(section)).items():
            checker.element(f"{section}/{name}", element)
    for name, job in mapping(orb.get("jobs")).items():
        checker.pass_through(name, job)
    return checker.findings


def check_pipeline(pipeline, orb, alias=NAME):
    """Checks a pipeline, or an example's `usage`, that uses the orb under this name."""
    checker = Checker(orb, alias)
    jobs = mapping(pipeline.get("jobs"))
    for name, job in jobs.items():
        checker.element(f"jobs/{name}", job)
    for name, workflow in mapping(pipeline.get("workflows")).items():
        entries = sequence(get(workflow, "jobs"))
        checker.workflow(f"workflows/{name}", entries, jobs, mapping(pipeline.get("orbs")))
    return checker.findings


# --- the review rules of CircleCI's orb-tools


def review(files, major, orb=NAME):
    """What RC001 to RC012 find in the sources, for a release of this major version: pairs of a rule and a sentence.

    Some of the originals are weaker than they read: RC002 accepts an empty description, RC004 never fires, RC008 and
    RC009 check the outermost steps only. These check what is meant. RC006 and RC007 ask a web server there; here they check
    whether the address could be one.
    """
    found = []
    elements = {path: read_map(path, text) for path, text in files.items() if path == "@orb.yml" or element_of(path)}
    root = elements.pop("@orb.yml", {})
    if len(text_of(root.get("description"))) < 64:
        found.append(("RC005", "the orb's description is shorter than 64 characters"))
    source, home = get(root, "display", "source_url"), get(root, "display", "home_url")
    if source is None:
        found.append(("RC001", "`display.source_url` is missing"))
    elif not is_address(source):
        found.append(("RC006", "`display.source_url` is no address yet"))
    if home is not None and not is_address(home):
        found.append(("RC007", "`display.home_url` is no address yet"))
    if not any(path.startswith("examples/") for path in elements):
        found.append(("RC003", "there is no usage example"))
    for path, element in elements.items():
        if not text_of(element.get("description")).strip():
            found.append(("RC002", f"{path} has no description"))
        if path.startswith("examples/"):
            found += review_example(path, element, orb, major)
        else:
            found += review_element(path, element)
    return sorted(found, key=lambda finding: finding[0])


def is_address(url):
    return text_of(url).startswith("https://") and "/OWNER/" not in url


def review_example(path, example, orb, major):
    if "example" in path.removeprefix("examples/"):
        yield "RC004", f"{path} is not named after a use case"
    # orb-tools reads only `.yml`, and takes what is behind the `@`.
    version = re.fullmatch(r"[^@]*@(\d+)(\..*)?", text_of(get(example, "usage", "orbs", orb)))
    if path.endswith(".yml") and (not version or version[1] != major):
        yield "RC011", f"{path} does not show version {major} of the orb"


def review_element(path, element):
    if "-" in path:
        yield "RC010", f"{path} is not in snake_case"
    for name in declared(element):
        if "-" in name:
            yield "RC010", f"{path}: the parameter `{name}` is not in snake_case"
    for run in (value for key, value in pairs(element) if key == "run"):
        if not text_of(get(run, "name")):
            yield "RC008", f"{path} has a `run` without a name"
        if isinstance(run, str):
            yield "RC009", f"{path} has a `run` in its short form"
        command = text_of(get(run, "command"))
        # orb-tools' `max_command_length`.
        if len(command.encode()) > 64 and "<<include(" not in command:
            yield "RC009", f"{path} has a long command that is not included"
    body = {key: value for key, value in element.items() if key != "parameters"}
    keys = [value for key, value in pairs(body) if key.endswith("key") and isinstance(value, str)]
    for name, parameter in declared(element).items():
        default = text_of(get(parameter, "default"))
        if "$" in default and not default.endswith("$") and any(name in key for key in keys):
            yield "RC012", f"{path}: a key depends on `{name}`, whose default is a variable"


# --- what CircleCI's compiler makes of an element: only as much of it as this orb needs


def compiled(element, given):
    """An element with every parameter put in. One that is a value by itself keeps its type; text has `\\<<` made `<<`."""
    findings = given_wrongly(declared(element), given)
    if findings:
        raise Mistake(findings[0])
    values = {name: given.get(name, get(parameter, "default")) for name, parameter in declared(element).items()}

    references = {f"<< parameters.{name} >>": value for name, value in values.items()}

    def put_in(text):
        if text in references:
            return references[text]
        for reference, value in references.items():
            text = text.replace(reference, shown(value))
        return text.replace("\\<<", "<<")

    return mapped({key: value for key, value in element.items() if key not in ("parameters", "description")}, put_in)


def shown(value):
    """A value as it arrives in the environment: CircleCI makes booleans 1 and 0."""
    if isinstance(value, bool):
        return str(int(value))
    return str(value) if isinstance(value, (str, int, float)) else ""


def steps(orb, section, name, given):
    """The steps of a command or a job, each a name and its value, with the orb's own commands put in their place."""
    element = get(orb, section, name)
    if element is None:
        raise Mistake(f"there is no `{name}` in `{section}`")
    for step, body in flat(compiled(element, given).get("steps")):
        if section == "jobs" and step in orb["commands"]:
            yield from steps(orb, "commands", step, mapping(body))
        else:
            yield step, body


def flat(steps):
    for name, body in map(named, sequence(steps)):
        if name in ("when", "unless"):
            if is_true(get(body, "condition")) == (name == "when"):
                yield from flat(get(body, "steps"))
        elif name == "run":
            environment = {key: shown(value) for key, value in mapping(get(body, "environment")).items()}
            texts = {key: text_of(get(body, key)) for key in ("name", "command")}
            yield name, {**texts, "when": text_of(get(body, "when")) or "on_success", "environment": environment}
        else:
            yield name, body


def is_true(condition):
    """CircleCI's truth: false, null, 0, and an empty text or list are false."""
    if not isinstance(condition, dict):
        return bool(condition)
    truth = {
        "and": lambda operand: all(map(is_true, sequence(operand))),
        "or": lambda operand: any(map(is_true, sequence(operand))),
        "not": lambda operand: not is_true(operand),
    }
    return all(operator in truth and truth[operator](operand) for operator, operand in condition.items())


def main(arguments):
    try:
        match arguments:
            case ["pack"]:
                orb = pack(sources())
                if findings := check_orb(orb):
                    sys.exit("\n".join(findings))
                (ROOT / "orb/orb.yml").write_bytes(to_yaml(orb).encode())
            case ["steps", ("commands" | "jobs") as section, name, *given] if len(given) < 2:
                given = parse(given[0]) if given else {}
                print(json.dumps(list(steps(pack(sources()), section, name, mapping(given)))))
            case _:
                sys.exit(__doc__)
    except Mistake as mistake:
        sys.exit(f"orb.py: {mistake}")


if __name__ == "__main__":
    main(sys.argv[1:])

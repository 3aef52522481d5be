"""What Pulumi YAML makes of a program, as far as Pulumi.yaml of this example needs it.

This is not Pulumi's own evaluator, which comes with Pulumi's CLI. The rules are read off its source, github.com/pulumi/pulumi-yaml,
`pkg/pulumiyaml/run.go`: `evaluateBuiltinSelect`, `evaluateBuiltinSplit`, `evaluateBuiltinJoin`, `evaluateBuiltinToJSON`,
`evaluateInterpolations`, and `evaluatePropertyAccessTail`, where a key that a map does not have is nil.
"""

import json
import re


class Refused(Exception):
    """Pulumi ends, and makes nothing that needs this value."""


class Program:
    def __init__(self, program, config, project):
        self.program, self.project = program, project
        self.known = {"pulumi": {"project": project}}
        for key, declared in program["config"].items():
            if key not in config and "default" not in declared:
                raise Refused(f"missing configuration variable `{key}`")
            self.known[key] = config.get(key, declared.get("default"))
            if declared["type"] == "object" and self.known[key] is None:
                self.known[key] = {}
            if not isinstance(self.known[key], {"object": dict, "string": str}[declared["type"]]):
                raise Refused(f"`{key}` is not of type {declared['type']}")

    def resources(self):
        """The properties of each resource, by its type."""
        return {one["type"]: self.value(one["properties"]) for one in self.program["resources"].values()}

    def outputs(self):
        return self.value(self.program["outputs"])

    def value(self, node):
        if isinstance(node, list):
            return [self.value(item) for item in node]
        if isinstance(node, str):
            return self.text(node)
        if not isinstance(node, dict):
            return node
        functions = [key for key in node if key.startswith("fn::")]
        if not functions:
            return {key: self.value(item) for key, item in node.items()}
        [(name, argument)] = node.items()
        return getattr(self, name.removeprefix("fn::"))(self.value(argument))

    def text(self, text):
        if whole := re.fullmatch(r"\$\{([^}]*)\}", text):
            return self.access(whole[1])
        return re.sub(r"\$\{([^}]*)\}", lambda found: printed(self.access(found[1])), text)

    def access(self, path):
        first, *others = re.findall(r"[^.\[\]]+", path)
        if first in self.program["variables"] and first not in self.known:
            self.known[first] = self.value(self.program["variables"][first])
        value = self.known[first]
        for part in others:
            if isinstance(value, dict):
                value = value.get(part)
            elif isinstance(value, list) and part.isdigit():
                value = item(value, int(part))
            else:
                raise Refused(f"`{path}`: receiver must be a list or object")
        return value

    def select(self, arguments):
        index, values = arguments
        return item(values, index)

    def split(self, arguments):
        if not all(isinstance(argument, str) for argument in arguments):
            raise Refused("must be a string")
        delimiter, text = arguments
        return text.split(delimiter) if delimiter else list(text)

    def join(self, arguments):
        delimiter, parts = arguments
        if not all(isinstance(part, str) for part in parts):
            raise Refused("fn::join must be a list of strings")
        return delimiter.join(parts)

    def toJSON(self, value):
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def item(values, index):
    if not isinstance(values, list) or index >= len(values):
        raise Refused(f"list index {index} out-of-bounds")
    return values[index]


def printed(value):
    """As Go's `%v` prints it."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)):
        return f"<{type(value).__name__}>"
    return f"{value:g}" if isinstance(value, float) else str(value)

"""Reads a deployment record, and refuses every one that must not be deployed with a sentence that says what to do.

The record's own schema decides whether it is whole, the rest of this file whether this stack may deploy it. A record is not
signed: take it from the job's artifacts.
"""

import json
import pathlib
import re
import time
from datetime import datetime

from jsonschema import Draft202012Validator

# `verify-registry-image --schema record` writes this file.
SCHEMA = json.loads(pathlib.Path(__file__).with_name("record.schema.json").read_text(encoding="utf-8"))
SERVER = "registry.digitalocean.com"
CLOCK_SKEW_SECONDS = 30

# What a yes rests on. One of each group must have passed: a check that was skipped has proved nothing.
CARRYING = [["tag-exists", "digest-expected"], ["manifest-intact"], ["layers-present"], ["registry-honest"]]

AGAIN = "Download it again from the Artifacts tab of the verify job, and do not edit it."
FETCH = "Download it from the Artifacts tab of a green verify job in CircleCI, or set `recordPath` to where it is."
UPDATE = "Bring this program up to the record's version; docs/deployment-record.md says what changed."
NOT_GREEN = "Do not deploy it: look at the verify job, fix what it names, and take the record of a green run."
VERIFY = "The registry may have lost the image since: run the verify job again. `maxAgeHours` says how old one may be."
CLOCKS = "Check the clocks of this machine and of the one that verified."
DECLARE = "Set `environment` in the verify job, with that environment and the service in verify-registry-image.yml."
OTHER = "Take the record of what this stack deploys, or change the stack's configuration."


class RefusedRecord(Exception):
    """A record that must not be deployed. The message says why, and what to do."""


def config_key(service):
    """The key under which `--pulumi-config` writes a service: `support-email` as `supportEmail`, `a--b` as `aB`."""
    first, *others = re.split(r"[^A-Za-z0-9]+", re.sub(r"^[^A-Za-z0-9]+", "", service))
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def read_record(path, wanted):
    """Checks the record in a file."""
    where = f"the deployment record {path}"
    try:
        value = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise RefusedRecord(f"{where} cannot be read ({error.strerror}). {FETCH}") from error
    except ValueError as error:
        raise RefusedRecord(f"{where} is not JSON. {AGAIN}") from error
    return check_record(value, where, wanted)


def check_record(value, where, wanted, now=None):
    """Returns the record if this stack may deploy it.

    `wanted` has the stack's `environment` and `registry`, and where they are known `service`, `repository`, and
    `max_age_hours` (24). `now` is in seconds since 1970.
    """

    def refuse_if(is_wrong, why, what_next=AGAIN):
        if is_wrong:
            raise RefusedRecord(f"{where} {why}. {what_next}")

    def broken_if(is_wrong, field):
        refuse_if(is_wrong, f"is not a whole deployment record: `{field}` is missing or malformed")

    refuse_if(not isinstance(value, dict), "is not a deployment record")
    # A record of another version has other fields, so its version comes before all that they may be.
    for field, found in sorted(misfits(value), key=lambda misfit: misfit[0] != "schema_version"):
        broken_if(found is MISSING, field)
        refuse_if(field == "schema_version", f"is of version {show(found)}, and this program knows version 1", UPDATE)
        refuse_if(field == "verification.result", f'says {show(found)}, not "VERIFIED"', NOT_GREEN)
        if isinstance(found, str) and field.endswith("].status"):
            check = value["verification"]["checks"][int(re.search(r"[0-9]+", field)[0])]
            refuse_if(True, f'says "VERIFIED", and that its check {show(check.get("id"))} {found}')
        broken_if(True, field)

    image, service, verification = value["image"], value["service"], value["verification"]
    broken_if(not verification["checks"], "verification.checks")
    passed, skipped = ({check["id"] for check in verification["checks"] if check["status"] == status} for status in ("passed", "skipped"))
    for group in CARRYING:
        named = " or ".join(map(show, group))
        refuse_if(not passed & set(group) - skipped, f'says "VERIFIED", and its check {named} has not passed')

    hours, at = wanted.get("max_age_hours", 24), verification["verified_at"]
    if isinstance(hours, (bool, str)) or not hours > 0:
        raise ValueError(f"the greatest age of a record is {show(hours)}, and must be a number of hours above 0")
    age = (time.time() if now is None else now) - seconds(at) if seconds(at) is not None else None
    broken_if(age is None, "verification.verified_at")
    refuse_if(not age >= -CLOCK_SKEW_SECONDS, f"was verified at {at}, which is in the future", CLOCKS)
    refuse_if(not age <= hours * 3600, f"was verified at {at}, more than {hours:g} hours ago", VERIFY)

    stack = f"and this stack deploys {show(wanted['environment'])}"
    refuse_if(value["environment"] is None, f"names no environment, {stack}", DECLARE)
    environment = value["environment"]["name"]
    refuse_if(environment != wanted["environment"], f"is for the environment {show(environment)}, {stack}", OTHER)

    # A reference with a tag alone could name another image by the time it is pulled; one that is not made of its parts could
    # deploy another image than the one that was verified.
    broken_if(not re.fullmatch(r"sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})", image["digest"]), "image.digest")
    broken_if((image["registry"] is None) != (image["registry_type"] is None), "image.registry")
    name = "/".join(part for part in (image["server"], image["registry"], image["repository"]) if part is not None)
    broken_if(image["pinned"] != f"{name}@{image['digest']}", "image.pinned")
    broken_if(image["reference"] != f"{name}:{image['tag']}", "image.reference")
    broken_if(image["pinned_with_tag"] != f"{name}:{image['tag']}@{image['digest']}", "image.pinned_with_tag")
    broken_if(not image["platforms"], "image.platforms")
    for at, platform in enumerate(image["platforms"]):
        is_platform = re.fullmatch(r"[a-z0-9]+/[a-z0-9]+(/[a-z0-9.]+)?", platform["platform"])
        broken_if(not is_platform, f"image.platforms[{at}].platform")
    place = f"{SERVER}/{wanted['registry']}"
    is_elsewhere = image["server"] != SERVER or image["registry"] is None
    refuse_if(is_elsewhere, f"is of an image at {show(image['server'])}, and this stack deploys from {place}", OTHER)
    for part in ("registry", "repository"):
        is_other = image[part] != wanted.get(part, image[part])
        refuse_if(is_other, f"is of the {part} {show(image[part])}, and this stack deploys {show(wanted.get(part))}", OTHER)

    refuse_if(service is None, "declares no service", DECLARE)
    is_other = service["name"] != wanted.get("service", service["name"])
    refuse_if(is_other, f"is of the service {show(service['name'])}, and this stack deploys {show(wanted.get('service'))}", OTHER)
    # The rule of App Platform's component names; every such name is a Kubernetes name too.
    broken_if(not re.fullmatch(r"[a-z][a-z0-9-]{0,30}[a-z0-9]", service["name"]), "service.name")
    refuse_if(service["ingress"] is True, "declares an ingress, and this program deploys inside the cluster only", DECLARE)
    refuse_if(service["port"] is None, "declares no port", DECLARE)
    broken_if(service["port"] < 1, "service.port")
    return value


MISSING = object()


def misfits(value):
    """Each field of which the schema disapproves, and what was found there."""
    for error in Draft202012Validator(SCHEMA).iter_errors(value):
        # Of "this or null", the error inside of this says more than "not null".
        while error.context:
            error = max(error.context, key=lambda one: (len(one.absolute_path), one.validator != "type"))
        path, found = list(error.absolute_path), error.instance
        if error.validator == "required":
            path, found = [*path, next(name for name in error.validator_value if name not in found)], MISSING
        yield "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix("."), found


def seconds(text):
    """The seconds since 1970 of an RFC 3339 time; None for any other text. `fromisoformat` takes far more."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([0-9]{2}:){2}[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})", text):
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def show(value):
    return json.dumps(value, ensure_ascii=False)

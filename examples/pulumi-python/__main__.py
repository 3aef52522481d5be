"""The program: one verified image to Kubernetes, inside the cluster only.

    pulumi config set environment development
    pulumi config set registry keepkey
    pulumi config set recordPath ./deployment-record.json   (or merge the --pulumi-config file into the stack's)
    pulumi up
"""

import pulumi

import kubernetes_service
from record import check_record, config_key, read_record

config = pulumi.Config()
name = config.get("service") or pulumi.get_project()
wanted = {"environment": config.require("environment"), "service": name, "registry": config.require("registry")}
if config.get("repository") is not None:
    wanted["repository"] = config.get("repository")
if config.get("maxAgeHours") is not None:
    wanted["max_age_hours"] = config.require_float("maxAgeHours")

# `support-email` is configured as `supportEmail`, as --pulumi-config writes it. A file that is named wins.
key, path = config_key(name), config.get("recordPath")
configured = config.get_object(key)
if path is None and configured is not None:
    record = check_record(configured, f"the deployment record in the configuration key `{key}`", wanted)
else:
    record = read_record(path or "deployment-record.json", wanted)

for warning in record["warnings"]:
    pulumi.warn(warning)
# Not an output: it changes with each verification, and would show as a change where nothing is to be deployed.
job_url = record["pipeline"] and record["pipeline"]["job_url"]
pulumi.info(f"verified at {record['verification']['verified_at']}" + (f" by {job_url}" if job_url else ""))

kubernetes_service.deploy(
    record,
    namespace=config.get("namespace") or "default",
    replicas=1 if config.get("replicas") is None else config.require_int("replicas"),
    pull_secret=config.get("pullSecret"),
)
pulumi.export("image", record["image"]["pinned"])

// The program: one verified image, to Kubernetes (or to App Platform with `target: app`).
//
//   pulumi config set environment development
//   pulumi config set registry keepkey
//   pulumi config set recordPath ./deployment-record.json   (or merge the --pulumi-config file into the stack's)
//   pulumi up

import * as pulumi from "@pulumi/pulumi";

import { deployToAppPlatform } from "./app";
import { deployToKubernetes } from "./kubernetes";
import { checkRecord, configKey, readRecord } from "./record";

const config = new pulumi.Config();
const environment = config.require("environment");
const name = config.get("service") ?? pulumi.getProject();
const repository = config.get("repository");
const maxAgeHours = config.getNumber("maxAgeHours");
const wanted = {
  environment,
  service: name,
  registry: config.require("registry"),
  ...(repository === undefined ? {} : { repository }),
  ...(maxAgeHours === undefined ? {} : { max_age_hours: maxAgeHours }),
};

// `support-email` is configured as `supportEmail`, as --pulumi-config writes it. A file that is named wins.
const key = configKey(name);
const path = config.get("recordPath");
const configured = config.getObject<unknown>(key);
const record =
  path === undefined && configured !== undefined
    ? checkRecord(configured, `the deployment record in the configuration key \`${key}\``, wanted)
    : readRecord(path ?? "deployment-record.json", wanted);

for (const warning of record.warnings) void pulumi.log.warn(warning);
// Not an output: it changes with each verification, and would show as a change where nothing is to be deployed.
const { verifiedAt, jobUrl } = record.evidence;
void pulumi.log.info(`verified at ${verifiedAt}${jobUrl === null ? "" : ` by ${jobUrl}`}`);

switch (config.get("target") ?? "kubernetes") {
  case "kubernetes": {
    const pullSecret = config.get("pullSecret");
    deployToKubernetes(record, {
      namespace: config.get("namespace") ?? "default",
      replicas: config.getNumber("replicas") ?? 1,
      ...(pullSecret === undefined ? {} : { pullSecret }),
    });
    break;
  }
  case "app": {
    const region = config.get("region");
    deployToAppPlatform(record, {
      instanceCount: config.getNumber("replicas") ?? 1,
      instanceSizeSlug: config.get("instanceSize") ?? "apps-s-1vcpu-0.5gb",
      ...(region === undefined ? {} : { region }),
    });
    break;
  }
  default:
    throw new Error("`target` is neither kubernetes nor app. Set it with: pulumi config set target kubernetes");
}

export const image = record.image.pinned;

// The program itself, `index.ts`, with a stack's configuration.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, test } from "node:test";

import * as pulumi from "@pulumi/pulumi";
import { load } from "js-yaml";

import { file, fresh, type Json, listen, record, recordPath, type Registered } from "./support";

/** Runs the program anew with a configuration; what it exports. What it registers is put into `registered`. */
async function run(config: Record<string, string>): Promise<Json> {
  registered = listen();
  pulumi.runtime.setAllConfig(
    Object.fromEntries(Object.entries({ environment: "development", registry: "keepkey", ...config }).map(([key, value]) => [`support-email:${key}`, value])),
  );
  const exports = require("../index");
  await pulumi.runtime.disconnect();
  return exports;
}

let registered: Registered[] = [];
const types = (): string[] => registered.map((one) => one.type).sort();

beforeEach(() => {
  delete require.cache[require.resolve("../index")];
});

/** A file with the record, verified just now. */
const freshPath = (): string => file(JSON.stringify(fresh()));

test("the record of the configured path is deployed to Kubernetes", async () => {
  const { image, ...others } = await run({ recordPath: freshPath(), namespace: "keepkey" });
  // Nothing that changes with each verification is an output: a preview would show it as a change.
  assert.deepEqual(others, {});
  assert.deepEqual(types(), [
    "digitalocean:index/containerRegistryDockerCredentials:ContainerRegistryDockerCredentials",
    "kubernetes:apps/v1:Deployment",
    "kubernetes:core/v1:Secret",
    "kubernetes:core/v1:Service",
  ]);
  assert.equal(image, record().image.pinned);
});

test("the record in the stack's configuration, as --pulumi-config writes it, is deployed too", async () => {
  const stack = load(readFileSync(join(__dirname, "../../tests/pulumi-config.yaml"), "utf8")) as { config: Json };
  assert.deepEqual(stack, { config: { supportEmail: record() } });
  await run({
    target: "app",
    maxAgeHours: "1000000",
    // Pulumi hands a structured value to the program as JSON.
    supportEmail: JSON.stringify(stack.config["supportEmail"]),
  });
  assert.deepEqual(types(), ["digitalocean:index/app:App"]);
});

test("of a fragment with several services, the stack's own is deployed", async () => {
  const other = fresh((it) => (it.service.name = "support-web"));
  const config = { supportEmail: JSON.stringify(fresh()), supportWeb: JSON.stringify(other) };
  await run(config);
  assert.equal(registered.find(({ type }) => type === "kubernetes:apps/v1:Deployment")?.name, "support-email");
  delete require.cache[require.resolve("../index")];
  await run({ ...config, service: "support-web" });
  assert.equal(registered.find(({ type }) => type === "kubernetes:apps/v1:Deployment")?.name, "support-web");
});

test("nothing is registered for a record of another environment", async () => {
  const production = file(JSON.stringify(fresh((it) => (it.environment.name = "production"))));
  await assert.rejects(run({ recordPath: production }), /is for the environment "production"/);
  assert.deepEqual(registered, []);
});

test("a stack without a record, or of another service, deploys nothing", async () => {
  await assert.rejects(run({}), /deployment-record\.json is not there/);
  await assert.rejects(
    run({ service: "billing", recordPath: freshPath() }),
    /is of the service "support-email", and this stack deploys "billing"/,
  );
  assert.deepEqual(registered, []);
});

test("nothing is registered for an old record, or one of another registry or repository", async () => {
  await assert.rejects(run({ recordPath }), /more than 24 hours ago/);
  await assert.rejects(run({ recordPath: freshPath(), registry: "pioneer" }), /is of the registry "keepkey"/);
  await assert.rejects(run({ recordPath: freshPath(), repository: "billing" }), /is of the repository "support-email"/);
  assert.deepEqual(registered, []);
});

test("an unknown target is refused", async () => {
  await assert.rejects(run({ recordPath: freshPath(), target: "swarm" }), /neither kubernetes nor app/);
  assert.deepEqual(registered, []);
});

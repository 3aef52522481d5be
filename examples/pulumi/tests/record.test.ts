import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

import { checkRecord, configKey, readRecord, RefusedRecord } from "../record";
import { file, type Json, record, recordPath } from "./support";

const wanted = { environment: "development", service: "support-email" };

/** The sentence with which a record is refused. */
function refusal(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    assert.ok(error instanceof RefusedRecord, `${error}`);
    return error.message;
  }
  assert.fail("it was not refused");
}

const refused = (change: (record: Json) => void): string =>
  refusal(() => checkRecord(record(change), "the record", wanted));

test("a record as the program writes it is accepted", () => {
  const { image, service, environment, warnings } = readRecord(recordPath, wanted);
  assert.equal(image.pinned, `registry.digitalocean.com/keepkey/support-email@${image.digest}`);
  assert.equal(image.registry, "keepkey");
  assert.deepEqual([service.name, service.port, environment], ["support-email", 5001, "development"]);
  assert.equal(service.env["PORT"], "5001");
  assert.deepEqual(warnings, []);
});

test("a service's key is the one that the gate writes", () => {
  const keys: Record<string, string> = JSON.parse(readFileSync(join(dirname(recordPath), "keys.json"), "utf8"));
  for (const [name, key] of Object.entries(keys)) assert.equal(configKey(name), key, name);
});

test("a missing record is refused, and says where to get it", () => {
  assert.equal(
    refusal(() => readRecord("/nowhere/deployment-record.json", wanted)),
    "the deployment record /nowhere/deployment-record.json is not there. " +
      "Download it from the Artifacts tab of a green verify job in CircleCI, or set `recordPath` to where it is.",
  );
});

test("a record of another environment is refused, and so is one of none", () => {
  assert.equal(
    refused((it) => (it.environment.name = "production")),
    'the record is for the environment "production", and this stack deploys "development". ' +
      'Take the record that was verified for "development", or select the other stack.',
  );
  assert.equal(
    refused((it) => (it.environment = null)),
    'the record names no environment, and this stack deploys "development". ' +
      "Set `environment: development` in the verify job, with that environment and the service in " +
      "verify-registry-image.yml, and take the record of its next green run.",
  );
});

test("a record with a check that neither passed nor was skipped is refused", () => {
  assert.equal(
    refused((it) => (it.verification.checks[2].status = "failed")),
    'the record says "VERIFIED", and that its check "tag-exists" failed. ' +
      "No such record is written: download it again from the Artifacts tab of the verify job, and do not edit it.",
  );
  for (const status of ["errored", "Passed", ""]) {
    assert.match(refused((it) => (it.verification.checks[0].status = status)), /its check "registry-honest" /);
  }
});

test("a record that is not VERIFIED is refused", () => {
  assert.equal(
    refused((it) => (it.verification.result = "FAILED")),
    'the record says "FAILED", not "VERIFIED". ' +
      "Do not deploy it: look at the verify job, mend what it names, and take the record of a green run.",
  );
  for (const result of ["verified", "", null, true, ["VERIFIED"]]) {
    assert.match(refused((it) => (it.verification.result = result)), /not "VERIFIED"/);
  }
});

test("a record of an unknown version is refused before anything else of it is believed", () => {
  assert.equal(
    refusal(() => checkRecord({ schema_version: 2 }, "the record", wanted)),
    "the record is of version 2, and this program knows version 1. " +
      "Bring this program up to the record's version; docs/deployment-record.md says what changed.",
  );
  for (const version of ["1", null, 1.5]) {
    assert.match(refused((it) => (it.schema_version = version)), /knows version 1/);
  }
});

test("a record of another service, without a port, or with an ingress is refused", () => {
  assert.match(refused((it) => (it.service.name = "billing")), /is of the service "billing".*Take the record of "support-email"\./);
  assert.match(refused((it) => (it.service.port = null)), /declares no port\. Add `port:`/);
  assert.match(refused((it) => (it.service.ingress = true)), /declares an ingress.*Set `ingress: false`/);
  assert.match(refused((it) => (it.service = null)), /declares no service\. Add the service .* set `environment` in the verify job/);
});

test("a record that was cut, or contradicts itself, is refused, naming the field", () => {
  const cases: [string, (record: Json) => void][] = [
    ["image.digest", (it) => (it.image.digest = "sha256:abc")],
    // A tag instead of the digest: another image by the time it is pulled.
    ["image.pinned", (it) => (it.image.pinned = it.image.reference)],
    // Kubernetes would pull one image, App Platform another.
    ["image.pinned", (it) => (it.image.pinned = it.image.pinned.replace("support-email", "billing"))],
    ["image.pinned", (it) => (it.image.server = "registry.example")],
    ["image.pinned", (it) => (it.image.registry = "another")],
    ["image.registry", (it) => (it.image.registry = null)],
    ["image.registry", (it) => (it.image.registry_type = null)],
    ["image.pinned", (it) => (it.image.repository = "billing")],
    ["image.server", (it) => delete it.image.server],
    ["verification.checks", (it) => (it.verification.checks = [])],
    ["verification.checks", (it) => (it.verification.checks = "passed")],
    ["verification.checks[0]", (it) => (it.verification.checks[0] = "passed")],
    ["verification.checks[0].status", (it) => delete it.verification.checks[0].status],
    ["image", (it) => delete it.image],
    ["image.tag", (it) => (it.image.tag = 1)],
    ["service.port", (it) => (it.service.port = "5001")],
    ["service.port", (it) => (it.service.port = 0)],
    ["service.name", (it) => (it.service.name = "Support_Email")],
    ["service.env.PORT", (it) => (it.service.env.PORT = 5001)],
    ["verification.verified_at", (it) => delete it.verification.verified_at],
    ["warnings", (it) => (it.warnings = "none")],
  ];
  for (const [field, change] of cases) {
    const anyService = { environment: "development" };
    const message = refusal(() => checkRecord(record(change), "the record", anyService));
    assert.ok(message.startsWith(`the record is not a whole deployment record: \`${field}\` is missing or malformed.`), message);
  }
  for (const value of [null, [], "VERIFIED", 1, undefined]) {
    assert.match(refusal(() => checkRecord(value, "the record", wanted)), /^the record is not a deployment record\./);
  }
  assert.match(refusal(() => readRecord(file('{"schema_version": 1,'), wanted)), /is not JSON\. Download it again/);
});

test("a field that only exists on every JavaScript object is missing", () => {
  const value = Object.create({ schema_version: 1 });
  assert.match(refusal(() => checkRecord(value, "the record", wanted)), /`schema_version` is missing/);
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

import { checkRecord, configKey, readRecord, RefusedRecord } from "../record";
import { changed, file, fresh, type Json, now, record, recordPath, table, verifiedAt, withName } from "./support";

const wanted = table.wanted;

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
  refusal(() => checkRecord(record(change), "the record", wanted, now));

test("a record as the program writes it is accepted", () => {
  const { image, service, environment, warnings } = checkRecord(record(), "the record", wanted, now);
  assert.equal(image.pinned, `registry.digitalocean.com/keepkey/support-email@${image.digest}`);
  assert.equal(image.registry, "keepkey");
  assert.deepEqual([service.name, service.port, environment], ["support-email", 5001, "development"]);
  assert.equal(service.env["PORT"], "5001");
  assert.deepEqual(warnings, []);
});

test("every record of the table gets its answer", () => {
  for (const it of table.cases) {
    const time = Date.parse(verifiedAt) + (it.hours ?? 1) * 3_600_000;
    const attempt = (): unknown => checkRecord(changed(it), "the record", { ...wanted, ...it.wanted }, time);
    if (it.refused === null) {
      attempt();
    } else {
      const message = refusal(attempt);
      assert.ok(message.startsWith("the record ") && message.includes(it.refused), `${it.what}: ${message}`);
    }
  }
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
});

const CARRYING = ["tag-exists", "manifest-intact", "layers-present", "registry-honest"];

test("a record whose yes stands on a check that did not pass is refused", () => {
  const checks = (it: Json, id: string): Json[] => it.verification.checks.filter((check: Json) => check.id === id);
  for (const id of CARRYING) {
    const named = id === "tag-exists" ? '"tag-exists" or "digest-expected"' : `"${id}"`;
    const sentence = `the record says "VERIFIED", and its check ${named} has not passed. No such record is written`;
    const skip = (it: Json): void => checks(it, id).forEach((check) => (check.status = "skipped"));
    const drop = (it: Json): void => void (it.verification.checks = it.verification.checks.filter((check: Json) => check.id !== id));
    // Once passed, and once not: which of the two is meant, nobody knows.
    const twice = (it: Json): void => it.verification.checks.push({ id, status: "skipped", message: "", note: null });
    for (const change of [skip, drop, twice]) assert.ok(refused(change).startsWith(sentence), id);
  }
  const allSkipped = (it: Json): void => it.verification.checks.forEach((check: Json) => (check.status = "skipped"));
  assert.match(refused(allSkipped), /has not passed/);
  // A digest that was expected and found says as much as a tag.
  const byDigest = record((it) => {
    checks(it, "tag-exists").forEach((check) => (check.status = "skipped"));
    checks(it, "digest-expected").forEach((check) => (check.status = "passed"));
  });
  checkRecord(byDigest, "the record", wanted, now);
});

test("a record that is too old, or from the future, is refused", () => {
  const day = 24 * 3_600_000;
  const at = (time: number, max_age_hours?: number): (() => unknown) => () =>
    checkRecord(record(), "the record", max_age_hours === undefined ? wanted : { ...wanted, max_age_hours }, time);
  const verified = Date.parse(verifiedAt);
  at(verified)();
  at(verified + day)();
  at(verified - 1000)();
  at(verified + 99 * day, 24 * 100)();
  assert.equal(
    refusal(at(verified + day + 1)),
    "the record was verified at 2026-03-02T17:58:05Z, more than 24 hours ago. The registry may have lost the image since: " +
      "run the verify job again and take its record. `maxAgeHours` says how old one may be.",
  );
  assert.match(refusal(at(verified + 2 * 3_600_000, 1)), /more than 1 hours ago/);
  assert.equal(
    refusal(at(verified - 60_000)),
    "the record was verified at 2026-03-02T17:58:05Z, which is in the future. " +
      "Look at the clock of this machine and of the one that verified.",
  );
  // Without a time of its own it is the clock's: the record in this folder is old.
  assert.match(refusal(() => checkRecord(record(), "the record", wanted)), /hours ago/);
  checkRecord(fresh(), "the record", wanted);
  // A greatest age that is none must not let everything pass.
  for (const age of [0, -1, NaN, "24" as unknown as number]) {
    assert.throws(at(verified, age), /must be a number of hours above 0/);
  }
});

test("an image of another registry is refused, whatever environment its record names", () => {
  const foreign = (name: (it: Json) => void, type: string | null): string =>
    refused((it) => {
      name(it);
      it.image.registry_type = type;
    });
  assert.equal(
    foreign(withName("docker.io", null, "attacker/support-email"), null),
    'the record is of an image at "docker.io", and this stack deploys from registry.digitalocean.com/keepkey. ' +
      "Take the record of a job that asked DigitalOcean's own registry: an environment's name alone makes no image its own.",
  );
  assert.equal(
    refused(withName("registry.digitalocean.com", "pioneer", "support-email")),
    'the record is of the registry "pioneer", and this stack deploys from "keepkey". ' +
      "Take the record of an image in that registry, or set `registry` in the stack's configuration.",
  );
});

test("a record that is not VERIFIED is refused", () => {
  assert.equal(
    refused((it) => (it.verification.result = "FAILED")),
    'the record says "FAILED", not "VERIFIED". ' +
      "Do not deploy it: look at the verify job, mend what it names, and take the record of a green run.",
  );
});

test("a record of an unknown version is refused before anything else of it is believed", () => {
  assert.equal(
    refusal(() => checkRecord({ schema_version: 2 }, "the record", wanted)),
    "the record is of version 2, and this program knows version 1. " +
      "Bring this program up to the record's version; docs/deployment-record.md says what changed.",
  );
});

test("a record that was cut is refused", () => {
  assert.match(refusal(() => checkRecord(undefined, "the record", wanted)), /^the record is not a deployment record\./);
  assert.match(refusal(() => readRecord(file('{"schema_version": 1,'), wanted)), /is not JSON\. Download it again/);
});

test("a field that only exists on every JavaScript object is missing", () => {
  const value = Object.create({ schema_version: 1 });
  assert.match(refusal(() => checkRecord(value, "the record", wanted)), /`schema_version` is missing/);
});

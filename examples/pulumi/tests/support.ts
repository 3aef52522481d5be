// What the tests share: a record as the program writes it, and the resources that a program registers
// with the real Pulumi SDKs (`setMocks`: no CLI, no login, no cloud).

import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";

/** A record that verify-registry-image wrote of a made-up report; a test of the program keeps it up to date. */
export const recordPath = join(__dirname, "../../tests/record.json");

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

/** The record, with what a test changes in it. */
export function record(change: (record: Json) => void = () => {}): Json {
  const value = JSON.parse(readFileSync(recordPath, "utf8"));
  change(value);
  return value;
}

/** Another image under the same tag, as the program would write it. */
export function withDigest(value: Json, hex: string): Json {
  const { image } = value;
  image.digest = `sha256:${hex}`;
  image.pinned = `${image.server}/${image.registry}/${image.repository}@sha256:${hex}`;
  image.pinned_with_tag = `${image.reference}@sha256:${hex}`;
  return value;
}

/** A file with that text. */
export function file(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "record-")), "deployment-record.json");
  writeFileSync(path, text);
  return path;
}

export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Json;
}

/** Starts to note what is registered with Pulumi. */
export function listen(project = "support-email", stack = "development"): Registered[] {
  const registered: Registered[] = [];
  pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        registered.push({ type, name, inputs });
        const credentials = { dockerCredentials: "{\"auths\":{}}" };
        const computed = type.includes("ContainerRegistryDockerCredentials") ? credentials : {};
        return { id: `${name}-id`, state: { ...inputs, ...computed } };
      },
      call: ({ inputs }) => inputs,
    },
    project,
    stack,
    false,
  );
  return registered;
}

/** Everything that `deploy` registers, by type. */
export async function registeredBy(deploy: () => pulumi.Resource[]): Promise<Map<string, Registered>> {
  const registered = listen();
  const resources = deploy();
  await Promise.all(resources.map((resource) => new Promise((done) => resource.urn.apply(done))));
  return new Map(registered.map((one) => [one.type, one]));
}

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

/** When the record was verified, and a while later. */
export const verifiedAt = "2026-03-02T17:58:05Z";
export const now = Date.parse(verifiedAt) + 3_600_000;

/** The record, with what a test changes in it. */
export function record(change: (record: Json) => void = () => {}): Json {
  const value = JSON.parse(readFileSync(recordPath, "utf8"));
  change(value);
  return value;
}

/** The same, verified just now: for what looks at the clock itself. */
export const fresh = (change: (record: Json) => void = () => {}): Json =>
  record((value) => {
    value.verification.verified_at = new Date().toISOString();
    change(value);
  });

/** Another image under the same tag, as the program would write it. */
export function withDigest(value: Json, hex: string): Json {
  const { image } = value;
  image.digest = `sha256:${hex}`;
  image.pinned = `${image.server}/${image.registry}/${image.repository}@sha256:${hex}`;
  image.pinned_with_tag = `${image.reference}@sha256:${hex}`;
  return value;
}

/** The record with another name of its image everywhere, as the program would write it. */
export function withName(server: string, registry: string | null, repository: string): (value: Json) => void {
  return ({ image }) => {
    const name = [server, registry, repository].filter((part) => part !== null).join("/");
    Object.assign(image, {
      server,
      registry,
      repository,
      reference: `${name}:${image.tag}`,
      pinned: `${name}@${image.digest}`,
      pinned_with_tag: `${name}:${image.tag}@${image.digest}`,
    });
  };
}

/** One record of the table that all programs of examples/ are held to, and what they answer. */
export interface Case {
  readonly what: string;
  readonly refused: string | null;
  readonly hours?: number;
  readonly wanted?: Json;
  readonly value?: Json;
  readonly text?: Readonly<Record<string, string>>;
  readonly named?: readonly [string, string | null, string];
  readonly set?: Readonly<Record<string, Json>>;
  readonly drop?: readonly string[];
}

export const table: { readonly wanted: Json; readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(join(__dirname, "../../tests/refusals.json"), "utf8"),
);

/** The record of a case. */
export function changed(it: Case): Json {
  if (it.value !== undefined) return it.value;
  let text = JSON.stringify(record());
  for (const [old, other] of Object.entries(it.text ?? {})) text = text.replaceAll(old, JSON.stringify(other).slice(1, -1));
  const value = JSON.parse(text);
  if (it.named !== undefined) withName(...it.named)(value);
  const parent = (path: string): [Json, string] => {
    const parts = path.split(".");
    const last = parts.pop()!;
    // In a list: a number, or an `id`.
    const inside = (part: Json, name: string): Json => part[name] ?? part.find((item: Json) => item.id === name);
    return [parts.reduce(inside, value), last];
  };
  for (const [path, to] of Object.entries(it.set ?? {})) {
    const [part, last] = parent(path);
    part[last] = to;
  }
  for (const path of it.drop ?? []) {
    const [part, last] = parent(path);
    delete part[last];
  }
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

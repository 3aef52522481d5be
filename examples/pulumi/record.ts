// Reads a deployment record and refuses every one that must not be deployed, with a sentence that says
// what to do. What this program deploys was verified, for this environment, and is pinned by its digest.
//
// It finds a record that is cut, mixed up, old, or contradicts itself. A record is not signed: whoever writes one anew,
// with care, is not found out. Take it from the job's artifacts.
//
// The fields are those of docs/deployment-record.md, version 1; fields that are not used here are left out.

import { readFileSync } from "node:fs";

/** The version of the record that this program knows. */
export const KNOWN_VERSION = 1;

/** The only server whose images this program deploys: not a stand-in on somebody's machine, and not another registry. */
const SERVER = "registry.digitalocean.com";

/** How old a record may be, unless the stack says otherwise. */
const MAX_AGE_HOURS = 24;

/** How far the clock of the machine that verified may be ahead of this one. */
const CLOCK_SKEW_SECONDS = 30;

/**
 * What a yes stands on. One of each group must have passed: a check that was skipped has proved nothing.
 */
const CARRYING: readonly (readonly string[])[] = [
  ["tag-exists", "digest-expected"],
  ["manifest-intact"],
  ["layers-present"],
  ["registry-honest"],
];

/** What this program uses of a deployment record. */
export interface DeploymentRecord {
  readonly image: {
    /** `server/registry/repository@sha256:…`: what to deploy. */
    readonly pinned: string;
    readonly registryType: "DOCR";
    /** DigitalOcean's name of the registry, as in `keepkey`. */
    readonly registry: string;
    readonly repository: string;
    readonly tag: string;
    readonly digest: string;
  };
  readonly service: {
    readonly name: string;
    readonly port: number;
    readonly env: Readonly<Record<string, string>>;
  };
  readonly environment: string;
  /** For people and for annotations; never for anything that restarts a pod. */
  readonly evidence: { readonly verifiedAt: string; readonly jobUrl: string | null };
  readonly warnings: readonly string[];
}

/** What a stack is about to deploy: a record of anything else is refused. */
export interface Wanted {
  readonly environment: string;
  /** The service's name, where the stack deploys one service only. */
  readonly service?: string;
  /** DigitalOcean's name of the registry that the stack deploys from, as in `keepkey`. */
  readonly registry: string;
  /** The repository below it, where it is known. */
  readonly repository?: string;
  /** How old the verification may be; 24 unless it is given. */
  readonly max_age_hours?: number;
}

/** A record that must not be deployed. The message says why, and what to do. */
export class RefusedRecord extends Error {
  constructor(where: string, why: string, next: string) {
    super(`${where} ${why}. ${next}`);
    this.name = "RefusedRecord";
  }
}

/** The key under which `--pulumi-config` writes a service: `support-email` as `supportEmail`, `a--b` as `aB`. */
export function configKey(service: string): string {
  return service.replace(/[^A-Za-z0-9]+([A-Za-z0-9]?)/g, (_, letter: string, at: number) =>
    at === 0 ? letter : letter.toUpperCase());
}

/** Reads the record in a file. */
export function readRecord(path: string, wanted: Wanted): DeploymentRecord {
  const where = `the deployment record ${path}`;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new RefusedRecord(
      where,
      code === "ENOENT" ? "is not there" : `cannot be read (${code})`,
      "Download it from the Artifacts tab of a green verify job in CircleCI, or set `recordPath` to where it is.",
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RefusedRecord(where, "is not JSON", "Download it again from the Artifacts tab of the verify job.");
  }
  return checkRecord(value, where, wanted);
}

/** Checks a record that has been read, from a file or from the stack's configuration, at the time `now`. */
export function checkRecord(
  value: unknown,
  where: string,
  wanted: Wanted,
  now: number = Date.now(),
): DeploymentRecord {
  const record = new Reader(where, "", value);
  const version = record.part("schema_version").value;
  if (version !== KNOWN_VERSION) {
    throw new RefusedRecord(
      where,
      `is of version ${show(version)}, and this program knows version ${KNOWN_VERSION}`,
      "Bring this program up to the record's version; docs/deployment-record.md says what changed.",
    );
  }
  const verification = record.part("verification");
  const result = verification.part("result").value;
  if (result !== "VERIFIED") {
    throw new RefusedRecord(
      where,
      `says ${show(result)}, not "VERIFIED"`,
      "Do not deploy it: look at the verify job, mend what it names, and take the record of a green run.",
    );
  }
  checkChecks(verification, where);
  const verifiedAt = checkAge(verification, where, wanted, now);
  const environment = record.part("environment").value === null ? null : record.part("environment").text("name");
  if (environment !== wanted.environment) {
    throw new RefusedRecord(
      where,
      environment === null
        ? `names no environment, and this stack deploys "${wanted.environment}"`
        : `is for the environment "${environment}", and this stack deploys "${wanted.environment}"`,
      environment === null
        ? `Set \`environment: ${wanted.environment}\` in the verify job, with that environment and the service in ` +
          "verify-registry-image.yml, and take the record of its next green run."
        : `Take the record that was verified for "${wanted.environment}", or select the other stack.`,
    );
  }
  return {
    image: image(record.part("image"), where, wanted),
    service: service(record.part("service"), where, wanted),
    environment,
    evidence: {
      verifiedAt,
      jobUrl: record.part("pipeline").value === null ? null : record.part("pipeline").textOrNull("job_url"),
    },
    warnings: record.texts("warnings"),
  };
}

/** No check may have gone wrong, and those that a yes stands on must have passed. */
function checkChecks(verification: Reader, where: string): void {
  const passed = new Set<string>();
  const skipped = new Set<string>();
  for (const check of verification.list("checks")) {
    const id = check.text("id");
    const status = check.text("status");
    if (status !== "passed" && status !== "skipped") {
      throw new RefusedRecord(
        where,
        `says "VERIFIED", and that its check ${show(id)} ${status}`,
        "No such record is written: download it again from the Artifacts tab of the verify job, and do not edit it.",
      );
    }
    (status === "passed" ? passed : skipped).add(id);
  }
  for (const ids of CARRYING) {
    if (!ids.some((id) => passed.has(id) && !skipped.has(id))) {
      throw new RefusedRecord(
        where,
        `says "VERIFIED", and its check ${ids.map(show).join(" or ")} has not passed`,
        "No such record is written: download it again from the Artifacts tab of the verify job, and do not edit it.",
      );
    }
  }
}

/** The time of the verification: a real one, not too long ago, and not in the future. */
function checkAge(verification: Reader, where: string, wanted: Wanted, now: number): string {
  const text = verification.text("verified_at");
  const time = parseTime(text);
  if (time === undefined) throw verification.broken("verified_at");
  const hours = wanted.max_age_hours ?? MAX_AGE_HOURS;
  if (typeof hours !== "number" || !(hours > 0)) {
    throw new Error(`the greatest age of a record is ${show(hours)}, and must be a number of hours above 0`);
  }
  if (!(time <= now + CLOCK_SKEW_SECONDS * 1000)) {
    throw new RefusedRecord(
      where,
      `was verified at ${text}, which is in the future`,
      "Look at the clock of this machine and of the one that verified.",
    );
  }
  if (!(now - time <= hours * 3_600_000)) {
    throw new RefusedRecord(
      where,
      `was verified at ${text}, more than ${hours} hours ago`,
      "The registry may have lost the image since: run the verify job again and take its record. " +
        "`maxAgeHours` says how old one may be.",
    );
  }
  return text;
}

/** Milliseconds since 1970 of an RFC 3339 time; `undefined` for anything else. `Date.parse` takes 30 February for March. */
function parseTime(text: string): number | undefined {
  const parts = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:Z|[+-](\d{2}):(\d{2}))$/.exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second, offsetHour, offsetMinute] = parts
    .slice(1)
    .map((part) => (part === undefined ? 0 : Number(part))) as [number, number, number, number, number, number, number, number];
  const date = new Date(Date.UTC(year, month - 1, day));
  const isDay = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isDay || hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

function image(part: Reader, where: string, wanted: Wanted): DeploymentRecord["image"] {
  const digest = part.text("digest");
  if (!/^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$/.test(digest)) throw part.broken("digest");
  const server = part.text("server");
  const registryType = part.textOrNull("registry_type");
  if (registryType !== null && registryType !== "DOCR") throw part.broken("registry_type");
  const registry = part.textOrNull("registry");
  // Both are DigitalOcean's words, or neither is there.
  if ((registry === null) !== (registryType === null)) throw part.broken("registry");
  const repository = part.text("repository");
  const tag = part.text("tag");
  // Kubernetes takes the whole reference, App Platform its parts: they must name one image. A reference with a tag
  // alone could name another one by the time it is pulled.
  const name = `${server}/${registry === null ? repository : `${registry}/${repository}`}`;
  const pinned = `${name}@${digest}`;
  if (part.text("pinned") !== pinned) throw part.broken("pinned");
  if (part.text("reference") !== `${name}:${tag}`) throw part.broken("reference");
  if (part.text("pinned_with_tag") !== `${name}:${tag}@${digest}`) throw part.broken("pinned_with_tag");
  for (const platform of part.list("platforms")) {
    if (!/^[a-z0-9]+\/[a-z0-9]+(\/[a-z0-9.]+)?$/.test(platform.text("platform"))) throw platform.broken("platform");
  }
  if (server !== SERVER || registry === null || registryType === null) {
    throw new RefusedRecord(
      where,
      `is of an image at ${show(server)}, and this stack deploys from ${SERVER}/${wanted.registry}`,
      "Take the record of a job that asked DigitalOcean's own registry: an environment's name alone makes no image its own.",
    );
  }
  if (registry !== wanted.registry) {
    throw new RefusedRecord(
      where,
      `is of the registry ${show(registry)}, and this stack deploys from ${show(wanted.registry)}`,
      "Take the record of an image in that registry, or set `registry` in the stack's configuration.",
    );
  }
  if (wanted.repository !== undefined && repository !== wanted.repository) {
    throw new RefusedRecord(
      where,
      `is of the repository ${show(repository)}, and this stack deploys ${show(wanted.repository)}`,
      `Take the record of an image in ${show(wanted.repository)}, or set \`repository\` in the stack's configuration.`,
    );
  }
  return { pinned, registryType, registry, repository, tag, digest };
}

function service(part: Reader, where: string, wanted: Wanted): DeploymentRecord["service"] {
  if (part.value === null) {
    throw new RefusedRecord(
      where,
      "declares no service",
      "Add the service with its port to verify-registry-image.yml, set `environment` in the verify job, and verify again.",
    );
  }
  const name = part.text("name");
  if (wanted.service !== undefined && name !== wanted.service) {
    throw new RefusedRecord(
      where,
      `is of the service "${name}", and this stack deploys "${wanted.service}"`,
      `Take the record of "${wanted.service}".`,
    );
  }
  // The rule of App Platform's component names; every such name is a Kubernetes name too.
  if (!/^[a-z][a-z0-9-]{0,30}[a-z0-9]$/.test(name)) throw part.broken("name");
  if (part.part("ingress").value === true) {
    throw new RefusedRecord(
      where,
      "declares an ingress, and this program deploys inside the cluster only",
      "Set `ingress: false` in verify-registry-image.yml, or write the ingress into this program on purpose.",
    );
  }
  const port = part.part("port").value;
  if (port === null) {
    throw new RefusedRecord(where, "declares no port", "Add `port:` to the service in verify-registry-image.yml and verify again.");
  }
  if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65535) throw part.broken("port");
  const env = part.part("env");
  const names = Object.keys(env.object());
  return { name, port, env: Object.fromEntries(names.map((key) => [key, env.text(key)])) };
}

/** A value of the record, which is trusted to be nothing but JSON. */
class Reader {
  constructor(
    private readonly where: string,
    private readonly path: string,
    readonly value: unknown,
  ) {}

  object(): Record<string, unknown> {
    if (typeof this.value !== "object" || this.value === null || Array.isArray(this.value)) throw this.broken();
    return this.value as Record<string, unknown>;
  }

  part(name: string): Reader {
    const object = this.object();
    // An own field: `constructor` and its like are in no record.
    if (!Object.hasOwn(object, name)) throw this.broken(name);
    return new Reader(this.where, this.pathTo(name), object[name]);
  }

  text(name: string): string {
    const { value } = this.part(name);
    if (typeof value !== "string") throw this.broken(name);
    return value;
  }

  textOrNull(name: string): string | null {
    return this.part(name).value === null ? null : this.text(name);
  }

  /** The parts of a list that is not empty. */
  list(name: string): Reader[] {
    const { value } = this.part(name);
    if (!Array.isArray(value) || value.length === 0) throw this.broken(name);
    return value.map((item, at) => new Reader(this.where, `${this.pathTo(name)}[${at}]`, item));
  }

  texts(name: string): string[] {
    const { value } = this.part(name);
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) throw this.broken(name);
    return value;
  }

  broken(name?: string): RefusedRecord {
    const field = name === undefined ? this.path : this.pathTo(name);
    return new RefusedRecord(
      this.where,
      field === "" ? "is not a deployment record" : `is not a whole deployment record: \`${field}\` is missing or malformed`,
      "Download it again from the Artifacts tab of the verify job, and do not edit it.",
    );
  }

  private pathTo(name: string): string {
    return this.path === "" ? name : `${this.path}.${name}`;
  }
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}

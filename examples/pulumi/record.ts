// Reads a deployment record and refuses every one that must not be deployed, with a sentence that says
// what to do. What this program deploys was verified, for this environment, and is pinned by its digest.
//
// It finds a record that is cut, mixed up, or contradicts itself. A record is not signed: whoever writes one anew, with
// care, is not found out. Take it from the job's artifacts.
//
// The fields are those of docs/deployment-record.md, version 1; fields that are not used here are left out.

import { readFileSync } from "node:fs";

/** The version of the record that this program knows. */
export const KNOWN_VERSION = 1;

/** What this program uses of a deployment record. */
export interface DeploymentRecord {
  readonly image: {
    /** `server/registry/repository@sha256:…`: what to deploy. */
    readonly pinned: string;
    /** `DOCR` for DigitalOcean's registry, else null. */
    readonly registryType: "DOCR" | null;
    /** DigitalOcean's name of the registry, as in `keepkey`; null on other servers. */
    readonly registry: string | null;
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

/** Checks a record that has been read, from a file or from the stack's configuration. */
export function checkRecord(value: unknown, where: string, wanted: Wanted): DeploymentRecord {
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
  for (const check of verification.list("checks")) {
    const status = check.text("status");
    if (status !== "passed" && status !== "skipped") {
      throw new RefusedRecord(
        where,
        `says "VERIFIED", and that its check ${show(check.text("id"))} ${status}`,
        "No such record is written: download it again from the Artifacts tab of the verify job, and do not edit it.",
      );
    }
  }
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
    image: image(record.part("image")),
    service: service(record.part("service"), where, wanted),
    environment,
    evidence: {
      verifiedAt: verification.text("verified_at"),
      jobUrl: record.part("pipeline").value === null ? null : record.part("pipeline").textOrNull("job_url"),
    },
    warnings: record.texts("warnings"),
  };
}

function image(part: Reader): DeploymentRecord["image"] {
  const digest = part.text("digest");
  if (!/^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$/.test(digest)) throw part.broken("digest");
  const registryType = part.textOrNull("registry_type");
  if (registryType !== null && registryType !== "DOCR") throw part.broken("registry_type");
  const registry = part.textOrNull("registry");
  // Both are DigitalOcean's words, or neither is there.
  if ((registry === null) !== (registryType === null)) throw part.broken("registry");
  const repository = part.text("repository");
  // Kubernetes takes the whole reference, App Platform its parts: they must name one image. A reference with a tag
  // alone could name another one by the time it is pulled.
  const below = registry === null ? repository : `${registry}/${repository}`;
  const pinned = `${part.text("server")}/${below}@${digest}`;
  if (part.text("pinned") !== pinned) throw part.broken("pinned");
  return { pinned, registryType, registry, repository, tag: part.text("tag"), digest };
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

// A DigitalOcean App (App Platform) with one internal service for one verified image.
//
// "No ingress" on App Platform is: no `httpPort`, no ingress rule, internal ports only. `registry` stays
// empty for DigitalOcean's own registry, and a digest excludes a tag (DigitalOcean's API, `apps_image_source_spec`).

import * as digitalocean from "@pulumi/digitalocean";

import type { DeploymentRecord } from "./record";

export interface AppOptions {
  readonly region?: string;
  readonly instanceCount: number;
  readonly instanceSizeSlug: string;
}

export function deployToAppPlatform(record: DeploymentRecord, options: AppOptions): digitalocean.App {
  const { name, port, env } = record.service;
  return new digitalocean.App(name, {
    spec: {
      name,
      ...(options.region === undefined ? {} : { region: options.region }),
      services: [
        {
          name,
          image: {
            registryType: record.image.registryType,
            repository: record.image.repository,
            digest: record.image.digest,
          },
          internalPorts: [port],
          instanceCount: options.instanceCount,
          instanceSizeSlug: options.instanceSizeSlug,
          // Both spelled out: left to their defaults they differ in every preview.
          envs: Object.keys(env)
            .sort()
            .map((key) => ({ key, value: env[key]!, scope: "RUN_TIME", type: "GENERAL" })),
        },
      ],
    },
  });
}

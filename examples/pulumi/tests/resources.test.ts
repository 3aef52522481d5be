import assert from "node:assert/strict";
import { test } from "node:test";

import type * as pulumi from "@pulumi/pulumi";

import { deployToAppPlatform } from "../app";
import { deployToKubernetes, type KubernetesOptions } from "../kubernetes";
import { checkRecord, type DeploymentRecord } from "../record";
import { type Json, now, record, type Registered, registeredBy, withDigest } from "./support";

const DEPLOYMENT = "kubernetes:apps/v1:Deployment";
const SERVICE = "kubernetes:core/v1:Service";
const SECRET = "kubernetes:core/v1:Secret";
const APP = "digitalocean:index/app:App";
const options: KubernetesOptions = { namespace: "keepkey", replicas: 1 };

const read = (value: Json): DeploymentRecord => checkRecord(value, "the record", { environment: "development", registry: "keepkey" }, now);

function onKubernetes(value: Json, with_: KubernetesOptions = options): Promise<Map<string, Registered>> {
  return registeredBy(() => {
    const { deployment, service, pullSecret } = deployToKubernetes(read(value), with_);
    return [deployment, service, ...(pullSecret === undefined ? [] : [pullSecret])];
  });
}

const onAppPlatform = (value: Json): Promise<Map<string, Registered>> =>
  registeredBy((): pulumi.Resource[] => [
    deployToAppPlatform(read(value), { instanceCount: 1, instanceSizeSlug: "apps-s-1vcpu-0.5gb" }),
  ]);

const inputs = (resources: Map<string, Registered>, type: string): Json => {
  const found = resources.get(type);
  assert.ok(found, `${type} is not among ${[...resources.keys()].join(", ")}`);
  return found.inputs;
};

test("Kubernetes gets a Deployment, a Service and a pull secret, and no Ingress", async () => {
  const types = [...(await onKubernetes(record())).keys()].sort();
  assert.deepEqual(types, [
    "digitalocean:index/containerRegistryDockerCredentials:ContainerRegistryDockerCredentials",
    DEPLOYMENT,
    SECRET,
    SERVICE,
  ]);
});

test("the Deployment runs the image by its digest, on the declared port", async () => {
  const value = record();
  const { spec } = inputs(await onKubernetes(value), DEPLOYMENT);
  const pod = spec.template.spec;
  assert.equal(pod.containers.length, 1);
  const [container] = pod.containers;
  assert.equal(container.image, value.image.pinned);
  assert.match(container.image, /^registry\.digitalocean\.com\/keepkey\/support-email@sha256:[0-9a-f]{64}$/);
  assert.deepEqual(container.ports, [{ name: "http", containerPort: 5001, protocol: "TCP" }]);
  assert.deepEqual(container.env, [
    { name: "LOG_LEVEL", value: "info" },
    { name: "NODE_ENV", value: "production" },
    { name: "PORT", value: "5001" },
  ]);
  assert.deepEqual(pod.imagePullSecrets, [{ name: "registry-keepkey" }]);
  assert.deepEqual(spec.selector.matchLabels, spec.template.metadata.labels);
});

test("the Service is inside the cluster only and leads to those pods", async () => {
  const resources = await onKubernetes(record());
  const { spec } = inputs(resources, SERVICE);
  assert.equal(spec.type, "ClusterIP");
  assert.deepEqual(spec.ports, [{ name: "http", port: 5001, targetPort: "http", protocol: "TCP" }]);
  assert.deepEqual(spec.selector, inputs(resources, DEPLOYMENT).spec.template.metadata.labels);
});

test("the pull secret is read-only and named as doctl names it", async () => {
  const resources = await onKubernetes(record());
  const secret = inputs(resources, SECRET);
  assert.equal(secret.type, "kubernetes.io/dockerconfigjson");
  assert.deepEqual(secret.metadata, { name: "registry-keepkey", namespace: "keepkey" });
  const credentials = inputs(
    resources,
    "digitalocean:index/containerRegistryDockerCredentials:ContainerRegistryDockerCredentials",
  );
  assert.deepEqual([credentials.registryName, credentials.write], ["keepkey", false]);
});

test("a pull secret that is there already is used, and none is made", async () => {
  const resources = await onKubernetes(record(), { ...options, pullSecret: "team-registry" });
  assert.ok(!resources.has(SECRET));
  const { spec } = inputs(resources, DEPLOYMENT);
  assert.deepEqual(spec.template.spec.imagePullSecrets, [{ name: "team-registry" }]);
});

test("the same tag with a new digest changes the Deployment and the App; with the tag alone it would not", async () => {
  const other = withDigest(record(), "f".repeat(64));
  assert.equal(other.image.tag, record().image.tag);
  const before = inputs(await onKubernetes(record()), DEPLOYMENT);
  const after = inputs(await onKubernetes(other), DEPLOYMENT);
  assert.notDeepEqual(after.spec, before.spec);

  // The mistake that this program does not make: the same two records, deployed by their tag.
  const byTag = async (value: Json): Promise<Json> => {
    const { image, ...rest } = read(value);
    const tagged = { ...rest, image: { ...image, pinned: value.image.reference as string } };
    const resources = await registeredBy(() => [deployToKubernetes(tagged, options).deployment]);
    return inputs(resources, DEPLOYMENT);
  };
  assert.deepEqual(await byTag(other), await byTag(record()), "nothing to roll out, although the image is another one");

  assert.notDeepEqual(inputs(await onAppPlatform(other), APP), inputs(await onAppPlatform(record()), APP));
});

test("verifying the same image again changes no input of any resource", async () => {
  const again = record((it) => {
    it.verification.verified_at = "2026-03-02T18:30:00Z";
    it.pipeline.job_url = "https://circleci.com/gh/keepkey/support-email/9999";
    it.source.revision = "0".repeat(40);
    it.warnings = ["a warning"];
  });
  for (const deploy of [onKubernetes, onAppPlatform]) {
    assert.deepEqual([...(await deploy(again))], [...(await deploy(record()))]);
  }
});

test("the App names the image by digest alone, and is internal", async () => {
  const value = record();
  const { spec } = inputs(await onAppPlatform(value), APP);
  assert.equal(spec.services.length, 1);
  const [service] = spec.services;
  // DigitalOcean's API: `registry` is left empty for DOCR, and `digest` excludes `tag`.
  assert.deepEqual(service.image, {
    registryType: "DOCR",
    repository: "support-email",
    digest: value.image.digest,
  });
  assert.deepEqual(service.internalPorts, [5001]);
  for (const outside of ["httpPort", "routes"]) assert.ok(!(outside in service), outside);
  for (const outside of ["ingress", "domainNames"]) assert.ok(!(outside in spec), outside);
  assert.deepEqual(service.envs.map((env: Json) => [env.key, env.value, env.scope, env.type]), [
    ["LOG_LEVEL", "info", "RUN_TIME", "GENERAL"],
    ["NODE_ENV", "production", "RUN_TIME", "GENERAL"],
    ["PORT", "5001", "RUN_TIME", "GENERAL"],
  ]);
});

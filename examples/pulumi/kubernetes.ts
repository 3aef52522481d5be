// A Kubernetes Deployment and a ClusterIP Service for one verified image. There is no Ingress: the service
// is reached inside the cluster only, as `http://NAME.NAMESPACE.svc.cluster.local:PORT`.
//
// No input changes unless the tag, the digest or the declaration does: verifying the same image again is no diff. The
// time of verification and the job's address are in the record, and in this program's log.

import * as digitalocean from "@pulumi/digitalocean";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { DeploymentRecord } from "./record";

export interface KubernetesOptions {
  readonly namespace: string;
  readonly replicas: number;
  /** The name of a pull secret that is in the namespace already. Without it one is made, for DigitalOcean. */
  readonly pullSecret?: string;
}

export interface KubernetesResources {
  readonly deployment: kubernetes.apps.v1.Deployment;
  readonly service: kubernetes.core.v1.Service;
  readonly pullSecret: kubernetes.core.v1.Secret | undefined;
}

export function deployToKubernetes(record: DeploymentRecord, options: KubernetesOptions): KubernetesResources {
  const { name, port, env } = record.service;
  const { namespace } = options;
  const labels = { "app.kubernetes.io/name": name };
  const made = options.pullSecret === undefined ? makePullSecret(record, namespace) : undefined;
  const secretName = options.pullSecret ?? made?.metadata.name;

  const deployment = new kubernetes.apps.v1.Deployment(name, {
    metadata: { name, namespace, labels, annotations: { "verify-registry-image/tag": record.image.tag } },
    spec: {
      replicas: options.replicas,
      selector: { matchLabels: labels },
      strategy: { type: "RollingUpdate" },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          ...(secretName === undefined ? {} : { imagePullSecrets: [{ name: secretName }] }),
          containers: [
            {
              name,
              // By digest: a tag that has moved would change nothing here, and no pod would be restarted.
              image: record.image.pinned,
              imagePullPolicy: "IfNotPresent",
              ports: [{ name: "http", containerPort: port, protocol: "TCP" }],
              // Sorted, so that the order in which they were declared restarts nothing.
              env: Object.keys(env)
                .sort()
                .map((key) => ({ name: key, value: env[key]! })),
              readinessProbe: { tcpSocket: { port: "http" } },
            },
          ],
        },
      },
    },
  });

  const service = new kubernetes.core.v1.Service(name, {
    metadata: { name, namespace, labels },
    spec: {
      type: "ClusterIP",
      selector: labels,
      ports: [{ name: "http", port, targetPort: "http", protocol: "TCP" }],
    },
  });
  return { deployment, service, pullSecret: made };
}

/** A read-only pull secret for DigitalOcean's registry, named as `doctl registry kubernetes-manifest` names it. */
function makePullSecret(record: DeploymentRecord, namespace: string): kubernetes.core.v1.Secret {
  const { registry } = record.image;
  const credentials = new digitalocean.ContainerRegistryDockerCredentials(registry, {
    registryName: registry,
    write: false,
  });
  return new kubernetes.core.v1.Secret(`registry-${registry}`, {
    metadata: { name: `registry-${registry}`, namespace },
    type: "kubernetes.io/dockerconfigjson",
    stringData: { ".dockerconfigjson": pulumi.secret(credentials.dockerCredentials) },
  });
}

"""A Kubernetes Deployment and a ClusterIP Service for one verified image. There is no Ingress.

No input changes unless the tag, the digest or the declaration does: verifying the same image again is no diff.
"""

import pulumi_kubernetes as kubernetes


def deploy(record, namespace, replicas, pull_secret=None):
    image, service = record["image"], record["service"]
    name, port = service["name"], int(service["port"])
    labels = {"app.kubernetes.io/name": name}
    container = {
        "name": name,
        # By digest: a tag that has moved would change nothing here, and no pod would be restarted.
        "image": image["pinned"],
        "image_pull_policy": "IfNotPresent",
        "ports": [{"name": "http", "container_port": port, "protocol": "TCP"}],
        # Sorted, so that the order in which they were declared restarts nothing.
        "env": [{"name": key, "value": value} for key, value in sorted(service["env"].items())],
        "readiness_probe": {"tcp_socket": {"port": "http"}},
    }
    pod = {"automount_service_account_token": False, "containers": [container]}
    if pull_secret is not None:
        pod["image_pull_secrets"] = [{"name": pull_secret}]
    kubernetes.apps.v1.Deployment(
        name,
        metadata={"name": name, "namespace": namespace, "labels": labels, "annotations": {"verify-registry-image/tag": image["tag"]}},
        spec={
            "replicas": replicas,
            "selector": {"match_labels": labels},
            "strategy": {"type": "RollingUpdate"},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    )
    kubernetes.core.v1.Service(
        name,
        metadata={"name": name, "namespace": namespace, "labels": labels},
        spec={
            "type": "ClusterIP",
            "selector": labels,
            "ports": [{"name": "http", "port": port, "target_port": "http", "protocol": "TCP"}],
        },
    )

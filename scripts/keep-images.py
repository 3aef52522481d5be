"""keep-images.py REGISTRY/REPOSITORY FOLDER TAG...: keeps what a registry on loopback has under these tags.

The folder becomes an OCI layout that holds exactly them, byte for byte: `index.json` names each by its tag. A
converting copier (skopeo's `oci:`) would write its own manifests.
"""

import json
import pathlib
import shutil
import sys
import urllib.request

MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


def get(url):
    request = urllib.request.Request(url, headers={"Accept": ", ".join(MANIFESTS)})
    with urllib.request.urlopen(request) as answer:
        return answer.headers, answer.read()


def keep(base, blobs, descriptor):
    """Stores what a descriptor names, and everything below it."""
    kind = "manifests" if descriptor["mediaType"] in MANIFESTS else "blobs"
    _, content = get(f"{base}/{kind}/{descriptor['digest']}")
    (blobs / descriptor["digest"].removeprefix("sha256:")).write_bytes(content)
    if kind == "manifests":
        manifest = json.loads(content)
        below = [manifest.get("config"), *(manifest.get("layers") or []), *(manifest.get("manifests") or [])]
        for part in below:
            if part is not None:
                keep(base, blobs, part)


def main():
    repository, folder, *tags = sys.argv[1:]
    host, name = repository.split("/", 1)
    base = f"http://{host}/v2/{name}"
    folder = pathlib.Path(folder)
    shutil.rmtree(folder / "blobs", ignore_errors=True)
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    entries = []
    for tag in tags:
        headers, content = get(f"{base}/manifests/{tag}")
        descriptor = {
            "mediaType": headers["Content-Type"],
            "digest": headers["Docker-Content-Digest"],
            "size": len(content),
            "annotations": {"org.opencontainers.image.ref.name": tag},
        }
        keep(base, blobs, descriptor)
        entries.append(descriptor)
    index = {"schemaVersion": 2, "mediaType": MANIFESTS[0], "manifests": entries}
    (folder / "index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}\n', encoding="utf-8")


main()

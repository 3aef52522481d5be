#!/bin/sh
# Makes the images of tests/support/buildkit again, with the BuildKit that `docker buildx` reaches.
#
# It needs `docker` with its buildx plugin, at a dockerd with the containerd image store (the default from 29 on; before,
# `"features": {"containerd-snapshotter": true}`) that may push to loopback over http, and `docker-registry`, `busybox`
# (static) and `python3`. Nothing is fetched from a network. Only new bytes come of it where the time or the builder's
# own names are part of an attestation; the tests read the digests from index.json.
set -eu

cd -- "$(dirname -- "$0")/.."
kept=tests/support/buildkit
work=$(mktemp -d)
registry=127.0.0.1:${PORT:-5077}
repository=$registry/keepkey/support-email

cat >"$work/registry.yml" <<END
version: 0.1
storage: { filesystem: { rootdirectory: $work/storage } }
http: { addr: '$registry' }
END
docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
server=$!
trap 'kill "$server"; rm -rf "$work"' EXIT

mkdir "$work/image" "$work/empty" "$work/scanner"
echo hello >"$work/image/hello"
cat >"$work/image/Dockerfile" <<'END'
FROM scratch
COPY hello /hello
ENV NODE_VERSION=22.1.0
LABEL org.opencontainers.image.revision=1111111111111111111111111111111111111111
EXPOSE 5001
USER 1000
CMD ["/hello"]
END
cat >"$work/empty/Dockerfile" <<'END'
FROM scratch
CMD ["/hello"]
END

# What `--sbom` runs over the image: the smallest thing that keeps BuildKit's protocol for scanners.
cp "$(command -v busybox)" "$work/scanner/busybox"
cat >"$work/scanner/scan" <<'END'
#!/busybox sh
cat >"$BUILDKIT_SCAN_DESTINATION/sbom.spdx.json" <<STATEMENT
{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://spdx.dev/Document","predicate":{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"hello","dataLicense":"CC0-1.0","documentNamespace":"https://example.org/hello","creationInfo":{"created":"2026-01-01T00:00:00Z","creators":["Tool: scan-1"]},"packages":[]}}
STATEMENT
END
chmod +x "$work/scanner/scan"
cat >"$work/scanner/Dockerfile" <<'END'
FROM scratch
COPY busybox scan /
ENTRYPOINT ["/scan"]
END

# build FOLDER NAME OUTPUT ARGUMENTS...: pushes what BuildKit makes of a folder.
build() {
    folder=$1
    name=$2
    output=$3
    shift 3
    docker buildx build --quiet "$@" --output "type=image,name=$name,push=true$output" "$work/$folder" >&2
}

export SOURCE_DATE_EPOCH=1767225600
build scanner "$registry/keepkey/scanner:1" '' --provenance=false
build image "$repository:default" ''
build image "$repository:no-attestation" '' --provenance=false
build image "$repository:oci-media-types" ,oci-mediatypes=true --provenance=false
build image "$repository:provenance-max" '' --provenance=mode=max
build image "$repository:sbom" '' --provenance=mode=max "--sbom=generator=$registry/keepkey/scanner:1"
build image "$repository:oci-artifact" ,oci-artifact=true
build image "$repository:two-platforms" '' --platform linux/amd64,linux/arm64
build image "$repository:zstd" ,compression=zstd,force-compression=true,oci-mediatypes=true
build image "$repository:zstd-docker" ,compression=zstd,force-compression=true --provenance=false
build image "$repository:uncompressed" ,compression=uncompressed,force-compression=true,oci-mediatypes=true --provenance=false
build empty "$repository:empty" '' --provenance=false
build empty "$repository:empty-oci" ,oci-mediatypes=true

python3 scripts/keep-images.py "$repository" "$kept" default no-attestation oci-media-types provenance-max sbom \
    oci-artifact two-platforms zstd zstd-docker uncompressed empty empty-oci
{
    docker version --format 'docker {{.Server.Version}}'
    docker buildx version
} >"$kept/made-with.txt"
cat "$kept/made-with.txt"

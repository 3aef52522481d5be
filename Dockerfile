# The gate as a container image. Build it with BuildKit: `make image`, or
#   docker build --build-arg REVISION="$(git rev-parse HEAD)" .
#
#   build     compiles the binary here (Rust on Alpine)
#   prebuilt  takes dist/<amd64|arm64>, made by scripts/build-static.sh and scripts/bill-of-materials.py; choose it with
#             --build-arg BINARY=prebuilt, so that a pipeline compiles once
#   runtime   Alpine, the binary, and what it is made of, in /usr/share/doc/verify-registry-image
#   circleci  runtime, and what CircleCI asks of a primary container (the default)
#
# For a build that can be repeated to the byte, give the base images by digest.

ARG ALPINE=docker.io/library/alpine:3.22.2
ARG RUST=docker.io/library/rust:1.95.0-alpine3.22
ARG BINARY=build

FROM ${RUST} AS build
ARG TARGETARCH
RUN apk add --no-cache musl-dev python3
WORKDIR /src
COPY . .
RUN case "$TARGETARCH" in \
    amd64) target=x86_64-unknown-linux-musl ;; \
    arm64) target=aarch64-unknown-linux-musl ;; \
    *) echo "no build for the architecture $TARGETARCH" >&2; exit 1 ;; \
    esac && sh scripts/build-static.sh "$target" /out/verify-registry-image \
    && python3 scripts/bill-of-materials.py "$target" /out/verify-registry-image /out

FROM scratch AS prebuilt
ARG TARGETARCH
COPY dist/${TARGETARCH} /out

FROM ${BINARY} AS binary

# What the image adds to its base, in one layer.
FROM scratch AS files
COPY LICENSE-APACHE LICENSE-MIT /usr/share/doc/verify-registry-image/
# A scanner of images, such as BuildKit's own, reads the crates from the .cdx.json.
COPY --from=binary /out/verify-registry-image.cdx.json /usr/share/doc/verify-registry-image/
COPY --from=binary /out/licenses /usr/share/doc/verify-registry-image/licenses
COPY --from=binary --chmod=0755 /out/verify-registry-image /usr/local/bin/verify-registry-image

FROM ${ALPINE} AS runtime
ARG SOURCE=https://github.com/OWNER/verify-registry-image
ARG REVISION=
ARG VERSION=
LABEL org.opencontainers.image.title="verify-registry-image" \
    org.opencontainers.image.description="Asks the registry itself whether a pushed image is really there, whole, and the one that was meant" \
    org.opencontainers.image.source="${SOURCE}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=files / /
# Any user will do; this one is nobody in particular.
USER 65532:65532
ENTRYPOINT ["verify-registry-image"]

# CircleCI ignores the entry point of a primary container, and uses bash for the steps where there is one.
FROM runtime AS circleci
USER root
RUN apk add --no-cache bash ca-certificates git gzip openssh-client tar \
    && for tool in bash git gzip ssh tar; do command -v "$tool" || exit 1; done \
    && test -s /etc/ssl/certs/ca-certificates.crt \
    && adduser -D -u 3434 circleci
USER circleci
WORKDIR /home/circleci/project

//! The structures that engines read manifests, indexes and configs into, field by field, from their sources.
//!
//! docker's graph driver: moby `image.Image` and `container.Config` of 28, distribution `schema2`, `ocischema` and
//! `manifestlist` of 2.8. containerd, and docker with its containerd store: the structures of the image specification
//! (`specs-go/v1`), whatever the manifest's format. podman: containers/image `Schema2` and `Schema2List` for Docker's
//! formats, the specification's for OCI's, and both kinds for every config.

use super::go::Structure;
use super::go::Type::{Bool, Bytes, Empty, Int, List, Map, Object, Text, Time, Words};

/// Writes a structure as a list of `name: type`.
macro_rules! structures {
    ($($(#[doc = $doc:literal])* $name:ident { $($field:literal: $type:expr,)* })*) => {
        $($(#[doc = $doc])*
        pub(super) static $name: Structure =
            Structure { names: &[$($field,)*], types: &[$($type,)*] };)*
    };
}

structures! {
    /// The specification's `Platform`.
    OCI_PLATFORM {
        "architecture": Text, "os": Text, "os.version": Text, "os.features": List(&Text), "variant": Text,
    }
    /// The specification's `Descriptor`.
    OCI_DESCRIPTOR {
        "mediaType": Text, "digest": Text, "size": Int, "urls": List(&Text), "annotations": Map(&Text), "data": Bytes,
        "platform": Object(&OCI_PLATFORM), "artifactType": Text,
    }
    /// The specification's `Manifest`.
    OCI_MANIFEST {
        "schemaVersion": Int, "mediaType": Text, "artifactType": Text, "config": Object(&OCI_DESCRIPTOR),
        "layers": List(&Object(&OCI_DESCRIPTOR)), "subject": Object(&OCI_DESCRIPTOR), "annotations": Map(&Text),
    }
    /// The specification's `Index`.
    OCI_INDEX {
        "schemaVersion": Int, "mediaType": Text, "artifactType": Text, "manifests": List(&Object(&OCI_DESCRIPTOR)),
        "subject": Object(&OCI_DESCRIPTOR), "annotations": Map(&Text),
    }
    /// The specification's `RootFS`; Docker's has the same fields.
    ROOTFS { "type": Text, "diff_ids": List(&Text), }
    /// The specification's `History`; Docker's has the same fields.
    HISTORY {
        "created": Time, "created_by": Text, "author": Text, "comment": Text, "empty_layer": Bool,
    }
    /// The specification's `ImageConfig`.
    OCI_CONFIG {
        "User": Text, "ExposedPorts": Map(&Empty), "Env": List(&Text), "Entrypoint": List(&Text), "Cmd": List(&Text),
        "Volumes": Map(&Empty), "WorkingDir": Text, "Labels": Map(&Text), "StopSignal": Text, "ArgsEscaped": Bool,
    }
    /// The specification's `Image`.
    OCI_IMAGE {
        "created": Time, "author": Text, "architecture": Text, "os": Text, "os.version": Text,
        "os.features": List(&Text), "variant": Text, "config": Object(&OCI_CONFIG), "rootfs": Object(&ROOTFS),
        "history": List(&Object(&HISTORY)),
    }

    /// distribution's `Descriptor`.
    DISTRIBUTION_DESCRIPTOR {
        "mediaType": Text, "size": Int, "digest": Text, "urls": List(&Text), "annotations": Map(&Text),
        "platform": Object(&OCI_PLATFORM),
    }
    /// distribution's `schema2.Manifest`.
    DISTRIBUTION_SCHEMA2 {
        "schemaVersion": Int, "mediaType": Text, "config": Object(&DISTRIBUTION_DESCRIPTOR),
        "layers": List(&Object(&DISTRIBUTION_DESCRIPTOR)),
    }
    /// distribution's `ocischema.Manifest`.
    DISTRIBUTION_OCI {
        "schemaVersion": Int, "mediaType": Text, "config": Object(&DISTRIBUTION_DESCRIPTOR),
        "layers": List(&Object(&DISTRIBUTION_DESCRIPTOR)), "annotations": Map(&Text),
    }
    /// distribution's `PlatformSpec`; containers/image has the same for Docker's lists.
    DOCKER_PLATFORM {
        "architecture": Text, "os": Text, "os.version": Text, "os.features": List(&Text), "variant": Text,
        "features": List(&Text),
    }
    /// distribution's `ManifestDescriptor`.
    DISTRIBUTION_ENTRY {
        "mediaType": Text, "size": Int, "digest": Text, "urls": List(&Text), "annotations": Map(&Text),
        "platform": Object(&DOCKER_PLATFORM),
    }
    /// distribution's `ManifestList`, which also reads OCI's index.
    DISTRIBUTION_LIST {
        "schemaVersion": Int, "mediaType": Text, "manifests": List(&Object(&DISTRIBUTION_ENTRY)),
    }
    /// moby's `HealthConfig`.
    HEALTHCHECK {
        "Test": List(&Text), "Interval": Int, "Timeout": Int, "StartPeriod": Int, "StartInterval": Int, "Retries": Int,
    }
    /// moby's `container.Config`.
    CONTAINER {
        "Hostname": Text, "Domainname": Text, "User": Text, "AttachStdin": Bool, "AttachStdout": Bool,
        "AttachStderr": Bool, "ExposedPorts": Map(&Empty), "Tty": Bool, "OpenStdin": Bool, "StdinOnce": Bool,
        "Env": List(&Text), "Cmd": Words, "Healthcheck": Object(&HEALTHCHECK), "ArgsEscaped": Bool, "Image": Text,
        "Volumes": Map(&Empty), "WorkingDir": Text, "Entrypoint": Words, "NetworkDisabled": Bool, "MacAddress": Text,
        "OnBuild": List(&Text), "Labels": Map(&Text), "StopSignal": Text, "StopTimeout": Int, "Shell": Words,
    }
    /// moby's `image.Image`.
    DOCKER_IMAGE {
        "id": Text, "parent": Text, "comment": Text, "created": Time, "container": Text,
        "container_config": Object(&CONTAINER), "docker_version": Text, "author": Text, "config": Object(&CONTAINER),
        "architecture": Text, "variant": Text, "os": Text, "Size": Int, "rootfs": Object(&ROOTFS),
        "history": List(&Object(&HISTORY)), "os.version": Text, "os.features": List(&Text),
    }

    /// containers/image's `Schema2Descriptor`.
    SCHEMA2_DESCRIPTOR { "mediaType": Text, "size": Int, "digest": Text, "urls": List(&Text), }
    /// containers/image's `Schema2`.
    SCHEMA2 {
        "schemaVersion": Int, "mediaType": Text, "config": Object(&SCHEMA2_DESCRIPTOR),
        "layers": List(&Object(&SCHEMA2_DESCRIPTOR)),
    }
    /// containers/image's `Schema2ManifestDescriptor`.
    SCHEMA2_ENTRY {
        "mediaType": Text, "size": Int, "digest": Text, "urls": List(&Text), "platform": Object(&DOCKER_PLATFORM),
    }
    /// containers/image's `Schema2List`.
    SCHEMA2_LIST {
        "schemaVersion": Int, "mediaType": Text, "manifests": List(&Object(&SCHEMA2_ENTRY)),
    }
    /// containers/image's `Schema2V1Image`, whose `Schema2Config` has moby's fields.
    SCHEMA2_IMAGE {
        "id": Text, "parent": Text, "comment": Text, "created": Time, "container": Text,
        "container_config": Object(&CONTAINER), "docker_version": Text, "author": Text,
        "config": Object(&CONTAINER), "architecture": Text, "variant": Text, "os": Text, "Size": Int,
    }
}

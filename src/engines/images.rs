//! Which rows manifests, indexes and configs meet, each document and each image by itself.

use std::iter;

use super::fields::{self, DOCKER_CONFIG};
use super::go::{Json, Mismatch, Structure};
use super::rules::{
    CONFIG_BY_SHA512, CONFIG_OF_DOCKER, CONFIG_OF_OCI, CONFIG_OF_PODMAN, CONFIG_TYPE,
    CONFIG_TYPE_IN_OCI, CONFIG_TYPE_OF_DOCKER, CONFIG_WITH_URLS, CREATED_ZONE, ENTRY_BY_SHA512,
    ENTRY_NESTED, ENTRY_SIZE, ENTRY_TYPE, ENTRY_WITH_URLS, HISTORY_TOO_LONG, LAYER_BY_SHA512,
    LAYER_COUNT, LAYER_COUNT_IN_CONFIG, LAYER_EMPTY, LAYER_IN_DOCKER_MANIFEST, LAYER_NOT_AS_LISTED,
    LAYER_TYPE, LAYER_WITH_URLS, LAYER_WITHOUT_TYPE, LAYER_ZSTD_OF_DOCKER, LAYERS_TOO_MANY,
    MANIFEST_OF_DOCKER, MANIFEST_OF_OCI, MANIFEST_OF_PODMAN, NOT_JSON, PART_FEATURES,
    PART_OF_ANOTHER_PLATFORM, PART_OF_LESSER_PLATFORM,
};
use super::structures::{
    DISTRIBUTION_LIST, DISTRIBUTION_OCI, DISTRIBUTION_SCHEMA2, DOCKER_IMAGE, OCI_IMAGE, OCI_INDEX,
    OCI_MANIFEST, SCHEMA2, SCHEMA2_IMAGE, SCHEMA2_LIST,
};
use super::{Refusal, Rule};
use crate::oci::{
    Algorithm, Descriptor, Digest, ImageConfig, ImageManifest, MediaType, Platform,
    is_zone_too_large,
};

/// How many layers docker's graph driver stacks (measured).
const MOST_OF_GRAPH_DRIVER: usize = 125;

/// Docker's zstd layer, which `BuildKit` writes into Docker manifests.
const DOCKER_ZSTD: &str = "application/vnd.docker.image.rootfs.diff.tar.zstd";

/// The layer types that every containerd unpacks.
const LAYER_TYPES: [&str; 10] = [
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.oci.image.layer.v1.tar+zstd",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
];

/// The rows that the bytes of an image manifest or an index meet, which was served as `media_type`.
pub fn of_manifest(bytes: &[u8], media_type: MediaType) -> Vec<Refusal> {
    let [docker, oci, podman]: [&'static Structure; 3] = match media_type {
        MediaType::OciImageManifest => [&DISTRIBUTION_OCI, &OCI_MANIFEST, &OCI_MANIFEST],
        MediaType::DockerManifest => [&DISTRIBUTION_SCHEMA2, &OCI_MANIFEST, &SCHEMA2],
        MediaType::OciImageIndex => [&DISTRIBUTION_LIST, &OCI_INDEX, &OCI_INDEX],
        MediaType::DockerManifestList => [&DISTRIBUTION_LIST, &OCI_INDEX, &SCHEMA2_LIST],
    };
    let Some(json) = Json::read(bytes) else {
        return not_json("its manifest is not JSON to Go's reader");
    };
    let mut met = typed(
        json,
        &[(&MANIFEST_OF_DOCKER, docker), (&MANIFEST_OF_OCI, oci), (&MANIFEST_OF_PODMAN, podman)],
    );
    met.extend(fields::of_manifest(json, media_type));
    met
}

/// The rows that the bytes of an image config meet, which its manifest lists as `media_type`.
pub fn of_config(bytes: &[u8], media_type: &str) -> Vec<Refusal> {
    let Some(json) = Json::read(bytes) else {
        return not_json("its config is not JSON to Go's reader");
    };
    let mut met = typed(
        json,
        &[
            (&CONFIG_OF_DOCKER, &DOCKER_IMAGE),
            (&CONFIG_OF_OCI, &OCI_IMAGE),
            (&CONFIG_OF_PODMAN, &SCHEMA2_IMAGE),
        ],
    );
    met.extend(fields::of_config(json, media_type));
    met
}

fn not_json(what: &str) -> Vec<Refusal> {
    vec![Refusal { rule: &NOT_JSON, what: what.to_owned() }]
}

fn typed(json: Json<'_>, rules: &[(&'static Rule, &'static Structure)]) -> Vec<Refusal> {
    let refusal = |(rule, structure): &(&'static Rule, &'static Structure)| {
        let Mismatch { path, expected, found } = json.mismatch(structure)?;
        Some(Refusal { rule, what: format!("`{path}` is {found} where it must be {expected}") })
    };
    rules.iter().filter_map(refusal).collect()
}

/// The rows that an image meets, which an index lists as `listed`, if any does: its manifest, and its config as far as it
/// is known.
pub fn of_image(
    manifest: &ImageManifest,
    config: Option<&ImageConfig>,
    listed: Option<&Platform>,
) -> Vec<Refusal> {
    let ImageManifest { media_type, config: config_descriptor, layers, annotations: _ } = manifest;
    let of = layers.len();
    let of_layer = |rule: &'static Rule, is_met: &dyn Fn(&Descriptor) -> bool| {
        let place = layers.iter().position(is_met)?;
        let layer = layers.get(place)?;
        let what = format!("layer {} of {of} {}", place + 1, met(rule, layer));
        Some(Refusal { rule, what })
    };
    let is_docker = *media_type == MediaType::DockerManifest;
    let kind = |layer: &Descriptor| layer.media_type.clone();
    let mut met = vec![
        of_layer(&LAYER_WITHOUT_TYPE, &|layer| kind(layer).is_empty()),
        of_layer(&LAYER_TYPE, &|layer| {
            let kind = kind(layer);
            !kind.is_empty() && kind != DOCKER_ZSTD && !LAYER_TYPES.contains(&kind.as_str())
        }),
        of_layer(&LAYER_ZSTD_OF_DOCKER, &|layer| kind(layer) == DOCKER_ZSTD),
        of_layer(&LAYER_IN_DOCKER_MANIFEST, &|layer| {
            let is_dockers = kind(layer).starts_with("application/vnd.docker.");
            is_docker && !(is_dockers && LAYER_TYPES.contains(&kind(layer).as_str()))
        }),
        of_layer(&LAYER_WITH_URLS, &|layer| layer.has_urls && !layer.is_kept_elsewhere()),
        of_layer(&LAYER_EMPTY, &|layer| layer.size == 0),
        of_layer(&LAYER_BY_SHA512, &|layer| layer.digest.algorithm() != Algorithm::Sha256),
    ];
    met.push((of > MOST_OF_GRAPH_DRIVER).then(|| Refusal {
        rule: &LAYERS_TOO_MANY,
        what: format!("it has {of} layers, and at most {MOST_OF_GRAPH_DRIVER} are stacked"),
    }));
    met.extend(of_config_descriptor(*media_type, config_descriptor));
    let steps = config.map_or(0, |config| config.steps);
    met.push((steps > of).then(|| Refusal {
        rule: &HISTORY_TOO_LONG,
        what: format!("its history has {steps} layers where there are {of}"),
    }));
    let created = config.and_then(|config| config.created.as_deref());
    met.push(created.is_some_and(is_zone_too_large).then(|| Refusal {
        rule: &CREATED_ZONE,
        what: "`created` of its config has a zone of 24 hours or more".to_owned(),
    }));
    let mut met: Vec<_> = met.into_iter().flatten().collect();
    let said = config.map(|config| pulled_for(&config.platform));
    if let Some(platform) = listed.or(said.as_ref()) {
        met.extend(of_part_platforms(manifest, platform));
    }
    met.extend(config.map_or_else(Vec::new, |config| unlike(layers, &config.diff_ids)));
    met
}

/// The rows that a config meets by its descriptor in a manifest of this type.
fn of_config_descriptor(manifest: MediaType, config: &Descriptor) -> [Option<Refusal>; 4] {
    let met = |is_met: bool, rule: &'static Rule, what: &str| {
        is_met.then(|| Refusal { rule, what: what.to_owned() })
    };
    let is_docker = manifest == MediaType::DockerManifest;
    let typed = match config.media_type.as_str() {
        "" => "the config has no `mediaType`".to_owned(),
        other => format!("the config has the type `{other}`"),
    };
    let untyped = if is_docker { &CONFIG_TYPE } else { &CONFIG_TYPE_IN_OCI };
    let of_docker = manifest == MediaType::OciImageManifest && config.media_type == DOCKER_CONFIG;
    let by_sha512 = config.digest.algorithm() != Algorithm::Sha256;
    [
        met(!config.is_image_config(), untyped, &typed),
        met(of_docker, &CONFIG_TYPE_OF_DOCKER, &typed),
        met(config.has_urls, &CONFIG_WITH_URLS, "the config has `urls`"),
        met(by_sha512, &CONFIG_BY_SHA512, "the config has a digest of `sha512`"),
    ]
}

/// The rows that config and layers meet by a `platform` in their descriptors, where an engine pulls for `platform`. Of
/// each row the first part that meets it. One without an architecture is looked at beside the other fields.
fn of_part_platforms(manifest: &ImageManifest, platform: &Platform) -> Vec<Refusal> {
    let ImageManifest { config, layers, .. } = manifest;
    let name = |place: usize| match place {
        0 => "the config".to_owned(),
        place => format!("layer {place} of {}", layers.len()),
    };
    let mut met: Vec<Refusal> = Vec::new();
    for (place, part) in iter::once(config).chain(layers).enumerate() {
        let Some(own) = part.platform.as_deref() else { continue };
        let mut note = |rule: &'static Rule, has: String| {
            if !met.iter().any(|known| known.rule.id == rule.id) {
                met.push(Refusal { rule, what: format!("{} has a `platform` {has}", name(place)) });
            }
        };
        if own.has_features {
            note(&PART_FEATURES, "with `os.features`".to_owned());
        }
        match own.of_system(platform.os()) {
            None => note(&PART_OF_ANOTHER_PLATFORM, "that no machine has".to_owned()),
            Some(own) if own == *platform => {}
            Some(own) => {
                let is_taken = platform.runs(&own) || own.is_32_bit_of(platform);
                let rule =
                    if is_taken { &PART_OF_LESSER_PLATFORM } else { &PART_OF_ANOTHER_PLATFORM };
                note(rule, format!("`{own}`, and engines look for `{platform}`"));
            }
        }
    }
    met
}

/// What an engine pulls an image for that no index lists: nobody asks a machine of `amd64` for its variant.
fn pulled_for(said: &Platform) -> Platform {
    let plain = match said.architecture() {
        "amd64" => Platform::new(said.os(), said.architecture(), "").ok(),
        _ => None,
    };
    plain.unwrap_or_else(|| said.clone())
}

fn met(rule: &'static Rule, layer: &Descriptor) -> String {
    if rule.id == LAYER_WITH_URLS.id {
        "has `urls`".to_owned()
    } else if rule.id == LAYER_BY_SHA512.id {
        format!("has a digest of `{}`", layer.digest.algorithm().as_str())
    } else if rule.id == LAYER_EMPTY.id {
        "has a size of 0".to_owned()
    } else if layer.media_type.is_empty() {
        "has no `mediaType`".to_owned()
    } else {
        format!("has the type `{}`", layer.media_type)
    }
}

/// The rows that an entry of an index meets by itself. `is_index` says that an index is behind it.
pub fn of_entry(entry: &Descriptor, is_index: bool) -> Vec<Refusal> {
    let kind = entry.media_type.as_str();
    let is_known = MediaType::ALL.iter().any(|known| known.as_str() == kind);
    let met = [
        (!is_known).then(|| Refusal {
            rule: &ENTRY_TYPE,
            what: if kind.is_empty() {
                "its index entry has no `mediaType`".to_owned()
            } else {
                format!("its index entry has the type `{kind}`")
            },
        }),
        (entry.digest.algorithm() != Algorithm::Sha256).then(|| Refusal {
            rule: &ENTRY_BY_SHA512,
            what: "its index entry has a digest of `sha512`".to_owned(),
        }),
        entry.has_urls.then(|| Refusal {
            rule: &ENTRY_WITH_URLS,
            what: "its index entry has `urls`".to_owned(),
        }),
        is_index.then(|| Refusal {
            rule: &ENTRY_NESTED,
            what: "its index entry is an index".to_owned(),
        }),
    ];
    met.into_iter().flatten().collect()
}

/// The row that an entry of an index meets whose manifest has `size` bytes.
pub fn of_entry_size(entry: &Descriptor, size: u64) -> Option<Refusal> {
    (entry.size != size).then(|| Refusal {
        rule: &ENTRY_SIZE,
        what: format!(
            "its index entry has a size of {} bytes, and the manifest {size}",
            entry.size
        ),
    })
}

/// How manifest and config list different layers.
fn unlike(layers: &[Descriptor], diff_ids: &[Digest]) -> Vec<Refusal> {
    if layers.len() != diff_ids.len() {
        let what = format!(
            "its config lists {} layers while its manifest lists {}",
            diff_ids.len(),
            layers.len()
        );
        let mut met = vec![Refusal { rule: &LAYER_COUNT, what: what.clone() }];
        if !diff_ids.is_empty() && diff_ids.len() < layers.len() {
            met.push(Refusal { rule: &LAYER_COUNT_IN_CONFIG, what });
        }
        return met;
    }
    let is_other = |(layer, unpacked): (&Descriptor, &Digest)| {
        layer.is_uncompressed_layer()
            && layer.digest.algorithm() == unpacked.algorithm()
            && layer.digest != *unpacked
    };
    let place = layers.iter().zip(diff_ids).position(is_other);
    let refusal = |place: usize| Refusal {
        rule: &LAYER_NOT_AS_LISTED,
        what: format!(
            "layer {} of {} is listed as uncompressed and is not the one that its config lists",
            place + 1,
            layers.len()
        ),
    };
    place.map(refusal).into_iter().collect()
}

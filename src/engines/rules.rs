//! The table: every shape that some engine refuses and another takes.
//!
//! Measured with docker 28.5 (both stores), containerd 1.7.24 and 2.1.9, and podman, or read in their sources.

use super::Rule;
use super::Version::{Containerd2, Containerd17, DockerGraph, DockerStore, Podman5};

/// Writes the rows, each a constant and an entry of [`RULES`].
macro_rules! rules {
    ($($name:ident = $id:literal, $looks_at:literal, [$($by:ident),*], $words:literal, $mend:expr;)*) => {
        $(pub(super) static $name: Rule = Rule {
            id: $id,
            looks_at: $looks_at,
            refused_by: &[$($by),*],
            words: $words,
            mend: $mend,
        };)*

        /// Every row.
        pub static RULES: &[&Rule] = &[$(&$name,)*];
    };
}

/// The options with which `BuildKit` writes OCI's types.
const OCI_TYPES: &str = "Build with `docker buildx build --output \
     type=image,push=true,oci-mediatypes=true`, so that manifest and layers have OCI's media types.";

/// How a config gets the right types.
const CONFIG: &str = "Correct the field in what writes the image config; `docker buildx build` writes it in the \
     right type.";

/// How a manifest or an index gets the right types.
const MANIFEST: &str = "Correct the field in what writes the manifest or the index; `docker buildx build` and \
     `docker buildx imagetools create` write it in the right type.";

/// How an index gets entries that every engine finds.
const INDEX: &str = "Build the index with `docker buildx build --platform …` or `docker buildx imagetools create`, \
     which write media type and platform of each entry.";

rules! {
    LAYER_WITHOUT_TYPE = "layer-without-type", "a layer without `mediaType`",
        [DockerStore, Containerd17, Containerd2], "mismatched image rootfs and manifest layers",
        "Let what writes the manifest give each layer its `mediaType`; `docker buildx build` does.";
    LAYER_TYPE = "layer-type", "a layer type that is none of OCI's or Docker's to the letter",
        [DockerStore, Containerd17, Containerd2], "no processor for media-type",
        "Convert the image to layers of `application/vnd.oci.image.layer.v1.tar+gzip`, as `docker buildx build` \
         writes them; a lazy-loading format needs an image of its own beside it.";
    LAYER_ZSTD_OF_DOCKER = "layer-zstd-of-docker", "a layer of `application/vnd.docker.image.rootfs.diff.tar.zstd`",
        [Containerd17], "mismatched image rootfs and manifest layers", OCI_TYPES;
    LAYER_IN_DOCKER_MANIFEST = "layer-in-docker-manifest",
        "a Docker manifest with a layer type that is none of Docker's, or zstd",
        [Podman5], "unsupported docker v2s2 media type", OCI_TYPES;
    LAYER_WITH_URLS = "layer-with-urls", "an ordinary layer with `urls`",
        [DockerStore, Containerd17, Containerd2, Podman5], "failed to copy: httpReadSeeker: failed open",
        "Remove `urls` from the layer's descriptor: the registry has the layer itself.";
    LAYER_EMPTY = "layer-empty", "a layer of size 0",
        [DockerStore, Containerd17, Containerd2], "unable to fetch descriptor which reports content size of zero",
        "Leave the empty layer out, or let the builder write an empty tar archive.";
    LAYER_COUNT = "layer-count", "a config that lists another number of layers than the manifest",
        [DockerGraph, DockerStore, Containerd17, Containerd2], "mismatched image rootfs and manifest layers",
        "Let one builder write manifest and config together: `docker buildx build` lists each layer in both.";
    LAYER_NOT_AS_LISTED = "layer-not-as-listed",
        "a layer of OCI's type for uncompressed ones whose digest is not its `diff_id`",
        [DockerStore, Containerd17, Containerd2], "unexpected EOF, or wrong diff id",
        "Give a compressed layer its type, as `…tar+gzip`, and let the config list what each layer unpacks to.";
    LAYER_BY_SHA512 = "layer-by-sha512", "a layer whose digest is of SHA-512",
        [DockerStore, Containerd17, Containerd2], "unexpected commit digest",
        "Push layers by `sha256:` digests, as every builder does by default.";
    LAYERS_TOO_MANY = "layers-too-many", "more than 125 layers",
        [DockerGraph], "max depth exceeded",
        "Merge steps of the Dockerfile, or build the last stage `FROM scratch` with one `COPY --from`.";
    HISTORY_TOO_LONG = "history-too-long", "a history of more layers than there are",
        [DockerGraph], "too many non-empty layers in History section",
        "Let what writes the config mark entries of the history that made no layer as `empty_layer`, or leave the \
         history out.";
    CONFIG_TYPE = "config-type", "a Docker manifest whose config has no type of a config",
        [DockerStore], "content digest … not found",
        "Push the image again with a current `docker` or `docker buildx`, which write the config's `mediaType`.";

    CONFIG_TYPE_IN_OCI = "config-type-in-oci", "an OCI manifest whose config has no type of a config",
        [DockerStore, Podman5], "content digest … not found, or unsupported image-specific operation",
        "Push the image again with a current `docker buildx`, which writes the config's `mediaType`.";
    CONFIG_TYPE_OF_DOCKER = "config-type-of-docker", "an OCI manifest whose config has Docker's type",
        [Podman5], "invalid mixed OCI image with Docker v2s2 config", OCI_TYPES;
    CONFIG_WITH_URLS = "config-with-urls", "a config with `urls`",
        [DockerStore, Containerd17, Containerd2, Podman5], "failed to copy: httpReadSeeker: failed open",
        "Remove `urls` from the config's descriptor: the registry has the config itself.";
    CONFIG_BY_SHA512 = "config-by-sha512", "a config whose digest is of SHA-512",
        [DockerStore, Containerd17, Containerd2, Podman5], "unexpected commit digest",
        "Push the config by its `sha256:` digest, as every builder does by default.";

    CONFIG_OF_DOCKER = "config-field-of-docker",
        "a config field of another type than in docker's `image.Image` and `container.Config`",
        [DockerGraph], "cannot unmarshal … into Go struct field", CONFIG;
    CONFIG_OF_OCI = "config-field-of-oci", "a config field of another type than in the specification's `Image`",
        [Containerd17, Containerd2, Podman5], "cannot unmarshal … into Go struct field", CONFIG;
    CONFIG_OF_PODMAN = "config-field-of-podman",
        "a config field of another type than in containers/image's `Schema2V1Image`",
        [Podman5], "cannot unmarshal … into Go struct field", CONFIG;
    MANIFEST_OF_DOCKER = "manifest-field-of-docker",
        "a field of a manifest or an index of another type than in distribution's structures",
        [DockerGraph], "cannot unmarshal … into Go struct field", MANIFEST;
    MANIFEST_OF_OCI = "manifest-field-of-oci",
        "a field of a manifest or an index of another type than in the specification's `Manifest` and `Index`",
        [DockerStore, Containerd17, Containerd2], "cannot unmarshal … into Go struct field", MANIFEST;
    MANIFEST_OF_PODMAN = "manifest-field-of-podman",
        "a field of a manifest or an index of another type than in containers/image's structures",
        [Podman5], "cannot unmarshal … into Go struct field", MANIFEST;

    ENTRY_TYPE = "entry-type", "an index entry whose `mediaType` is missing, in upper case or has a parameter",
        [DockerStore, Containerd17, Containerd2], "could not fetch content descriptor", INDEX;
    ENTRY_SIZE = "entry-size", "an index entry of another size than its manifest",
        [DockerStore, Containerd17, Containerd2], "commit failed: unexpected commit size", INDEX;
    ENTRY_BY_SHA512 = "entry-by-sha512", "an index entry whose digest is of SHA-512",
        [DockerStore, Containerd17, Containerd2, Podman5], "unexpected commit digest",
        "List the manifest by its `sha256:` digest, as every builder does by default.";
    ENTRY_WITH_URLS = "entry-with-urls", "an index entry with `urls`",
        [DockerStore, Containerd17, Containerd2], "failed to copy: httpReadSeeker: failed open", INDEX;
    ENTRY_NESTED = "entry-nested", "an index inside an index",
        [Podman5], "Unexpectedly received a manifest list instead of a manifest", INDEX;
    ENTRY_FEATURES = "entry-features", "the only entry of a platform has `os.features`",
        [DockerGraph, DockerStore, Containerd2], "no matching manifest",
        "List the platform once more without `os.features`, or leave them out: only an engine with these features \
         takes such an entry.";
    ENTRY_SPELLING = "entry-spelling", "an index platform in another spelling, as `x86_64` or `amd64` with variant `v1`",
        [Podman5], "no image found in image index for architecture", INDEX;
    ENTRY_WITHOUT_PLATFORM = "entry-without-platform", "an entry of a Docker manifest list without a platform",
        [Podman5], "no image found in manifest list for architecture", INDEX;
    ENTRY_ORDER = "entry-order", "an index without platforms whose first entry is for another machine",
        [DockerGraph, DockerStore, Containerd17, Containerd2, Podman5], "no match for platform, or another machine's image",
        INDEX;

    NOT_JSON = "not-json", "a document that is not JSON to Go's reader: another encoding, a byte order mark, something behind it, deeper than 10,000",
        [DockerGraph, DockerStore, Containerd17, Containerd2, Podman5], "invalid character",
        "Write the document as UTF-8 JSON and nothing else; `docker buildx build` does.";
    NOTHING_INSIDE = "nothing-inside", "a manifest that is `null`",
        [DockerGraph, DockerStore, Containerd17, Containerd2, Podman5], "invalid checksum digest format", MANIFEST;
    DIGEST_MISSING = "digest-missing", "a descriptor without a digest, or with one of another form",
        [DockerGraph, DockerStore, Containerd17, Containerd2, Podman5], "invalid checksum digest format", MANIFEST;
    ENTRY_DIGEST = "entry-digest", "any index entry without a digest, or with one of another form",
        [DockerStore], "failed validation", MANIFEST;
    SIZE_MISSING = "size-missing", "a descriptor without a size, or with one below 0",
        [DockerStore, Containerd17, Containerd2], "reports content size of zero", MANIFEST;
    CONFIG_SIZE = "config-size", "a config without a size",
        [Podman5], "blob size mismatch", MANIFEST;
    MEDIA_TYPE_IN_MANIFEST = "media-type-in-manifest", "a Docker manifest without its own `mediaType`, or with another spelling of it",
        [DockerGraph, Podman5], "mediaType in manifest should be", MANIFEST;
    MEDIA_TYPE_IN_LIST = "media-type-in-list",
        "a Docker manifest list without its own `mediaType`, or another spelling of it in any other manifest",
        [DockerGraph], "mediaType in manifest list should be", MANIFEST;
    FIELD_OF_ANOTHER_FORMAT = "field-of-another-format", "a manifest with fields of an index or of schema 1, or an index with those of a manifest",
        [DockerStore, Containerd17, Containerd2], "expected manifest but found index", MANIFEST;
    FIELD_OF_ANOTHER_FORMAT_DOCKER = "field-of-another-format-docker", "an OCI manifest with `manifests`, or an OCI index with `config` or `layers`",
        [DockerGraph], "expected manifest but found index", MANIFEST;
    FIELD_OF_ANOTHER_FORMAT_PODMAN = "field-of-another-format-podman", "a manifest with fields of another format, `history` among them",
        [Podman5], "rejecting ambiguous manifest", MANIFEST;
    LIST_WITHOUT_PLATFORMS = "list-without-platforms", "a Docker manifest list of which no entry has a platform",
        [Podman5], "no image found in manifest list for architecture", INDEX;
    ENTRY_OF_NOTHING = "entry-of-nothing", "an index entry without platform and digest",
        [Containerd17, Containerd2], "reports content size of zero", INDEX;
    NUMBER_TOO_LARGE = "number-too-large", "a number beyond 64-bit floating point in an OCI manifest or a Docker config, also in a field that nobody reads",
        [Podman5], "readNumberAsString: invalid number",
        "Leave the field out: no reader of images needs such a number.";
}

//! The table: every shape that some engine refuses and another takes.
//!
//! Measured with docker 28.5 (both stores), containerd 1.7.24 and 2.1.9, and podman, each with its layers laid over each
//! other by overlayfs as by default, or read in their sources.

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

/// How an index's entry is found by its platform.
const WITH_PLATFORM: &str = "List the image under its platform in the index, as `docker buildx build` and `docker buildx \
     imagetools create` do.";

/// How a config or a layer is for every machine.
const PART: &str = "Leave `platform` out of the descriptors of config and layers: only an index's entries have one.";

/// How a layer gets an archive that every engine unpacks.
const ARCHIVE: &str = "Let the builder write the layer: `docker buildx build` packs each path once, below the root, and \
     links behind what they lead to. What assembles archives itself must not append to them.";

/// How a layer gets hard links that every engine makes.
const LINKED: &str = "Pack what a hard link leads to into the same layer and before it, as `docker buildx build` does: engines \
     unpack a layer into a folder that has nothing of the layers below.";

/// How a layer gets whiteouts that every engine unpacks.
const TAKEN_AWAY: &str = "Let the builder write the layer: `docker buildx build` packs a path or its whiteout, and never \
     both. What merges layers must drop whiteouts of what it keeps, and what they take away.";

/// How a layer becomes whole.
const WHOLE: &str = "Build without cache and push the image again: layer and config are from different builds, or the \
     layer was cut or changed before it was pushed.";

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
    LAYER_COUNT_IN_CONFIG = "layer-count-in-config", "a config that lists some layers of the manifest, and not all",
        [Podman5], "image config has only … DiffID values",
        "Let one builder write manifest and config together: `docker buildx build` lists each layer in both.";
    CONFIG_OF_NOTHING = "config-of-nothing", "a config that is `null`",
        [DockerGraph], "invalid rootfs in image configuration", CONFIG;
    DIFF_ID_FORM = "diff-id-form", "a `diff_id` that is no digest, as in upper case",
        [DockerGraph, DockerStore, Containerd17, Containerd2], "wrong diff id calculated on extraction",
        "Let the builder compute `diff_ids` from the layers: `docker buildx build` writes them as `sha256:` in lower case.";
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

    CREATED_ZONE = "created-zone", "a `created` in a zone of 24 hours or more",
        [Podman5], "Time.MarshalJSON: timezone hour outside of range", CONFIG;
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
    CONFIG_FEATURES = "config-features", "an entry without a platform whose config has `os.features`",
        [Containerd2], "no match for platform", WITH_PLATFORM;
    CONFIG_VARIANT = "config-variant", "an entry without a platform whose config has a later variant than is asked for",
        [Containerd2], "no match for platform", WITH_PLATFORM;
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
    DIGEST_MISSING = "digest-missing", "a descriptor without a digest, or with one of another form",
        [DockerGraph, DockerStore, Containerd17, Containerd2, Podman5], "invalid checksum digest format", MANIFEST;
    ENTRY_DIGEST = "entry-digest", "any index entry without a digest, or with one of another form",
        [DockerStore], "failed validation", MANIFEST;
    SIZE_MISSING = "size-missing", "a descriptor without a size, or with one below 0",
        [DockerStore, Containerd17, Containerd2], "reports content size of zero", MANIFEST;
    PART_OF_NO_MACHINE = "part-of-no-machine", "a config or a layer whose descriptor has a platform without an architecture",
        [DockerStore, Containerd17, Containerd2], "content digest … not found",
        PART;
    PART_OF_ANOTHER_PLATFORM = "part-of-another-platform",
        "a config or a layer whose descriptor has another platform than the image",
        [DockerStore, Containerd17, Containerd2], "content digest … not found, or number of layers and diffIDs don't match", PART;
    PART_OF_LESSER_PLATFORM = "part-of-lesser-platform", "the same with a platform that the image's machine runs, too, as `386` of `amd64`",
        [Containerd17, Containerd2], "content digest … not found", PART;
    PART_FEATURES = "part-features", "a config or a layer whose descriptor has a platform with `os.features`",
        [DockerStore, Containerd2], "content digest … not found, or number of layers and diffIDs don't match", PART;
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

    LAYER_PACKING = "layer-packing", "with `--content`: a layer that does not unpack to its end: a wrong checksum, a cut, something behind the end",
        [DockerStore, Containerd17, Containerd2, Podman5], "gzip: invalid checksum, or unexpected EOF", WHOLE;
    LAYER_PACKED_OTHERWISE = "layer-packed-otherwise", "with `--content`: a layer in bzip2 or xz",
        [DockerStore, Containerd17, Containerd2], "unexpected EOF, or archive/tar: invalid tar header",
        "Build the image with layers in gzip or zstd, which every engine unpacks.";
    LAYER_SKIPPABLE = "layer-skippable", "with `--content`: a zstd layer that begins with a skippable frame",
        [Podman5], "does not match config's DiffID",
        "Write the skippable frame behind the first frame of data, as zstd:chunked does.";
    LAYER_DIFF_ID = "layer-diff-id", "with `--content`: a layer that unpacks to something else than its `diff_id`",
        [DockerGraph, DockerStore, Containerd17, Containerd2, Podman5], "wrong diff id calculated on extraction", WHOLE;
    LAYER_ARCHIVE = "layer-archive", "with `--content`: a layer that is no tar archive to Go's reader",
        [DockerGraph, DockerStore, Containerd17, Containerd2, Podman5], "archive/tar: invalid tar header", ARCHIVE;
    LAYER_ENTRY_KIND = "layer-entry-kind", "with `--content`: an entry that is no file, folder, link, device or pipe",
        [DockerGraph, DockerStore, Containerd17, Containerd2, Podman5], "unhandled tar header type", ARCHIVE;
    LAYER_NAME = "layer-name", "with `--content`: a path of more than 4,095 bytes, or a name in it of more than 255",
        [DockerGraph, DockerStore, Containerd17, Containerd2, Podman5], "file name too long", ARCHIVE;
    LAYER_ATTRIBUTE = "layer-attribute", "with `--content`: an extended attribute that Linux does not have, as `com.apple.provenance`",
        [DockerGraph], "lsetxattr: operation not supported",
        "Pack the files without the attributes of another system: `tar --no-xattrs`, on macOS also `COPYFILE_DISABLE=1`.";
    LAYER_DUPLICATE = "layer-duplicate", "with `--content`: one path twice in a layer",
        [DockerGraph, Podman5], "duplicates of file paths not supported", ARCHIVE;
    LAYER_OUTSIDE = "layer-outside", "with `--content`: a path or a hard link that leads above the root",
        [DockerGraph], "invalid entry name, or invalid hardlink target", ARCHIVE;
    LAYER_ROOT = "layer-root", "with `--content`: a root, written as `/` or `..`, that is no folder",
        [Podman5], "unlinkat .//: device or resource busy", ARCHIVE;
    LAYER_FILE_AS_FOLDER = "layer-file-as-folder", "with `--content`: an entry below a file of the same layer",
        [DockerGraph, DockerStore, Containerd17, Containerd2, Podman5], "not a directory", ARCHIVE;
    LAYER_WHITEOUT_BELOW_FILE = "layer-whiteout-below-file", "with `--content`: a whiteout below a file of the same layer",
        [DockerGraph, DockerStore, Containerd17, Containerd2], "not a directory", ARCHIVE;
    LAYER_OPAQUE_FILE = "layer-opaque-file", "with `--content`: the mark of an opaque folder below a file of the same layer",
        [DockerStore, Containerd17, Containerd2], "not a directory", ARCHIVE;
    LAYER_THROUGH_LINK = "layer-through-link", "with `--content`: an entry behind a symbolic link that leads above the root",
        [DockerGraph], "path escapes from parent", ARCHIVE;
    LAYER_DANGLING = "layer-dangling", "with `--content`: an entry behind a symbolic link to what the same layer does not have before it",
        [Podman5], "no such file or directory", ARCHIVE;
    LAYER_HARD_LINK = "layer-hard-link",
        "with `--content`: a hard link to a folder, or to what the same layer does not have before it, whatever a lower one has",
        [DockerGraph, DockerStore, Containerd17, Containerd2, Podman5], "link: no such file or directory, or operation not permitted",
        LINKED;
    LAYER_LINK_TO_WHITEOUT = "layer-link-to-whiteout",
        "with `--content`: a hard link of the first layer to what the layer takes away before it",
        [DockerStore, Containerd17, Containerd2], "link: no such file or directory", LINKED;
    LAYER_SYMLINK = "layer-symlink", "with `--content`: a symbolic link without a target",
        [DockerGraph, DockerStore, Containerd17, Containerd2, Podman5], "symlink: no such file or directory", ARCHIVE;
    LAYER_WHITEOUT = "layer-whiteout", "with `--content`: a whiteout of a folder that the same layer brings before it",
        [DockerGraph, DockerStore, Containerd17, Containerd2, Podman5], "chtimes: no such file or directory", TAKEN_AWAY;
    LAYER_TAKEN_AWAY = "layer-taken-away", "with `--content`: a whiteout of what the same layer brings or takes away before it",
        [DockerGraph, Podman5], "mknod: file exists", TAKEN_AWAY;
    LAYER_TAKEN_AWAY_ABOVE = "layer-taken-away-above",
        "with `--content`: the same in any layer but the first",
        [DockerStore, Containerd17, Containerd2], "file exists", TAKEN_AWAY;
    LAYER_BELOW_WHITEOUT = "layer-below-whiteout",
        "with `--content`: an entry below what the same layer takes away, without an entry for that folder before it",
        [DockerGraph, Podman5], "not a directory", TAKEN_AWAY;
    LAYER_BELOW_WHITEOUT_ABOVE = "layer-below-whiteout-above",
        "with `--content`: an entry or a whiteout like that in any layer but the first",
        [DockerStore, Containerd17, Containerd2], "not a directory", TAKEN_AWAY;
    LAYER_WHITEOUT_BELOW_WHITEOUT = "layer-whiteout-below-whiteout",
        "with `--content`: a whiteout below what the same layer takes away, without an entry for that folder before it",
        [DockerGraph], "no such device or address", TAKEN_AWAY;
    LAYER_WHITEOUT_NAME = "layer-whiteout-name", "with `--content`: a whiteout that names nothing",
        [DockerGraph, DockerStore, Containerd17, Containerd2, Podman5], "invalid whiteout name", ARCHIVE;
}

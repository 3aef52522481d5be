//! A recipe (a base and its mutations, as words) becomes an image's bytes.
//!
//! A base: `docker` or `oci`; `alone`, `index`, `pair` (amd64, arm64), `arm-first` or `nested`; how layers are packed;
//! how many there are. A mutation: `layer 0 pack gzip-name`, `layer 0 entries whiteout`, `config /os set 1`,
//! `manifest /layers/0/mediaType delete`, `index /manifests/0/platform delete`, `manifest text bom`,
//! `served manifest text/html`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::archive;
use crate::json::Json;
use crate::packing::{packed, sha256, sha384, sha512, unpacked};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recipe {
    pub(crate) base: String,
    pub(crate) mutations: Vec<String>,
}

/// What may change without changing any engine's answer.
#[derive(Clone, Copy)]
pub(crate) struct Variation {
    pub(crate) created: &'static str,
    pub(crate) label: &'static str,
}

impl Variation {
    pub(crate) const RECORDED: Self = Self { created: "2024-02-03T04:05:06Z", label: "recorded" };
    pub(crate) const OTHER: Self =
        Self { created: "2026-11-12T13:14:15.5+02:00", label: "another one" };
}

#[derive(Clone, Default)]
pub(crate) struct Image {
    /// What the tag serves: its media type and its digest.
    pub(crate) tag: (String, String),
    /// By digest: the media type and the bytes.
    pub(crate) manifests: BTreeMap<String, (String, Vec<u8>)>,
    pub(crate) blobs: BTreeMap<String, Vec<u8>>,
    /// By platform: the digests whose download shows that it was taken.
    pub(crate) taken: BTreeMap<String, Vec<String>>,
    /// The documents in the order of their making: config, manifest, index.
    pub(crate) documents: Vec<(&'static str, Vec<u8>)>,
}

impl Image {
    fn blob(&mut self, bytes: &[u8]) {
        for digest in [sha256(bytes), sha384(bytes), sha512(bytes)] {
            self.blobs.insert(digest, bytes.to_vec());
        }
    }

    fn manifest(&mut self, media_type: &str, bytes: &[u8]) {
        for digest in [sha256(bytes), sha384(bytes), sha512(bytes)] {
            self.manifests.insert(digest, (media_type.to_owned(), bytes.to_vec()));
        }
    }
}

struct Base<'r> {
    is_docker: bool,
    form: &'r str,
    packing: &'r str,
    layers: usize,
}

impl<'r> Base<'r> {
    fn parse(text: &'r str) -> Self {
        let words: Vec<_> = text.split(' ').collect();
        let one_of = |known: &[&'r str]| words.iter().find(|word| known.contains(word)).copied();
        let layers = match one_of(&["none", "two", "three"]) {
            Some("none") => 0,
            Some("two") => 2,
            Some("three") => 3,
            _ => 1,
        };
        Self {
            is_docker: words[0] == "docker",
            form: one_of(&["index", "pair", "arm-first", "nested", "without-platforms"])
                .unwrap_or("alone"),
            packing: one_of(&["tar", "zstd"]).unwrap_or("gzip"),
            layers,
        }
    }

    fn types(&self) -> [&'static str; 3] {
        if self.is_docker {
            [
                "application/vnd.docker.container.image.v1+json",
                "application/vnd.docker.distribution.manifest.v2+json",
                "application/vnd.docker.distribution.manifest.list.v2+json",
            ]
        } else {
            [
                "application/vnd.oci.image.config.v1+json",
                "application/vnd.oci.image.manifest.v1+json",
                "application/vnd.oci.image.index.v1+json",
            ]
        }
    }

    fn layer_type(&self, packing: &str) -> &'static str {
        let kind = packing.split('-').next().unwrap_or_default();
        match (self.is_docker, kind) {
            (true, "tar") => "application/vnd.docker.image.rootfs.diff.tar",
            (true, "zstd") => "application/vnd.docker.image.rootfs.diff.tar.zstd",
            (true, _) => "application/vnd.docker.image.rootfs.diff.tar.gzip",
            (false, "tar") => "application/vnd.oci.image.layer.v1.tar",
            (false, "zstd") => "application/vnd.oci.image.layer.v1.tar+zstd",
            (false, _) => "application/vnd.oci.image.layer.v1.tar+gzip",
        }
    }
}

impl Recipe {
    pub(crate) fn new(base: &str, mutations: &[&str]) -> Self {
        Self {
            base: base.to_owned(),
            mutations: mutations.iter().map(|&text| text.into()).collect(),
        }
    }

    /// The image; `number` gives its layers bytes that no other image's layers have.
    pub(crate) fn build(&self, number: u32, variation: Variation) -> Image {
        let base = Base::parse(&self.base);
        let mut image = Image::default();
        let arm = ["pair", "arm-first"]
            .contains(&base.form)
            .then(|| Self::new("", &[]).child(&base, &mut image, "arm64", number, variation));
        let main = self.child(&base, &mut image, "amd64", number, variation);
        if base.form == "alone" {
            image.tag = (main.media_type, main.digest);
            return image;
        }
        let mut entries = vec![main.entry()];
        entries.extend(arm.map(|arm| arm.entry()));
        if base.form == "arm-first" {
            entries.reverse();
        }
        let media_type = base.types()[2];
        let index = |entries: &[String]| {
            Json::parse(&format!(
                r#"{{"schemaVersion":2,"mediaType":"{media_type}","manifests":[{}]}}"#,
                entries.join(",")
            ))
        };
        let values = Values(vec![("manifest.sha512", main.sha512)]);
        let bytes = self.finished("index", index(&entries), &values);
        let served = self.served("index", media_type);
        image.manifest(&served, &bytes);
        image.tag = (served.clone(), sha256(&bytes));
        image.documents.push(("index", bytes.clone()));
        if base.form == "nested" {
            let entry = descriptor(&served, &sha256(&bytes), bytes.len());
            let bytes = self.finished("outer", index(&[entry]), &values);
            image.manifest(media_type, &bytes);
            image.tag = (media_type.to_owned(), sha256(&bytes));
            image.documents.push(("outer", bytes));
        }
        image
    }

    fn child(
        &self,
        base: &Base<'_>,
        image: &mut Image,
        architecture: &str,
        number: u32,
        variation: Variation,
    ) -> Child {
        let Layers { descriptors, diff_ids, mut values } =
            self.layers(base, image, architecture, number, variation);
        let mut taken: Vec<_> = values
            .0
            .iter()
            .filter(|(_, value)| value.starts_with("sha"))
            .map(|(_, value)| value.clone())
            .collect();
        let [config_type, manifest_type, _] = base.types();
        let config = config(architecture, number, variation, &diff_ids);
        let config = self.finished("config", Json::parse(&config), &values);
        image.blob(&config);
        taken.extend([sha256(&config), sha512(&config)]);
        values.0.extend([
            ("config.digest", sha256(&config)),
            ("config.size", config.len().to_string()),
            ("config.sha512", sha512(&config)),
            ("config.base64", STANDARD.encode(&config)),
        ]);
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{manifest_type}","config":{},"layers":[{}]}}"#,
            descriptor(config_type, &sha256(&config), config.len()),
            descriptors.join(",")
        );
        let manifest = self.finished("manifest", Json::parse(&manifest), &values);
        let media_type = self.served("manifest", manifest_type);
        image.manifest(&media_type, &manifest);
        image.taken.insert(architecture.to_owned(), taken);
        let child = Child {
            architecture: architecture.to_owned(),
            media_type: manifest_type.to_owned(),
            digest: sha256(&manifest),
            sha512: sha512(&manifest),
            size: manifest.len(),
            has_platform: base.form != "without-platforms",
        };
        if architecture == "amd64" {
            image.documents.extend([("config", config), ("manifest", manifest)]);
        }
        Child {
            media_type: if base.form == "alone" { media_type } else { child.media_type },
            ..child
        }
    }

    fn layers(
        &self,
        base: &Base<'_>,
        image: &mut Image,
        architecture: &str,
        number: u32,
        variation: Variation,
    ) -> Layers {
        let mut layers = Layers::default();
        for (at, names) in LAYER_VALUES.iter().enumerate().take(base.layers) {
            let packing = self.of_layer(at, "pack").unwrap_or(base.packing);
            let entries = self.of_layer(at, "entries").unwrap_or("nothing-else");
            let salt = format!("{architecture} {at} {}", variation.label);
            let tar = archive::archive(number, &salt, entries);
            let bytes = packed(&tar, packing);
            let diff_id = sha256(&unpacked(&tar, packing));
            let (digest, size) = (sha256(&bytes), bytes.len());
            let descriptor = descriptor(base.layer_type(packing), &digest, size);
            layers.diff_ids.push(format!("\"{diff_id}\""));
            layers.descriptors.push(descriptor.clone());
            let made = [descriptor, digest, size.to_string(), diff_id, sha512(&bytes)];
            layers.values.0.extend(names.iter().copied().zip(made));
            image.blob(&bytes);
        }
        layers
    }

    /// The last mutation of a layer that says this.
    fn of_layer(&self, at: usize, what: &str) -> Option<&str> {
        let prefix = format!("layer {at} {what} ");
        self.mutations.iter().rev().find_map(|text| text.strip_prefix(&prefix))
    }

    fn served(&self, document: &str, otherwise: &str) -> String {
        let prefix = format!("served {document} ");
        let mut all = self.mutations.iter().rev();
        all.find_map(|text| text.strip_prefix(&prefix)).unwrap_or(otherwise).to_owned()
    }

    /// A document with the mutations that are its own, as bytes.
    fn finished(&self, document: &str, mut json: Json, values: &Values) -> Vec<u8> {
        let own = || {
            let mine =
                |text: &'_ String| Some(text.strip_prefix(document)?.strip_prefix(' ')?.to_owned());
            self.mutations.iter().filter_map(mine)
        };
        for text in own().filter(|text| text.starts_with('/')) {
            let mut words = text.splitn(3, ' ');
            let mut word = || words.next().unwrap_or_default().to_owned();
            let (path, verb, argument) = (word(), word(), values.filled(&word()));
            json.change(&path, &verb, &argument);
        }
        let mut bytes = json.text().into_bytes();
        for text in own() {
            if let Some(how) = text.strip_prefix("text ") {
                bytes = as_text(&bytes, how);
            }
        }
        bytes
    }
}

/// The ways to write a document's text that its fields do not show.
pub(crate) const TEXTS: &str = "\
    bom utf16 newline-behind space-before garbage-behind second-document nul-behind byte-ff lone-surrogate \
    raw-newline-in-text comma-behind deep-10001 deep-9990 cut empty null list comment escaped-key large-number \
    many-fields";

fn as_text(bytes: &[u8], how: &str) -> Vec<u8> {
    let first = |field: &[u8]| [b"{", field, b",", &bytes[1..]].concat();
    let nested = |depth: usize| {
        first(format!("\"note\":{}{}", "[".repeat(depth), "]".repeat(depth)).as_bytes())
    };
    match how {
        "bom" => [b"\xef\xbb\xbf", bytes].concat(),
        "utf16" => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
        }
        "newline-behind" => [bytes, b"\n"].concat(),
        "space-before" => [b" \r\n\t", bytes].concat(),
        "garbage-behind" => [bytes, b" x"].concat(),
        "second-document" => [bytes, b"{}"].concat(),
        "nul-behind" => [bytes, b"\0"].concat(),
        "byte-ff" => first(b"\"note\":\"a\xff\""),
        "lone-surrogate" => first(br#""note":"a\ud800""#),
        "raw-newline-in-text" => first(b"\"note\":\"a\nb\""),
        "comma-behind" => [&bytes[..bytes.len() - 1], b",}"].concat(),
        "deep-10001" => nested(10_001),
        "deep-9990" => nested(9_990),
        "cut" => bytes[..bytes.len() - 1].to_vec(),
        "empty" => Vec::new(),
        "null" => b"null".to_vec(),
        "list" => [b"[", bytes, b"]"].concat(),
        "comment" => [b"/* a */", bytes].concat(),
        "escaped-key" => first(br#""n\u006fte":"a""#),
        "large-number" => first(br#""note":1e999"#),
        "many-fields" => {
            let fields: Vec<_> = (0..200).map(|at| format!("\"note{at}\":{at}")).collect();
            first(fields.join(",").as_bytes())
        }
        other => panic!("no text `{other}`"),
    }
}

const LAYER_VALUES: [[&str; 5]; 3] = [
    ["layer0", "layer0.digest", "layer0.size", "layer0.diff", "layer0.sha512"],
    ["layer1", "layer1.digest", "layer1.size", "layer1.diff", "layer1.sha512"],
    ["layer2", "layer2.digest", "layer2.size", "layer2.diff", "layer2.sha512"],
];

#[derive(Default)]
struct Layers {
    descriptors: Vec<String>,
    diff_ids: Vec<String>,
    values: Values,
}

struct Child {
    architecture: String,
    media_type: String,
    digest: String,
    sha512: String,
    size: usize,
    has_platform: bool,
}

impl Child {
    fn entry(&self) -> String {
        let entry = descriptor(&self.media_type, &self.digest, self.size);
        if !self.has_platform {
            return entry;
        }
        let open = entry.strip_suffix('}').unwrap();
        format!(r#"{open},"platform":{{"architecture":"{}","os":"linux"}}}}"#, self.architecture)
    }
}

fn descriptor(media_type: &str, digest: &str, size: usize) -> String {
    format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{size}}}"#)
}

fn config(architecture: &str, number: u32, variation: Variation, diff_ids: &[String]) -> String {
    let Variation { created, label } = variation;
    let step = format!(r#"{{"created":"{created}","created_by":"COPY srv /srv"}}"#);
    let history = vec![step; diff_ids.len()].join(",");
    format!(
        r#"{{"architecture":"{architecture}","os":"linux","created":"{created}","config":{{"Env":["PATH=/bin"],"Cmd":["/srv/number"],"WorkingDir":"/srv","Labels":{{"number":"{number}","note":"{label}"}}}},"history":[{history}],"rootfs":{{"type":"layers","diff_ids":[{}]}}}}"#,
        diff_ids.join(",")
    )
}

/// What a mutation may name: `{{layer0.digest}}`.
#[derive(Default)]
struct Values(Vec<(&'static str, String)>);

impl Values {
    fn filled(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{{{name}}}}}"), value)
        })
    }
}

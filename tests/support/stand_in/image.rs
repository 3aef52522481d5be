//! Images to fill the stand-in with: built in code, deterministic to the byte, one twist a method.
//!
//! A layer's bytes are not a tar archive: the programs that are tested here never unpack one.

use hyper::body::Bytes;
use serde_json::{Value, json};

use super::index::Index;
use super::store::digest_of;

/// Something that a tag can name.
#[derive(Clone, Debug)]
pub enum Content {
    /// An image for one platform, or an artifact in the shape of one.
    Image(Box<Image>),
    /// An index of images.
    Index(Index),
    /// Any bytes under any media type.
    Raw(String, Bytes),
}

impl From<Image> for Content {
    fn from(image: Image) -> Self {
        Self::Image(Box::new(image))
    }
}

impl From<Index> for Content {
    fn from(index: Index) -> Self {
        Self::Index(index)
    }
}

/// A config or a layer.
#[derive(Clone, Debug)]
pub(super) struct Blob {
    pub(super) media_type: String,
    pub(super) bytes: Bytes,
    pub(super) extra: Value,
}

impl Blob {
    fn descriptor(&self) -> Value {
        let mut descriptor = json!({
            "mediaType": self.media_type,
            "digest": digest_of(&self.bytes),
            "size": self.bytes.len(),
        });
        merge(&mut descriptor, &self.extra);
        descriptor
    }
}

/// An image for one platform.
#[derive(Clone, Debug)]
pub struct Image {
    config: Value,
    layers: Vec<Blob>,
    docker: bool,
    config_media_type: Option<String>,
    manifest_extra: Value,
    untagged_media_type: bool,
}

impl Image {
    /// An image without anything but a platform (`linux/amd64`).
    pub fn empty() -> Self {
        Self {
            config: json!({
                "architecture": "amd64",
                "os": "linux",
                "created": "2026-11-03T08:15:30.123456789Z",
                "config": {},
                "history": [],
                "rootfs": { "type": "layers", "diff_ids": [] },
            }),
            layers: Vec::new(),
            docker: false,
            config_media_type: None,
            manifest_extra: json!({}),
            untagged_media_type: false,
        }
    }

    /// The service that the documents of this project speak of: Node on Alpine, five layers, port 5001.
    pub fn node_on_alpine() -> Self {
        let steps: [(usize, &str); 5] = [
            (3_640, "ADD alpine-minirootfs-3.22.1-x86_64.tar.gz / # buildkit"),
            (
                48_210,
                "RUN /bin/sh -c addgroup -g 1000 node && apk add --no-cache libstdc++ # buildkit",
            ),
            (
                1_260,
                "RUN /bin/sh -c apk add --no-cache --virtual .build-deps-yarn curl gnupg tar # buildkit",
            ),
            (446, "COPY docker-entrypoint.sh /usr/local/bin/ # buildkit"),
            (22_917, "COPY --chown=node:node /app /app # buildkit"),
        ];
        let mut image = Self::empty()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("NODE_VERSION", "22.21.0")
            .env("YARN_VERSION", "1.22.22")
            .env("PORT", "5001")
            .run_field("ExposedPorts", json!({ "5001/tcp": {} }))
            .run_field("Entrypoint", json!(["docker-entrypoint.sh"]))
            .run_field("Cmd", json!(["node", "dist/server.js"]))
            .run_field("WorkingDir", json!("/app"))
            .run_field("User", json!("node"));
        for (size, created_by) in steps {
            image = image.layer_of(size, created_by);
        }
        image
    }

    /// With this commit as its revision label.
    #[must_use]
    pub fn revision(self, revision: &str) -> Self {
        self.label("org.opencontainers.image.revision", revision)
    }

    /// With a label.
    #[must_use]
    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.config["config"]["Labels"][name] = json!(value);
        self
    }

    /// With a variable at the end of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        let entry = json!(format!("{name}={value}"));
        match self.config["config"]["Env"].as_array_mut() {
            Some(env) => env.push(entry),
            None => self.config["config"]["Env"] = json!([entry]),
        }
        self
    }

    /// Without a variable of its environment.
    #[must_use]
    pub fn without_env(mut self, name: &str) -> Self {
        if let Some(env) = self.config["config"]["Env"].as_array_mut() {
            env.retain(|entry| {
                entry
                    .as_str()
                    .and_then(|entry| entry.split_once('='))
                    .is_none_or(|(key, _)| key != name)
            });
        }
        self
    }

    /// With these exposed ports (`5001/tcp`) and no others.
    #[must_use]
    pub fn ports(self, ports: &[&str]) -> Self {
        let set = ports.iter().map(|port| ((*port).to_owned(), json!({}))).collect();
        self.run_field("ExposedPorts", Value::Object(set))
    }

    /// For another platform, as in `linux/arm64/v8`.
    #[must_use]
    pub fn platform(mut self, platform: &str) -> Self {
        merge(&mut self.config, &platform_object(platform));
        self
    }

    /// With a field of the config's `config` (`Entrypoint`, `Cmd`, `User`, …) set.
    #[must_use]
    pub fn run_field(mut self, name: &str, value: Value) -> Self {
        self.config["config"][name] = value;
        self
    }

    /// With a top-level field of the config set.
    #[must_use]
    pub fn config_field(mut self, name: &str, value: Value) -> Self {
        self.config[name] = value;
        self
    }

    /// With a top-level field of the manifest set, whatever the builder would write there.
    #[must_use]
    pub fn manifest_field(mut self, name: &str, value: Value) -> Self {
        self.manifest_extra[name] = value;
        self
    }

    /// With one more layer of so many bytes, and the step that made it.
    #[must_use]
    pub fn layer_of(self, size: usize, created_by: &str) -> Self {
        let seed = format!("{created_by} {size} {}", self.layers.len());
        self.layer(pattern(size, &seed), created_by)
    }

    /// With one more layer of these bytes.
    #[must_use]
    pub fn layer(mut self, bytes: impl Into<Bytes>, created_by: &str) -> Self {
        let bytes = bytes.into();
        let history = json!({ "created": "2026-11-03T08:15:30Z", "created_by": created_by });
        if let Some(list) = self.config["history"].as_array_mut() {
            list.push(history);
        }
        if let Some(list) = self.config["rootfs"]["diff_ids"].as_array_mut() {
            list.push(json!(digest_of(format!("diff of {}", digest_of(&bytes)).as_bytes())));
        }
        self.layers.push(Blob { media_type: String::new(), bytes, extra: json!({}) });
        self
    }

    /// With one more layer of this media type, which unpacks to `unpacked`.
    #[must_use]
    pub fn packed_layer(
        mut self,
        media_type: &str,
        packed: impl Into<Bytes>,
        unpacked: &[u8],
    ) -> Self {
        self = self.layer(packed, "COPY . . # buildkit");
        if let Some(diff_id) =
            self.config["rootfs"]["diff_ids"].as_array_mut().and_then(|list| list.last_mut())
        {
            *diff_id = json!(digest_of(unpacked));
        }
        self.last_layer_field("mediaType", json!(media_type))
    }

    /// With more fields in the last layer's descriptor (`urls`, `mediaType`, `size`, …).
    #[must_use]
    pub fn last_layer_field(mut self, name: &str, value: Value) -> Self {
        if let Some(layer) = self.layers.last_mut() {
            layer.extra[name] = value;
        }
        self
    }

    /// Without layers.
    #[must_use]
    pub fn without_layers(mut self) -> Self {
        self.layers.clear();
        self
    }

    /// In Docker's media types in place of OCI's.
    #[must_use]
    pub fn docker(mut self) -> Self {
        self.docker = true;
        self
    }

    /// As an artifact: a config of another media type (a chart, a signature).
    #[must_use]
    pub fn artifact(mut self, config_media_type: &str) -> Self {
        self.config_media_type = Some(config_media_type.to_owned());
        self
    }

    /// Without `mediaType` in the manifest, as some builders write it.
    #[must_use]
    pub fn without_media_type(mut self) -> Self {
        self.untagged_media_type = true;
        self
    }

    pub(super) fn media_type(&self) -> &'static str {
        if self.docker {
            "application/vnd.docker.distribution.manifest.v2+json"
        } else {
            "application/vnd.oci.image.manifest.v1+json"
        }
    }

    pub(super) fn config_blob(&self) -> Blob {
        let usual = if self.docker {
            "application/vnd.docker.container.image.v1+json"
        } else {
            "application/vnd.oci.image.config.v1+json"
        };
        let media_type = self.config_media_type.clone().unwrap_or_else(|| usual.to_owned());
        Blob { media_type, bytes: self.config.to_string().into(), extra: json!({}) }
    }

    pub(super) fn layer_blobs(&self) -> Vec<Blob> {
        let usual = if self.docker {
            "application/vnd.docker.image.rootfs.diff.tar.gzip"
        } else {
            "application/vnd.oci.image.layer.v1.tar+gzip"
        };
        let typed = |layer: &Blob| Blob { media_type: usual.to_owned(), ..layer.clone() };
        self.layers.iter().map(typed).collect()
    }

    /// Its manifest, as it is pushed.
    pub fn manifest(&self) -> Bytes {
        let layers: Vec<_> = self.layer_blobs().iter().map(Blob::descriptor).collect();
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": self.media_type(),
            "config": self.config_blob().descriptor(),
            "layers": layers,
        });
        if let Some(object) = manifest.as_object_mut()
            && self.untagged_media_type
        {
            object.remove("mediaType");
        }
        merge(&mut manifest, &self.manifest_extra);
        manifest.to_string().into()
    }

    pub(super) fn own_platform(&self) -> Value {
        let mut platform =
            json!({ "architecture": self.config["architecture"], "os": self.config["os"] });
        if !self.config["variant"].is_null() {
            platform["variant"] = self.config["variant"].clone();
        }
        platform
    }
}

/// The media type and the bytes of a content's manifest.
pub(super) fn manifest_of(content: &Content) -> (String, Bytes) {
    match content {
        Content::Image(image) => (image.media_type().to_owned(), image.manifest()),
        Content::Index(index) => (index.media_type().to_owned(), index.manifest()),
        Content::Raw(media_type, bytes) => (media_type.clone(), bytes.clone()),
    }
}

/// Bytes that look like a compressed layer: a gzip head, then a pattern of its own.
fn pattern(size: usize, seed: &str) -> Vec<u8> {
    let block = digest_of(seed.as_bytes());
    let head = [0x1f, 0x8b, 0x08, 0x00];
    head.into_iter().chain(block.bytes().cycle()).take(size).collect()
}

fn platform_object(platform: &str) -> Value {
    let mut parts = platform.split('/');
    let mut object = json!({
        "os": parts.next().unwrap_or_default(),
        "architecture": parts.next().unwrap_or_default(),
    });
    if let Some(variant) = parts.next() {
        object["variant"] = json!(variant);
    }
    object
}

pub(super) fn merge(into: &mut Value, from: &Value) {
    for (name, value) in from.as_object().into_iter().flatten() {
        into[name] = value.clone();
    }
}

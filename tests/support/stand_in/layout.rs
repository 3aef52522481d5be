//! An image as a folder in the form of the image specification ("Image Layout"), for programs that push.

use std::collections::BTreeMap;

use hyper::body::Bytes;
use serde_json::json;

use super::image::{Content, manifest_of};
use super::store::digest_of;

/// The files of a layout that holds one content: path and bytes.
pub fn oci_layout(content: &Content, tag: &str) -> BTreeMap<String, Bytes> {
    let mut files = BTreeMap::new();
    add_parts(&mut files, content);
    let (media_type, bytes) = manifest_of(content);
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{
            "mediaType": media_type,
            "digest": digest_of(&bytes),
            "size": bytes.len(),
            "annotations": { "org.opencontainers.image.ref.name": tag },
        }],
    });
    files.insert("index.json".to_owned(), index.to_string().into());
    files.insert("oci-layout".to_owned(), r#"{"imageLayoutVersion":"1.0.0"}"#.into());
    files
}

fn add_parts(files: &mut BTreeMap<String, Bytes>, content: &Content) {
    match content {
        Content::Image(image) => {
            add(files, image.config_blob().bytes);
            for layer in image.layer_blobs() {
                add(files, layer.bytes);
            }
        }
        Content::Index(index) => {
            for entry in &index.entries {
                add_parts(files, &entry.content);
            }
        }
        Content::Raw(..) => {}
    }
    add(files, manifest_of(content).1);
}

fn add(files: &mut BTreeMap<String, Bytes>, bytes: Bytes) {
    files.insert(format!("blobs/{}", digest_of(&bytes).replacen(':', "/", 1)), bytes);
}

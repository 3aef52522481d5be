//! Which rows a manifest or an index meets by fields that are missing, of an odd value, or another format's: also one
//! that this program does not read. The bytes are known to be the ones that were pushed.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::go::Json;
use super::rules::{
    CONFIG_OF_NOTHING, CONFIG_SIZE, DIFF_ID_FORM, DIGEST_MISSING, ENTRY_DIGEST, ENTRY_OF_NOTHING,
    FIELD_OF_ANOTHER_FORMAT, FIELD_OF_ANOTHER_FORMAT_DOCKER, FIELD_OF_ANOTHER_FORMAT_PODMAN,
    LIST_WITHOUT_PLATFORMS, MEDIA_TYPE_IN_LIST, MEDIA_TYPE_IN_MANIFEST, NUMBER_TOO_LARGE,
    PART_OF_NO_MACHINE, SIZE_MISSING,
};
use super::{Refusal, Rule};
use crate::oci::{Digest, MediaType, is_taken_for};

/// Docker's config.
pub(super) const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";

/// The rows that a manifest meets, which was served as `media_type`.
pub(super) fn of_manifest(json: Json<'_>, media_type: MediaType) -> Vec<Refusal> {
    match serde_json::from_slice(json.bytes()) {
        Ok(Node::Object(fields)) if is_of_another_kind(&fields, media_type) => Vec::new(),
        Ok(Node::Object(fields)) => {
            let mut met = Vec::new();
            formats(&fields, media_type, &mut met);
            // Of what can be read in two ways, nothing is said.
            if read(&fields, media_type, &mut met).is_err() {
                met.retain(|refusal| refusal.rule.id.starts_with(FIELD_OF_ANOTHER_FORMAT.id));
            }
            met
        }
        Err(error) if media_type == MediaType::OciImageManifest && is_number(&error) => {
            vec![Refusal { rule: &NUMBER_TOO_LARGE, what: NUMBER.to_owned() }]
        }
        Ok(Node::Null | Node::Text(_) | Node::Whole(_) | Node::List(_) | Node::Other) | Err(_) => {
            Vec::new()
        }
    }
}

const NUMBER: &str = "it holds a number that is too large for a reader of numbers";

fn is_number(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("number out of range")
}

/// The rows that a config meets by its form alone.
pub(super) fn of_config(json: Json<'_>, media_type: &str) -> Option<Refusal> {
    let met = |rule: &'static Rule, what: &str| Some(Refusal { rule, what: what.to_owned() });
    match serde_json::from_slice::<Node>(json.bytes()) {
        Err(error) if media_type == DOCKER_CONFIG && is_number(&error) => {
            met(&NUMBER_TOO_LARGE, NUMBER)
        }
        Ok(Node::Null) => met(&CONFIG_OF_NOTHING, "its config is `null`"),
        Ok(Node::Object(fields)) => odd_diff_id(&fields).and_then(|place| {
            met(&DIFF_ID_FORM, &format!("`rootfs.diff_ids.{place}` of its config is no digest"))
        }),
        Ok(_) | Err(_) => None,
    }
}

/// Which of a config's `diff_ids` is a text and no digest.
fn odd_diff_id(config: &[(String, Node)]) -> Option<usize> {
    let Ok(Some(Node::Object(rootfs))) = field(config, "rootfs") else { return None };
    let Ok(Some(Node::List(diff_ids))) = field(rootfs, "diff_ids") else { return None };
    diff_ids.iter().position(|diff_id| text(Some(diff_id)).is_some_and(|text| !is_digest(text)))
}

/// Whether the body is of another type than it was served as: then the served type is wrong, and says nothing of the
/// bytes.
fn is_of_another_kind(fields: &[(String, Node)], media_type: MediaType) -> bool {
    let has = |name: &str| named(fields, name).next().is_some();
    let own = text(named(fields, "mediaType").next());
    if let Some(own) = own.filter(|own| !own.is_empty()) {
        return MediaType::parse(own).is_some_and(|own| own != media_type);
    }
    let is_list = has("manifests");
    let is_image = has("config") || has("layers");
    if media_type.is_index() { is_image && !is_list } else { is_list && !is_image }
}

/// Fields by which engines know another format.
fn formats(fields: &[(String, Node)], media_type: MediaType, met: &mut Vec<Refusal>) {
    // Without it, or with another, the bytes may be right and the served type wrong.
    let own = text(named(fields, "mediaType").next());
    if own.and_then(MediaType::parse) != Some(media_type) {
        return;
    }
    let is_docker = matches!(media_type, MediaType::DockerManifest | MediaType::DockerManifestList);
    let others: &[&str] = if media_type.is_index() {
        &["config", "layers", "fsLayers", "history"]
    } else {
        &["manifests", "fsLayers", "history"]
    };
    for name in others {
        let Some(value) = named(fields, name).next() else { continue };
        let mut note =
            |rule| met.push(Refusal { rule, what: format!("its manifest has `{name}`, too") });
        if *name != "history" {
            note(&FIELD_OF_ANOTHER_FORMAT);
        }
        if !matches!(value, Node::Null) {
            note(&FIELD_OF_ANOTHER_FORMAT_PODMAN);
            if !is_docker && !matches!(*name, "history" | "fsLayers") {
                note(&FIELD_OF_ANOTHER_FORMAT_DOCKER);
            }
        }
    }
}

/// Fields that a descriptor needs. Fails where a field is there twice.
fn read(
    fields: &[(String, Node)],
    media_type: MediaType,
    met: &mut Vec<Refusal>,
) -> Result<(), Twice> {
    let mut note = |rule: &'static Rule, what: String| met.push(Refusal { rule, what });
    let own = text(field(fields, "mediaType")?);
    let is_missing = own.is_none_or(str::is_empty);
    match media_type {
        MediaType::DockerManifest if is_missing => {
            note(&MEDIA_TYPE_IN_MANIFEST, "its manifest has no `mediaType`".to_owned());
        }
        MediaType::DockerManifestList if is_missing => {
            note(&MEDIA_TYPE_IN_LIST, "its manifest list has no `mediaType`".to_owned());
        }
        _ if is_missing => {}
        // Another format's is the server's contradiction.
        MediaType::OciImageManifest
        | MediaType::OciImageIndex
        | MediaType::DockerManifest
        | MediaType::DockerManifestList => {
            let is_spelling = own.and_then(MediaType::parse) == Some(media_type);
            if is_spelling && own != Some(media_type.as_str()) {
                let rule = if media_type == MediaType::DockerManifest {
                    &MEDIA_TYPE_IN_MANIFEST
                } else {
                    &MEDIA_TYPE_IN_LIST
                };
                note(rule, "its manifest spells its `mediaType` in another way".to_owned());
            }
        }
    }
    if media_type.is_index() {
        return entries(field(fields, "manifests")?, media_type, &mut note);
    }
    let config = Listed::of(field(fields, "config")?)?;
    if !config.has_digest {
        note(&DIGEST_MISSING, "its config has no digest".to_owned());
    }
    if config.size.is_none_or(|size| size <= 0) {
        note(&SIZE_MISSING, "its config has no size".to_owned());
    }
    if config.size.is_none_or(|size| size == 0) {
        note(&CONFIG_SIZE, "its config has no size".to_owned());
    }
    if config.is_of_a_machine == Some(false) {
        note(&PART_OF_NO_MACHINE, "its config has a platform without an architecture".to_owned());
    }
    let Some(Node::List(layers)) = field(fields, "layers")? else { return Ok(()) };
    for (place, layer) in layers.iter().enumerate() {
        let layer = Listed::of(Some(layer))?;
        let name = format!("layer {} of {}", place + 1, layers.len());
        if !layer.has_digest {
            note(&DIGEST_MISSING, format!("{name} has no digest"));
        }
        // A size of 0 is another row's.
        if layer.size.is_none_or(|size| size < 0) {
            note(&SIZE_MISSING, format!("{name} has no size"));
        }
        if layer.is_of_a_machine == Some(false) {
            note(&PART_OF_NO_MACHINE, format!("{name} has a platform without an architecture"));
        }
    }
    Ok(())
}

fn entries(
    list: Option<&Node>,
    media_type: MediaType,
    meet: &mut dyn FnMut(&'static Rule, String),
) -> Result<(), Twice> {
    let Some(Node::List(entries)) = list else { return Ok(()) };
    let mut has_platform = entries.is_empty();
    for (place, entry) in entries.iter().enumerate() {
        let entry = Listed::of(Some(entry))?;
        has_platform |= entry.is_of_a_machine.is_some();
        let name = format!("entry {} of {} of its index", place + 1, entries.len());
        let is_only = entries.len() == 1;
        match (entry.has_digest, is_only) {
            (true, _) => {}
            (false, true) => meet(&DIGEST_MISSING, format!("{name} has no digest")),
            (false, false) => {
                if entry.is_manifest {
                    meet(&ENTRY_DIGEST, format!("{name} has no digest"));
                }
                if entry.is_of_a_machine.is_none() {
                    meet(&ENTRY_OF_NOTHING, format!("{name} has no platform and no digest"));
                }
            }
        }
        if is_only && entry.size.is_none_or(|size| size <= 0) {
            meet(&SIZE_MISSING, format!("{name} has no size"));
        }
    }
    if !has_platform && media_type == MediaType::DockerManifestList {
        meet(&LIST_WITHOUT_PLATFORMS, "no entry of its manifest list has a platform".to_owned());
    }
    Ok(())
}

/// A field is there twice, so that readers may differ.
struct Twice;

/// A descriptor, as far as it is looked at here.
struct Listed {
    has_digest: bool,
    /// Its platform, where it has one: whether that is of any machine.
    is_of_a_machine: Option<bool>,
    is_manifest: bool,
    size: Option<i64>,
}

impl Listed {
    /// Fails where a field is there twice.
    fn of(node: Option<&Node>) -> Result<Self, Twice> {
        let fields: &[(String, Node)] = match node {
            Some(Node::Object(fields)) => fields,
            _ => &[],
        };
        let digest = text(field(fields, "digest")?);
        let size = match field(fields, "size")? {
            Some(Node::Whole(size)) => Some(*size),
            // Of another type, which is another row.
            Some(Node::Text(_) | Node::List(_) | Node::Object(_) | Node::Other) => Some(1),
            Some(Node::Null) | None => None,
        };
        let platform = match field(fields, "platform")? {
            Some(Node::Object(platform)) => Some(platform),
            _ => None,
        };
        let machine = platform.map(|platform| field(platform, "architecture")).transpose()?;
        let has_name = |node: Option<&Node>| match node {
            None | Some(Node::Null) => false,
            Some(Node::Text(name)) => !name.is_empty(),
            // Of another type, which is another row.
            Some(_) => true,
        };
        let kind = text(field(fields, "mediaType")?);
        Ok(Self {
            has_digest: digest.is_some_and(is_digest),
            is_of_a_machine: machine.map(has_name),
            is_manifest: kind.and_then(MediaType::parse).is_some(),
            size,
        })
    }
}

/// Whether an engine takes a text for a digest, of whatever bytes. Of SHA-384, too, which this program does not compute.
fn is_digest(text: &str) -> bool {
    let is_sha384 = |hex: &str| {
        hex.len() == 96 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    text.parse::<Digest>().is_ok() || text.strip_prefix("sha384:").is_some_and(is_sha384)
}

/// The fields that Go's reader takes for this one.
fn named<'n>(fields: &'n [(String, Node)], name: &str) -> impl Iterator<Item = &'n Node> {
    fields.iter().filter(move |(key, _)| is_taken_for(key, name)).map(|(_, value)| value)
}

/// The field of this name in any case. Fails where there are two of them.
fn field<'n>(fields: &'n [(String, Node)], name: &str) -> Result<Option<&'n Node>, Twice> {
    let mut of_name = named(fields, name);
    let first = of_name.next();
    if of_name.next().is_some() { Err(Twice) } else { Ok(first) }
}

fn text(node: Option<&Node>) -> Option<&str> {
    match node {
        Some(Node::Text(text)) => Some(text),
        _ => None,
    }
}

/// A document with each of its fields, also where two have one name.
enum Node {
    Null,
    Text(String),
    Whole(i64),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
    /// A truth value, or a number that is no whole one.
    Other,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Whole(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(i64::try_from(number).map_or(Node::Other, Node::Whole))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            // No engine takes more of them, and the rest only costs memory.
            if all.len() > MOST_ITEMS {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                break;
            }
            all.push(item);
        }
        Ok(Node::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Node, A::Error> {
        let mut all = Vec::new();
        while let Some(field) = fields.next_entry()? {
            if all.len() > MOST_ITEMS {
                while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                break;
            }
            all.push(field);
        }
        Ok(Node::Object(all))
    }
}

/// How many items of a list, or fields of an object, are looked at.
const MOST_ITEMS: usize = 1000;

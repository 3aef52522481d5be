//! Stand-ins whose answers are as large as is read of them, and as costly.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::stand_in::{Answer, Content, Image, Lie, Options, Part, Route, StandIn, digest_of};
use crate::texts;
use crate::trial::{IMAGE, Trial};

const MIB: usize = 1 << 20;
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// The variants of one input: what each is called, and how it is made.
pub(crate) type Variants = Vec<(String, Box<dyn Fn() -> Trial>)>;

/// One variant.
pub(crate) fn variant(
    name: impl Into<String>,
    trial: impl Fn() -> Trial + 'static,
) -> (String, Box<dyn Fn() -> Trial>) {
    (name.into(), Box::new(trial))
}

fn repository() -> (&'static str, &'static str) {
    IMAGE.split_once(':').unwrap_or((IMAGE, "latest"))
}

/// A stand-in without anything, which serves its blobs itself.
fn empty() -> StandIn {
    StandIn::start(Options { redirect_blobs: false, ..Options::default() })
}

/// One with a good image.
pub(crate) fn honest() -> StandIn {
    let stand_in = empty();
    let (repository, tag) = repository();
    stand_in.image(repository, tag, Image::node_on_alpine());
    stand_in
}

/// A descriptor of a blob that is put there.
fn blob(stand_in: &StandIn, media_type: &str, bytes: impl Into<Vec<u8>>) -> Value {
    let bytes = bytes.into();
    let (digest, size) = (digest_of(&bytes), bytes.len());
    stand_in.untagged(repository().0, Image::empty().layer(bytes, "RUN"));
    json!({ "mediaType": media_type, "digest": digest, "size": size })
}

/// A manifest of any bytes under the tag.
fn tagged(stand_in: &StandIn, media_type: &str, bytes: String) {
    let (repository, tag) = repository();
    stand_in.image(repository, tag, Content::Raw(media_type.to_owned(), bytes.into()));
}

fn config_of(layers: usize) -> Value {
    json!({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": { "type": "layers", "diff_ids": vec![digest_of(b"x"); layers] },
    })
}

/// A document that is padded with one text at `{}` to so many bytes.
fn padded(document: &str, bytes: usize) -> String {
    document.replace("{}", &"x".repeat(bytes.saturating_sub(document.len() - 2)))
}

/// A manifest with one layer and this text of JSON in a field that nobody reads, or one that is read.
fn with_field(stand_in: &StandIn, field: &str, json: &str) -> String {
    let config = blob(stand_in, CONFIG, config_of(1).to_string());
    let layer = blob(stand_in, LAYER, "a layer");
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{config},"layers":[{layer}],"{field}":{json}}}"#
    )
}

/// Manifests of 4 MiB.
pub(crate) fn manifests() -> Variants {
    let mut variants = vec![
        variant("1,000 layers with long annotations", || {
            let stand_in = empty();
            let config = blob(&stand_in, CONFIG, config_of(1_000).to_string());
            let text = "x".repeat(3_900);
            let layers: Vec<Value> = (0..1_000)
                .map(|number| {
                    let mut layer = blob(&stand_in, LAYER, format!("layer {number}"));
                    let annotations = json!({ "a": text });
                    layer
                        .as_object_mut()
                        .map(|layer| layer.insert("annotations".to_owned(), annotations));
                    layer
                })
                .collect();
            let manifest = json!({
                "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers,
            });
            tagged(&stand_in, MANIFEST, manifest.to_string());
            Trial::of_image(stand_in)
        }),
        variant("layers without end", || {
            let stand_in = empty();
            let config = blob(&stand_in, CONFIG, config_of(1).to_string());
            let head = format!(
                r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{config},"layers":["#
            );
            let layer = format!("{},", blob(&stand_in, LAYER, "a layer"));
            let bytes = 4 * MIB - 2;
            let text = texts::filled(&head, &layer, bytes);
            tagged(&stand_in, MANIFEST, text.trim_end_matches(',').to_owned() + "]}");
            Trial::of_image(stand_in)
        }),
    ];
    for field in ["annotations", "layers", "subject", "unknown"] {
        for (name, _) in texts::json(64) {
            variants.push(variant(format!("{name} in `{field}`"), move || {
                let stand_in = empty();
                let frame = with_field(&stand_in, field, "").len();
                let json = text_of(name, 4 * MIB - frame);
                tagged(&stand_in, MANIFEST, with_field(&stand_in, field, &json));
                Trial::of_image(stand_in)
            }));
        }
    }
    variants
}

fn text_of(name: &str, bytes: usize) -> String {
    texts::json(bytes)
        .into_iter()
        .find(|(known, _)| *known == name)
        .map_or_else(String::new, |(_, text)| text)
}

/// A platform that is no other entry's.
fn platform(number: usize, text: &str) -> Value {
    json!({ "architecture": "amd64", "os": "linux", "os.version": format!("{text}{number}") })
}

/// An index of these entries under the tag.
fn index(stand_in: &StandIn, entries: &[Value]) {
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries });
    tagged(stand_in, INDEX, index.to_string());
}

/// Puts a manifest there; its entry in an index.
fn child(stand_in: &StandIn, number: usize, manifest: String) -> Value {
    let (digest, size) = (digest_of(manifest.as_bytes()), manifest.len());
    let content = Content::Raw(MANIFEST.to_owned(), manifest.into());
    stand_in.untagged(repository().0, content);
    json!({
        "mediaType": MANIFEST, "digest": digest, "size": size, "platform": platform(number, ""),
    })
}

/// Indexes: of 4 MiB, and of 100 manifests of 160 KiB.
pub(crate) fn indexes() -> Variants {
    vec![
        variant("1,000 entries with long platforms", || {
            let stand_in = empty();
            let text = "x".repeat(3_900);
            let entry = |number| {
                json!({
                    "mediaType": MANIFEST, "digest": digest_of(format!("{number}").as_bytes()),
                    "size": 500, "platform": platform(number, &text),
                })
            };
            index(&stand_in, &(0..1_000).map(entry).collect::<Vec<_>>());
            Trial::of_image(stand_in)
        }),
        variant("100 manifests of 160 KiB, each with 690 layers", || {
            let stand_in = empty();
            let entries = entries_of_layers(&stand_in, 0);
            index(&stand_in, &entries);
            Trial::of_image(stand_in)
        }),
        variant(
            "100 manifests of 160 KiB of annotations, each with its own config of 160 KiB",
            || {
                let stand_in = empty();
                let layer = blob(&stand_in, LAYER, "a layer");
                let entry = |number: usize| {
                    let document = format!(
                        r#"{{"architecture":"amd64","os":"linux","os.version":"{number}","rootfs":{{"type":"layers","diff_ids":["{}"]}},"config":{{"Labels":"#,
                        digest_of(b"x")
                    );
                    let tail = "}}}";
                    let labels =
                        texts::counted(&document, |n| format!("\"{n}\":\"\","), tail, 160 << 10);
                    let labels = labels.replacen("\"Labels\":", "\"Labels\":{", 1);
                    let config = blob(&stand_in, CONFIG, labels);
                    let head = format!(
                        r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{config},"layers":[{layer}],"annotations":{{"#
                    );
                    let annotation = |n: usize| format!("\"{n}\":\"\",");
                    let manifest = texts::counted(&head, annotation, "}}", 160 << 10);
                    child(&stand_in, number, manifest)
                };
                index(&stand_in, &(0..100).map(entry).collect::<Vec<_>>());
                Trial::of_image(stand_in)
            },
        ),
        variant("100 entries of one config of 4 MiB", || {
            let stand_in = empty();
            let config = blob(&stand_in, CONFIG, config(&labels(4 * MIB)));
            let layer = blob(&stand_in, LAYER, "a layer");
            let entry = |number: usize| {
                let manifest = json!({
                    "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer],
                    "annotations": { "number": number.to_string() },
                });
                child(&stand_in, number, manifest.to_string())
            };
            index(&stand_in, &(0..100).map(entry).collect::<Vec<_>>());
            Trial::of_image(stand_in)
        }),
    ]
}

/// A config of one layer with these fields in its `config`, and after it.
fn config(fields: &str) -> String {
    format!(
        r#"{{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":["{}"]}},{fields}}}"#,
        digest_of(b"x")
    )
}

/// 10,000 labels that fill so many bytes.
fn labels(bytes: usize) -> String {
    let value = "x".repeat(bytes / 10_000 - 18);
    let labels: Vec<_> = (0..10_000).map(|n| format!("\"l{n}\":\"{value}\"")).collect();
    format!(r#""config":{{"Labels":{{{}}}}}"#, labels.join(","))
}

/// A list of 10,000 texts that fill so many bytes.
fn list(item: impl Fn(usize) -> String) -> String {
    format!("[{}]", (0..10_000).map(item).collect::<Vec<_>>().join(","))
}

/// Configs of 4 MiB.
pub(crate) fn configs() -> Variants {
    let text = "x".repeat(380);
    let long = move |n: usize| format!("\"V{n}={text}\"");
    let history = "x".repeat(380);
    let mut variants = vec![
        of_config("10,000 labels", || labels(4 * MIB)),
        of_config("10,000 variables", {
            let long = long.clone();
            move || format!(r#""config":{{"Env":{}}}"#, list(&long))
        }),
        of_config("10,000 words", {
            let long = long.clone();
            move || format!(r#""config":{{"Cmd":{0}}}"#, list(&long))
        }),
        of_config("10,000 steps of its history", move || {
            let step = |n: usize| format!(r#"{{"created_by":"{n} {history}","empty_layer":true}}"#);
            format!(r#""history":{}"#, list(step))
        }),
        of_config("196,605 ports", || {
            let ports = ["tcp", "udp", "sctp"].map(|protocol| {
                let port = |n: usize| format!("\"{n}/{protocol}\":{{}}");
                (1..=65_535).map(port).collect::<Vec<_>>().join(",")
            });
            format!(r#""config":{{"ExposedPorts":{{{}}}}}"#, ports.join(","))
        }),
        of_config("100,000 labels", || {
            let labels: Vec<_> = (0..100_000).map(|n| format!("\"l{n}\":\"\"")).collect();
            format!(r#""config":{{"Labels":{{{}}}}}"#, labels.join(","))
        }),
    ];
    for field in ["history", "unknown"] {
        for (name, _) in texts::json(64) {
            let told = format!("{name} in `{field}`");
            variants.push(of_config(&told, move || {
                format!("\"{field}\":{}", text_of(name, 4 * MIB - 300))
            }));
        }
    }
    variants
}

fn of_config(
    name: &str,
    fields: impl Fn() -> String + 'static,
) -> (String, Box<dyn Fn() -> Trial>) {
    variant(name, move || {
        let stand_in = empty();
        let config = blob(&stand_in, CONFIG, config(&fields()));
        let layer = blob(&stand_in, LAYER, "a layer");
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer],
        });
        tagged(&stand_in, MANIFEST, manifest.to_string());
        let services = "registry: REGISTRY/keepkey\nenvironments:\n  dev: { tag: latest-dev }\nservices:\n  hostile:\n    \
                        port: 5001\n    runtime: { language: nodejs, base: alpine }\n";
        let trial = Trial::at(stand_in);
        let services = services.replace("REGISTRY", &trial.registry());
        trial.file("verify-registry-image.yml", services).arguments("--environment dev")
    })
}

/// A stand-in that answers requests of this route with this.
fn lying(route: Route, answer: Answer) -> Trial {
    let stand_in = honest();
    stand_in.lie(route, Lie::Answer(answer));
    Trial::of_image(stand_in)
}

/// What an answer's small documents and headers may hold.
pub(crate) fn small_answers() -> Vec<(&'static str, Variants)> {
    let tokens = texts::json(64).into_iter().map(|(name, _)| {
        variant(format!("{name} beside the token"), move || {
            let json = text_of(name, (64 << 10) - 40);
            let body = format!(r#"{{"token":"0123456789abcdef","x":{json}}}"#);
            lying(Route::Token, Answer::new(200).bytes(body))
        })
    });
    let errors = texts::json(64).into_iter().map(|(name, _)| {
        variant(format!("{name} as an error"), move || {
            let body =
                format!(r#"{{"errors":[{{"code":"X","detail":{}}}]}}"#, text_of(name, 65_000));
            lying(Route::ManifestByTag, Answer::new(404).bytes(body))
        })
    });
    let challenges =
        [",", "\"", "\\\"", "Bearer ", "a=b,", "a=\"\\", "Basic a=\"b\","].map(|unit| {
            variant(format!("`{unit}` again and again"), move || {
                let value = texts::filled("Bearer ", unit, 8 << 10);
                let mut answer = Answer::new(401);
                for _ in 0..40 {
                    answer = answer.header("www-authenticate", &value);
                }
                lying(Route::ManifestByTag, answer)
            })
        });
    let pages = [404_u16, 401, 403].map(|status| {
        variant(format!("a page of 64 KiB with a {status}"), move || {
            let page = texts::filled("<html>", "<p>\u{1b}[31m<a href=\"", 64 << 10);
            let answer = Answer::new(status).header("content-type", "text/html");
            lying(Route::ManifestByTag, answer.bytes(page))
        })
    });
    vec![
        ("token document", tokens.collect()),
        ("error document", errors.chain(pages).collect()),
        ("`WWW-Authenticate`", challenges.into_iter().collect()),
        ("redirects", redirects()),
        ("DigitalOcean's API", pages_of_the_api()),
        ("layers read only to count their bytes", vec![layers_to_count()]),
        (
            "manifest that never ends",
            vec![variant("spaces", || {
                let stand_in = honest();
                stand_in.lie(Route::ManifestByTag, Lie::large(MANIFEST, 300, false));
                Trial::of_image(stand_in)
            })],
        ),
    ]
}

/// 1,000 layers, each led to an address that is full of signatures, whose host complains.
fn redirects() -> Variants {
    let circle = variant("a circle", || {
        let stand_in = honest();
        let place = stand_in.url(crate::stand_in::Origin::Elsewhere) + "/v2/a/manifests/b?x=";
        stand_in
            .lie(Route::Any.sparing("/token"), Lie::redirect(307, &(place + &"x".repeat(60_000))));
        Trial::of_image(stand_in)
    });
    let signatures = |bytes: usize| {
        variant(format!("1,000 addresses of {bytes} bytes of signatures"), move || {
            let stand_in = empty();
            let config = blob(&stand_in, CONFIG, config_of(1_000).to_string());
            let place = stand_in.url(crate::stand_in::Origin::Elsewhere) + "/x?";
            let layers: Vec<Value> = (0..1_000)
                .map(|number| {
                    let layer = blob(&stand_in, LAYER, format!("layer {number}"));
                    let digest =
                        layer.get("digest").and_then(Value::as_str).unwrap_or_default().to_owned();
                    let signature =
                        |n: usize| format!("s={number:04}a{n:08}abcdefgh,").replace(',', "&");
                    let location = texts::counted(&place, signature, "", bytes);
                    stand_in.lie(Route::Blob.containing(&digest), Lie::redirect(307, &location));
                    layer
                })
                .collect();
            let refusal = Answer::new(403).header("content-type", "application/xml");
            let refusal = refusal.bytes("<Error><Code>SignatureDoesNotMatch</Code></Error>");
            stand_in.lie(Route::Any.at(crate::stand_in::Origin::Elsewhere), Lie::Answer(refusal));
            let manifest = json!({
                "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers,
            });
            tagged(&stand_in, MANIFEST, manifest.to_string());
            Trial::of_image(stand_in)
        })
    };
    vec![circle, signatures(60_000), signatures(16_000)]
}

/// A page of 4 MiB, for a tag that is not there.
fn pages_of_the_api() -> Variants {
    let routes = [
        ("tags", Route::ApiTags),
        ("registries", Route::ApiRegistries),
        ("repositories", Route::ApiRepositories),
    ];
    let mut variants = Vec::new();
    for (field, route) in routes {
        let listed = route.clone();
        variants.push(variant(format!("a page of 4 MiB of `{field}`"), move || {
            let stand_in = honest();
            let entry = |n: usize| {
                format!(r#"{{"name":"r{n}","tag":"t{n}","manifest_digest":"sha256:{n}","updated_at":"2026-11-03T08:15:30Z"}},"#)
            };
            let head = format!(r#"{{"{field}":["#);
            let page = texts::counted(&head, entry, "]}", 4 * MIB);
            stand_in.lie(listed.clone(), Lie::Answer(Answer::new(200).bytes(page)));
            absent(stand_in)
        }));
        for (name, _) in texts::json(64) {
            let route = route.clone();
            variants.push(variant(format!("{name} in `{field}`"), move || {
                let stand_in = honest();
                let page = format!(r#"{{"{field}":{}}}"#, text_of(name, 4 * MIB - 40));
                stand_in.lie(route.clone(), Lie::Answer(Answer::new(200).bytes(page)));
                absent(stand_in)
            }));
        }
    }
    variants
}

/// Asks for a tag that is not there.
fn absent(stand_in: StandIn) -> Trial {
    let image = stand_in.reference(repository().0) + ":gone";
    Trial::at(stand_in).argument(&image)
}

/// 16 layers of 4 MiB from a server that ignores ranges.
fn layers_to_count() -> (String, Box<dyn Fn() -> Trial>) {
    variant("64 MiB in 16 layers, without ranges", || {
        let stand_in = empty();
        let config = blob(&stand_in, CONFIG, config_of(16).to_string());
        let layers: Vec<Value> = (0..16)
            .map(|number| {
                let digest = digest_of(format!("{number}").as_bytes());
                let answer = Answer::new(200).header("content-type", "application/octet-stream");
                let mut answer = answer.header("content-length", &(4 * MIB).to_string());
                answer.body = vec![Part::Repeat(vec![number; 64 << 10].into(), 64)];
                stand_in.lie(Route::Blob.containing(&digest), Lie::Answer(answer));
                json!({ "mediaType": LAYER, "digest": digest, "size": 4 * MIB })
            })
            .collect();
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers,
        });
        tagged(&stand_in, MANIFEST, manifest.to_string());
        Trial::of_image(stand_in)
    })
}

/// The entries of an index of 100 manifests of 160 KiB, each with 690 layers that no index of another number has.
fn entries_of_layers(stand_in: &StandIn, index: usize) -> Vec<Value> {
    let layer = |number: usize| {
        let digest = digest_of(format!("l{index}.{number}").as_bytes());
        json!({ "mediaType": LAYER, "digest": digest, "size": 9 })
    };
    let config = blob(stand_in, CONFIG, config_of(690).to_string());
    let entry = |number: usize| {
        let layers: Vec<Value> = (0..690).map(|place| layer(number * 690 + place)).collect();
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers,
        });
        child(stand_in, number, manifest.to_string())
    };
    (0..100).map(entry).collect()
}

/// `images` tags, each with an index at its bound.
pub(crate) fn indexes_at_once(images: usize) -> Trial {
    let stand_in = empty();
    let (repository, _) = repository();
    let mut lines = String::new();
    for number in 0..images {
        let entries = entries_of_layers(&stand_in, number);
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries });
        let tag = format!("t{number}");
        let content = Content::Raw(INDEX.to_owned(), index.to_string().into());
        stand_in.image(repository, &tag, content);
        let _ = writeln!(lines, "{}:{tag}", stand_in.reference(repository));
    }
    Trial::at(stand_in).arguments("- --deadline 20m").stdin(lines)
}

/// `images` tags, each with its own manifest of 4 MiB and config of 4 MiB.
pub(crate) fn at_once(images: usize, kind: &'static str) -> Trial {
    let stand_in = empty();
    let (repository, _) = repository();
    let mut lines = String::new();
    for number in 0..images {
        let text = format!(r#""comment":"{number}",{}"#, fields_of(kind));
        let config = blob(&stand_in, CONFIG, config(&text));
        let layer = blob(&stand_in, LAYER, "a layer");
        let head = format!(
            r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{config},"layers":[{layer}],"annotations":{{"n{number}":""#
        );
        let manifest = padded(&(head + "{}\"}}"), 4 * MIB);
        let content = Content::Raw(MANIFEST.to_owned(), manifest.into());
        let tag = format!("t{number}");
        stand_in.image(repository, &tag, content);
        let _ = writeln!(lines, "{}:{tag}", stand_in.reference(repository));
    }
    Trial::at(stand_in).argument("-").stdin(lines)
}

fn fields_of(kind: &str) -> String {
    match kind {
        "ports" => {
            let ports = ["tcp", "udp", "sctp"].map(|protocol| {
                let port = |n: usize| format!("\"{n}/{protocol}\":{{}}");
                (1..=65_535).map(port).collect::<Vec<_>>().join(",")
            });
            format!(r#""config":{{"ExposedPorts":{{{}}}}}"#, ports.join(","))
        }
        _ => labels(4 * MIB - 64),
    }
}

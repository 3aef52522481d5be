//! What the program says of the Rust crate `container-registry`, which takes no ranges, sends blobs without a length,
//! names no digest, asks each request for a password, and calls a missing tag `BLOB_UNKNOWN`.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use crate::push::{Pusher, push};
use crate::stand_in::{Kept, StandIn, buildkit_image};
use crate::support::{Gate, could_not_run};
use crate::world::{REPOSITORY, TAG, assert_failed, assert_verified};

const PASSWORD: &str = "correct-horse-battery-staple";

/// A running one, with a folder of its own.
struct Minimal {
    stand_in: StandIn,
    folder: TempDir,
    process: Child,
    host: String,
}

impl Minimal {
    /// `None`, said aloud, where it is not installed.
    fn start(test: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new("container-registry");
        command.args(["--bind", "127.0.0.1:0", "--password", PASSWORD, "--storage"]);
        command.arg(folder.path()).env("NO_COLOR", "1").env("RUST_LOG", "info");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let Ok(mut process) = command.spawn() else {
            let how = "`sh scripts/tool.sh container-registry 0.3.1 --features bin` builds it";
            could_not_run(test, &format!("`container-registry` is not in PATH; {how}"));
            return None;
        };
        let log = BufReader::new(process.stdout.take().expect("a pipe"));
        let (found, host) = mpsc::channel();
        // The log is read to its end, so that the registry never waits for room in the pipe.
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                let bound = line.split("addr=").nth(1);
                if let Some(host) = bound.and_then(|rest| rest.split_whitespace().next()) {
                    let _ = found.send(host.to_owned());
                }
            }
        });
        match host.recv_timeout(Duration::from_secs(600)) {
            Ok(host) => Some(Self { stand_in: StandIn::honest(), folder, process, host }),
            Err(_) => {
                let _ = process.kill();
                panic!("`container-registry` did not come to listen within ten minutes");
            }
        }
    }

    fn push(&self, image: &str) -> Vec<Kept> {
        let parts = buildkit_image(image);
        push(&Pusher::with_password(&self.host, PASSWORD), REPOSITORY, TAG, &parts);
        parts
    }

    /// A run with docker's login for this registry.
    fn gate(&self, tag: &str, password: &str) -> Gate<'_> {
        let auth = STANDARD.encode(format!("robot:{password}"));
        let config = format!(r#"{{"auths":{{"{}":{{"auth":"{auth}"}}}}}}"#, self.host);
        Gate::at(&self.stand_in)
            .without_env("DIGITALOCEAN_API_URL")
            .without_env("DIGITALOCEAN_REGISTRY_HOST")
            .without_env("DIGITALOCEAN_ACCESS_TOKEN")
            .file(".docker/config.json", config)
            .secret(password)
            .redact(&self.host, "[registry]")
            .args("--junit junit.xml --image-ref ref")
            .arg(format!("{}/{REPOSITORY}:{tag}", self.host))
    }

    /// The place of a blob in its storage.
    fn stored(&self, blob: &Kept) -> std::path::PathBuf {
        self.folder.path().join("blobs").join(blob.digest.trim_start_matches("sha256:"))
    }
}

impl Drop for Minimal {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The images without an index: it stores a manifest by tag only.
#[test]
fn an_image_in_a_registry_without_ranges_is_green() {
    let Some(registry) = Minimal::start("an_image_in_a_registry_without_ranges_is_green") else {
        return;
    };
    for image in ["no-attestation", "oci-media-types", "uncompressed"] {
        let parts = registry.push(image);
        assert_verified(&registry.gate(TAG, PASSWORD).run(), &parts.last().unwrap().digest);
    }
}

#[test]
fn a_tag_that_a_registry_denies_in_the_words_for_a_blob_is_red() {
    let name = "a_tag_that_a_registry_denies_in_the_words_for_a_blob_is_red";
    let Some(registry) = Minimal::start(name) else { return };
    registry.push("no-attestation");
    let run = registry.gate("never-pushed", PASSWORD).run();
    assert_eq!(run.code, Some(1), "{}", run.snapshot());
    let said = "has no tag `never-pushed` (404 `BLOB_UNKNOWN` `blob unknown to registry`)";
    assert!(run.stdout.contains(said), "{}", run.snapshot());
    assert!(run.stdout.contains("tag-missing"), "{}", run.snapshot());
}

#[test]
fn a_layer_that_a_registry_without_lengths_lost_or_cut_is_red() {
    let name = "a_layer_that_a_registry_without_lengths_lost_or_cut_is_red";
    let Some(registry) = Minimal::start(name) else { return };
    let parts = registry.push("uncompressed");
    let layer = parts.iter().find(|part| part.media_type.contains("tar")).expect("a layer");
    assert_verified(&registry.gate(TAG, PASSWORD).run(), &parts.last().unwrap().digest);
    for kept in [layer.bytes.len() - 1, 1, 0] {
        let stored = std::fs::OpenOptions::new().write(true).open(registry.stored(layer)).unwrap();
        stored.set_len(u64::try_from(kept).unwrap()).unwrap();
        assert_failed(&registry.gate(TAG, PASSWORD).run(), &["failure layers-present"]);
    }
    std::fs::remove_file(registry.stored(layer)).unwrap();
    let run = registry.gate(TAG, PASSWORD).run();
    assert_failed(&run, &["failure layers-present"]);
    assert!(run.stdout.contains("blob-missing"), "{}", run.snapshot());
}

#[test]
fn a_password_that_a_registry_does_not_take_is_undecided() {
    let name = "a_password_that_a_registry_does_not_take_is_undecided";
    let Some(registry) = Minimal::start(name) else { return };
    registry.push("no-attestation");
    let run = registry.gate(TAG, "another-password-altogether").run();
    assert_eq!(run.code, Some(4), "{}", run.snapshot());
}

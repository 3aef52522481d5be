//! Two hundred drawn images: each is a yes, and a no when one bit of one layer is another.

use super::*;

/// How many images. A run of the program asks for many of them at once.
const IMAGES: u64 = 200;
const A_RUN: usize = 50;

/// The layers of an image (type, packed, unpacked).
fn layers(drawn: &mut Drawn) -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let count = 1 + drawn.below(4);
    let is_docker = drawn.below(3) == 0;
    (0..count)
        .map(|_| {
            let length = 512 + drawn.below(30_000);
            let unpacked = drawn.archive(length);
            let (one, two) = unpacked.split_at(drawn.below(length));
            let (oci, packed) = match drawn.below(4) {
                0 => (OCI_PLAIN, unpacked.clone()),
                1 => (OCI_ZSTD, zstd(&unpacked)),
                2 => (OCI_GZIP, [gzip(one), gzip(two)].concat()),
                _ => (OCI_GZIP, gzip(&unpacked)),
            };
            let media_type = match oci {
                _ if !is_docker => oci,
                OCI_PLAIN => "application/vnd.docker.image.rootfs.diff.tar",
                _ => DOCKER_GZIP,
            };
            (media_type, packed, unpacked)
        })
        .collect()
}

/// Which of these tags are VERIFIED.
fn verdicts(stand_in: &StandIn, tags: &[String]) -> Vec<(String, String)> {
    let mut verdicts = Vec::new();
    for tags in tags.chunks(A_RUN) {
        let gate = tags
            .iter()
            .fold(Gate::at(stand_in), |gate, tag| gate.image(&format!("{REPOSITORY}:{tag}")));
        let run = gate.args("--content --format json").run();
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        for image in report["images"].as_array().unwrap() {
            let word = |key: &str| image[key].as_str().unwrap_or("-").to_owned();
            let tag = word("reference").rsplit(':').next().unwrap().to_owned();
            verdicts.push((tag, format!("{} {}", word("verdict"), word("reason"))));
        }
    }
    verdicts
}

#[test]
fn a_flipped_bit_anywhere_in_any_layer_is_a_no_and_none_of_the_originals_is() {
    let stand_in = StandIn::start(Options::default());
    let mut drawn = Drawn::from(42);
    let images: Vec<_> = (0..IMAGES)
        .map(|number| {
            let pushed = push(&stand_in, &format!("image-{number}"), &layers(&mut drawn));
            (format!("image-{number}"), pushed)
        })
        .collect();
    let tags: Vec<String> = images.iter().map(|(tag, _)| tag.clone()).collect();
    for (tag, verdict) in verdicts(&stand_in, &tags) {
        assert_eq!(verdict, "VERIFIED -", "{tag}");
    }
    for (_, pushed) in &images {
        let digest = &pushed.layers[drawn.below(pushed.layers.len())];
        let mut bytes = stand_in.blob(digest).to_vec();
        let place = drawn.below(bytes.len());
        bytes[place] ^= 1 << drawn.below(8);
        stand_in.replace_in_storage(digest, bytes);
    }
    for (tag, verdict) in verdicts(&stand_in, &tags) {
        assert_eq!(verdict, "FAILED layer-differs", "{tag}");
    }
}

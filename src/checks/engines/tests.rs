use std::collections::BTreeMap;

use crate::checks::layers_to_read;
use crate::checks::tests::sample::{Sample, digest};
use crate::engines::{Engine, Met, RULES, Refusal};
use crate::observation::{Fact, LayerContent, Unavailable, Unpacked};
use crate::oci::{NotAnImage, Platform};
use crate::report::{CheckId, EngineAnswer, Reason};

use super::answers;

/// An image that meets this row.
fn meets(sample: &mut Sample, image: usize, id: &str) {
    let rule = RULES.iter().find(|rule| rule.id == id).unwrap();
    let what = format!("its part is odd\u{202e} ({id})");
    sample.observation.images[image].refusals.push(Refusal { rule, what });
}

fn said(sample: &Sample) -> String {
    let line = |answer: EngineAnswer| {
        let EngineAnswer { engine, answer, wanted, why } = answer;
        let wanted = if wanted { ", wanted" } else { "" };
        let why = why.map_or_else(String::new, |why| format!(": {why}"));
        format!("\n{engine} {}{wanted}{why}", answer.as_str())
    };
    let answers = answers(&sample.request, &sample.observation);
    sample.said(CheckId::Engines) + &answers.into_iter().map(line).collect::<String>()
}

#[test]
fn an_image_that_meets_no_row_is_pulled_by_all() {
    insta::assert_snapshot!(said(&Sample::single()), @"
    passed: docker and containerd pull it: no rule of the measured table says otherwise
    docker pulls, wanted
    containerd pulls, wanted
    podman pulls
    ");
}

#[test]
fn an_engine_refuses_what_one_of_its_versions_refuses() {
    let mut sample = Sample::single();
    meets(&mut sample, 0, "layer-zstd-of-docker");
    meets(&mut sample, 0, "layer-in-docker-manifest");
    insta::assert_snapshot!(said(&sample), @r#"
    failed engine-refuses: containerd 1.7 refuses it: its part is odd\u{202e} (layer-zstd-of-docker) ("mismatched image rootfs and manifest layers")
    hint: Build with `docker buildx build --output type=image,push=true,oci-mediatypes=true`, so that manifest and layers have OCI's media types.
    hint: If that engine never pulls this image, name those that do with `--engine`, or as `engines` of the service in the config.
    docker pulls, wanted
    containerd refuses, wanted: containerd 1.7 refuses it: its part is odd\u{202e} (layer-zstd-of-docker) ("mismatched image rootfs and manifest layers")
    podman refuses: podman 5 refuses it: its part is odd\u{202e} (layer-in-docker-manifest) ("unsupported docker v2s2 media type")
    "#);
}

#[test]
fn an_engine_that_is_not_wanted_and_refuses_is_a_note() {
    let mut sample = Sample::single();
    meets(&mut sample, 0, "layer-zstd-of-docker");
    sample.expectation().engines = vec![Engine::Docker];
    insta::assert_snapshot!(said(&sample), @r#"
    passed: docker pulls it: no rule of the measured table says otherwise
    note: containerd 1.7 refuses it: its part is odd\u{202e} (layer-zstd-of-docker) ("mismatched image rootfs and manifest layers")
    docker pulls, wanted
    containerd refuses: containerd 1.7 refuses it: its part is odd\u{202e} (layer-zstd-of-docker) ("mismatched image rootfs and manifest layers")
    podman pulls
    "#);
}

#[test]
fn a_platform_that_is_refused_is_named_where_there_are_several() {
    let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
    meets(&mut sample, 1, "config-field-of-docker");
    insta::assert_snapshot!(said(&sample), @r#"
    failed engine-refuses: docker 28 with its graph driver refuses it: of `linux/arm64`, its part is odd\u{202e} (config-field-of-docker) ("cannot unmarshal … into Go struct field")
    hint: Correct the field in what writes the image config; `docker buildx build` writes it in the right type.
    hint: If that engine never pulls this image, name those that do with `--engine`, or as `engines` of the service in the config.
    docker refuses, wanted: docker 28 with its graph driver refuses it: of `linux/arm64`, its part is odd\u{202e} (config-field-of-docker) ("cannot unmarshal … into Go struct field")
    containerd pulls, wanted
    podman pulls
    "#);
}

#[test]
fn an_entry_that_an_engine_does_not_take_is_not_held_against_it() {
    let mut sample = Sample::index(&["linux/amd64", "linux/amd64"]);
    sample.observation.images[0].listing.features = vec!["nydus".into()];
    // Only containerd 1.7 and podman take the first entry.
    meets(&mut sample, 0, "config-field-of-docker");
    insta::assert_snapshot!(said(&sample), @"
    passed: docker and containerd pull it: no rule of the measured table says otherwise
    docker pulls, wanted
    containerd pulls, wanted
    podman pulls
    ");
    meets(&mut sample, 0, "layer-zstd-of-docker");
    insta::assert_snapshot!(sample.said(CheckId::Engines).lines().next().unwrap(), @r#"failed engine-refuses: containerd 1.7 refuses it: of `linux/amd64`, its part is odd\u{202e} (layer-zstd-of-docker) ("mismatched image rootfs and manifest layers")"#);
}

#[test]
fn an_engine_is_left_out_for_a_system_that_it_does_not_run() {
    let windows = |engines: &[Engine]| {
        let mut sample = Sample::index(&["linux/amd64", "windows/amd64"]);
        sample.expectation().engines = engines.to_vec();
        sample
    };
    insta::assert_snapshot!(said(&windows(&[Engine::Podman])), @"
    passed: podman pulls it: no rule of the measured table says otherwise
    note: podman starts no image of `windows/amd64`, so it was left out for it
    docker pulls
    containerd pulls
    podman pulls, wanted
    ");
    let mut only = windows(&[Engine::Podman]);
    only.expectation().platforms = vec!["windows/amd64".parse::<Platform>().unwrap()];
    insta::assert_snapshot!(said(&only), @"
    failed engine-refuses: no wanted engine (podman) starts an image of `windows/amd64`
    hint: If that engine never pulls this image, name those that do with `--engine`, or as `engines` of the service in the config.
    docker pulls
    containerd pulls
    podman unknown, wanted: podman starts no images of this system
    ");
}

#[test]
fn what_is_not_known_is_undecided_and_a_proven_no_stands() {
    let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
    sample.observation.images[1].config =
        Fact::Unknown(Unavailable::new(Reason::ServerError, "503"));
    insta::assert_snapshot!(said(&sample), @"
    errored server-error: 503
    hint: Try again later; look at the provider's status page.
    docker unknown, wanted: 503
    containerd unknown, wanted: 503
    podman unknown: 503
    ");
    meets(&mut sample, 0, "layer-without-type");
    insta::assert_snapshot!(sample.said(CheckId::Engines).lines().next().unwrap(), @r#"failed engine-refuses: docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: of `linux/amd64`, its part is odd\u{202e} (layer-without-type) ("mismatched image rootfs and manifest layers")"#);
}

#[test]
fn layers_that_were_read_are_judged_by_what_is_in_them() {
    let met = |id: &str, what: &str| {
        let rule = RULES.iter().find(|rule| rule.id == id).unwrap();
        Refusal { rule, what: what.into() }
    };
    let read = |sample: &mut Sample, first: &str, met: Met| {
        sample.expectation().content = true;
        let layers = layers_to_read(&sample.request, &sample.observation);
        let unpacked = |name: &str| Ok(Unpacked { size: 1, digest: digest(name) });
        let [one, two] = [first, "unpacked 2"].map(unpacked);
        let contents = [(one, Met::default()), (two, met)];
        let contents = contents.map(|(unpacked, met)| LayerContent { size: 1, unpacked, met });
        let digests = layers.into_iter().map(|layer| layer.descriptor.digest);
        sample.observation.content =
            Some(digests.zip(contents.map(Fact::Present)).collect::<BTreeMap<_, _>>());
    };
    let odd = || Met {
        anywhere: vec![met("layer-duplicate", "has one path twice: `a\u{202e}`")],
        as_first: vec![met("layer-link-to-whiteout", "has a hard link to what is gone")],
        above: Vec::new(),
    };
    let mut sample = Sample::single();
    read(&mut sample, "unpacked 1", odd());
    insta::assert_snapshot!(said(&sample), @r#"
    failed engine-refuses: docker 28 with its graph driver refuses it: layer 2 of 2 has one path twice: `a\u{202e}` ("duplicates of file paths not supported")
    hint: Let the builder write the layer: `docker buildx build` packs each path once, below the root, and links behind what they lead to. What assembles archives itself must not append to them.
    hint: If that engine never pulls this image, name those that do with `--engine`, or as `engines` of the service in the config.
    docker refuses, wanted: docker 28 with its graph driver refuses it: layer 2 of 2 has one path twice: `a\u{202e}` ("duplicates of file paths not supported")
    containerd pulls, wanted
    podman refuses: podman 5 refuses it: layer 2 of 2 has one path twice: `a\u{202e}` ("duplicates of file paths not supported")
    "#);
    // The row is about Linux.
    sample.config(0).platform = "windows/amd64".parse().unwrap();
    assert!(sample.said(CheckId::Engines).starts_with("passed"));
    let mut sample = Sample::single();
    read(&mut sample, "something else", Met::default());
    insta::assert_snapshot!(said(&sample), @r#"
    failed engine-refuses: docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: layer 1 of 2 unpacks to `sha256:f41f3fa625ff120ddca7ef456bf66371ecea23c129f4e4c32367101edb516cf8` ("wrong diff id calculated on extraction")
    hint: Build without cache and push the image again: layer and config are from different builds, or the layer was cut or changed before it was pushed.
    hint: If that engine never pulls this image, name those that do with `--engine`, or as `engines` of the service in the config.
    docker refuses, wanted: docker 28 with its graph driver and docker 28 and newer with its containerd store refuse it: layer 1 of 2 unpacks to `sha256:f41f3fa625ff120ddca7ef456bf66371ecea23c129f4e4c32367101edb516cf8` ("wrong diff id calculated on extraction")
    containerd refuses, wanted: containerd 1.7 and containerd 2.x refuse it: layer 1 of 2 unpacks to `sha256:f41f3fa625ff120ddca7ef456bf66371ecea23c129f4e4c32367101edb516cf8` ("wrong diff id calculated on extraction")
    podman refuses: podman 5 refuses it: layer 1 of 2 unpacks to `sha256:f41f3fa625ff120ddca7ef456bf66371ecea23c129f4e4c32367101edb516cf8` ("wrong diff id calculated on extraction")
    "#);
    let why = Unavailable::new(Reason::UnexpectedAnswer, "packed with xz");
    let refusals = [met("layer-packed-otherwise", "is packed with xz")].into();
    let content = sample.observation.content.as_mut().unwrap();
    content.insert(digest("shared layer"), Fact::Unknown(Unavailable { refusals, ..why }));
    insta::assert_snapshot!(said(&sample), @r#"
    failed engine-refuses: docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: layer 1 of 2 is packed with xz ("unexpected EOF, or archive/tar: invalid tar header")
    hint: Build the image with layers in gzip or zstd, which every engine unpacks.
    hint: If that engine never pulls this image, name those that do with `--engine`, or as `engines` of the service in the config.
    docker refuses, wanted: docker 28 and newer with its containerd store refuses it: layer 1 of 2 is packed with xz ("unexpected EOF, or archive/tar: invalid tar header")
    containerd refuses, wanted: containerd 1.7 and containerd 2.x refuse it: layer 1 of 2 is packed with xz ("unexpected EOF, or archive/tar: invalid tar header")
    podman unknown: not all of the image is there to look at
    "#);
}

#[test]
fn what_is_no_image_is_not_judged() {
    let mut sample = Sample::single();
    sample.observation.images[0].config = Fact::Present(Err(NotAnImage::NoPlatform("/".into())));
    insta::assert_snapshot!(said(&sample), @"
    skipped: not all of it is there to look at: the image
    docker unknown, wanted: not all of the image is there to look at
    containerd unknown, wanted: not all of the image is there to look at
    podman unknown: not all of the image is there to look at
    ");
}

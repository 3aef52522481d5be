//! Texts of others that would move a cursor, turn a line around, break a document, or fill a page.

use serde_json::json;

use super::{REPOSITORY, TAG, gate, with, with_image};
use crate::faults::{IMAGE, logged_in};
use crate::stand_in::{Answer, Auth, Content, Image, Index, Lie, Options, Route, StandIn};
use crate::support::{Gate, Run};

/// An escape sequence, a title, a bell, a carriage return, a line of one's own, bidirectional and
/// invisible characters, what XML forbids, and a command of CircleCI's log.
const HOSTILE: &str = "\u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7}\r\nVERIFIED (GREEN)\u{0}\u{202e}desrever\u{2066}\u{200b}\u{fffe}\u{ffff}\u{9b}2J<b>&\"']]>";

/// Nothing in `text` but line feeds and what can be seen; and none of it was meant for a terminal.
#[track_caller]
fn assert_plain(place: &str, text: &str) {
    let odd = |character: char| {
        (character.is_control() && character != '\n')
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            || matches!(character, '\u{fffe}' | '\u{ffff}' | '\u{feff}')
    };
    let found: Vec<_> = text.chars().filter(|character| odd(*character)).collect();
    assert!(found.is_empty(), "{place}: {found:?} in {text}");
}

/// Every output is plain, the JUnit file is a document, and so is JSON.
#[track_caller]
fn assert_outputs_plain(run: &Run<'_>) {
    assert_plain("standard output", &run.stdout);
    assert_plain("standard error", &run.stderr);
    for (path, content) in &run.files {
        assert_plain(path, content.as_deref().unwrap_or_default());
    }
    let junit = roxmltree::Document::parse(run.file("junit.xml")).unwrap();
    for node in junit.descendants() {
        assert_plain("junit.xml, read", node.text().unwrap_or_default().trim());
        for attribute in node.attributes() {
            assert_plain("an attribute of junit.xml", &attribute.value().replace('\n', " "));
        }
    }
    if let Some(Some(record)) = run.files.get("record.json") {
        let record: serde_json::Value = serde_json::from_str(record).unwrap();
        assert_plain("record.json, read", &record.to_string());
    }
}

fn every_output(stand_in: &StandIn) -> Gate<'_> {
    gate(stand_in).args("--junit junit.xml --failure-reason-file reason")
}

/// A run with every output and `-vv` beside the one in the snapshot: the order of its lines differs from
/// run to run.
#[track_caller]
fn snapshot(stand_in: &StandIn) -> String {
    assert_outputs_plain(&every_output(stand_in).args("-vv").run());
    gate(stand_in).args("--failure-reason-file reason").snapshot()
}

/// An image whose every text is hostile.
fn hostile_image() -> Image {
    Image::node_on_alpine()
        .revision(HOSTILE)
        .label(HOSTILE, HOSTILE)
        .env(HOSTILE, HOSTILE)
        .ports(&[HOSTILE])
        .config_field("author", json!(HOSTILE))
        .manifest_field("annotations", json!({ HOSTILE: HOSTILE }))
}

#[test]
fn what_cannot_be_seen_of_a_label_is_shown_escaped() {
    let (stand_in, _) = with(hostile_image());
    insta::assert_snapshot!(snapshot(&stand_in), @r"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --failure-reason-file reason
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      revision-expected failed: the image says that it was built from `\u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7}  VERIFIED (GREEN)\u{0}\u{202e}desrever\u{2066}\u{200b}\u{fffe}\u{ffff}\u{9b}2J…`, not from `1111111111111111111111111111111111111111`
        expected   1111111111111111111111111111111111111111
        observed   \u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7}  VERIFIED (GREEN)\u{0}\u{202e}desrever\u{2066}\u{200b}\u{fffe}\u{ffff}\u{9b}2J…
        reason     revision-differs
        next       Did this commit's push job run before this one?
                   If it did, the label may be the base image's, whose labels are inherited. Set it in the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`

      digest     sha256:3ac1425947f7[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.7 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes \u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7}  VERIFIED (GREEN)\u{0}\u{202e}desrever\u{2066}\u{200b}\u{fffe}\u{ffff}\u{9b}2J…
      commit     \u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7}  VERIFIED (GREEN)\u{0}\u{202e}desrever\u{2066}\u{200b}\u{fffe}\u{ffff}\u{9b}2J…
      service    support-email
    ----- stderr
    ----- reason
    FAILURE_REASON='FAILED [registry]/keepkey/support-email:latest-dev: revision-differs: the image says that it was built from u1b31mredu1b0mu1b0titleu7  VERIFIED (GREEN)u0u202edesreveru2066u200bufffeuffffu9b2J, not from 1111111111111111111111111111111111111111 (revision-expected)'
    ");
    let run = every_output(&stand_in).run();
    assert_outputs_plain(&run);
    let junit = roxmltree::Document::parse(run.file("junit.xml")).unwrap();
    let failure = junit.descendants().find(|node| node.has_tag_name("failure")).unwrap();
    insta::assert_snapshot!(failure.text().unwrap().replace(&stand_in.reference(""), ""), @r"
    keepkey/support-email:latest-dev
    the image says that it was built from `\u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7}  VERIFIED (GREEN)\u{0}\u{202e}desrever\u{2066}\u{200b}\u{fffe}\u{ffff}\u{9b}2J…`, not from `1111111111111111111111111111111111111111`
    expected: 1111111111111111111111111111111111111111
    observed: \u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7}  VERIFIED (GREEN)\u{0}\u{202e}desrever\u{2066}\u{200b}\u{fffe}\u{ffff}\u{9b}2J…
    reason: revision-differs: The image says that it was built from another commit: the tag was not moved, or the label is its base image's.
    next: Did this commit's push job run before this one?
    If it did, the label may be the base image's, whose labels are inherited. Set it in the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
    ");
}

#[test]
fn an_error_that_holds_control_characters_is_shown_without_them() {
    let (stand_in, _) = with_image();
    let answer = Answer::oci_error(404, "MANIFEST_UNKNOWN", HOSTILE, &json!({ HOSTILE: HOSTILE }))
        .header("warning", "299 - \"\u{202e}desrever\u{200b}\"");
    stand_in.lie(Route::ManifestByTag, Lie::Answer(answer));
    let tags = json!({ "tags": [{ "tag": HOSTILE }, { "tag": format!("latest-{HOSTILE}") }] });
    stand_in.lie(Route::ApiTags, Lie::Answer(Answer::json(200, &tags)));
    let registries = json!({ "registries": [{ "name": HOSTILE }, { "name": "keepkey" }] });
    stand_in.lie(Route::ApiRegistries, Lie::Answer(Answer::json(200, &registries)));
    let collection = json!({ "garbage_collection": { "status": HOSTILE } });
    stand_in.lie(Route::ApiGc, Lie::Answer(Answer::json(200, &collection)));
    insta::assert_snapshot!(snapshot(&stand_in), @r#"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --failure-reason-file reason
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `[31mred[0m]0;title  VERIFIED (GREEN)desrever2J<b>&"']]>`)
        reason     tag-missing
        next       Is one of these meant? `[31mred[0m]0;title  VERIFIED (GREEN)desrever2J<b>&"']]>`, `latest-[31mred[0m]0;title  VERIFIED (GREEN)desrever2J<b>&"']]>`
                   A garbage collection is under way (`[31mred[0m]0;title  VERIFIED (GREEN)desrever2J<b>&"']]>`): pushes fail until it ends, pulls work.
                   1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.
      skipped    revision-expected: there is no manifest to look at

      service    support-email
    ----- stderr
    ----- reason
    FAILURE_REASON='FAILED [registry]/keepkey/support-email:latest-dev: tag-missing: [registry]/keepkey/support-email has no tag latest-dev (404 MANIFEST_UNKNOWN 31mred0m0title  VERIFIED (GREEN)desrever2Jb'\'') (tag-exists)'
    "#);
}

#[test]
fn a_page_that_holds_control_characters_is_shown_without_them() {
    let (stand_in, _) = with_image();
    let answer = Answer::new(404).header("content-type", "text/\u{202e}html").bytes(HOSTILE);
    stand_in.lie(Route::ManifestByTag, Lie::Answer(answer));
    insta::assert_snapshot!(snapshot(&stand_in), @r#"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --failure-reason-file reason
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: `[registry]` answered 404 (no content type): `[31mred[0m]0;title  VERIFIED (GREEN)desrever2J<b>&"']]>`
        reason     not-found-bare
        next       Try again; if it persists, check by other means whether the image is there, and report the answer that the message shows.

      service    support-email
    ----- stderr
    ----- reason
    FAILURE_REASON='UNDECIDED [registry]/keepkey/support-email:latest-dev: not-found-bare: the manifest of latest-dev: [registry] answered 404 (no content type): 31mred0m0title  VERIFIED (GREEN)desrever2Jb'\'' (repository-exists)'
    "#);
}

#[test]
fn characters_that_xml_forbids_do_not_break_the_junit_file() {
    let (stand_in, _) = with(Image::node_on_alpine().revision("\u{fffe}abc\u{ffff}\u{1}]]>&<"));
    let gate = || Gate::at(&stand_in).image(IMAGE);
    insta::assert_snapshot!(gate().snapshot(), @r"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:09a7bebbb736[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      commit     \u{fffe}abc\u{ffff}\u{1}]]>&<
      service    support-email

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    ");
    assert_outputs_plain(&gate().args("--junit junit.xml --record record.json").run());
    // And where the label stands in the JUnit file itself.
    let junit = every_output(&stand_in).run().file("junit.xml").to_owned();
    let junit = roxmltree::Document::parse(&junit).unwrap();
    let failure = junit.descendants().find(|node| node.has_tag_name("failure")).unwrap();
    let message = failure.attribute("message").unwrap();
    assert!(
        message.contains(r"was built from `\u{fffe}abc\u{ffff}\u{1}]]>&<`, not from"),
        "{message}"
    );
}

#[test]
fn no_cut_through_a_token_that_a_registry_sends_back_leaves_a_part_of_it() {
    const OCI_IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
    for before in (20..160).step_by(4) {
        let stand_in = StandIn::honest();
        let token = stand_in.token().to_owned();
        let echo = format!("{}{token}{}", "x".repeat(before), "y".repeat(9000));
        let image = Image::node_on_alpine();
        let honest = String::from_utf8(image.manifest().to_vec()).unwrap();
        let amd64 = json!({ "os": "linux", "architecture": "amd64" });
        let listed = json!({ "mediaType": echo, "platform": amd64 });
        let listed = Index::new().entry(image.clone(), listed);
        let manifests = [
            (OCI_IMAGE, honest.replace(OCI_IMAGE, &echo)),
            (OCI_IMAGE, honest.replace("application/vnd.oci.image.config.v1+json", &echo)),
            (OCI_IMAGE, honest.replace("application/vnd.oci.image.layer.v1.tar+gzip", &echo)),
            (OCI_IMAGE, honest.replacen("sha256:", &echo, 1)),
        ];
        let raw =
            |(media_type, body): (&str, String)| Content::Raw(media_type.to_owned(), body.into());
        let nowhere =
            image.config_field("os", json!("unknown")).config_field("architecture", json!(echo));
        let contents = manifests.map(raw).into_iter().chain([nowhere.into(), listed.into()]);
        for (number, content) in contents.enumerate() {
            stand_in.image(REPOSITORY, TAG, content);
            let run = every_output(&stand_in).args("-vv").run();
            // That no part of the token is in an output, every run looks for.
            assert!(run.stdout.len() < 20_000, "{number}: {} bytes", run.stdout.len());
        }
    }
}

#[test]
fn no_cut_through_a_password_that_is_a_platform_leaves_a_part_of_it() {
    let password = "0123456789abcdef".repeat(4);
    let options = Options { auth: Auth::OwnHost, token: password.clone(), ..Options::default() };
    let stand_in = StandIn::start(options);
    let image = Image::node_on_alpine();
    let without_platform = || json!({ "platform": null });
    let of_variant = image.clone().config_field("variant", json!(password));
    let of_machine = image.clone().config_field("architecture", json!(password));
    let own = json!({ "architecture": password, "os": "linux" });
    let listed = |platforms: &[serde_json::Value]| {
        let add = |index: Index, platform: &serde_json::Value| {
            index.entry(image.clone(), json!({ "platform": platform }))
        };
        platforms.iter().fold(Index::new(), add)
    };
    let odd = [
        json!({ "architecture": password, "os": "linux" }),
        json!({ "architecture": "amd64", "os": password }),
        json!({ "architecture": "amd64", "os": "linux", "variant": password }),
        json!({ "architecture": "arm64", "os": "linux", "variant": password }),
        json!({ "architecture": "arm", "os": "linux", "variant": password }),
    ];
    let each = odd.iter().map(|platform| listed(std::slice::from_ref(platform)).into());
    let contents: [Content; 4] = [
        listed(&odd).into(),
        Index::new().entry(of_variant, without_platform()).into(),
        Index::new().entry(of_machine, without_platform()).into(),
        image.clone().last_layer_field("platform", own).into(),
    ];
    for content in contents.into_iter().chain(each) {
        stand_in.image(REPOSITORY, TAG, content);
        for format in ["json", "human"] {
            let gate =
                logged_in(&stand_in, &password).image(IMAGE).args("--platform linux/amd64 -vv");
            // That no part of the password is in an output, every run looks for.
            let run = gate.args(&format!("--format {format}")).run();
            assert_ne!(run.code, Some(0), "{}", run.stdout);
        }
    }
}

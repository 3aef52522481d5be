//! The commit, from `BuildKit`'s provenance: beside the image in its index, or in a manifest that refers to it.

use serde_json::{Value, json};

use crate::stand_in::{Answer, Content, Image, Index, Lie, Pushed, Route, StandIn, attestation_of};
use crate::support::Gate;

const REPOSITORY: &str = "keepkey/support-email";
const TAG: &str = "latest-dev";
const WANTED: &str = "1111111111111111111111111111111111111111";
const OTHER: &str = "2222222222222222222222222222222222222222";
const SOURCE: &str = "https://github.com/keepkey/support-email";

const FIRST: &str = "https://slsa.dev/provenance/v0.2";
const SECOND: &str = "https://slsa.dev/provenance/v1";
const SPDX: &str = "https://spdx.dev/Document";

/// What `BuildKit` writes of a build of a checkout.
fn of_checkout(commit: &str, source: &str) -> Value {
    json!({ "metadata": { "https://mobyproject.org/buildkit@v1#metadata": {
        "vcs": { "source": source, "revision": commit, "localdir:context": "." },
    } } })
}

fn of_checkout_v1(commit: &str) -> Value {
    json!({ "runDetails": { "metadata": { "buildkit_metadata": {
        "vcs": { "source": SOURCE, "revision": commit },
    } } } })
}

/// What it writes of a build of a git address.
fn of_address(commit: &str) -> Value {
    json!({ "invocation": { "configSource": {
        "uri": format!("{SOURCE}.git#main"), "digest": { "sha1": commit },
    } } })
}

fn unlabelled() -> Image {
    Image::node_on_alpine()
}

fn index(image: Image, statements: &[(&str, Value)]) -> Index {
    Index::new().image(image.platform("linux/amd64")).attested(0, statements)
}

fn world(index: Index) -> (StandIn, Pushed) {
    let stand_in = StandIn::honest();
    let pushed = stand_in.image(REPOSITORY, TAG, index);
    (stand_in, pushed)
}

fn gate(stand_in: &StandIn) -> Gate<'_> {
    Gate::at(stand_in)
        .image(&format!("{REPOSITORY}:{TAG}"))
        .arg(format!("--expect-revision={WANTED}"))
}

/// The exit code, what `revision-expected` says, and the commit that is shown.
fn judged(name: &str, index: Index) -> String {
    let (stand_in, _) = world(index);
    told(name, gate(&stand_in))
}

fn told(name: &str, gate: Gate<'_>) -> String {
    let run = gate.args("--format json").run();
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let image = &report["images"][0];
    let checks = image["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["id"] == "revision-expected").unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let mut lines = vec![
        format!("{name}: {} {}", run.code.unwrap(), text(&check["status"])),
        format!("  {}", text(&check["message"])),
    ];
    if let Some(note) = check["note"].as_str() {
        lines.push(format!("  note: {note}"));
    }
    if let Some(hint) = check["hint"].as_str() {
        lines.push(format!("  hint: {}", hint.lines().next().unwrap()));
    }
    if !image["revision"].is_null() {
        let (commit, from) = (&image["revision"]["commit"], &image["revision"]["from"]);
        lines.push(format!("  {} from {}", &text(commit)[..7], text(from)));
    }
    let notes = image["notes"].as_array().unwrap().iter().filter_map(Value::as_str);
    lines.extend(
        notes.filter(|note| note.contains("attested")).map(|note| format!("  beside: {note}")),
    );
    without_port(&lines.join("\n")) + "\n"
}

/// A text without the port that the stand-in happens to have.
fn without_port(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| {
        plain + "[registry]" + part.trim_start_matches(|digit: char| digit.is_ascii_digit())
    })
}

/// An index whose attestation is about another manifest than the one that it is listed for.
fn of_another_image() -> Index {
    let image = unlabelled().platform("linux/amd64");
    let extra = |subject: &str| {
        json!({
            "platform": { "architecture": "unknown", "os": "unknown" },
            "annotations": {
                "vnd.docker.reference.digest": subject,
                "vnd.docker.reference.type": "attestation-manifest",
            },
        })
    };
    let named = StandIn::honest().untagged(REPOSITORY, image.clone()).digest;
    let another = format!("sha256:{}", "ab".repeat(32));
    let statements = [(FIRST, of_checkout(WANTED, SOURCE))];
    Index::new().image(image).entry(attestation_of(&another, &statements), extra(&named))
}

#[test]
fn the_provenance_of_an_image_without_a_label_names_its_commit() {
    let rows = [
        judged("v0.2", index(unlabelled(), &[(FIRST, of_checkout(WANTED, SOURCE))])),
        judged("v1", index(unlabelled(), &[(SECOND, of_checkout_v1(WANTED))])),
        judged("a git address", index(unlabelled(), &[(FIRST, of_address(WANTED))])),
        judged(
            "behind an SBOM",
            index(unlabelled(), &[(SPDX, json!({})), (SECOND, of_checkout_v1(WANTED))]),
        ),
        judged("another commit", index(unlabelled(), &[(FIRST, of_checkout(OTHER, SOURCE))])),
        judged(
            "changed files",
            index(unlabelled(), &[(FIRST, of_checkout(&format!("{WANTED}-dirty"), SOURCE))]),
        ),
        judged("no commit", index(unlabelled(), &[(FIRST, json!({}))])),
        judged("an SBOM alone", index(unlabelled(), &[(SPDX, json!({}))])),
        judged("of another image", of_another_image()),
    ];
    insta::assert_snapshot!(rows.concat(), @"
    v0.2: 0 passed
      its provenance says that it was built from `1111111111111111111111111111111111111111`
      1111111 from provenance
    v1: 0 passed
      its provenance says that it was built from `1111111111111111111111111111111111111111`
      1111111 from provenance
    a git address: 0 passed
      its provenance says that it was built from `1111111111111111111111111111111111111111`
      1111111 from provenance
    behind an SBOM: 0 passed
      its provenance says that it was built from `1111111111111111111111111111111111111111`
      1111111 from provenance
    another commit: 1 failed
      the provenance of the image says that it was built from `2222222222222222222222222222222222222222`, not from `1111111111111111111111111111111111111111`
      hint: Did this commit's push job run before this one?
      2222222 from provenance
    changed files: 1 failed
      the provenance of the image says that it was built from `1111111111111111111111111111111111111111-dirty`, not from `1111111111111111111111111111111111111111`
      hint: Files were changed before the build and not committed: build from a clean checkout, or say which commit it is with `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
      1111111 from provenance
    no commit: 1 failed
      there is no label `org.opencontainers.image.revision` on the image, and it is required
      hint: Add to the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
    an SBOM alone: 1 failed
      there is no label `org.opencontainers.image.revision` on the image, and it is required
      hint: Add to the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
    of another image: 1 failed
      there is no label `org.opencontainers.image.revision` on the image, and it is required
      hint: Add to the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
    ");
}

#[test]
fn beside_a_label_the_provenance_contradicts_only_for_the_same_repository() {
    let labelled = |source: &str| {
        unlabelled().revision(WANTED).label("org.opencontainers.image.source", source)
    };
    let other = |source: &str| vec![(FIRST, of_checkout(OTHER, source))];
    let rows = [
        judged("the same", index(labelled(SOURCE), &[(FIRST, of_checkout(WANTED, SOURCE))])),
        judged("another", index(labelled(SOURCE), &other(SOURCE))),
        judged(
            "another, by ssh",
            index(labelled(SOURCE), &other("git@github.com:keepkey/support-email.git")),
        ),
        judged(
            "another, with a user",
            index(labelled(SOURCE), &other("https://x:hidden@github.com/keepkey/support-email")),
        ),
        judged(
            "of another repository",
            index(labelled(SOURCE), &other("https://github.com/keepkey/base")),
        ),
        judged("no source", index(unlabelled().revision(WANTED), &other(SOURCE))),
        judged(
            "changed files",
            index(labelled(SOURCE), &[(FIRST, of_checkout(&format!("{WANTED}-dirty"), SOURCE))]),
        ),
    ];
    assert!(!rows.concat().contains("hidden"));
    insta::assert_snapshot!(rows.concat(), @"
    the same: 0 passed
      it says that it was built from `1111111111111111111111111111111111111111`, and so does its provenance
      1111111 from label
    another: 1 failed
      the image is labelled `1111111111111111111111111111111111111111`, and its provenance says `2222222222222222222222222222222222222222` of the same repository
      hint: The label was set to another commit than the one that was checked out for the build: build that commit itself, and set the label from it.
      1111111 from label
    another, by ssh: 1 failed
      the image is labelled `1111111111111111111111111111111111111111`, and its provenance says `2222222222222222222222222222222222222222` of the same repository
      hint: The label was set to another commit than the one that was checked out for the build: build that commit itself, and set the label from it.
      1111111 from label
    another, with a user: 1 failed
      the image is labelled `1111111111111111111111111111111111111111`, and its provenance says `2222222222222222222222222222222222222222` of the same repository
      hint: The label was set to another commit than the one that was checked out for the build: build that commit itself, and set the label from it.
      1111111 from label
    of another repository: 0 passed
      it says that it was built from `1111111111111111111111111111111111111111`
      note: the provenance of the image names another commit, `2222222222222222222222222222222222222222`, of another repository
      1111111 from label
    no source: 0 passed
      it says that it was built from `1111111111111111111111111111111111111111`
      note: the provenance of the image names another commit, `2222222222222222222222222222222222222222`, and nothing says whether it is of the same repository, because the image has no label `org.opencontainers.image.source`
      1111111 from label
    changed files: 0 passed
      it says that it was built from `1111111111111111111111111111111111111111`, and so does its provenance
      note: the provenance of the image says that files were changed and not committed (`1111111111111111111111111111111111111111-dirty`)
      1111111 from label
    ");
}

#[test]
fn each_platform_is_proven_by_its_own_provenance() {
    let platforms = || {
        Index::new()
            .image(unlabelled().platform("linux/amd64"))
            .image(unlabelled().revision(WANTED).platform("linux/arm64"))
    };
    let commit = |commit: &str| [(FIRST, of_checkout(commit, SOURCE))];
    let rows = [
        judged("a label, a provenance", platforms().attested(0, &commit(WANTED))),
        judged("a label, a silent one", platforms().attested(1, &commit(WANTED))),
        judged("a label, another commit", platforms().attested(0, &commit(OTHER))),
    ];
    insta::assert_snapshot!(rows.concat(), @"
    a label, a provenance: 0 passed
      it says that it was built from `1111111111111111111111111111111111111111`: some platforms by their provenance alone
      1111111 from label
    a label, a silent one: 1 failed
      there is no label `org.opencontainers.image.revision` on `linux/amd64`, and it is required
      hint: Add to the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
    a label, another commit: 1 failed
      the provenance of `linux/amd64` says that it was built from `2222222222222222222222222222222222222222`, not from `1111111111111111111111111111111111111111`
      hint: Did this commit's push job run before this one?
    ");
}

#[test]
fn a_provenance_that_cannot_be_read_is_no_answer_and_one_that_is_gone_is_none() {
    let lost = |lie: Lie, is_required: bool| {
        let (stand_in, _) = world(index(unlabelled(), &[(FIRST, of_checkout(WANTED, SOURCE))]));
        let statement = stand_in_statement(&stand_in);
        stand_in.lie(Route::Blob.containing(&statement), lie);
        let gate = Gate::at(&stand_in).image(&format!("{REPOSITORY}:{TAG}"));
        if is_required {
            told("required", gate.arg(format!("--expect-revision={WANTED}")))
        } else {
            told(
                "when-labelled",
                gate.args("--expect-revision=when-labelled").env("CIRCLE_SHA1", WANTED),
            )
        }
    };
    let unreachable = || Lie::status(503);
    let gone = || Lie::oci_error(404, "BLOB_UNKNOWN", "blob unknown to registry");
    let rows = [
        lost(unreachable(), true),
        lost(unreachable(), false),
        lost(gone(), true),
        lost(gone(), false),
    ];
    insta::assert_snapshot!(rows.concat(), @"
    required: 3 errored
      the attestation `sha256:4fc4bbb9d8bd`: `[registry]`: 503 (4 tries)
      hint: Try again later; look at the provider's status page.
    when-labelled: 0 skipped
      there is no label `org.opencontainers.image.revision` on the image, so no commit was compared (its provenance could not be read: the attestation `sha256:4fc4bbb9d8bd`: `[registry]`: 503 (4 tries)); add to the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
    required: 1 failed
      there is no label `org.opencontainers.image.revision` on the image, and it is required (its attestation is gone: the registry answered 404 `BLOB_UNKNOWN` `blob unknown to registry`)
      hint: Add to the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
    when-labelled: 0 skipped
      there is no label `org.opencontainers.image.revision` on the image, so no commit was compared (its attestation is gone: the registry answered 404 `BLOB_UNKNOWN` `blob unknown to registry`); add to the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
    ");
}

#[test]
fn an_image_that_was_built_elsewhere_says_nothing_of_this_commit_unless_that_is_required() {
    let of = |source: &str, word: &str| {
        let (stand_in, _) = world(index(unlabelled(), &[(FIRST, of_checkout(OTHER, source))]));
        let gate = Gate::at(&stand_in)
            .image(&format!("{REPOSITORY}:{TAG}"))
            .arg(format!("--expect-revision={word}"))
            .env("CIRCLE_SHA1", WANTED)
            .env("CIRCLE_REPOSITORY_URL", "git@github.com:keepkey/support-email.git");
        told(&format!("{source} {}", &word[..8]), gate)
    };
    let mirrored = "https://github.com/docker-library/redis.git";
    let rows = [of(mirrored, "when-labelled"), of(SOURCE, "when-labelled"), of(mirrored, WANTED)];
    insta::assert_snapshot!(rows.concat(), @"
    https://github.com/docker-library/redis.git when-lab: 0 skipped
      there is no label `org.opencontainers.image.revision` on the image, so no commit was compared (its provenance names `2222222222222222222222222222222222222222` of another repository); add to the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
      2222222 from provenance
    https://github.com/keepkey/support-email when-lab: 1 failed
      the provenance of the image says that it was built from `2222222222222222222222222222222222222222`, not from `1111111111111111111111111111111111111111`
      hint: Did this commit's push job run before this one?
      2222222 from provenance
    https://github.com/docker-library/redis.git 11111111: 1 failed
      the provenance of the image says that it was built from `2222222222222222222222222222222222222222`, not from `1111111111111111111111111111111111111111`
      hint: Did this commit's push job run before this one?
      2222222 from provenance
    ");
}

#[test]
fn a_platform_without_a_commit_is_a_no_whatever_could_not_be_read_of_another() {
    let image = |machine: &str| unlabelled().platform(machine);
    let index = Index::new()
        .image(image("linux/amd64"))
        .image(image("linux/arm64"))
        .attested(1, &[(FIRST, of_checkout(WANTED, SOURCE))]);
    let (stand_in, _) = world(index);
    let statement = stand_in_statement(&stand_in);
    stand_in.lie(Route::Blob.containing(&statement), Lie::status(503));
    insta::assert_snapshot!(told("amd64 is silent", gate(&stand_in)), @"
    amd64 is silent: 1 failed
      there is no label `org.opencontainers.image.revision` on `linux/amd64`, and it is required
      hint: Add to the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
    ");
}

/// The digest of the only provenance in the repository.
fn stand_in_statement(stand_in: &StandIn) -> String {
    let run = gate(stand_in).args("--format json").run();
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    report["images"][0]["attestations"][0]["digest"].as_str().unwrap().to_owned()
}

/// An image without a label, and the index of what refers to it.
fn referring(stand_in: &StandIn) -> (Pushed, Value) {
    let statements = [(SECOND, of_checkout_v1(WANTED)), (SPDX, json!({}))];
    let image = stand_in.image(REPOSITORY, TAG, unlabelled());
    let attestation = attestation_of(&image.digest, &statements);
    let pushed = stand_in.untagged(REPOSITORY, attestation.clone());
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "artifactType": "application/vnd.in-toto+json",
            "digest": pushed.digest,
            "size": attestation.manifest().len(),
        }],
    });
    (image, index)
}

#[test]
fn an_attestation_that_refers_to_the_image_is_found_by_the_api_and_by_the_tag() {
    let by_api = StandIn::honest();
    let (image, index) = referring(&by_api);
    let lie = Lie::Answer(
        Answer::json(200, &index).header("content-type", "application/vnd.oci.image.index.v1+json"),
    );
    by_api.lie(Route::Unknown.containing(&format!("/referrers/{}", image.digest)), lie);
    let by_tag = StandIn::honest();
    let (image, index) = referring(&by_tag);
    let kind = "application/vnd.oci.image.index.v1+json".to_owned();
    by_tag.image(
        REPOSITORY,
        &image.digest.replace(':', "-"),
        Content::Raw(kind, index.to_string().into()),
    );
    let neither = StandIn::honest();
    neither.image(REPOSITORY, TAG, unlabelled());
    let broken = StandIn::honest();
    broken.image(REPOSITORY, TAG, unlabelled());
    broken.lie(Route::Unknown.containing("/referrers/"), Lie::status(503));
    let when_labelled = Gate::at(&broken)
        .image(&format!("{REPOSITORY}:{TAG}"))
        .args("--expect-revision=when-labelled")
        .env("CIRCLE_SHA1", WANTED);
    let rows = [
        told("by the API", gate(&by_api)),
        told("by the tag", gate(&by_tag)),
        told("neither", gate(&neither)),
        told("out of reach", gate(&broken)),
        told("out of reach, when-labelled", when_labelled),
    ];
    insta::assert_snapshot!(rows.concat(), @"
    by the API: 0 passed
      its provenance says that it was built from `1111111111111111111111111111111111111111`
      1111111 from provenance
    by the tag: 0 passed
      its provenance says that it was built from `1111111111111111111111111111111111111111`
      1111111 from provenance
    neither: 1 failed
      there is no label `org.opencontainers.image.revision` on the image, and it is required
      hint: Add to the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
    out of reach: 3 errored
      the referrers of `sha256:72aa2829510e`: `[registry]`: 503 (4 tries)
      hint: Try again later; look at the provider's status page.
    out of reach, when-labelled: 0 skipped
      there is no label `org.opencontainers.image.revision` on the image, so no commit was compared; add to the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
      beside: what may be attested of the image could not be asked: the referrers of `sha256:72aa2829510e`: `[registry]`: 503 (4 tries)
    ");
    // Nobody is asked about an image that has a label.
    let labelled = StandIn::honest();
    labelled.image(REPOSITORY, TAG, unlabelled().revision(WANTED));
    assert_eq!(gate(&labelled).run().code, Some(0));
    assert!(labelled.asked(&Route::Unknown).is_empty());
}

#[test]
fn what_is_attested_stands_in_the_record_and_on_the_terminal() {
    let statements = [(FIRST, of_checkout(WANTED, SOURCE)), (SPDX, json!({}))];
    let (stand_in, _) = world(index(unlabelled(), &statements));
    let run = gate(&stand_in).args("--record record.json").run();
    let lines: Vec<_> = run.stdout.lines().filter(|line| line.contains("provenance")).collect();
    insta::assert_snapshot!(lines.join("\n"), @"  commit     1111111111111111111111111111111111111111 (by its provenance)");
    let record: Value = serde_json::from_str(run.file("record.json")).unwrap();
    let attestations = record["image"]["attestations"].as_array().unwrap();
    let kinds: Vec<_> = attestations
        .iter()
        .map(|one| (one["kind"].as_str().unwrap(), one["platform"].as_str().unwrap()))
        .collect();
    assert_eq!(kinds, [("provenance", "linux/amd64"), ("sbom", "linux/amd64")]);
    assert_eq!(record["image"]["revision"], json!({ "commit": WANTED, "from": "provenance" }));
    // Each is a blob of the repository, under the digest that the record names.
    let digest = attestations[1]["digest"].as_str().unwrap();
    let statement: Value = serde_json::from_slice(&stand_in.blob(digest)).unwrap();
    assert_eq!(statement["predicateType"], SPDX);
}

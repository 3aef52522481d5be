//! A registry, a storage and an API that lie, contradict themselves, or send what nobody should print.
//!
//! One test a lie, each a whole run. The programs' weak points are known: each row below is a class of
//! mistakes that a registry client somewhere has made.
//!
//! | row | lie | test |
//! |---|---|---|
//! | 50 | a list whose next page is itself | `listings::a_list_of_tags_whose_next_page_is_itself_is_asked_for_once` |
//! | 51 | a next page on a foreign host | `listings::the_next_page_of_a_list_is_not_followed_to_a_foreign_host` |
//! | 52 | a list that disagrees with itself | `listings::a_list_that_disagrees_with_itself_does_not_change_the_verdict` |
//! | 53 | a tag that is listed, its manifest gone | `listings::a_tag_that_is_listed_while_its_manifest_is_gone_is_red` |
//! | 54 | a tag that is not listed, its manifest there | `listings::a_tag_that_is_not_listed_while_its_manifest_is_there_is_green` |
//! | 55 | a layer gone | `blobs::a_layer_that_the_registry_no_longer_has_is_red` |
//! | 56 | a config gone | `blobs::a_config_that_the_registry_no_longer_has_is_red` |
//! | 56 | a platform's manifest gone | `blobs::a_platform_of_an_index_that_the_registry_no_longer_has_is_red` |
//! | 57 | a storage that takes only `GET` | `blobs::a_storage_that_takes_only_the_signed_method_is_green` |
//! | 57 | a storage that refuses | `blobs::a_storage_that_refuses_every_method_is_undecided` |
//! | 58 | a registry without `HEAD` | `blobs::a_registry_that_knows_no_head_is_green` |
//! | 59 | other bytes than the pinned digest's | `digests::a_pinned_digest_that_is_answered_with_other_bytes_is_red` |
//! | 59 | other bytes than the config's | `digests::a_config_that_is_answered_with_other_bytes_is_undecided` |
//! | 60 | another digest in the header | `digests::a_digest_header_that_differs_from_the_bytes_is_undecided` |
//! | 61 | no digest in the header | `digests::a_registry_that_sends_no_digest_header_is_green_by_our_own_hash` |
//! | 61 | a malformed one | `digests::a_digest_header_that_cannot_be_read_is_undecided` |
//! | 62 | the API names another digest | `listings::another_digest_in_the_list_of_the_api_is_not_even_asked_for` |
//! | 63 | a tag that moves during the run | `listings::a_tag_that_moves_during_the_run_is_resolved_once` |
//! | 64 | an image and an index at once | `manifests::a_manifest_that_is_an_image_and_an_index_at_once_is_red` |
//! | 64 | fields twice, or in another case | `manifests::a_manifest_that_can_be_read_in_two_ways_is_not_green` |
//! | 64 | fields in another case below the top level | `readings::a_field_in_another_case_is_undecided_wherever_it_stands` |
//! | 64 | an entry of an index that is something else | `readings::an_image_that_its_index_lists_as_something_else_is_red` |
//! | 65 | a media type with parameters | `manifests::a_content_type_with_parameters_is_green` |
//! | 65 | a media type that is not the body's | `manifests::a_manifest_that_is_served_as_something_else_is_undecided` |
//! | 65 | schema 1 | `manifests::a_manifest_of_schema_1_is_undecided_and_says_what_to_do` |
//! | 66 | another platform only | `manifests::an_image_for_another_platform_only_is_red` |
//! | 66 | attestations in an index | `manifests::an_attestation_in_an_index_is_no_platform` |
//! | 67 | bodies that are no manifest | `manifests::a_body_that_is_no_manifest_is_undecided` |
//! | 68 | a depth bomb | `manifests::a_manifest_of_a_hundred_thousand_brackets_is_undecided` |
//! | 69 | a body of a gibibyte, its length said | `sizes::a_manifest_of_a_gibibyte_is_undecided` |
//! | 69 | bodies without an end | `sizes::a_body_without_end_is_read_to_its_limit_and_no_further` |
//! | 69 | a body that is said to be compressed | `sizes::a_manifest_that_is_said_to_be_compressed_is_not_unpacked` |
//! | 70 | sizes that cannot be | `sizes::a_layer_of_an_impossible_size_is_not_green` |
//! | 70 | too many layers | `sizes::more_layers_than_any_engine_takes_are_undecided` |
//! | 70 | too many tags | `sizes::a_hundred_thousand_tags_are_shown_as_five` |
//! | 71 | control characters in an image | `texts::what_cannot_be_seen_of_a_label_is_shown_escaped` |
//! | 71 | in errors, tags, `Warning` | `texts::an_error_that_holds_control_characters_is_shown_without_them` |
//! | 71 | in a page of a gateway | `texts::a_page_that_holds_control_characters_is_shown_without_them` |
//! | 72 | what XML forbids | `texts::characters_that_xml_forbids_do_not_break_the_junit_file` |
//! | 73 | a label that is a script | `labels::a_label_that_is_a_script_is_escaped_in_each_format` |
//! | 73 | a label of another commit | `labels::a_label_of_another_commit_is_compared_whole` |
//! | 73 | a label of a mebibyte | `labels::a_label_of_a_mebibyte_is_cut_where_it_is_shown` |
//! | 74 | garbage collection | `service::a_registry_that_collects_garbage_is_retried_and_named` |
//! | 74 | a 503 that passes | `service::a_registry_that_answers_again_after_a_503_is_green` |
//! | 74 | a read-only registry without the tag | `service::a_tag_that_is_missing_while_garbage_is_collected_is_red_with_a_hint` |
//! | 75 | a deprecated API | `service::an_api_that_is_deprecated_does_not_change_the_verdict` |
//! | 76 | a layer with `urls` | `blobs::a_foreign_layer_of_windows_is_asked_for_at_the_registry_only` |

mod blobs;
mod digests;
mod engines;
mod labels;
mod listings;
mod manifests;
mod readings;
mod service;
mod sizes;
mod texts;

use crate::stand_in::{Content, Image, Lie, Pushed, Route, StandIn};
use crate::support::Gate;

/// The repository of these tests, and the tag.
const REPOSITORY: &str = "keepkey/support-email";
const TAG: &str = "latest-dev";
const COMMIT: &str = "1111111111111111111111111111111111111111";

/// A stand-in with one honest image.
fn with_image() -> (StandIn, Pushed) {
    with(Image::node_on_alpine().revision(COMMIT))
}

/// A stand-in with this image.
fn with(image: Image) -> (StandIn, Pushed) {
    let stand_in = StandIn::honest();
    let pushed = stand_in.image(REPOSITORY, TAG, image);
    (stand_in, pushed)
}

/// A run that asks for the image and writes what only a yes writes: the reference.
fn gate(stand_in: &StandIn) -> Gate<'_> {
    Gate::at(stand_in)
        .args("--image-ref image-ref --expect-revision")
        .env("CIRCLE_SHA1", COMMIT)
        .image(&format!("{REPOSITORY}:{TAG}"))
}

/// The same, with a record: for runs that must not write one.
fn gate_with_record(stand_in: &StandIn) -> Gate<'_> {
    gate(stand_in).args("--record record.json")
}

/// The image that every expectation of these runs holds for.
fn honest() -> Image {
    Image::node_on_alpine().revision(COMMIT)
}

/// The exit code of a run at something.
fn code(content: impl Into<Content>) -> Option<i32> {
    at(content, |gate| gate.run().code)
}

/// The row of a run at something that is no yes.
fn told_of(name: &str, content: impl Into<Content>, arguments: &str) -> String {
    at(content, |gate| row(name, gate.args(arguments)))
}

fn at<T>(content: impl Into<Content>, run: impl FnOnce(Gate<'_>) -> T) -> T {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, TAG, content);
    run(gate_with_record(&stand_in))
}

/// Runs at an honest image with one lie each: the exit code, and what was said of it, a paragraph a lie.
/// None of these runs writes a file.
fn table<const N: usize>(lies: [(&str, Route, Lie); N]) -> String {
    let mut text = String::new();
    for (name, route, lie) in lies {
        let (stand_in, _) = with_image();
        stand_in.lie(route, lie);
        text.push_str(&row(name, gate_with_record(&stand_in)));
    }
    text
}

/// One run for a [`table`].
fn row(name: &str, gate: Gate<'_>) -> String {
    let run = gate.run();
    assert!(run.files.is_empty(), "{name}: {:?}", run.files);
    let whole = run.snapshot();
    let code = whole.lines().find(|line| line.starts_with("exit code: ")).expect("an exit code");
    let is_said = |line: &&str| line.contains(" errored: ") || line.contains(" failed: ");
    let said: Vec<_> = whole.lines().filter(is_said).map(str::trim).collect();
    format!("{name}: {code}\n{}\n\n", said.join("\n"))
}

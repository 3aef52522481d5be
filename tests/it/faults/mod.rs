//! Each fault that other programs were measured with, and what this one makes of it: a whole run in one
//! snapshot, with the requests that it sent.
//!
//! | fault | test |
//! |---|---|
//! | ok, no auth | `a_sound_image_of_a_registry_that_asks_for_nothing_is_verified` |
//! | ok, index of 3 | `an_index_of_three_platforms_is_verified_on_each` |
//! | ok, bearer token | `a_sound_image_behind_a_bearer_token_is_verified` |
//! | tag missing | `a_tag_that_is_missing_at_an_open_registry_is_a_no` |
//! | tag missing, bearer | `a_tag_that_is_missing_behind_a_bearer_token_is_a_no` |
//! | 404 NAME_UNKNOWN | `a_404_with_name_unknown_is_a_no_for_the_repository` |
//! | 404 NOT_FOUND code (Harbor) | `a_404_with_harbors_not_found_is_a_no` |
//! | 404 HTML | `a_404_that_is_a_web_page_is_no_answer` |
//! | 200 HTML (login page) | `a_login_page_with_status_200_is_no_answer` |
//! | empty index | `an_empty_index_is_no_image` |
//! | 401 Basic refused | `a_basic_login_that_is_refused_is_no_answer` |
//! | bearer, bad password | `a_token_that_the_token_server_refuses_is_no_answer` |
//! | token server 404 | `a_token_server_that_answers_404_says_nothing_of_the_image` |
//! | 403 | `a_registry_that_answers_403_for_an_image_of_ours_refused_the_credentials` |
//! | 429 on all, Retry-After 1 | `a_429_on_everything_is_waited_for_as_asked_and_tried_four_times` |
//! | 429 once, then ok | `a_429_that_is_over_a_second_later_costs_one_more_request` |
//! | 503 on all | `a_503_on_everything_is_tried_four_times` |
//! | 503 once, then ok | `a_503_that_is_over_a_second_later_costs_one_more_request` |
//! | 500 | `a_500_that_outlasts_the_deadline_ends_with_it` |
//! | connection refused | `a_connection_that_is_refused_is_tried_again_and_no_answer` |
//! | DNS failure | `a_name_that_does_not_resolve_is_tried_again_and_no_answer` |
//! | accepts, never answers | `a_registry_that_accepts_and_never_answers_is_left_at_the_deadline` |
//! | body differs from header digest | `a_manifest_that_differs_from_its_digest_header_proves_nothing` |
//! | truncated manifest body | `a_manifest_that_is_cut_is_asked_for_again_and_no_answer` |
//! | config blob altered | `a_config_whose_bytes_were_altered_proves_nothing` |
//! | layers missing (404) | `a_layer_that_the_registry_denies_is_a_no` |
//! | the same, the storage's 404 | `a_layer_that_the_storage_lost_is_a_no` |
//! | layer content altered | `a_layer_of_the_same_size_with_other_bytes_is_not_noticed` |
//! | the same, another size | `a_layer_of_another_size_is_a_no` |
//! | HEAD on blobs 403, on manifests 405 | `a_registry_that_has_no_use_for_head_is_never_asked_by_it` |
//! | no Docker-Content-Digest | `a_registry_that_sends_no_digest_header_needs_none` |
//! | ESC and `::error::` in a message | `control_characters_and_commands_in_a_registrys_message_stay_harmless` |
//! | 300 MB manifest | `a_manifest_of_300_mb_is_left_after_4_mib` |

mod absent;
mod blobs;
mod bytes;
mod refused;
mod sound;
mod trouble;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::stand_in::{Image, Options, Pushed, StandIn};
use crate::support::Gate;

pub(crate) const REPOSITORY: &str = "keepkey/support-email";
pub(crate) const TAG: &str = "latest-dev";
const REFERENCE: &str = "keepkey/support-email:latest-dev";

/// A registry that holds the image that everybody is waiting for.
pub(crate) fn filled() -> (StandIn, Pushed) {
    filled_with(Options::default())
}

/// The same, set up in another way.
pub(crate) fn filled_with(options: Options) -> (StandIn, Pushed) {
    let stand_in = StandIn::start(options);
    let pushed = stand_in.image(REPOSITORY, TAG, Image::node_on_alpine());
    (stand_in, pushed)
}

/// A run that asks for the image at a registry of DigitalOcean's kind.
pub(crate) fn gate(stand_in: &StandIn) -> Gate<'_> {
    Gate::at(stand_in).image(REFERENCE)
}

/// A run that asks for the image at a registry that is somebody else's.
pub(crate) fn gate_elsewhere(stand_in: &StandIn) -> Gate<'_> {
    gate(stand_in)
        .without_env("DIGITALOCEAN_API_URL")
        .without_env("DIGITALOCEAN_REGISTRY_HOST")
        .without_env("DIGITALOCEAN_ACCESS_TOKEN")
}

/// The run, and how often it asked for what.
pub(crate) fn seen(gate: Gate<'_>, stand_in: &StandIn) -> String {
    let run = gate.run();
    format!("{}----- requests\n{}", run.snapshot(), requests(stand_in))
}

/// How often the stand-in was asked for what.
pub(crate) fn requests(stand_in: &StandIn) -> String {
    let mut counts = BTreeMap::new();
    for entry in stand_in.log() {
        let status =
            entry.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let kind = format!("{} {:?} at {:?} -> {status}", entry.method, entry.route, entry.origin);
        *counts.entry(kind).or_insert(0_u64) += 1;
    }
    counts.iter().fold(String::new(), |mut text, (kind, count)| {
        let _ = writeln!(text, "{count} x {kind}");
        text
    })
}

/// A docker config with a login for a registry.
pub(crate) fn docker_login(host: &str, password: &str) -> String {
    use base64::Engine as _;
    let auth = base64::engine::general_purpose::STANDARD.encode(format!("robot:{password}"));
    serde_json::json!({ "auths": { host: { "auth": auth } } }).to_string()
}

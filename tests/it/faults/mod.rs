//! The faults that were tried on the peers (crane, skopeo, regctl, oras, docker, buildx): one test a
//! fault, each a whole run. What the peers did with each is in docs/comparison.md.
//!
//! | # | fault | test |
//! |---|---|---|
//! | 1 | ok, no auth | `found::a_registry_that_asks_for_no_credentials_is_green` |
//! | 2 | ok, index of 3 | `found::an_index_of_three_is_green_with_every_platform_looked_at` |
//! | 3 | ok, bearer token | `found::a_bearer_token_is_green_with_one_token` |
//! | 4 | tag missing | `denied::a_missing_tag_is_red_at_a_registry_without_credentials` |
//! | 5 | tag missing, bearer | `denied::a_missing_tag_is_red_with_a_bearer_token` |
//! | 6 | 404 `NAME_UNKNOWN` | `denied::name_unknown_is_red` |
//! | 7 | 404 `NOT_FOUND` (Harbor) | `denied::not_found_as_harbor_writes_it_is_red` |
//! | 8 | 404 HTML | `denied::a_404_that_is_a_web_page_is_undecided` |
//! | 9 | 200 HTML (login page) | `denied::a_login_page_in_the_registrys_place_is_undecided` |
//! | 10 | empty index | `content::an_empty_index_is_red` |
//! | 11 | 401 Basic refused | `refused::basic_credentials_that_are_refused_are_exit_4` |
//! | 12 | bearer, bad password | `refused::a_token_server_that_refuses_the_password_is_exit_4` |
//! | 13 | token server 404 | `refused::a_404_of_the_token_server_says_nothing_of_the_image` |
//! | 14 | 403 | `refused::a_403_of_the_registry_is_exit_4` |
//! | 15 | 429 on all, `Retry-After: 1` | `trouble::a_429_on_everything_is_tried_four_times` |
//! | 16 | 429 once, then ok | `trouble::a_429_once_is_green` |
//! | 17 | 503 on all | `trouble::a_503_on_everything_is_tried_four_times` |
//! | 18 | 503 once, then ok | `trouble::a_503_once_is_green` |
//! | 19 | 500 | `trouble::a_500_is_tried_four_times` |
//! | 20 | connection refused | `trouble::a_refused_connection_is_undecided` |
//! | 21 | DNS failure | `trouble::a_host_without_an_address_is_undecided` |
//! | 22 | accepts, never answers | `trouble::a_registry_that_never_answers_ends_with_the_deadline` |
//! | 23 | body differs from header digest | `content::a_manifest_that_differs_from_its_digest_header_is_undecided` |
//! | 24 | truncated manifest body | `content::a_manifest_that_is_cut_short_is_undecided` |
//! | 25 | config blob altered | `content::an_altered_config_is_undecided` |
//! | 26 | layers missing (404) | `content::layers_that_are_missing_are_red` |
//! | 27 | layer content altered | `content::an_altered_layer_of_the_same_size_is_not_noticed` |
//! | 28 | HEAD on blobs 403 (ECR Public) | `head::a_registry_that_refuses_head_on_blobs_is_green` |
//! | 29 | HEAD on manifests 405 | `head::a_registry_that_refuses_head_on_manifests_is_green` |
//! | 30 | no `Docker-Content-Digest` | `content::a_manifest_without_a_digest_header_is_hashed_here` |
//! | 31 | ESC and `::error::` in a registry's message | `denied::a_message_with_control_characters_and_commands_is_printed_harmless` |
//! | 32 | 300 MB manifest | `content::a_manifest_of_300_mb_is_not_read` |
//! | - | a success that is none, for each request | `successes::…` |

mod content;
mod denied;
mod found;
mod head;
mod refused;
mod successes;
mod trouble;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::stand_in::{Auth, Image, Lie, Matcher, Options, StandIn};
use crate::support::{Gate, with_time};

pub(crate) const REPOSITORY: &str = "keepkey/support-email";
pub(crate) const TAG: &str = "latest-dev";
pub(crate) const IMAGE: &str = "keepkey/support-email:latest-dev";

/// A stand-in that holds the image.
pub(crate) fn with_image(options: Options) -> StandIn {
    let stand_in = StandIn::start(options);
    stand_in.image(REPOSITORY, TAG, Image::node_on_alpine());
    stand_in
}

/// An honest one that holds the image and tells one lie.
pub(crate) fn lying(matcher: impl Into<Matcher>, lie: Lie) -> StandIn {
    let stand_in = with_image(Options::default());
    stand_in.lie(matcher, lie);
    stand_in
}

/// One that is no DigitalOcean to the program: a registry of somebody else.
pub(crate) fn other(auth: Auth) -> StandIn {
    with_image(Options { auth, ..Options::default() })
}

/// A run at a registry of somebody else, without any credentials.
pub(crate) fn anonymous(stand_in: &StandIn) -> Gate<'_> {
    ["DIGITALOCEAN_ACCESS_TOKEN", "DIGITALOCEAN_REGISTRY_HOST", "DIGITALOCEAN_API_URL"]
        .into_iter()
        .fold(Gate::at(stand_in), Gate::without_env)
}

/// A run at a registry of somebody else, with a login of the docker config: `password`.
pub(crate) fn logged_in<'a>(stand_in: &'a StandIn, password: &str) -> Gate<'a> {
    use base64::Engine as _;
    let host = stand_in.host(crate::stand_in::Origin::Registry);
    let login = base64::engine::general_purpose::STANDARD.encode(format!("ci:{password}"));
    let config = serde_json::json!({ "auths": { host: { "auth": login } } });
    anonymous(stand_in).secret(password).file(".docker/config.json", config.to_string())
}

/// A run that is ended by its deadline, in a test: its arguments, and what shows that it got somewhere before.
pub(crate) fn until_the_deadline<T>(attempt: impl Fn(&str) -> Option<T>) -> T {
    with_time(Duration::from_secs(2), |time| attempt(&format!("--deadline {}s", time.as_secs())))
}

/// The whole run, and what was asked: how often, of whom, for what, with which answer.
pub(crate) fn with_requests(stand_in: &StandIn, gate: Gate<'_>) -> String {
    let run = gate.snapshot();
    format!("{run}----- asked\n{}", requests(stand_in))
}

/// What was asked: how often, of whom, for what, with which answer.
pub(crate) fn requests(stand_in: &StandIn) -> String {
    let mut counts = BTreeMap::new();
    for entry in stand_in.log() {
        let status = entry.status.map_or_else(|| "no answer".to_owned(), |code| code.to_string());
        let line = format!("{:?}: {} {:?} -> {status}", entry.origin, entry.method, entry.route);
        *counts.entry(line).or_insert(0) += 1;
    }
    let lines: Vec<String> =
        counts.iter().map(|(line, count)| format!("{count} x {line}\n")).collect();
    lines.concat()
}

/// Panics when a row of the table at the head of a module names a test that is not there.
#[track_caller]
fn assert_rows(folder: &str, rows: usize) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(folder);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect(name);
    let head = read("mod.rs");
    // What was found beside the rows has no number.
    let is_row = |line: &&str| {
        line.strip_prefix("//! | ").is_some_and(|row| row.starts_with(|c: char| c.is_ascii_digit()))
    };
    let table: Vec<_> = head.lines().filter(is_row).collect();
    assert_eq!(table.len(), rows);
    for row in table {
        let cell = row.trim_end_matches('|').rsplit('|').next().expect("a last cell");
        let mut named = 0;
        for (module, name) in cell.split('`').filter_map(|word| word.split_once("::")) {
            named += 1;
            // One is a test of the program's own.
            if module != "redirect" {
                let file = read(&format!("{module}.rs"));
                assert!(file.contains(&format!("fn {name}(")), "no test {module}::{name}");
            }
        }
        assert!(named > 0, "{row}");
    }
}

#[test]
fn every_row_has_its_test() {
    assert_rows("faults", 32);
    assert_rows("network", 49);
    assert_rows("lies", 47);
}

//! What can go wrong between this program and the ones that it asks, and what it does then: one test a
//! threat of the network, as the field knows them.
//!
//! | # | threat | test |
//! |---|---|---|
//! | 1 | DNS fails | `connections::an_api_whose_name_has_no_address_is_undecided` |
//! | 2 | refused | `connections::a_refused_connection_is_tried_four_times` |
//! | 3 | refused, then fine | `connections::a_registry_that_comes_up_during_the_run_is_green` |
//! | 4 | SYN blackhole | `connections::a_host_that_drops_every_packet_ends_with_the_deadline` |
//! | 5 | TLS: expired | `tls::an_expired_certificate_is_seen_at_once_and_nothing_is_sent` |
//! | 6 | TLS: not yet valid | `tls::a_certificate_that_is_not_valid_yet_hints_at_the_clock` |
//! | 7 | TLS: another host | `tls::a_certificate_for_another_host_is_seen_at_once_and_nothing_is_sent` |
//! | 8 | TLS: foreign CA | `tls::a_foreign_authority_is_not_trusted_and_no_flag_trusts_it` |
//! | 9 | TLS 1.1 only | `tls::a_server_that_speaks_only_tls_1_1_is_undecided` |
//! | 10 | close or garbage in the handshake; TLS to a plain port | `tls::a_handshake_that_is_closed_is_tried_again`, `tls::a_plain_port_that_is_asked_in_tls_is_undecided` |
//! | 11 | empty CA store | `tls::without_ca_certificates_the_message_says_what_to_install` |
//! | 12 | closed before the response | `bodies::a_connection_that_is_closed_before_the_response_is_tried_again` |
//! | 13 | reset in the body | `bodies::a_body_that_is_reset_is_tried_again_and_never_called_invalid` |
//! | 14 | `Content-Length` larger than the body; chunks cut | `bodies::a_token_that_is_cut_short_is_tried_again` |
//! | 15 | JSON cut where it is still JSON | `bodies::json_that_is_cut_where_it_is_still_json_is_not_believed` |
//! | 16 | a slow body | `bodies::a_body_that_drips_ends_with_the_deadline` |
//! | 17 | headers that stall | `bodies::a_head_that_drips_ends_with_the_deadline` |
//! | 18 | endless 103 | `bodies::endless_early_hints_end_with_the_deadline` |
//! | 19 | the deadline over many slow answers | `deadline::images_that_were_not_reached_are_in_the_junit_file` |
//! | 20 | HTTP/1.0 without a length | `bodies::http_1_0_without_a_length_is_understood` |
//! | 21 | HTTP/0.9, garbage, odd status lines | `bodies::what_is_not_http_is_seen_at_once` |
//! | 22 | HTTP/2: `GOAWAY`, `REFUSED_STREAM` | `http2::a_refused_stream_is_tried_a_bounded_number_of_times` |
//! | 23 | HTTP/2: reset in the body, wrong length, empty frames | `http2::a_broken_stream_is_undecided` |
//! | 24 | a huge head | `bodies::a_huge_head_is_undecided` |
//! | 25 | odd challenges | `realms::odd_challenges_are_survived` |
//! | 26 | 429 with seconds | `retries::a_wait_in_seconds_is_kept` |
//! | 27 | 429 with a date | `retries::a_wait_until_a_date_is_kept` |
//! | 28 | `Retry-After` huge, negative, garbage | `retries::a_wait_beyond_the_deadline_ends_the_run_at_once`, `retries::a_wait_that_cannot_be_read_is_our_own` |
//! | 29 | 429 with `ratelimit-reset` | `retries::the_hourly_limit_of_the_api_is_read` |
//! | 30 | 408, 500, 502, 503, 504 | `retries::each_transient_status_is_green_after_two_and_undecided_after_four` |
//! | 31 | 501, 505, 520, 418, 451 | `retries::other_statuses_are_asked_once` |
//! | 32 | 401 and 403 of the API | `answers::an_api_that_refuses_the_token_too_is_exit_4` |
//! | 33 | 200 with HTML | `answers::a_login_page_in_the_token_servers_place_is_undecided` |
//! | 34 | 204, 206, 304 | `answers::a_success_without_content_is_undecided` |
//! | 35 | a redirect loop | `redirects::a_loop_ends_after_five` |
//! | 36 | the API redirects | `redirects::the_api_is_not_followed` |
//! | 37 | a redirect to another host | `redirects::a_manifest_is_not_followed`, `redirects::a_blob_is_followed_without_credentials_cookie_and_referer` |
//! | 38 | a redirect from https to http | `redirects::no_step_leads_from_https_to_http` |
//! | 39 | a redirect to a host that asks for credentials | `redirects::a_foreign_challenge_gets_no_answer` |
//! | 40 | a redirect to an address inside a network | `redirect::tests::each_target_is_judged`, in the program (this machine is inside) |
//! | 41 | `Location`: `file:`, broken, none | `redirects::a_location_that_leads_nowhere_is_refused` |
//! | 42 | `Location` with a password | `redirects::a_password_in_a_location_is_neither_used_nor_printed` |
//! | 43 | a realm that is not the registry's own | `realms::a_login_goes_to_no_other_token_server`, `realms::digitaloceans_realm_is_never_read` |
//! | 44 | a challenge with another scope | `realms::the_scope_is_never_taken_from_a_challenge` |
//! | 45 | a Basic challenge for Bearer | `realms::digitaloceans_token_is_no_answer_to_a_basic_challenge` |
//! | 46 | odd tokens | `answers::a_token_document_is_judged_and_never_quoted` |
//! | 47 | the token ends during the run | `answers::a_token_that_ends_during_the_run_is_fetched_once_more` |
//! | 48 | proxies | `proxy::through_a_proxy_the_token_goes_inside_tls_only`, `proxy::the_password_of_a_proxy_goes_to_the_proxy_and_is_not_printed`, `proxy::no_proxy_is_honoured`, `proxy::a_proxy_that_does_not_let_it_through_is_undecided`, `proxy::an_address_that_is_no_proxy_is_a_mistake` |
//! | 49 | an API in plain http | `proxy::an_api_in_plain_http_elsewhere_is_a_mistake` |

mod answers;
mod bodies;
mod connections;
mod deadline;
mod http2;
mod proxy;
mod realms;
mod redirects;
mod retries;
mod servers;
mod tls;

use crate::faults::IMAGE;
use crate::stand_in::StandIn;
use crate::support::{Gate, Run};

/// A run at DigitalOcean whose registry is at another address than the stand-in's.
fn registry_at<'a>(stand_in: &'a StandIn, host: &str) -> Gate<'a> {
    Gate::at(stand_in)
        .env("DIGITALOCEAN_REGISTRY_HOST", host)
        .redact(host, "[registry]")
        .arg(format!("{host}/{IMAGE}"))
}

/// The exit code, and what is wrong with the image's tag or its layers: message, reason and hint.
pub(crate) fn brief(run: &Run<'_>) -> String {
    let shown = run.snapshot();
    let mut text = String::new();
    let mut wanted = false;
    for line in shown.lines() {
        if line.starts_with("exit code") {
            text = format!("{line}\n");
        } else if line.starts_with("  ")
            && [" errored: ", " failed: "].iter().any(|word| line.contains(word))
        {
            wanted = !line.starts_with("  registry-honest ");
        } else if !line.starts_with("    ") {
            wanted = false;
        }
        if wanted {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

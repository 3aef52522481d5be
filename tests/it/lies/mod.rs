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
//! | 62 | the API names another digest | `listings::another_digest_in_the_list_of_the_api_is_not_even_asked_for` |
//! | 63 | a tag that moves during the run | `listings::a_tag_that_moves_during_the_run_is_resolved_once` |

mod listings;

use crate::stand_in::{Image, Pushed, StandIn};
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
        .args("--deadline 5s --image-ref image-ref --expect-revision")
        .env("CIRCLE_SHA1", COMMIT)
        .image(&format!("{REPOSITORY}:{TAG}"))
}

/// The same, with a record: for runs that must not write one.
fn gate_with_record(stand_in: &StandIn) -> Gate<'_> {
    gate(stand_in).args("--record record.json")
}

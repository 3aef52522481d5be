//! Each check in each state of what it looks at: its answer, its sentence, its hint.

use insta::assert_snapshot as said;

use super::sample::{COMMIT, OTHER_COMMIT, descriptor, digest};
use super::*;
use crate::observation::{BlobObservation, Control, Fact, Proof, Resolved, Unavailable};
use crate::oci::{Algorithm, Digest, NotAnImage};
use crate::request::{ExpectedPort, ImmutableTag, RevisionRule};

mod registry_honest {
    use super::*;

    fn with(control: Control) -> String {
        let mut sample = Sample::single();
        sample.observation.control = control;
        sample.said(CheckId::RegistryHonest)
    }

    #[test]
    fn passes_when_the_impossible_is_denied() {
        said!(with(Control::Denied), @"passed: the registry denied a tag that cannot exist");
    }

    #[test]
    fn passes_with_a_note_where_the_same_login_was_served_a_manifest() {
        let control = |is_told_apart: bool| {
            let message = "the random tag: `r.example` refused the credentials: 403 `UNAUTHORIZED`";
            let why = Unavailable::new(Reason::CredentialsRefused, message);
            with(Control::Refused { why, is_told_apart })
        };
        said!(control(true), @"
        passed: the registry did not serve a tag that cannot exist
        note: the registry did not deny a tag that cannot exist in its own words (`r.example` refused the credentials: 403 `UNAUTHORIZED`); the same login was served a manifest of the repository, so it tells the two apart
        ");
        said!(control(false), @"
        errored credentials-refused: whether the registry denies a tag that cannot exist could not be tried: the random tag: `r.example` refused the credentials: 403 `UNAUTHORIZED`
        hint: For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
        ");
    }

    #[test]
    fn errs_when_it_is_affirmed() {
        said!(with(Control::Affirmed("200 with\u{1b} a manifest".into())), @"
        errored registry-not-honest: nothing that the registry says is believed: it affirmed a tag that cannot exist (200 with a manifest)
        hint: A proxy or a mirror answers in the registry's place: look at what stands between.
        ");
    }

    #[test]
    fn errs_with_the_reason_why_it_could_not_be_asked() {
        let why = Unavailable::new(Reason::ServerError, "the registry answered 503 four times");
        said!(with(Control::Unknown(why)), @"
        errored server-error: whether the registry denies a tag that cannot exist could not be tried: the registry answered 503 four times
        hint: Try again later; look at the provider's status page.
        ");
    }
}

mod repository_exists {
    use super::*;

    fn with(repository: Fact<()>, registries: Option<&[&str]>) -> String {
        let mut sample = Sample::without_tag();
        sample.observation.repository = repository;
        sample.explanation().registries =
            registries.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        sample.said(CheckId::RepositoryExists)
    }

    #[test]
    fn passes_when_it_is_served() {
        said!(with(Fact::Present(()), None), @"passed: the registry serves `registry.digitalocean.com/keepkey/support-email`");
    }

    #[test]
    fn fails_when_the_repository_is_missing() {
        said!(with(absent(Reason::RepositoryMissing, "404 `NAME_UNKNOWN`"), None), @"
        failed repository-missing: `registry.digitalocean.com/keepkey/support-email` is missing, or not visible with these credentials (404 `NAME_UNKNOWN`)
        hint: Compare the name with the push job's: the first push creates a repository.
        hint: 1. Is the push job in this workflow, and does this job require it? https://circleci.com/gh/keepkey/support-email/7
        hint: 2. Did the push job fail, or push under another name?
        hint: 3. Start a pipeline on `develop`.
        ");
    }

    #[test]
    fn fails_when_the_registry_is_not_the_tokens_and_lists_those_that_are() {
        let denied = || absent(Reason::RegistryUnknown, "403 `DENIED`");
        said!(with(denied(), Some(&["keepkeys", "acme"])), @"
        failed registry-unknown: the registry of `registry.digitalocean.com/keepkey/support-email` is missing, or not visible with these credentials (403 `DENIED`)
        hint: This token has `keepkeys`, `acme`: compare the name, or use a token of the team that owns it.
        ");
        said!(with(denied(), Some(&[])), @"
        failed registry-unknown: the registry of `registry.digitalocean.com/keepkey/support-email` is missing, or not visible with these credentials (403 `DENIED`)
        hint: This token has no registry at all: use a token of the team that owns it.
        ");
        said!(with(denied(), None), @"
        failed registry-unknown: the registry of `registry.digitalocean.com/keepkey/support-email` is missing, or not visible with these credentials (403 `DENIED`)
        hint: Compare the registry's name with the ones that this token has, or use a token of the team that owns it.
        ");
    }

    #[test]
    fn errs_when_it_is_unknown() {
        said!(with(unknown(Reason::CredentialsRefused), None), @"
        errored credentials-refused: an answer that is credentials-refused
        hint: For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
        ");
    }
}

mod tag_exists {
    use super::*;

    #[test]
    fn passes_with_the_whole_digest() {
        said!(Sample::single().said(CheckId::TagExists), @"passed: `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`");
    }

    #[test]
    fn fails_with_the_three_steps_and_the_pipelines_link() {
        said!(Sample::without_tag().said(CheckId::TagExists), @"
        failed tag-missing: `registry.digitalocean.com/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN`)
        hint: 1. Is the push job in this workflow, and does this job require it? https://circleci.com/gh/keepkey/support-email/7
        hint: 2. Did the push job fail, or push under another name?
        hint: 3. Start a pipeline on `develop`.
        ");
    }

    #[test]
    fn fails_without_a_link_outside_of_circleci() {
        let mut sample = Sample::without_tag();
        sample.circleci = CircleCi::default();
        said!(sample.said(CheckId::TagExists), @"
        failed tag-missing: `registry.digitalocean.com/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN`)
        hint: 1. Is the push job in this workflow, and does this job require it?
        hint: 2. Did the push job fail, or push under another name?
        hint: 3. Start a pipeline on `develop`.
        ");
    }

    #[test]
    fn fails_with_all_that_the_api_adds() {
        let mut sample = Sample::without_tag();
        sample.explanation().near_tags = vec!["latest-prod".into(), "latest".into()];
        sample.explanation().lists_tag = true;
        sample.explanation().collecting = Some("waiting for write JWTs to expire".into());
        sample.explanation().read_only = true;
        sample.circleci.branch = Some("feature/x".into());
        said!(sample.said(CheckId::TagExists), @"
        failed tag-missing: `registry.digitalocean.com/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN`)
        hint: DigitalOcean's API still lists the tag and the registry no longer serves it: it was deleted, or its manifest was collected. Push it again.
        hint: Is one of these meant? `latest-prod`, `latest`
        hint: A garbage collection is under way (`waiting for write JWTs to expire`): pushes fail until it ends, pulls work.
        hint: 1. Is the push job in this workflow, and does this job require it? https://circleci.com/gh/keepkey/support-email/7
        hint: 2. Did the push job fail, or push under another name?
        hint: 3. Start a pipeline on `feature/x`.
        ");
    }

    #[test]
    fn fails_and_names_a_read_only_registry() {
        let mut sample = Sample::without_tag();
        sample.explanation().read_only = true;
        said!(sample.said(CheckId::TagExists), @"
        failed tag-missing: `registry.digitalocean.com/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN`)
        hint: The registry is read-only at present: pushes fail, pulls work.
        hint: 1. Is the push job in this workflow, and does this job require it? https://circleci.com/gh/keepkey/support-email/7
        hint: 2. Did the push job fail, or push under another name?
        hint: 3. Start a pipeline on `develop`.
        ");
    }

    #[test]
    fn fails_and_says_that_the_immutable_tag_is_there() {
        let mut sample = Sample::without_tag();
        let immutable = format!("{COMMIT}-dev").parse().unwrap();
        sample.observation.immutable = Some((immutable, Fact::Present(digest("top"))));
        said!(sample.said(CheckId::TagExists), @"
        failed tag-missing: `registry.digitalocean.com/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN`)
        hint: `0123456789abcdef0123456789abcdef01234567-dev` is there (`sha256:28720365c5e7`): the image was pushed, and `latest-dev` was not set to it.
        hint: 1. Is the push job in this workflow, and does this job require it? https://circleci.com/gh/keepkey/support-email/7
        hint: 2. Did the push job fail, or push under another name?
        hint: 3. Start a pipeline on `develop`.
        ");
        said!(sample.said(CheckId::ImmutableTag), @"skipped: there is no manifest to look at");
    }

    #[test]
    fn is_skipped_without_a_repository_to_look_in() {
        let mut sample = Sample::without_tag();
        sample.observation.repository = absent(Reason::RepositoryMissing, "404 `NAME_UNKNOWN`");
        said!(sample.said(CheckId::TagExists), @"skipped: there is no repository to look in");
    }

    #[test]
    fn fails_itself_when_only_it_knows_that_the_repository_is_missing() {
        let mut sample = Sample::without_tag();
        sample.observation.repository = unknown(Reason::ServerError);
        sample.observation.resolved = absent(Reason::RepositoryMissing, "404 `NAME_UNKNOWN`");
        said!(sample.said(CheckId::TagExists), @"
        failed repository-missing: `registry.digitalocean.com/keepkey/support-email` is missing, or not visible with these credentials (404 `NAME_UNKNOWN`)
        hint: Compare the name with the push job's: the first push creates a repository.
        hint: 1. Is the push job in this workflow, and does this job require it? https://circleci.com/gh/keepkey/support-email/7
        hint: 2. Did the push job fail, or push under another name?
        hint: 3. Start a pipeline on `develop`.
        ");
    }

    #[test]
    fn is_skipped_for_a_reference_by_digest() {
        said!(by_digest().said(CheckId::TagExists), @"skipped: the reference names a digest and no tag");
    }

    #[test]
    fn errs_when_it_is_unknown() {
        let mut sample = Sample::single();
        sample.observation.resolved = unknown(Reason::NotFoundUnclear);
        said!(sample.said(CheckId::TagExists), @"
        errored not-found-unclear: an answer that is not-found-unclear
        hint: A gateway or proxy answered: try again, and look at the answer that the message shows.
        ");
    }
}

fn by_digest() -> Sample {
    let mut sample = Sample::single();
    sample.request.reference.tag = None;
    sample.request.reference.digest = Some(digest("top"));
    sample
}

mod manifest_intact {
    use super::*;

    #[test]
    fn passes_for_one_image_and_for_an_index() {
        said!(Sample::single().said(CheckId::ManifestIntact), @"passed: manifest and config hash to their digests");
        said!(Sample::index(&["linux/amd64"]).said(CheckId::ManifestIntact), @"passed: index, manifest and config hash to their digests");
        said!(Sample::index(&["linux/amd64", "linux/arm64"]).said(CheckId::ManifestIntact), @"passed: index, 2 manifests and 2 configs hash to their digests");
    }

    #[test]
    fn fails_when_the_tag_names_something_else() {
        let mut sample = Sample::single();
        let other = NotAnImage::Artifact("application/vnd.cncf.helm.config.v1+json".into());
        let resolved = Resolved {
            digest: digest("top"),
            size: 500,
            age: None,
            content: Err(other),
            note: None,
        };
        sample.observation.resolved = Fact::Present(resolved);
        sample.observation.images.clear();
        said!(sample.said(CheckId::ManifestIntact), @"
        failed not-an-image: `latest-dev` is no container image that can be started: an artifact of type `application/vnd.cncf.helm.config.v1+json`
        hint: Look which job pushes to this tag: a chart, a signature, an empty index or a broken image stands there.
        ");
        said!(sample.said(CheckId::LayersPresent), @"skipped: it is not a container image, so there is nothing to look at");
    }

    #[test]
    fn fails_when_the_registry_denies_the_tags_own_digest() {
        let mut sample = Sample::single();
        sample.observation.by_digest =
            Some(absent(Reason::ManifestMissing, "404 `MANIFEST_UNKNOWN`"));
        said!(sample.said(CheckId::ManifestIntact), @"
        failed digest-not-served: the registry serves `latest-dev` and denies `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`, the digest that it names (404 `MANIFEST_UNKNOWN`)
        hint: Push the image again; check that no policy of the registry blocks it, and that no proxy in between serves an outdated tag.
        ");
        // What cannot be read beside it does not turn the no into something else.
        sample.observation.images[0].config = unknown(Reason::TimedOut);
        assert!(matches!(sample.outcome(CheckId::ManifestIntact), Outcome::Failed(_)));
    }

    #[test]
    fn errs_when_it_is_not_known_whether_the_digest_is_served() {
        let mut sample = Sample::single();
        sample.observation.by_digest = Some(unknown(Reason::ServerError));
        said!(sample.said(CheckId::ManifestIntact), @"
        errored server-error: an answer that is server-error
        hint: Try again later; look at the provider's status page.
        ");
        sample.observation.by_digest = None;
        said!(sample.said(CheckId::ManifestIntact), @"
        errored unexpected-answer: not looked at, so nothing is known of it: the manifest by its digest
        hint: This is a mistake of this program: please report it.
        ");
        // A reference by digest was resolved by it.
        sample.request.reference.tag = None;
        sample.request.reference.digest = Some(digest("top"));
        assert!(matches!(sample.outcome(CheckId::ManifestIntact), Outcome::Passed { .. }));
    }

    #[test]
    fn an_artifact_behind_an_image_of_its_platform_is_no_no_where_that_image_could_not_be_read() {
        let behind = |first: Fact<Result<crate::oci::ImageConfig, NotAnImage>>| {
            let mut sample = Sample::index(&["linux/amd64", "linux/amd64"]);
            sample.observation.images[0].config = first;
            sample.observation.images[1].manifest =
                Fact::Present(Err(NotAnImage::Artifact("application/vnd.soci.v1".into())));
            sample.outcome(CheckId::ManifestIntact)
        };
        let read = Sample::single().observation.images[0].config.clone();
        assert!(matches!(behind(read), Outcome::Passed { .. }));
        assert!(matches!(behind(unknown(Reason::TimedOut)), Outcome::Errored(_)));
        assert!(matches!(behind(absent(Reason::BlobMissing, "404")), Outcome::Skipped { .. }));
        let artifact = Fact::Present(Err(NotAnImage::Artifact("x".into())));
        assert!(matches!(behind(artifact), Outcome::Failed(_)));
    }

    #[test]
    fn fails_when_one_of_its_images_is_broken() {
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        sample.config(1).diff_ids.push(digest("unpacked 3"));
        said!(sample.said(CheckId::ManifestIntact), @"
        failed not-an-image: `linux/arm64` is no container image that can be started: an image whose config lists 3 layers while its manifest lists 2
        hint: Look which job pushes to this tag: a chart, a signature, an empty index or a broken image stands there.
        ");
        sample.observation.images[0].config =
            Fact::Present(Err(NotAnImage::NoPlatform("/".into())));
        said!(sample.said(CheckId::ManifestIntact), @"
        failed not-an-image: not container images that can be started: `linux/amd64` is an image for no platform (`/`); `linux/arm64` is an image whose config lists 3 layers while its manifest lists 2
        hint: Look which job pushes to this tag: a chart, a signature, an empty index or a broken image stands there.
        ");
    }

    #[test]
    fn fails_when_an_uncompressed_layer_is_another_than_the_config_lists() {
        let mut sample = Sample::single();
        let Fact::Present(Ok(manifest)) = &mut sample.observation.images[0].manifest else {
            panic!("the sample's manifests are there")
        };
        manifest.layers[1].media_type = "application/vnd.oci.image.layer.v1.tar".into();
        let layer = manifest.layers[1].digest.clone();
        said!(sample.said(CheckId::ManifestIntact), @"
        failed not-an-image: the image is no container image that can be started: an image whose layer 2 is listed as uncompressed and is not the one that its config lists
        hint: Look which job pushes to this tag: a chart, a signature, an empty index or a broken image stands there.
        ");
        sample.config(0).diff_ids[1] = layer;
        said!(sample.said(CheckId::ManifestIntact), @"passed: manifest and config hash to their digests");
    }

    #[test]
    fn fails_when_one_layer_has_two_diff_ids() {
        let mut sample = Sample::single();
        let Fact::Present(Ok(manifest)) = &mut sample.observation.images[0].manifest else {
            panic!("the sample's manifests are there")
        };
        manifest.layers[1] = manifest.layers[0].clone();
        said!(sample.said(CheckId::ManifestIntact), @"
        failed not-an-image: the image is no container image that can be started: an image whose layer 2 (`sha256:d9455192305b`) is listed with two `diff_ids`, and one layer unpacks to one content
        hint: Look which job pushes to this tag: a chart, a signature, an empty index or a broken image stands there.
        ");
        sample.config(0).diff_ids[1] = digest("unpacked 1");
        said!(sample.said(CheckId::ManifestIntact), @"passed: manifest and config hash to their digests");
        // On two platforms, which share their first layer.
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        sample.config(1).diff_ids[0] = digest("another");
        said!(sample.said(CheckId::ManifestIntact), @"
        failed not-an-image: `linux/arm64` is no container image that can be started: an image whose layer 1 (`sha256:d9455192305b`) is listed with two `diff_ids`, and one layer unpacks to one content
        hint: Look which job pushes to this tag: a chart, a signature, an empty index or a broken image stands there.
        ");
    }

    #[test]
    fn fails_when_the_registry_holds_other_bytes_than_a_digest_promises() {
        let differs = || {
            absent(
                Reason::ContentDiffers,
                "`r.example` sent other bytes, each time it was requested",
            )
        };
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        sample.observation.images[1].config = differs();
        insta::assert_snapshot!(sample.all_said(), @"
        registry-honest   passed: the registry denied a tag that cannot exist
        repository-exists passed: the registry serves `registry.digitalocean.com/keepkey/support-email`
        tag-exists        passed: `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
        manifest-intact   failed content-differs: `r.example` sent other bytes, each time it was requested
        digest-expected   skipped: no digest was expected
        revision-expected skipped: no commit was expected
        immutable-tag     skipped: no immutable tag was asked for
        platform          passed: found `linux/amd64`, `linux/arm64`
        layers-present    passed: config and layers can be pulled (5 blobs)
        port              skipped: no port was asked for
        runtime           skipped: no runtime was declared
        ");
        sample.observation.images[1].manifest = absent(
            Reason::ContentDiffers,
            "`r.example` sent other bytes, each time it was requested",
        );
        sample.observation.images[1].blobs.clear();
        insta::assert_snapshot!(sample.all_said(), @"
        registry-honest   passed: the registry denied a tag that cannot exist
        repository-exists passed: the registry serves `registry.digitalocean.com/keepkey/support-email`
        tag-exists        passed: `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
        manifest-intact   failed content-differs: `r.example` sent other bytes, each time it was requested
        digest-expected   skipped: no digest was expected
        revision-expected skipped: no commit was expected
        immutable-tag     skipped: no immutable tag was asked for
        platform          skipped: there is no manifest to look at for `linux/arm64` (`sha256:447c61c23dd1`)
        layers-present    skipped: there is no manifest to look at for `linux/arm64`
        port              skipped: no port was asked for
        runtime           skipped: no runtime was declared
        ");
        sample.observation.resolved = absent(
            Reason::ContentDiffers,
            "`r.example` sent other bytes, each time it was requested",
        );
        sample.observation.images.clear();
        insta::assert_snapshot!(sample.all_said(), @"
        registry-honest   passed: the registry denied a tag that cannot exist
        repository-exists passed: the registry serves `registry.digitalocean.com/keepkey/support-email`
        tag-exists        passed: the registry serves `latest-dev`
        manifest-intact   failed content-differs: `r.example` sent other bytes, each time it was requested
        digest-expected   skipped: no digest was expected
        revision-expected skipped: no commit was expected
        immutable-tag     skipped: no immutable tag was asked for
        platform          skipped: there is no manifest to look at
        layers-present    skipped: there is no manifest to look at
        port              skipped: no port was asked for
        runtime           skipped: no runtime was declared
        ");
    }

    #[test]
    fn says_so_when_the_history_speaks_of_more_layers_than_there_are() {
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        sample.config(1).steps = 3;
        said!(sample.said(CheckId::ManifestIntact), @"
        passed: index, 2 manifests and 2 configs hash to their digests
        note: the history of `linux/arm64` speaks of 3 layers where there are 2: docker refuses that, other engines pull it
        ");
    }

    #[test]
    fn fails_when_the_only_image_says_no_platform() {
        let mut sample = Sample::single();
        sample.observation.images[0].config =
            Fact::Present(Err(NotAnImage::NoPlatform("/".into())));
        said!(sample.said(CheckId::ManifestIntact), @"
        failed not-an-image: the image is no container image that can be started: an image for no platform (`/`)
        hint: Look which job pushes to this tag: a chart, a signature, an empty index or a broken image stands there.
        ");
    }

    #[test]
    fn passes_beside_an_artifact_that_an_index_lists_under_no_platform() {
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        sample.observation.images[1].listed_as = None;
        let other = NotAnImage::Artifact("application/vnd.dev.sbom".into());
        sample.observation.images[1].manifest = Fact::Present(Err(other));
        said!(sample.all_said(), @"
        registry-honest   passed: the registry denied a tag that cannot exist
        repository-exists passed: the registry serves `registry.digitalocean.com/keepkey/support-email`
        tag-exists        passed: `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
        manifest-intact   passed: index, manifest and config hash to their digests
        digest-expected   skipped: no digest was expected
        revision-expected skipped: no commit was expected
        immutable-tag     skipped: no immutable tag was asked for
        platform          passed: found `linux/amd64`
        layers-present    passed: config and layers can be pulled (3 blobs)
        port              skipped: no port was asked for
        runtime           skipped: no runtime was declared
        ");
    }

    #[test]
    fn fails_for_an_artifact_that_no_image_of_its_own_platform_stands_before() {
        let artifact = || NotAnImage::Artifact("application/vnd.dev.sbom".into());
        // Behind the image of another platform.
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        sample.observation.images[1].manifest = Fact::Present(Err(artifact()));
        said!(sample.said(CheckId::ManifestIntact), @"
        failed not-an-image: `linux/arm64` is no container image that can be started: an artifact of type `application/vnd.dev.sbom`
        hint: Look which job pushes to this tag: a chart, a signature, an empty index or a broken image stands there.
        ");
        // Behind what is no image either.
        let mut sample = Sample::index(&["linux/amd64", "linux/amd64", "linux/arm64"]);
        sample.observation.images[0].manifest = Fact::Present(Err(artifact()));
        sample.observation.images[1].manifest = Fact::Present(Err(artifact()));
        said!(sample.said(CheckId::ManifestIntact), @"
        failed not-an-image: not container images that can be started: `linux/amd64` is an artifact of type `application/vnd.dev.sbom`; `linux/amd64` is an artifact of type `application/vnd.dev.sbom`
        hint: Look which job pushes to this tag: a chart, a signature, an empty index or a broken image stands there.
        ");
    }

    #[test]
    fn fails_for_a_digest_that_is_not_there() {
        let mut sample = by_digest();
        sample.observation.resolved = absent(Reason::ManifestMissing, "404 `MANIFEST_UNKNOWN`");
        said!(sample.said(CheckId::ManifestIntact), @"
        failed manifest-missing: `registry.digitalocean.com/keepkey/support-email` has no manifest `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39` (404 `MANIFEST_UNKNOWN`)
        hint: Push the image again; look whether a garbage collection or a cleaning job removed untagged manifests.
        ");
        sample.observation.repository = absent(Reason::RepositoryMissing, "404 `NAME_UNKNOWN`");
        said!(sample.said(CheckId::ManifestIntact), @"skipped: there is no repository to look in");
    }

    #[test]
    fn errs_when_another_digest_came_back_than_was_asked_for() {
        let mut sample = by_digest();
        sample.request.reference.digest = Some(digest("other"));
        said!(sample.said(CheckId::ManifestIntact), @"
        errored manifest-contradictory: asked for a manifest by its digest, the registry sent another one: `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
        hint: Try again; if it stays, a proxy or the registry is broken.
        ");
    }

    #[test]
    fn is_skipped_without_a_tag() {
        said!(Sample::without_tag().said(CheckId::ManifestIntact), @"skipped: there is no manifest to look at");
    }

    #[test]
    fn errs_when_a_config_contradicts_its_digest() {
        let mut sample = Sample::single();
        sample.observation.images[0].config = unknown(Reason::ManifestContradictory);
        said!(sample.all_said(), @"
        registry-honest   passed: the registry denied a tag that cannot exist
        repository-exists passed: the registry serves `registry.digitalocean.com/keepkey/support-email`
        tag-exists        passed: `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
        manifest-intact   errored manifest-contradictory: an answer that is manifest-contradictory
        digest-expected   skipped: no digest was expected
        revision-expected skipped: no commit was expected
        immutable-tag     skipped: no immutable tag was asked for
        platform          errored manifest-contradictory: an answer that is manifest-contradictory
        layers-present    passed: config and layers can be pulled (3 blobs)
        port              skipped: no port was asked for
        runtime           skipped: no runtime was declared
        ");
    }

    #[test]
    fn is_not_a_pass_when_no_image_was_looked_at() {
        let mut sample = Sample::single();
        sample.observation.images.clear();
        said!(sample.all_said(), @"
        registry-honest   passed: the registry denied a tag that cannot exist
        repository-exists passed: the registry serves `registry.digitalocean.com/keepkey/support-email`
        tag-exists        passed: `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
        manifest-intact   errored unexpected-answer: not looked at, so nothing is known of it: the image
        digest-expected   skipped: no digest was expected
        revision-expected skipped: no commit was expected
        immutable-tag     skipped: no immutable tag was asked for
        platform          skipped: there is no image of a wanted platform to look at
        layers-present    skipped: there is no image of a wanted platform to look at
        port              skipped: no port was asked for
        runtime           skipped: no runtime was declared
        ");
    }
}

mod digest_expected {
    use super::*;

    fn with(expected: Option<Digest>, resolved: Option<Fact<Resolved>>) -> String {
        let mut sample = Sample::single();
        sample.expectation().digest = expected;
        if let Some(resolved) = resolved {
            sample.observation.resolved = resolved;
        }
        sample.said(CheckId::DigestExpected)
    }

    #[test]
    fn compares() {
        said!(with(Some(digest("top")), None), @"passed: it is `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`");
        said!(with(Some(digest("other")), None), @"
        failed digest-differs: `latest-dev` is there and names another image: expected `sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa`, observed `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
        expected sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa
        observed sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39
        hint: Another job has pushed this tag since, or the push went elsewhere.
        hint: Did this commit's push job run before this one? https://circleci.com/gh/keepkey/support-email/7
        ");
        said!(with(Some(Digest::of(Algorithm::Sha512, b"top")), None), @"
        errored digest-not-comparable: a sha512 digest cannot be compared with a sha256 digest
        expected sha512:0faca7b34ab11b413bf93c247af67826de6dec8cb7ba09806a31bf7657fa3da768d49a93ca778a5c80838aa14890b31113182dbe0f0f9716ca4e461f45e8d23a
        observed sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39
        hint: Expect the `sha256:` digest that the push printed.
        ");
    }

    #[test]
    fn a_digest_of_something_else_is_named_for_what_it_is() {
        let config = |sample: &Sample, place: usize| {
            let manifest = sample.observation.images[place].manifest.present().unwrap();
            manifest.as_ref().unwrap().config.digest.clone()
        };
        let mut sample = Sample::single();
        sample.expectation().digest = Some(config(&sample, 0));
        said!(sample.said(CheckId::DigestExpected), @"
        failed digest-differs: the expected `sha256:551d57a1d49cde52f81c130ce1f221faec74ddbba6f1b0b90f926f6ba485ef35` is the digest of the image's config (the image ID), not of its manifest: `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
        expected sha256:551d57a1d49cde52f81c130ce1f221faec74ddbba6f1b0b90f926f6ba485ef35
        observed sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39
        hint: Expect the digest of the manifest: `containerimage.digest` in the file of `docker buildx build --metadata-file FILE`, or after the push `docker inspect -f '{{index .RepoDigests 0}}' IMAGE`.
        ");
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        sample.expectation().digest = Some(sample.observation.images[1].digest.clone());
        said!(sample.said(CheckId::DigestExpected), @"
        failed digest-differs: the expected `sha256:447c61c23dd101e0d3dc01db266259740a14dadc3cab52701ea2cb4d3bc7b636` is the digest of the manifest for `linux/arm64`, not of the index that lists it: `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
        expected sha256:447c61c23dd101e0d3dc01db266259740a14dadc3cab52701ea2cb4d3bc7b636
        observed sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39
        hint: Expect the digest of the index: `containerimage.digest` in the file of `docker buildx build --metadata-file FILE`, or after the push `docker inspect -f '{{index .RepoDigests 0}}' IMAGE`.
        hint: To verify that platform alone, give `registry.digitalocean.com/keepkey/support-email@sha256:447c61c23dd101e0d3dc01db266259740a14dadc3cab52701ea2cb4d3bc7b636`.
        ");
        sample.expectation().digest = Some(config(&sample, 0));
        said!(sample.said(CheckId::DigestExpected), @"
        failed digest-differs: the expected `sha256:551d57a1d49cde52f81c130ce1f221faec74ddbba6f1b0b90f926f6ba485ef35` is the digest of the config (the image ID) of `linux/amd64`, not of the index: `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
        expected sha256:551d57a1d49cde52f81c130ce1f221faec74ddbba6f1b0b90f926f6ba485ef35
        observed sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39
        hint: Expect the digest of the index: `containerimage.digest` in the file of `docker buildx build --metadata-file FILE`, or after the push `docker inspect -f '{{index .RepoDigests 0}}' IMAGE`.
        ");
        let Fact::Present(Resolved { content: Ok(crate::oci::Manifest::Index(index)), .. }) =
            &mut sample.observation.resolved
        else {
            panic!("an index")
        };
        index.entries[1].is_attestation = true;
        sample.expectation().digest = Some(sample.observation.images[1].digest.clone());
        said!(sample.said(CheckId::DigestExpected), @"
        failed digest-differs: the expected `sha256:447c61c23dd101e0d3dc01db266259740a14dadc3cab52701ea2cb4d3bc7b636` is the digest of an attestation beside the image, not of the index that lists both: `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
        expected sha256:447c61c23dd101e0d3dc01db266259740a14dadc3cab52701ea2cb4d3bc7b636
        observed sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39
        hint: Expect the digest of the index: `containerimage.digest` in the file of `docker buildx build --metadata-file FILE`, or after the push `docker inspect -f '{{index .RepoDigests 0}}' IMAGE`.
        ");
    }

    #[test]
    fn a_digest_beside_the_tag_of_a_reference_is_expected() {
        let mut sample = Sample::single();
        sample.request.reference.digest = Some(digest("other"));
        assert!(matches!(sample.outcome(CheckId::DigestExpected), Outcome::Failed(_)));
    }

    #[test]
    fn is_skipped_or_errs_without_a_digest_to_compare() {
        said!(with(None, None), @"skipped: no digest was expected");
        let missing = absent(Reason::TagMissing, "404 `MANIFEST_UNKNOWN`");
        said!(with(Some(digest("top")), Some(missing)), @"skipped: there is no manifest to look at");
        said!(with(Some(digest("top")), Some(unknown(Reason::TimedOut))), @"
        errored timed-out: an answer that is timed-out
        hint: Try again later, or give the run a longer --deadline.
        ");
    }
}

mod revision_expected {
    use super::*;

    const CHECK: CheckId = CheckId::RevisionExpected;

    fn required(mut sample: Sample) -> Sample {
        sample.expectation().revision = RevisionRule::Required(COMMIT.parse().unwrap());
        sample
    }

    fn label(sample: &mut Sample, index: usize, revision: &str) {
        let labels = &mut sample.config(index).labels;
        labels.insert(crate::oci::ImageConfig::REVISION_LABEL.into(), revision.into());
    }

    #[test]
    fn passes_when_every_platform_is_of_the_commit() {
        let mut sample = required(Sample::index(&["linux/amd64", "linux/arm64"]));
        said!(sample.said(CHECK), @"passed: it says that it was built from `0123456789abcdef0123456789abcdef01234567`");
        label(&mut sample, 1, &COMMIT.to_uppercase());
        assert!(matches!(sample.outcome(CHECK), Outcome::Passed { .. }));
    }

    #[test]
    fn fails_when_one_platform_is_of_another_commit() {
        let mut sample = required(Sample::index(&["linux/amd64", "linux/arm64"]));
        label(&mut sample, 1, OTHER_COMMIT);
        said!(sample.said(CHECK), @"
        failed revision-differs: `linux/arm64` says that it was built from `fedcba9876543210fedcba9876543210fedcba98`, not from `0123456789abcdef0123456789abcdef01234567`
        expected 0123456789abcdef0123456789abcdef01234567
        observed fedcba9876543210fedcba9876543210fedcba98
        hint: Did this commit's push job run before this one? https://circleci.com/gh/keepkey/support-email/7
        hint: If it did, the label may be the base image's, whose labels are inherited. Set it in the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
        ");
        sample.circleci = CircleCi::default();
        label(&mut sample, 0, "v1.2.3");
        said!(sample.said(CHECK), @"
        failed revision-differs: `linux/amd64` says that it was built from `v1.2.3`; `linux/arm64` says that it was built from `fedcba9876543210fedcba9876543210fedcba98`, not from `0123456789abcdef0123456789abcdef01234567`
        expected 0123456789abcdef0123456789abcdef01234567
        observed v1.2.3, fedcba9876543210fedcba9876543210fedcba98
        hint: Did this commit's push job run before this one?
        hint: If it did, the label may be the base image's, whose labels are inherited. Set it in the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
        ");
    }

    #[test]
    fn fails_when_the_label_is_shortened() {
        let mut sample = required(Sample::single());
        label(&mut sample, 0, &COMMIT[..7]);
        said!(sample.said(CHECK), @"
        failed revision-differs: the image says that it was built from `0123456`, not from `0123456789abcdef0123456789abcdef01234567`
        expected 0123456789abcdef0123456789abcdef01234567
        observed 0123456
        hint: The label holds only the start of the commit. Build with all of it: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
        ");
    }

    #[test]
    fn fails_without_a_label_that_is_required() {
        let mut sample = required(Sample::single());
        sample.config(0).labels.clear();
        said!(sample.said(CHECK), @"
        failed revision-label-missing: there is no label `org.opencontainers.image.revision` on the image, and it is required
        expected 0123456789abcdef0123456789abcdef01234567
        observed no label
        hint: Add to the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
        ");
    }

    #[test]
    fn is_skipped_and_told_without_a_label_that_is_not_required() {
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        sample.expectation().revision = RevisionRule::WhenLabelled(COMMIT.parse().unwrap());
        assert!(matches!(sample.outcome(CHECK), Outcome::Passed { .. }));
        sample.config(1).labels.clear();
        said!(sample.said(CHECK), @"skipped, to be told: there is no label `org.opencontainers.image.revision` on `linux/arm64`, so no commit was compared; add to the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`");
        label(&mut sample, 0, OTHER_COMMIT);
        assert!(matches!(sample.outcome(CHECK), Outcome::Failed(_)));
    }

    #[test]
    fn is_skipped_or_errs_without_a_config_to_look_at() {
        said!(Sample::single().said(CHECK), @"skipped: no commit was expected");
        let mut sample = required(Sample::index(&["linux/amd64", "linux/arm64"]));
        sample.observation.images[0].config = absent(Reason::BlobMissing, "404 `BLOB_UNKNOWN`");
        said!(sample.said(CHECK), @"skipped: there is no config to look at for `linux/amd64`");
        sample.observation.images[0].config = unknown(Reason::TimedOut);
        said!(sample.said(CHECK), @"
        errored timed-out: an answer that is timed-out
        hint: Try again later, or give the run a longer --deadline.
        ");
        label(&mut sample, 1, OTHER_COMMIT);
        assert!(matches!(sample.outcome(CHECK), Outcome::Failed(_)), "a proven no stands");
    }
}

mod immutable_tag {
    use super::*;

    const CHECK: CheckId = CheckId::ImmutableTag;

    fn with(fact: Fact<Digest>) -> Sample {
        let mut sample = Sample::single();
        let tag: crate::oci::Tag = format!("{COMMIT}-dev").parse().unwrap();
        sample.expectation().immutable_tag = Some(ImmutableTag::Named(tag.clone()));
        sample.observation.immutable = Some((tag, fact));
        sample
    }

    #[test]
    fn compares() {
        said!(with(Fact::Present(digest("top"))).said(CHECK), @"passed: `0123456789abcdef0123456789abcdef01234567-dev` names the same digest");
        said!(with(Fact::Present(digest("other"))).said(CHECK), @"
        failed immutable-tag-differs: `0123456789abcdef0123456789abcdef01234567-dev` names `sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa`, and `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
        expected sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa
        observed sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39
        hint: The moving tag is from another build.
        hint: Did this commit's push job run before this one? https://circleci.com/gh/keepkey/support-email/7
        hint: Push again, unless a newer commit has.
        ");
        let sha512 = Digest::of(Algorithm::Sha512, b"top");
        said!(with(Fact::Present(sha512)).said(CHECK), @"
        errored digest-not-comparable: a sha512 digest cannot be compared with a sha256 digest
        expected sha512:0faca7b34ab11b413bf93c247af67826de6dec8cb7ba09806a31bf7657fa3da768d49a93ca778a5c80838aa14890b31113182dbe0f0f9716ca4e461f45e8d23a
        observed sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39
        hint: Expect the `sha256:` digest that the push printed.
        ");
    }

    #[test]
    fn fails_when_it_is_missing_even_where_the_moving_tag_could_not_be_read() {
        let mut sample = with(absent(Reason::TagMissing, "404 `MANIFEST_UNKNOWN`"));
        said!(sample.said(CHECK), @"
        failed immutable-tag-missing: `registry.digitalocean.com/keepkey/support-email` has no tag `0123456789abcdef0123456789abcdef01234567-dev`, which this commit's push should have set (404 `MANIFEST_UNKNOWN`)
        hint: Let the push job push the immutable tag beside the moving one.
        hint: 1. Is the push job in this workflow, and does this job require it? https://circleci.com/gh/keepkey/support-email/7
        hint: 2. Did the push job fail, or push under another name?
        hint: 3. Start a pipeline on `develop`.
        ");
        sample.observation.resolved = unknown(Reason::ServerError);
        assert!(matches!(sample.outcome(CHECK), Outcome::Failed(_)));
        sample.observation.repository = absent(Reason::RepositoryMissing, "404 `NAME_UNKNOWN`");
        said!(sample.said(CHECK), @"skipped: there is no repository to look in");
    }

    #[test]
    fn by_the_images_own_label_proves_nothing_for_or_against() {
        let by_label = |fact: Fact<Digest>| {
            let mut sample = with(fact);
            sample.expectation().immutable_tag =
                Some(ImmutableTag::ByRevisionLabel("{revision}-dev".parse().unwrap()));
            sample.said(CHECK)
        };
        said!(by_label(Fact::Present(digest("top"))), @"
        passed: `0123456789abcdef0123456789abcdef01234567-dev` names the same digest
        note: `0123456789abcdef0123456789abcdef01234567-dev` is made from the image's own revision label because no commit was given: it does not prove the commit
        ");
        said!(by_label(Fact::Present(digest("other"))), @"skipped, to be told: `0123456789abcdef0123456789abcdef01234567-dev`, made from the image's own revision label because no commit was given, names another image, `sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa`");
        said!(by_label(Fact::Present(Digest::of(Algorithm::Sha512, b"top"))), @"skipped, to be told: `0123456789abcdef0123456789abcdef01234567-dev`, made from the image's own revision label because no commit was given, names a digest of another algorithm");
        said!(by_label(absent(Reason::TagMissing, "404 `MANIFEST_UNKNOWN`")), @"skipped, to be told: `0123456789abcdef0123456789abcdef01234567-dev`, made from the image's own revision label because no commit was given, is not in the registry (404 `MANIFEST_UNKNOWN`)");
        said!(by_label(unknown(Reason::ServerError)), @"skipped, to be told: `0123456789abcdef0123456789abcdef01234567-dev`, made from the image's own revision label because no commit was given, could not be read: an answer that is server-error");
    }

    #[test]
    fn errs_when_either_tag_is_unknown() {
        said!(with(unknown(Reason::RateLimited)).said(CHECK), @"
        errored rate-limited: an answer that is rate-limited
        hint: Wait some minutes, or as long as the message says; verify several images in one run instead of one run each.
        ");
        let mut sample = with(Fact::Present(digest("top")));
        sample.observation.resolved = unknown(Reason::ServerError);
        said!(sample.said(CHECK), @"
        errored server-error: an answer that is server-error
        hint: Try again later; look at the provider's status page.
        ");
    }

    #[test]
    fn is_skipped_when_it_was_not_asked_for_or_could_not_be_named() {
        let mut sample = Sample::single();
        said!(sample.said(CHECK), @"skipped: no immutable tag was asked for");
        sample.expectation().immutable_tag =
            Some(ImmutableTag::ByRevisionLabel("{revision}-dev".parse().unwrap()));
        sample.observation.immutable_skipped =
            Some("the image has no revision label to make the immutable tag from".into());
        said!(sample.said(CHECK), @"skipped, to be told: the image has no revision label to make the immutable tag from");
    }

    #[test]
    fn is_not_a_pass_when_nobody_looked() {
        let mut sample = with(Fact::Present(digest("top")));
        sample.observation.immutable = None;
        said!(sample.said(CHECK), @"
        errored unexpected-answer: not looked at, so nothing is known of it: the immutable tag
        hint: This is a mistake of this program: please report it.
        ");
        sample.expectation().immutable_tag =
            Some(ImmutableTag::ByRevisionLabel("{revision}-dev".parse().unwrap()));
        sample.observation.images[0].config = unknown(Reason::TimedOut);
        said!(sample.said(CHECK), @"
        errored timed-out: an answer that is timed-out
        hint: Try again later, or give the run a longer --deadline.
        ");
    }

    #[test]
    fn passes_when_the_tag_that_was_asked_for_is_the_immutable_one() {
        let mut sample = Sample::single();
        let tag = sample.request.reference.tag.clone().unwrap();
        sample.expectation().immutable_tag = Some(ImmutableTag::Named(tag));
        said!(sample.said(CHECK), @"passed: `latest-dev` is itself the tag that never moves");
        assert_eq!(sample.facts().unwrap().immutable_tag.as_deref(), Some("latest-dev"));
    }
}

mod platform {
    use super::*;

    const CHECK: CheckId = CheckId::Platform;

    fn wanting(mut sample: Sample, platforms: &[&str]) -> Sample {
        sample.expectation().platforms =
            platforms.iter().map(|platform| platform.parse().unwrap()).collect();
        sample
    }

    #[test]
    fn passes_with_what_was_found() {
        said!(Sample::single().said(CHECK), @"passed: found `linux/amd64`");
        said!(Sample::index(&["linux/amd64", "linux/arm64"]).said(CHECK), @"passed: found `linux/amd64`, `linux/arm64`");
        said!(wanting(Sample::index(&["linux/arm64"]), &["linux/arm64/v8"]).said(CHECK), @"passed: found `linux/arm64`");
    }

    #[test]
    fn fails_when_a_wanted_platform_is_not_offered() {
        said!(wanting(Sample::single(), &["linux/amd64", "linux/arm64"]).said(CHECK), @"
        failed platform-missing: no manifest for `linux/arm64`; the image offers `linux/amd64`
        expected linux/arm64
        observed linux/amd64
        hint: Build for that platform too (`docker buildx build --platform …`), or correct the platforms that are asked for.
        ");
        let mut nothing = wanting(Sample::index(&["linux/amd64"]), &["linux/arm64"]);
        nothing.observation.images.clear();
        nothing.observation.offered.push("windows/amd64".parse().unwrap());
        said!(nothing.said(CHECK), @"
        failed platform-missing: no manifest for `linux/arm64`; the image offers `linux/amd64`, `windows/amd64`
        expected linux/arm64
        observed linux/amd64, windows/amd64
        hint: Build for that platform too (`docker buildx build --platform …`), or correct the platforms that are asked for.
        ");
        said!(nothing.said(CheckId::LayersPresent), @"skipped: there is no image of a wanted platform to look at");
    }

    #[test]
    fn is_not_a_no_when_nobody_looked() {
        let mut sample = wanting(Sample::index(&["linux/amd64"]), &["linux/amd64"]);
        sample.observation.images.clear();
        said!(sample.said(CHECK), @"
        errored unexpected-answer: not looked at, so nothing is known of it: `linux/amd64`
        hint: This is a mistake of this program: please report it.
        ");
        said!(sample.said(CheckId::ManifestIntact), @"skipped: there is no image of a wanted platform to look at");
        // Another platform's image was looked at, which says nothing of this one.
        let mut sample = wanting(
            Sample::index(&["linux/amd64", "linux/arm64"]),
            &["linux/amd64", "linux/arm64"],
        );
        sample.observation.images.truncate(1);
        said!(sample.said(CHECK), @"
        errored unexpected-answer: not looked at, so nothing is known of it: `linux/arm64`
        hint: This is a mistake of this program: please report it.
        ");
    }

    #[test]
    fn fails_when_the_config_of_the_only_image_says_another_platform() {
        let mut sample = wanting(Sample::index(&["linux/amd64"]), &["linux/amd64"]);
        sample.config(0).platform = "linux/arm64".parse().unwrap();
        said!(sample.said(CHECK), @"
        failed platform-missing: no manifest for `linux/amd64`: `linux/amd64` is listed, and the config behind it says `linux/arm64`
        expected linux/amd64
        observed linux/arm64
        hint: Build for that platform too (`docker buildx build --platform …`), or correct the platforms that are asked for.
        ");
    }

    #[test]
    fn fails_when_a_listed_manifest_is_gone() {
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        sample.observation.images[1].manifest =
            absent(Reason::ManifestMissing, "404 `MANIFEST_UNKNOWN`");
        sample.observation.images[1].config =
            absent(Reason::ManifestMissing, "404 `MANIFEST_UNKNOWN`");
        sample.observation.images[1].blobs.clear();
        sample.expectation().port = Some(ExpectedPort { number: 5001, strict: true });
        said!(sample.said(CHECK), @"
        failed manifest-missing: listed in the index, and the manifest is gone: `linux/arm64` (`sha256:447c61c23dd1`)
        hint: Push the image again; look whether a garbage collection or a cleaning job removed untagged manifests.
        hint: If you deploy the others only, name them: `--platform linux/amd64`.
        ");
        said!(sample.all_said(), @"
        registry-honest   passed: the registry denied a tag that cannot exist
        repository-exists passed: the registry serves `registry.digitalocean.com/keepkey/support-email`
        tag-exists        passed: `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
        manifest-intact   passed: index, manifest and config hash to their digests
        digest-expected   skipped: no digest was expected
        revision-expected skipped: no commit was expected
        immutable-tag     skipped: no immutable tag was asked for
        platform          failed manifest-missing: listed in the index, and the manifest is gone: `linux/arm64` (`sha256:447c61c23dd1`)
        layers-present    skipped: there is no manifest to look at for `linux/arm64`
        port              skipped: there is no config to look at for `linux/arm64`
        runtime           skipped: no runtime was declared
        ");
        said!(sample.said(CheckId::ManifestIntact), @"
        passed: index, manifest and config hash to their digests
        note: there was nothing to hash for `linux/arm64`: manifest or config is not there
        ");
    }

    #[test]
    fn tells_when_index_and_config_disagree_and_fails_when_it_matters() {
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        sample.config(1).platform = "linux/amd64".parse().unwrap();
        said!(sample.said(CHECK), @"
        passed: found `linux/amd64`, `linux/arm64`
        note: `linux/arm64` is listed, and the config behind it says `linux/amd64`
        ");
        said!(wanting(sample, &["linux/arm64"]).said(CHECK), @"
        failed platform-missing: no manifest for `linux/arm64`: `linux/arm64` is listed, and the config behind it says `linux/amd64`
        expected linux/arm64
        observed linux/amd64, linux/amd64
        hint: Build for that platform too (`docker buildx build --platform …`), or correct the platforms that are asked for.
        ");
    }

    #[test]
    fn a_variant_that_the_config_leaves_out_is_no_disagreement() {
        let mut sample = wanting(Sample::index(&["linux/arm/v6"]), &["linux/arm/v6"]);
        sample.config(0).platform = "linux/arm".parse().unwrap();
        said!(sample.said(CHECK), @"passed: found `linux/arm/v6`");
    }

    #[test]
    fn is_skipped_when_the_config_that_would_say_it_is_gone() {
        for wanted in [&[][..], &["linux/amd64"]] {
            let mut sample = wanting(Sample::single(), wanted);
            sample.observation.images[0].config = absent(Reason::BlobMissing, "404");
            sample.observation.offered.clear();
            assert_eq!(
                sample.said(CHECK),
                "skipped: the config is gone, and nothing else says the platform"
            );
        }
    }

    #[test]
    fn errs_when_the_only_image_does_not_say_its_platform() {
        let mut sample = wanting(Sample::single(), &["linux/arm64"]);
        sample.observation.images[0].config = unknown(Reason::ConnectionFailed);
        said!(sample.said(CHECK), @"
        errored connection-failed: an answer that is connection-failed
        hint: Look at the network, the proxy and the host's name.
        ");
    }
}

mod layers_present {
    use super::*;

    const CHECK: CheckId = CheckId::LayersPresent;

    #[test]
    fn passes_and_counts_a_shared_layer_once() {
        said!(Sample::single().said(CHECK), @"passed: config and layers can be pulled (3 blobs)");
        said!(Sample::index(&["linux/amd64", "linux/arm64"]).said(CHECK), @"passed: config and layers can be pulled (5 blobs)");
    }

    #[test]
    fn passes_with_a_word_on_more_layers_than_docker_takes() {
        for (layers, told) in [(125, false), (126, true)] {
            let mut sample = Sample::single();
            let image = &mut sample.observation.images[0];
            let Fact::Present(Ok(manifest)) = &mut image.manifest else {
                panic!("the sample's manifests are there")
            };
            let layer = |number: usize| descriptor("layer", &digest(&number.to_string()), 9);
            manifest.layers = (0..layers).map(layer).collect();
            image.blobs.truncate(1);
            image.blobs.extend(manifest.layers.iter().map(|layer| BlobObservation {
                role: "layer".into(),
                descriptor: layer.clone(),
                proof: Proof::Read,
                size: Fact::Present(9),
            }));
            sample.config(0).diff_ids.resize(layers, digest("unpacked"));
            let said = sample.said(CheckId::LayersPresent);
            assert!(said.starts_with("passed: "), "{said}");
            let note = "note: docker starts no image of more than 125 layers, and here are 126";
            assert_eq!(said.contains(note), told, "{said}");
        }
    }

    #[test]
    fn fails_when_a_layer_is_gone() {
        let mut sample = Sample::single();
        sample.observation.images[0].blobs[2].size = absent(Reason::BlobMissing, "404");
        said!(sample.said(CHECK), @"
        failed blob-missing: layer 2 of 2 (`sha256:de9dd0b53fe28b453ec4a102e0fe417be128c7d8d9a7fa2fbd5932ca0383d452`) is gone: 404
        hint: Push the image again; where the push says `layer already exists`, build without cache or ask the registry's operator.
        ");
    }

    #[test]
    fn fails_when_a_blob_has_another_size() {
        let mut sample = Sample::single();
        sample.observation.images[0].blobs[1].size = Fact::Present(2_999_999);
        said!(sample.said(CHECK), @"
        failed blob-size-differs: layer 1 of 2 (`sha256:d9455192305b01d057b8725af0ef2f2bece92e4fe98f6bd5e4fc15bc0919d397`) has 2999999 bytes where the manifest says 3000000
        expected 3000000 bytes
        observed 2999999 bytes
        hint: Build without cache and push again; the stored bytes are not the ones that were pushed.
        ");
    }

    #[test]
    fn fails_when_the_config_is_gone() {
        let mut sample = Sample::single();
        sample.observation.images[0].config = absent(Reason::BlobMissing, "404 `BLOB_UNKNOWN`");
        sample.observation.images[0].blobs.remove(0);
        said!(sample.all_said(), @"
        registry-honest   passed: the registry denied a tag that cannot exist
        repository-exists passed: the registry serves `registry.digitalocean.com/keepkey/support-email`
        tag-exists        passed: `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
        manifest-intact   skipped: there was nothing to hash for the image: manifest or config is not there
        digest-expected   skipped: no digest was expected
        revision-expected skipped: no commit was expected
        immutable-tag     skipped: no immutable tag was asked for
        platform          skipped: the config is gone, and nothing else says the platform
        layers-present    failed blob-missing: config (`sha256:551d57a1d49cde52f81c130ce1f221faec74ddbba6f1b0b90f926f6ba485ef35`) is gone: 404 `BLOB_UNKNOWN`
        port              skipped: no port was asked for
        runtime           skipped: no runtime was declared
        ");
    }

    #[test]
    fn fails_with_what_is_wrong_on_each_platform_each_blob_once() {
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        for image in &mut sample.observation.images {
            image.blobs[1].size = absent(Reason::BlobMissing, "404");
            image.blobs[2].size = Fact::Present(0);
        }
        said!(sample.said(CHECK), @"
        failed blob-missing: layer 1 of 2 of `linux/amd64` (`sha256:d9455192305b01d057b8725af0ef2f2bece92e4fe98f6bd5e4fc15bc0919d397`) is gone: 404; layer 2 of 2 of `linux/amd64` (`sha256:de9dd0b53fe28b453ec4a102e0fe417be128c7d8d9a7fa2fbd5932ca0383d452`) has 0 bytes where the manifest says 20000; layer 2 of 2 of `linux/arm64` (`sha256:446ad523a90af6d177f4e14ef0df96ece1e8d7f81270541b7fa7485f4c001b0f`) has 0 bytes where the manifest says 20000
        hint: Push the image again; where the push says `layer already exists`, build without cache or ask the registry's operator.
        ");
    }

    #[test]
    fn a_blob_that_was_asked_for_once_counts_for_every_platform() {
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        sample.observation.images[0].blobs.remove(1);
        assert!(matches!(sample.outcome(CHECK), Outcome::Passed { .. }));
        sample.observation.images[1].blobs[1].size = absent(Reason::BlobMissing, "404");
        assert!(matches!(sample.outcome(CHECK), Outcome::Failed(_)));
    }

    #[test]
    fn the_worst_answer_counts_where_a_blob_was_asked_for_twice() {
        for (index, other) in [(0, 1), (1, 0)] {
            let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
            sample.observation.images[index].blobs[1].size = unknown(Reason::TimedOut);
            assert!(matches!(sample.outcome(CHECK), Outcome::Errored(_)));
            sample.observation.images[other].blobs[1].size = absent(Reason::BlobMissing, "404");
            assert!(matches!(sample.outcome(CHECK), Outcome::Failed(_)));
            // Once in its size and once in another.
            let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
            sample.observation.images[index].blobs[1].size = Fact::Present(0);
            assert!(matches!(sample.outcome(CHECK), Outcome::Failed(_)));
        }
    }

    const FOREIGN: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

    /// Its second layer is of this type, names other places, and is not in the registry.
    fn keep_elsewhere(sample: &mut Sample, image: usize, media_type: &str) {
        let image = &mut sample.observation.images[image];
        let mut layer = descriptor(media_type, &digest("foreign"), 7);
        layer.has_urls = true;
        let Fact::Present(Ok(manifest)) = &mut image.manifest else { unreachable!() };
        manifest.layers[1] = layer.clone();
        image.blobs[2].descriptor = layer;
        image.blobs[2].size = absent(Reason::BlobMissing, "404 `BLOB_UNKNOWN`");
    }

    fn set_platform(sample: &mut Sample, image: usize, platform: &str) {
        sample.config(image).platform = platform.parse().unwrap();
    }

    #[test]
    fn urls_excuse_a_missing_layer_of_a_foreign_type_on_windows_alone() {
        let oci = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
        let usual = "application/vnd.oci.image.layer.v1.tar+gzip";
        let table = [
            ("windows/amd64", FOREIGN),
            ("windows/amd64", oci),
            ("windows/amd64", usual),
            ("linux/amd64", FOREIGN),
        ];
        let words = table.map(|(platform, media_type)| {
            let mut sample = Sample::single();
            keep_elsewhere(&mut sample, 0, media_type);
            set_platform(&mut sample, 0, platform);
            sample.outcome(CHECK).word().to_owned()
        });
        assert_eq!(words, ["passed", "passed", "failed", "failed"]);
        let mut sample = Sample::single();
        keep_elsewhere(&mut sample, 0, FOREIGN);
        set_platform(&mut sample, 0, "windows/amd64");
        said!(sample.notes().first().unwrap(), @"kept elsewhere by the image's own choice (`urls`), not in this registry, and not requested there: layer 2 of 2");
        assert_eq!(sample.facts().unwrap().unproven, sample.notes()[..1]);
        // What its storage has lost was in the registry, and what the config alone could say is open.
        sample.observation.images[0].blobs[2].size = absent(Reason::BodyNeverCame, "404");
        assert!(matches!(sample.outcome(CHECK), Outcome::Failed(_)));
        keep_elsewhere(&mut sample, 0, FOREIGN);
        sample.observation.images[0].config = unknown(Reason::TimedOut);
        assert!(matches!(sample.outcome(CHECK), Outcome::Errored(_)));
        assert_eq!(sample.notes().len(), 0);
    }

    #[test]
    fn a_layer_is_judged_by_each_descriptor_that_lists_it() {
        // The same layer, missing, once excused and once not.
        let mut sample = Sample::index(&["windows/amd64", "linux/amd64"]);
        keep_elsewhere(&mut sample, 0, FOREIGN);
        assert!(matches!(sample.outcome(CHECK), Outcome::Passed { .. }));
        keep_elsewhere(&mut sample, 1, FOREIGN);
        said!(sample.said(CHECK), @"
        failed blob-missing: layer 2 of 2 of `linux/amd64` (`sha256:656771905e1ef731f65cd0a0d9fb061238380a1a012e6abdf846ecc7d2ea36fd`) is gone: 404 `BLOB_UNKNOWN`
        hint: Push the image again; where the push says `layer already exists`, build without cache or ask the registry's operator.
        ");
        // In one image, with `urls` and without.
        let mut sample = Sample::single();
        set_platform(&mut sample, 0, "windows/amd64");
        keep_elsewhere(&mut sample, 0, FOREIGN);
        let image = &mut sample.observation.images[0];
        let Fact::Present(Ok(manifest)) = &mut image.manifest else { unreachable!() };
        manifest.layers[0] = manifest.layers[1].clone();
        manifest.layers[0].has_urls = false;
        image.blobs[1] =
            BlobObservation { descriptor: manifest.layers[0].clone(), ..image.blobs[2].clone() };
        assert!(matches!(sample.outcome(CHECK), Outcome::Failed(_)));
    }

    #[test]
    fn fails_when_size_and_digest_contradict_each_other() {
        let with_layer = |content: &str, size: u64| {
            let mut sample = Sample::single();
            let layer = descriptor("layer", &digest(content), size);
            let image = &mut sample.observation.images[0];
            let Fact::Present(Ok(manifest)) = &mut image.manifest else { unreachable!() };
            manifest.layers[1] = layer.clone();
            image.blobs[2].size = Fact::Present(size);
            image.blobs[2].descriptor = layer;
            sample.said(CHECK)
        };
        said!(with_layer("", 0), @"passed: config and layers can be pulled (3 blobs)");
        said!(with_layer("x", 0), @"
        failed blob-size-differs: layer 2 of 2 (`sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881`) is said to be empty, and its digest is not that of nothing
        hint: Build without cache and push again; the stored bytes are not the ones that were pushed.
        ");
        said!(with_layer("", 1), @"
        failed blob-size-differs: layer 2 of 2 (`sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855`) is said to have 1 bytes, and its digest is that of nothing
        hint: Build without cache and push again; the stored bytes are not the ones that were pushed.
        ");
    }

    #[test]
    fn passes_with_a_note_for_a_layer_that_was_announced_and_not_read() {
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        for image in &mut sample.observation.images {
            image.blobs[1].proof = Proof::Announced;
        }
        assert!(matches!(sample.outcome(CHECK), Outcome::Passed { .. }));
        said!(sample.notes().first().unwrap(), @"announced, not read, because the server ignores ranges and no more is read of an image or a run: layer 1 of 2 of `linux/amd64`");
        assert_eq!(sample.facts().unwrap().unproven, sample.notes()[..1]);
        // More came than was announced.
        sample.observation.images[0].blobs[1].proof = Proof::Exceeded;
        said!(sample.said(CHECK), @"
        failed blob-size-differs: layer 1 of 2 of `linux/amd64` (`sha256:d9455192305b01d057b8725af0ef2f2bece92e4fe98f6bd5e4fc15bc0919d397`) has more than 3000000 bytes where the manifest says 3000000
        hint: Build without cache and push again; the stored bytes are not the ones that were pushed.
        ");
    }

    #[test]
    fn errs_when_only_the_config_could_say_whether_the_entry_counts() {
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        let entry = &mut sample.observation.images[1];
        entry.listed_as = None;
        entry.config = unknown(Reason::TimedOut);
        entry.blobs[2].size = absent(Reason::BlobMissing, "404 `BLOB_UNKNOWN`");
        assert!(matches!(sample.outcome(CHECK), Outcome::Errored(_)));
        sample.observation.images[1].listed_as = Some("linux/arm64".parse().unwrap());
        assert!(matches!(sample.outcome(CHECK), Outcome::Failed(_)));
    }

    #[test]
    fn errs_when_a_blob_is_unknown_or_was_not_asked_for() {
        let mut sample = Sample::single();
        sample.observation.images[0].blobs[1].size = unknown(Reason::TimedOut);
        sample.observation.images[0].blobs[2].size = unknown(Reason::CredentialsRefused);
        said!(sample.said(CHECK), @"
        errored credentials-refused: an answer that is credentials-refused
        hint: For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
        ");
        sample.observation.images[0].blobs[2].size = unknown(Reason::ManifestContradictory);
        said!(sample.said(CHECK), @"
        errored manifest-contradictory: an answer that is manifest-contradictory
        hint: Try again; if it stays, a proxy or the registry is broken.
        ");
        sample.observation.images[0].blobs.truncate(1);
        said!(sample.said(CHECK), @"
        errored unexpected-answer: not looked at, so nothing is known of it: layer 1 of 2, layer 2 of 2
        hint: This is a mistake of this program: please report it.
        ");
    }
}

mod port {
    use super::*;

    fn with(strict: bool, ports: &[&str], env: &[&str]) -> String {
        let mut sample = Sample::single();
        sample.expectation().port = Some(ExpectedPort { number: 5001, strict });
        sample.config(0).exposed_ports = ports.iter().map(|port| (*port).to_owned()).collect();
        sample.config(0).env = env.iter().map(|text| (*text).to_owned()).collect();
        sample.said(CheckId::Port)
    }

    #[test]
    fn passes_when_the_image_names_it_in_any_way() {
        let named: [(&[&str], &[&str]); 7] = [
            (&["5001/tcp"], &[]),
            (&["5001"], &[]),
            (&["5001/TCP", "80/tcp"], &[]),
            (&["5000-5010/tcp"], &[]),
            (&[], &["PORT=5001"]),
            (&["80/tcp"], &["PORT=5001"]),
            (&["5001/tcp"], &["PORT=80"]),
        ];
        for (ports, env) in named {
            assert_eq!(with(true, ports, env), "passed: the image names `5001/tcp`", "{ports:?}");
        }
    }

    #[test]
    fn fails_when_it_names_others_only() {
        said!(with(false, &["3000/tcp", "5002-5010/tcp"], &["PORT=8080"]), @"
        failed port-not-exposed: the image names `3000/tcp`, `5002-5010/tcp`, `PORT=8080`, and not `5001/tcp`
        expected 5001/tcp
        observed 3000/tcp, 5002-5010/tcp, PORT=8080
        hint: Correct `EXPOSE` or `PORT` in the Dockerfile, or the port that is asked for.
        ");
        said!(with(false, &["5001/udp"], &[]), @"
        failed port-not-exposed: the image names `5001/udp`, and not `5001/tcp`
        expected 5001/tcp
        observed 5001/udp
        hint: 5001 is exposed for another protocol only: write `EXPOSE 5001/tcp`.
        ");
    }

    #[test]
    fn fails_or_is_skipped_when_it_names_none() {
        said!(with(true, &[], &["PORT=http"]), @"
        failed port-not-exposed: no port is named by the image, neither with `EXPOSE` nor with `PORT`
        expected 5001/tcp
        observed no port
        hint: Add `EXPOSE 5001` to the Dockerfile, or omit `--port` (the orb's `port`).
        ");
        said!(with(false, &["$PORT/tcp"], &[]), @"skipped, to be told: no port is named by the image, so `5001/tcp` was not compared");
    }

    #[test]
    fn holds_on_every_platform() {
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        said!(sample.said(CheckId::Port), @"skipped: no port was asked for");
        sample.expectation().port = Some(ExpectedPort { number: 5001, strict: false });
        sample.config(0).exposed_ports.clear();
        said!(sample.said(CheckId::Port), @"skipped, to be told: no port is named by `linux/amd64`, so `5001/tcp` was not compared");
        sample.config(1).exposed_ports = vec!["80/tcp".into()];
        said!(sample.said(CheckId::Port), @"
        failed port-not-exposed: `linux/arm64` names `80/tcp`, and not `5001/tcp`
        expected 5001/tcp
        observed 80/tcp
        hint: Correct `EXPOSE` or `PORT` in the Dockerfile, or the port that is asked for.
        ");
    }

    #[test]
    fn errs_when_a_config_is_unknown() {
        let mut sample = Sample::single();
        sample.expectation().port = Some(ExpectedPort { number: 5001, strict: true });
        sample.observation.images[0].manifest = unknown(Reason::AnswerTooLarge);
        said!(sample.said(CheckId::Port), @"
        errored answer-too-large: an answer that is answer-too-large
        hint: Look which image and which server this is: nothing over the limit is read.
        ");
    }
}

mod runtime {
    use super::*;

    fn with(
        language: &str,
        base: &str,
        change: impl FnOnce(&mut crate::oci::ImageConfig),
    ) -> String {
        let mut sample = Sample::single();
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        sample.expectation().runtime.language = given(language);
        sample.expectation().runtime.base = given(base);
        change(sample.config(0));
        sample.said(CheckId::Runtime)
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn passes_with_what_shows_it() {
        said!(with("nodejs", "alpine", |_| {}), @"passed: it shows `nodejs` (`NODE_VERSION` is set), `alpine` (its history has `alpine`)");
    }

    #[test]
    fn a_node_image_that_also_has_python_is_a_node_image() {
        let both = with("nodejs", "", |config| config.env.push("PYTHON_VERSION=3.12".into()));
        said!(both, @"passed: it shows `nodejs` (`NODE_VERSION` is set)");
    }

    #[test]
    fn the_program_that_is_started_shows_the_language() {
        let starts = |entrypoint: &[&str], cmd: &[&str]| {
            with("nodejs", "", |config| {
                config.env.clear();
                config.entrypoint = texts(entrypoint);
                config.cmd = texts(cmd);
            })
        };
        let node: [(&[&str], &[&str]); 7] = [
            (&["/usr/local/bin/node"], &["server.js"]),
            (&["docker-entrypoint.sh"], &["node", "server.js"]),
            (&["docker-entrypoint.sh", "node"], &[]),
            (&["/sbin/tini", "--", "npm"], &["start"]),
            (&[], &["/bin/sh", "-c", "NODE_ENV=production exec node server.js"]),
            (&[], &["yarn", "start"]),
            (&["/nodejs/bin/node"], &[]),
        ];
        for (entrypoint, cmd) in node {
            let said = starts(entrypoint, cmd);
            assert!(said.starts_with("passed"), "{entrypoint:?} {cmd:?}: {said}");
        }
        said!(starts(&[], &["python3", "node.py"]), @"
        failed runtime-differs: the image shows nothing of `nodejs` and is of another kind: it starts `python3`
        expected nodejs
        observed it starts python3
        hint: Look which image was pushed under this name, or correct `runtime`.
        ");
        said!(starts(&["/app/start"], &["node"]), @"skipped, to be told: nothing in the image speaks for or against `nodejs`");
        said!(starts(&[], &[]), @"skipped, to be told: nothing in the image speaks for or against `nodejs`");
    }

    #[test]
    fn history_and_label_show_the_base() {
        let based = |label: &str, history: &[&str]| {
            with("", "alpine", |config| {
                config.history = texts(history);
                if !label.is_empty() {
                    config.labels.insert("org.opencontainers.image.base.name".into(), label.into());
                }
            })
        };
        said!(based("docker.io/library/node:20-alpine3.19", &[]), @"passed: it shows `alpine` (its base is named with `alpine`)");
        said!(based("", &["RUN /bin/sh -c apk add curl", "RUN apt-get --version"]), @"passed: it shows `alpine` (its history has `apk`)");
        said!(based("", &["/bin/sh -c #(nop) ADD file:7e in / ", "RUN /bin/sh -c apt-get update"]), @"
        failed runtime-differs: the image shows nothing of `alpine` and is of another kind: its history has `apt-get`
        expected alpine
        observed its history has apt-get
        hint: Look which image was pushed under this name, or correct `runtime`.
        ");
        said!(based("docker.io/library/node:20-bookworm-slim", &[]), @"
        failed runtime-differs: the image shows nothing of `alpine` and is of another kind: its base is named with `bookworm`
        expected alpine
        observed its base is named with bookworm
        hint: Look which image was pushed under this name, or correct `runtime`.
        ");
        said!(based("docker.io/library/node:20", &["/bin/sh -c #(nop) ENV X=debian", "COPY --from=alpine:3 /a /a", "RUN npm i alpinejs app.apk"]), @"skipped, to be told: nothing in the image speaks for or against `alpine`");
    }

    #[test]
    fn fails_for_each_platform_that_is_another() {
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        sample.expectation().runtime.language = Some("nodejs".into());
        for index in [0, 1] {
            sample.config(index).env = vec!["GOLANG_VERSION=1.22".into()];
            sample.config(index).cmd = vec!["/app".into()];
        }
        said!(sample.said(CheckId::Runtime), @"
        failed runtime-differs: `linux/amd64` shows nothing of `nodejs` and is of another kind: `GOLANG_VERSION` is set; `linux/arm64` shows nothing of `nodejs` and is of another kind: `GOLANG_VERSION` is set
        expected nodejs
        observed GOLANG_VERSION is set
        hint: Look which image was pushed under this name, or correct `runtime`.
        ");
    }

    #[test]
    fn other_values_are_handed_on() {
        said!(with("python", "debian", |_| {}), @"skipped, to be told: handed on, unchecked: `python`, `debian`");
        said!(with("nodejs", "debian", |_| {}), @"
        passed: it shows `nodejs` (`NODE_VERSION` is set)
        note: handed on, unchecked: `debian`
        ");
        said!(with("", "", |_| {}), @"skipped: no runtime was declared");
    }

    #[test]
    fn is_skipped_and_told_when_only_a_part_is_shown() {
        said!(with("nodejs", "alpine", |config| config.history.clear()), @"skipped, to be told: nothing in the image speaks for or against `alpine`; it shows `nodejs` (`NODE_VERSION` is set)");
    }
}

use std::collections::BTreeMap;

use super::*;

fn refused() -> Unavailable {
    Unavailable::new(Reason::CredentialsRefused, "403")
}

fn bare() -> Unavailable {
    Unavailable::new(Reason::NotFoundBare, "404")
}

fn denied(reason: Reason) -> Denial {
    Denial { reason, said: "404".to_owned() }
}

fn observation(
    resolved: Fact<crate::observation::Resolved>,
    explanation: Option<Explanation>,
) -> Observation {
    let repository = match &resolved {
        Fact::Unknown(why) => Fact::Unknown(why.clone()),
        Fact::Absent(denial) if denial.reason == Reason::RepositoryMissing => {
            Fact::Absent(denial.clone())
        }
        Fact::Absent(_) | Fact::Present(_) => {
            Fact::Unknown(Unavailable::new(Reason::UnexpectedAnswer, "silent"))
        }
    };
    Observation {
        control: Control::Denied,
        repository,
        resolved,
        by_digest: None,
        answered_at: jiff::Timestamp::UNIX_EPOCH,
        started_at: jiff::Timestamp::UNIX_EPOCH,
        offered: Vec::new(),
        images: Vec::new(),
        content: None,
        layers_skipped: None,
        immutable: None,
        immutable_skipped: None,
        notes: Vec::new(),
        explanation,
        took: BTreeMap::new(),
    }
}

fn told<T>(fact: &Fact<T>) -> String {
    match fact {
        Fact::Present(_) => "present".to_owned(),
        Fact::Absent(denial) => format!("absent {}", denial.reason),
        Fact::Unknown(why) => format!("unknown {}", why.reason),
    }
}

/// Repository and tag, after the registry said `resolved` and the API said `explanation`.
fn settled(
    resolved: &Fact<crate::observation::Resolved>,
    explanation: Option<&Explanation>,
    affirmed: bool,
) -> String {
    let mut once = observation(resolved.clone(), explanation.cloned());
    let served = Served { registry: affirmed, repository: false };
    settle(&mut once, served);
    let mut twice = once.clone();
    settle(&mut twice, served);
    assert_eq!(once, twice, "settling twice changes nothing");
    format!("{}, {}", told(&once.repository), told(&once.resolved))
}

#[test]
#[expect(clippy::too_many_lines, reason = "the table is shown whole")]
fn the_registrys_no_and_the_apis_words_together() {
    let api = |registry: Option<bool>, repository: Option<bool>, refused: bool| Explanation {
        knows_registry: registry,
        knows_repository: repository,
        refused,
        ..Explanation::default()
    };
    let explanations = [
        ("no API", None),
        ("knows both", Some(api(Some(true), Some(true), false))),
        ("no repository", Some(api(Some(true), Some(false), false))),
        ("no registry", Some(api(Some(false), None, false))),
        ("refuses too", Some(api(None, None, true))),
        ("says nothing", Some(api(None, None, false))),
    ];
    let said = [
        ("tag unknown", Fact::Absent(denied(Reason::TagMissing))),
        ("name unknown", Fact::Absent(denied(Reason::RepositoryMissing))),
        ("refused", Fact::Unknown(refused())),
        ("bare 404", Fact::Unknown(bare())),
        ("5xx", Fact::Unknown(Unavailable::new(Reason::ServerError, "503"))),
    ];
    let mut table = Vec::new();
    for (word, resolved) in &said {
        for (name, explanation) in &explanations {
            table.push(format!(
                "{word:<13} {name:<14} {}",
                settled(resolved, explanation.as_ref(), false)
            ));
        }
    }
    let known = api(Some(true), Some(true), false);
    table.push(format!(
        "bare 404, another image served: {}",
        settled(&said[3].1, Some(&known), true)
    ));
    let unsure = api(None, None, false);
    table.push(format!(
        "the same, registry not known:   {}",
        settled(&said[3].1, Some(&unsure), true)
    ));
    insta::assert_snapshot!(table.join("\n"), @"
    tag unknown   no API         unknown unexpected-answer, absent tag-missing
    tag unknown   knows both     present, absent tag-missing
    tag unknown   no repository  absent repository-missing, absent tag-missing
    tag unknown   no registry    absent registry-unknown, absent tag-missing
    tag unknown   refuses too    unknown unexpected-answer, absent tag-missing
    tag unknown   says nothing   unknown unexpected-answer, absent tag-missing
    name unknown  no API         absent repository-missing, absent repository-missing
    name unknown  knows both     unknown unexpected-answer, absent repository-missing
    name unknown  no repository  absent repository-missing, absent repository-missing
    name unknown  no registry    absent registry-unknown, absent repository-missing
    name unknown  refuses too    absent repository-missing, absent repository-missing
    name unknown  says nothing   absent repository-missing, absent repository-missing
    refused       no API         unknown credentials-refused, unknown credentials-refused
    refused       knows both     unknown credentials-refused, unknown credentials-refused
    refused       no repository  absent repository-missing, absent repository-missing
    refused       no registry    absent registry-unknown, absent registry-unknown
    refused       refuses too    unknown credentials-refused, unknown credentials-refused
    refused       says nothing   unknown credentials-refused, unknown credentials-refused
    bare 404      no API         unknown not-found-bare, unknown not-found-bare
    bare 404      knows both     unknown not-found-bare, unknown not-found-bare
    bare 404      no repository  unknown not-found-bare, unknown not-found-bare
    bare 404      no registry    unknown not-found-bare, unknown not-found-bare
    bare 404      refuses too    unknown not-found-bare, unknown not-found-bare
    bare 404      says nothing   unknown not-found-bare, unknown not-found-bare
    5xx           no API         unknown server-error, unknown server-error
    5xx           knows both     unknown server-error, unknown server-error
    5xx           no repository  unknown server-error, unknown server-error
    5xx           no registry    unknown server-error, unknown server-error
    5xx           refuses too    unknown server-error, unknown server-error
    5xx           says nothing   unknown server-error, unknown server-error
    bare 404, another image served: present, absent tag-missing
    the same, registry not known:   unknown not-found-bare, unknown not-found-bare
    ");
}

fn refused_control(why: Unavailable) -> Control {
    Control::Refused { why, is_told_apart: false }
}

#[test]
fn a_bare_control_is_believed_under_the_same_rule() {
    let mut seen = observation(Fact::Absent(denied(Reason::TagMissing)), None);
    seen.control = refused_control(bare());
    assert!(is_open(&seen));
    seen.explanation = Some(Explanation { knows_registry: Some(true), ..Explanation::default() });
    settle(&mut seen, Served::default());
    assert_eq!(seen.control, refused_control(bare()));
    settle(&mut seen, Served { registry: true, repository: false });
    assert_eq!(seen.control, Control::Denied);
    assert!(!is_open(&seen));
}

#[test]
fn a_control_is_told_apart_where_a_manifest_of_the_repository_was_served() {
    for why in [refused(), bare(), Unavailable::new(Reason::UnexpectedAnswer, "418")] {
        let mut seen = observation(Fact::Absent(denied(Reason::TagMissing)), None);
        seen.control = refused_control(why.clone());
        settle(&mut seen, Served { registry: true, repository: false });
        assert!(is_open(&seen));
        settle(&mut seen, Served { registry: false, repository: true });
        assert_eq!(seen.control, Control::Refused { why, is_told_apart: true });
        assert!(!is_open(&seen));
    }
}

#[test]
fn the_api_is_not_asked_because_of_the_control_or_of_what_the_registry_alone_proves() {
    let served = || observation(Fact::Unknown(Unavailable::new(Reason::TimedOut, "late")), None);
    assert!(!is_for_the_api(&served()));
    let mut seen = served();
    seen.control = refused_control(refused());
    assert!(!is_for_the_api(&seen));
    let mut seen = served();
    seen.by_digest = Some(Fact::Absent(denied(Reason::ManifestMissing)));
    assert!(!is_for_the_api(&seen));
    seen.by_digest = Some(Fact::Unknown(refused()));
    assert!(is_for_the_api(&seen));
    assert!(is_for_the_api(&observation(Fact::Absent(denied(Reason::TagMissing)), None)));
    assert!(is_for_the_api(&observation(Fact::Unknown(refused()), None)));
}

#[test]
fn a_denial_is_found_in_every_fact() {
    use crate::observation::{BlobObservation, PlatformObservation, Proof};
    use crate::oci::{Algorithm, Descriptor, Digest};
    fn late<T>() -> Fact<T> {
        Fact::Unknown(Unavailable::new(Reason::TimedOut, "late"))
    }
    let digest = Digest::of(Algorithm::Sha256, b"");
    let none = || {
        let mut none = observation(late(), None);
        let descriptor = Descriptor {
            media_type: String::new(),
            digest: digest.clone(),
            size: 1,
            has_urls: false,
            platform: None,
        };
        none.images.push(PlatformObservation {
            digest: digest.clone(),
            listed_as: None,
            listing: crate::oci::Listing::default(),
            refusals: Vec::new(),
            manifest: late(),
            config: late(),
            blobs: vec![BlobObservation {
                role: String::new(),
                descriptor,
                size: late(),
                proof: Proof::Read,
            }],
            attested: None,
        });
        none.immutable = Some(("tag".parse().unwrap(), late()));
        // An image behind the denied one denies nothing.
        none.images.push(none.images[0].clone());
        none
    };
    assert!(!is_for_the_api(&none()) && !is_open(&none()));
    let places: [fn(&mut Observation); 6] = [
        |it| it.resolved = Fact::Unknown(bare()),
        |it| it.by_digest = Some(Fact::Unknown(bare())),
        |it| it.immutable.as_mut().unwrap().1 = Fact::Unknown(bare()),
        |it| it.images[0].manifest = Fact::Unknown(bare()),
        |it| it.images[0].config = Fact::Unknown(bare()),
        |it| it.images[0].blobs[0].size = Fact::Unknown(bare()),
    ];
    for (place, deny) in places.into_iter().enumerate() {
        let mut denied = none();
        deny(&mut denied);
        assert!(is_for_the_api(&denied) && is_open(&denied), "{place}");
    }
}

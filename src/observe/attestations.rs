//! What builders attest of the images behind a manifest: in the index beside them, or in manifests that refer to them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};

use super::Peer;
use super::content::{MOST_BYTES, MOST_IMAGES, Named, most_of};
use super::index::PlatformManifest;
use crate::http::{MOST_CONTENT, Patience};
use crate::observation::{AnyFact as _, Attested, Denial, Fact, PlatformObservation, Unavailable};
use crate::oci::{Attestation, AttestationKind, Descriptor, Digest, ImageConfig, Provenance};
use crate::report::Reason;
use crate::request::{ExpectedFact, ImageRequest, RevisionRule};

/// The most attestation manifests that are read of one image. `BuildKit` writes one.
const MOST_OF_ONE: usize = 4;
/// How long one try may take of what may only be worth a note.
const SHORT: Duration = Duration::from_secs(10);
/// How many lists of referrers are requested at once for one image.
const AT_ONCE: usize = 8;

/// What is attested of each manifest, by its digest.
pub(super) type AllAttested = BTreeMap<Digest, Attested>;

/// Reads what an index lists beside its images: `listed` are the attestation manifests of each image's manifest.
pub(super) async fn listed(
    peer: Peer<'_>,
    request: &ImageRequest,
    manifests: &[PlatformManifest],
    listed: &[(Digest, Named)],
) -> AllAttested {
    let mut wanted: BTreeMap<Digest, Vec<Named>> = BTreeMap::new();
    for manifest in manifests {
        let named = named(listed, &manifest.digest);
        if !named.is_empty() {
            wanted.insert(manifest.digest.clone(), named);
        }
    }
    all(peer, request, wanted, Patience::Once(SHORT)).await
}

/// Gives each image what is attested of it.
pub(super) fn put(images: &mut [PlatformObservation], attested: &AllAttested) {
    for image in images {
        image.attested = attested.get(&image.digest).cloned();
    }
}

/// The attestation manifests that are listed of a manifest.
fn named(listed: &[(Digest, Named)], about: &Digest) -> Vec<Named> {
    let of_it = listed.iter().filter(|(listed, _)| listed == about);
    of_it.map(|(_, named)| named.clone()).take(MOST_OF_ONE).collect()
}

/// Reads what refers to images that say less of themselves than is wanted, and adds it. Returns what could not be asked
/// and matters to no check.
pub(super) async fn referring(
    peer: Peer<'_>,
    request: &ImageRequest,
    images: &[PlatformObservation],
    listed: &[(Digest, Named)],
    attested: &mut AllAttested,
) -> Vec<String> {
    let Peer { client, repository, .. } = peer;
    let says_less = |image: &PlatformObservation| {
        let says_less = |config: &ImageConfig| {
            wants_attestations(request) || wants_provenance(request) && config.revision().is_none()
        };
        image.image_config().is_some_and(says_less)
    };
    // What decides is asked for with patience.
    let is_open = |attested: &Attested| {
        let provenance = attested.provenance.as_ref().is_some_and(|said| said.unknown().is_some());
        provenance || attested.statements.unknown().is_some()
    };
    let again = images.iter().filter(|image| says_less(image));
    let again = again.filter(|image| image.attested.as_ref().is_some_and(is_open));
    let again = again.map(|image| (image.digest.clone(), named(listed, &image.digest))).collect();
    attested.extend(all(peer, request, again, Patience::Full).await);
    let is_silent = |image: &&PlatformObservation| image.attested.is_none() && says_less(image);
    let silent: Vec<_> = images.iter().filter(is_silent).take(MOST_IMAGES).collect();
    let asked = silent.iter().map(|image| async {
        (image.digest.clone(), repository.referring(client, &image.digest).await)
    });
    let said: Vec<_> = stream::iter(asked.collect::<Vec<_>>()).buffered(AT_ONCE).collect().await;
    let (mut wanted, mut notes) = (BTreeMap::new(), Vec::new());
    for (digest, said) in said {
        match said {
            Ok(named) if named.is_empty() => {}
            Ok(named) => {
                wanted.insert(digest, named);
            }
            Err(why) if is_required(request) => {
                let provenance = Some(Fact::Unknown(why.clone()));
                let statements = Fact::Unknown(why);
                attested.insert(digest, Attested { statements, gone: Vec::new(), provenance });
            }
            Err(why) => notes.push(format!(
                "what may be attested of the image could not be asked: {}",
                why.message
            )),
        }
    }
    attested.extend(all(peer, request, wanted, Patience::Full).await);
    notes
}

/// The manifests without their annotations, where nothing is expected of these: they may be megabytes.
pub(super) fn without_unwanted(
    request: &ImageRequest,
    mut manifests: Vec<PlatformManifest>,
) -> Vec<PlatformManifest> {
    let is_annotation = |fact: &ExpectedFact| matches!(fact, ExpectedFact::Annotation(..));
    if !request.expectation.facts.iter().any(is_annotation) {
        for manifest in &mut manifests {
            if let Fact::Present(Ok(image)) = &mut manifest.manifest {
                image.annotations = BTreeMap::new();
            }
        }
    }
    manifests
}

fn wants_provenance(request: &ImageRequest) -> bool {
    request.expectation.revision != RevisionRule::Off
}

/// Whether an attestation of this kind is expected.
fn expects(request: &ImageRequest, kind: AttestationKind) -> bool {
    request.expectation.facts.contains(&ExpectedFact::Attestation(kind))
}

fn wants_attestations(request: &ImageRequest) -> bool {
    AttestationKind::ALL.into_iter().any(|kind| expects(request, kind))
}

/// Whether a no would follow from there being none.
fn is_required(request: &ImageRequest) -> bool {
    matches!(request.expectation.revision, RevisionRule::Required(_)) || wants_attestations(request)
}

async fn all(
    peer: Peer<'_>,
    request: &ImageRequest,
    wanted: BTreeMap<Digest, Vec<Named>>,
    patience: Patience,
) -> AllAttested {
    let reader = &Reader { peer, patience, announced: AtomicU64::new(0) };
    let asked = wanted.into_iter().take(MOST_IMAGES).map(|(about, named)| async move {
        let each = named.iter().map(|named| one(reader, request, &about, named));
        let read = join_all(each.collect::<Vec<_>>()).await;
        (about, read.into_iter().reduce(together))
    });
    let read = join_all(asked.collect::<Vec<_>>()).await;
    read.into_iter().filter_map(|(about, attested)| Some((about, attested?))).collect()
}

/// Reads the attestations of one image, and how many bytes of them were announced so far.
struct Reader<'a> {
    peer: Peer<'a>,
    patience: Patience,
    announced: AtomicU64,
}

impl Reader<'_> {
    /// Waits for the image's turn, where it is a large one.
    async fn may_ask(&self, size: u64) -> Result<(), Unavailable> {
        if size > MOST_CONTENT as u64 {
            return Err(too_large(format!(
                "an attestation is {size} bytes large, and at most {MOST_CONTENT} are read"
            )));
        }
        let before = self.announced.fetch_add(size, Ordering::Relaxed);
        if before.saturating_add(size) > MOST_BYTES {
            // What is not read leaves its room to others.
            self.announced.fetch_sub(size, Ordering::Relaxed);
            return Err(too_large(format!(
                "the attestations are more than {MOST_BYTES} bytes together, and no more are read"
            )));
        }
        self.peer.share.announce(self.peer.client, size).await
    }
}

fn too_large(message: String) -> Unavailable {
    Unavailable::new(Reason::AnswerTooLarge, message)
}

/// One attestation manifest, and the provenance that it lists of the manifest `about`.
async fn one(
    reader: &Reader<'_>,
    request: &ImageRequest,
    about: &Digest,
    (digest, size): &Named,
) -> Attested {
    let Peer { client, repository, .. } = reader.peer;
    let bytes = match reader.may_ask(*size).await {
        Ok(()) => {
            repository.attestation_manifest(client, digest, most_of(*size), reader.patience).await
        }
        Err(why) => Fact::Unknown(why),
    };
    // What it cannot be read as, it does not say.
    let statements = bytes.map(|bytes| Attestation::listed(&bytes).unwrap_or_default());
    let Fact::Present(listed) = statements else {
        let provenance = statements.as_ref().map(|_| Provenance::default());
        let provenance = wants_provenance(request).then_some(provenance);
        return Attested { statements, gone: Vec::new(), provenance };
    };
    let first = listed.iter().position(|one| one.kind == AttestationKind::Provenance);
    let looks = listed.iter().enumerate().map(|(place, statement)| {
        let is_read = first == Some(place) && wants_provenance(request);
        look(reader, request, about, statement, is_read)
    });
    let looks = join_all(looks.collect::<Vec<_>>()).await;
    let (mut held, mut gone, mut unknown, mut provenance) = (Vec::new(), Vec::new(), None, None);
    for (statement, (there, said)) in listed.into_iter().zip(looks) {
        provenance = provenance.or(said);
        match there {
            Fact::Absent(_) => gone.push(statement.kind),
            Fact::Unknown(why) if expects(request, statement.kind) => {
                unknown = unknown.or(Some(why));
            }
            Fact::Present(()) | Fact::Unknown(_) => held.push(statement),
        }
    }
    let statements = unknown.map_or(Fact::Present(held), Fact::Unknown);
    Attested { statements, gone, provenance }
}

/// Whether a statement is there, as far as somebody wants to know it, and what it says of the source if it `is_read`.
async fn look(
    reader: &Reader<'_>,
    request: &ImageRequest,
    about: &Digest,
    statement: &Attestation,
    is_read: bool,
) -> (Fact<()>, Option<Fact<Provenance>>) {
    if is_read {
        let said = provenance(reader, about, statement).await;
        (said.as_ref().map(|_| ()), Some(said))
    } else if expects(request, statement.kind) {
        (is_there(reader.peer, statement).await, None)
    } else {
        (Fact::Present(()), None)
    }
}

/// Whether the bytes of a statement can be had: that it is listed proves nothing.
async fn is_there(Peer { client, repository, .. }: Peer<'_>, statement: &Attestation) -> Fact<()> {
    let Attestation { kind, digest, size } = statement;
    let descriptor = Descriptor {
        media_type: Attestation::MEDIA_TYPE.to_owned(),
        digest: digest.clone(),
        size: *size,
        has_urls: false,
        platform: None,
    };
    let role = format!("the attestation `{}`", kind.as_str());
    let most = (*size).min(MOST_CONTENT as u64);
    let said = repository.blob_size(client, &descriptor, &role, most).await;
    said.size.and_then(|(found, _)| {
        if found == *size {
            return Fact::Present(());
        }
        let said = format!("{found} bytes where {size} are listed");
        Fact::Absent(Denial { reason: Reason::BlobMissing, said })
    })
}

/// What a provenance statement says, if it is about the manifest `about`.
async fn provenance(
    reader: &Reader<'_>,
    about: &Digest,
    Attestation { kind: _, digest, size }: &Attestation,
) -> Fact<Provenance> {
    let Peer { client, repository, .. } = reader.peer;
    let bytes = match reader.may_ask(*size).await {
        Ok(()) => repository.attestation(client, digest, most_of(*size), reader.patience).await,
        Err(why) => Fact::Unknown(why),
    };
    bytes.map(|bytes| {
        let said = Provenance::parse(&bytes).ok().filter(|said| said.is_about(about));
        // Whom else it is about is of no more use.
        let said = said.map(|said| Provenance { subjects: Vec::new(), ..said });
        said.unwrap_or_default().map_texts(|text| client.redactor().masked(text))
    })
}

/// What two attestation manifests of one image say together. A commit that one names is not lost behind the other.
fn together(first: Attested, second: Attested) -> Attested {
    let statements = match (first.statements, second.statements) {
        (Fact::Present(mut listed), Fact::Present(more)) => {
            listed.extend(more);
            Fact::Present(listed)
        }
        (Fact::Present(_), other) | (other, _) => other,
    };
    let gone = [first.gone, second.gone].concat();
    let names_one =
        |said: &Fact<Provenance>| said.present().is_some_and(|said| said.revision.is_some());
    let provenance = match (first.provenance, second.provenance) {
        (Some(first), Some(second)) if names_one(&second) && !names_one(&first) => Some(second),
        (first, second) => first.or(second),
    };
    Attested { statements, gone, provenance }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(revision: Option<&str>) -> Fact<Provenance> {
        let revision = revision.map(str::to_owned);
        Fact::Present(Provenance { subjects: Vec::new(), source: None, revision })
    }

    fn of(provenance: Option<Fact<Provenance>>) -> Attested {
        Attested { statements: Fact::Present(Vec::new()), gone: Vec::new(), provenance }
    }

    #[test]
    fn a_commit_that_one_attestation_names_is_not_lost_behind_another() {
        let gone = Denial { reason: Reason::ManifestMissing, said: "404".into() };
        let both = |first, second| together(of(first), of(second)).provenance;
        let of_a = Some(said(Some("a")));
        assert_eq!(both(Some(said(None)), of_a.clone()), of_a);
        assert_eq!(both(of_a.clone(), Some(said(Some("b")))), of_a);
        assert_eq!(both(None, of_a.clone()), of_a);
        let lost = Some(Fact::Absent(gone));
        assert_eq!(both(lost.clone(), of_a.clone()), of_a);
        assert_eq!(both(lost.clone(), None), lost);
    }
}

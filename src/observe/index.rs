//! What lies behind an index: the manifests of its wanted entries, and of an index inside it.
//!
//! An engine goes into an index inside an index only for the platform that the outer one lists it under, and
//! looks there for that platform again.

use futures_util::future::join_all;

use super::Peer;
use super::content::{Content, MOST_BYTES, MOST_IMAGES, most_of};
use crate::engines::{self, Refusal};
use crate::observation::{Denial, Fact, PlatformObservation, Resolved, Unavailable};
use crate::oci::{
    Descriptor, Digest, ImageIndex, ImageManifest, IndexEntry, Listing, Manifest, NotAnImage,
    Platform,
};
use crate::report::Reason;
use crate::request::ImageRequest;

/// The most platforms that are named of an index that does not hold the one it is listed under.
const MOST_NAMED: usize = 5;

/// One platform's manifest, before its blobs are requested.
#[derive(Clone)]
pub(super) struct PlatformManifest {
    pub(super) digest: Digest,
    pub(super) listed_as: Option<Platform>,
    /// The platform of the index inside an index that lists it.
    pub(super) within: Option<Platform>,
    pub(super) listing: Listing,
    /// The rows of the engines' table that its manifest and its index entry meet.
    pub(super) refusals: Vec<Refusal>,
    pub(super) manifest: Fact<Result<ImageManifest, NotAnImage>>,
}

impl PlatformManifest {
    pub(super) fn single(digest: &Digest, image: &ImageManifest) -> Self {
        let manifest = Fact::Present(Ok(image.clone()));
        Self {
            digest: digest.clone(),
            listed_as: None,
            within: None,
            listing: Listing::default(),
            // What its bytes meet stands in `Resolved` already.
            refusals: Vec::new(),
            manifest,
        }
    }

    /// The platform that indexes say, the inner one first.
    pub(super) fn platform(&self) -> Option<&Platform> {
        self.listed_as.as_ref().or(self.within.as_ref())
    }

    fn listed(entry: IndexEntry, said: Said, within: Option<Platform>) -> Self {
        let Said { said, mut refusals } = said;
        refusals.extend(engines::of_entry(&entry.manifest, false));
        let manifest = match said {
            Fact::Present(Ok(Manifest::Image(image))) => Fact::Present(Ok(image)),
            Fact::Present(Ok(Manifest::Index(_))) => {
                Fact::Unknown(too_deep(&entry.manifest.digest))
            }
            Fact::Present(Err(not)) => Fact::Present(Err(not)),
            Fact::Absent(denial) => Fact::Absent(denial),
            Fact::Unknown(why) => Fact::Unknown(why),
        };
        let IndexEntry { manifest: Descriptor { digest, .. }, platform, listing, .. } = entry;
        Self { digest, listed_as: platform, within, listing, refusals, manifest }
    }
}

/// The images behind the wanted entries of an index.
pub(super) async fn manifests(
    peer: Peer<'_>,
    request: &ImageRequest,
    index: &ImageIndex,
    seen: &mut Content,
) -> Vec<PlatformManifest> {
    let mut manifests: Vec<PlatformManifest> = Vec::new();
    for (entry, said) in children(peer, request, index, None, seen).await {
        match said.said {
            Fact::Present(Ok(Manifest::Index(nested))) => {
                let mut outer = said.refusals;
                outer.extend(engines::of_entry(&entry.manifest, true));
                let within = entry.platform;
                if let Some(platform) = within.as_ref().filter(|listed| !holds(&nested, listed)) {
                    // Behind an image of its platform it is never gone into.
                    if !manifests.iter().any(|known| known.listed_as.as_ref() == Some(platform)) {
                        manifests.push(not_inside(entry.manifest.digest, platform, &nested));
                    }
                    continue;
                }
                // Descended into once: an index even there is reported as such.
                let inside = children(peer, request, &nested, within.as_ref(), seen).await;
                manifests.extend(inside.into_iter().map(|(entry, mut said)| {
                    said.refusals.extend(outer.iter().cloned());
                    PlatformManifest::listed(entry, said, within.clone())
                }));
            }
            other @ (Fact::Present(_) | Fact::Absent(_) | Fact::Unknown(_)) => {
                let said = Said { said: other, refusals: said.refusals };
                manifests.push(PlatformManifest::listed(entry, said, None));
            }
        }
    }
    manifests
}

/// Whether an index may hold an image of a platform. Of an entry without one, the config will say.
fn holds(index: &ImageIndex, platform: &Platform) -> bool {
    index.entries.iter().any(|entry| !entry.is_attestation && fits(entry, platform))
}

fn fits(entry: &IndexEntry, platform: &Platform) -> bool {
    entry.platform.as_ref().is_none_or(|listed| listed.is_same_machine(platform))
}

/// Stands in for an index that does not hold the platform it is listed under.
fn not_inside(digest: Digest, listed: &Platform, index: &ImageIndex) -> PlatformManifest {
    let runnable = index.entries.iter().filter(|entry| !entry.is_attestation);
    let held: Vec<_> = runnable.filter_map(|entry| entry.platform.as_ref()).collect();
    let manifest = Fact::Absent(not_held(&held));
    PlatformManifest {
        digest,
        listed_as: Some(listed.clone()),
        within: None,
        listing: Listing::default(),
        refusals: Vec::new(),
        manifest,
    }
}

fn not_held(held: &[&Platform]) -> Denial {
    let names: Vec<_> = held.iter().take(MOST_NAMED).map(|name| format!("`{name}`")).collect();
    let more = match held.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let said = format!("the index behind it holds {}{more} only", names.join(", "));
    Denial { reason: Reason::PlatformMissing, said }
}

/// What was observed of an image in an index that is listed under `within`. Where no index says its own
/// platform, its config must fit.
pub(super) fn inside(image: PlatformObservation, within: Platform) -> PlatformObservation {
    let said = image.image_config().map(|config| &config.platform);
    let Some(other) =
        said.filter(|said| image.listed_as.is_none() && !said.is_same_machine(&within))
    else {
        return image;
    };
    let denial = not_held(&[other]);
    PlatformObservation {
        digest: image.digest,
        listed_as: Some(within),
        listing: image.listing,
        refusals: Vec::new(),
        manifest: Fact::Absent(denial.clone()),
        config: Fact::Absent(denial),
        blobs: Vec::new(),
        attested: None,
    }
}

/// The wanted entries of an index and what the registry said of each; of an index that is listed under a
/// platform (`within`), those of that platform only.
async fn children(
    Peer { client, repository, share }: Peer<'_>,
    request: &ImageRequest,
    index: &ImageIndex,
    within: Option<&Platform>,
    seen: &mut Content,
) -> Vec<(IndexEntry, Said)> {
    let platforms = &request.expectation.platforms;
    let runnable = index.entries.iter().filter(|entry| {
        !entry.is_attestation && within.is_none_or(|platform| fits(entry, platform))
    });
    for platform in runnable.clone().filter_map(|entry| entry.platform.as_ref()) {
        if !seen.offered.contains(platform) {
            seen.offered.push(platform.clone());
        }
    }
    let attestations = index.entries.iter().filter_map(|entry| {
        let IndexEntry { manifest, attests, .. } = entry;
        Some((attests.clone()?, (manifest.digest.clone(), manifest.size)))
    });
    seen.attestations.extend(attestations);
    // An entry without a platform may be a wanted one: its config will say.
    let wanted: Vec<&IndexEntry> = runnable
        .filter(|entry| {
            platforms.is_empty()
                || entry.platform.as_ref().is_none_or(|listed| platforms.contains(listed))
        })
        .collect();
    let mut announced = 0;
    let mut bound = |entry: &IndexEntry| {
        let size = entry.manifest.size;
        let may = seen.may_ask(size);
        announced += if may { size } else { 0 };
        // What is not looked at is not known.
        (!may).then(too_many)
    };
    let bounds: Vec<_> = wanted.iter().map(|entry| bound(entry)).collect();
    let turn = share.announce(client, announced).await;
    let asked = wanted.into_iter().zip(bounds).map(|(entry, too_many)| {
        let Descriptor { digest, size, .. } = &entry.manifest;
        let may_not = too_many.or(turn.as_ref().err().cloned());
        async move {
            if let Some(why) = may_not {
                let said = Said { said: Fact::Unknown(why), refusals: Vec::new() };
                return (entry.clone(), said, None);
            }
            let said = repository.manifest_by_digest(client, digest, most_of(*size)).await;
            // The entry's own texts are not masked yet; those of what it names are.
            let mask = |text| client.redactor().masked(text);
            let note = said.present().and_then(|resolved| resolved.note.clone());
            let mut refusals = Vec::new();
            let said = said.map(|Resolved { size, content, refusals: met, .. }| {
                refusals = met;
                refusals.extend(engines::of_entry_size(&entry.manifest, size));
                entry.checked(content).map_err(|not| not.map_texts(mask))
            });
            (entry.clone(), Said { said, refusals }, note)
        }
    });
    let told = join_all(asked.collect::<Vec<_>>()).await;
    let keep = |(entry, said, note)| {
        seen.notes.extend(note);
        (entry, said)
    };
    told.into_iter().map(keep).collect()
}

/// What the registry said of an entry, and the rows of the engines' table that those bytes meet.
struct Said {
    said: Fact<Result<Manifest, NotAnImage>>,
    refusals: Vec<Refusal>,
}

fn too_many() -> Unavailable {
    let most = MOST_BYTES >> 20;
    let message = format!(
        "more manifests lie behind the index than are looked at: at most {MOST_IMAGES}, and {most} MiB together"
    );
    Unavailable::new(Reason::AnswerTooLarge, message)
}

fn too_deep(digest: &Digest) -> Unavailable {
    let message = format!(
        "`{}` is an index inside an index inside an index, which is not descended into",
        digest.short()
    );
    Unavailable::new(Reason::UnexpectedAnswer, message)
}

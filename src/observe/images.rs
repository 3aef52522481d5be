//! The images behind a manifest: each wanted platform's manifest, config and layers.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all};
use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;

use crate::engines::{self, Refusal};
use crate::http::{Client, MOST_CONTENT};
use crate::observation::{
    BlobObservation, Fact, PlatformObservation, Proof, Resolved, Unavailable,
};
use crate::observe::attestations::{self, AllAttested};
use crate::observe::content::{Content, MOST_BYTES, Named, most_of};
use crate::observe::index::{self, PlatformManifest};
use crate::observe::{Peer, lost};
use crate::oci::{
    ConfigDocument, ConfigError, Descriptor, Digest, ImageConfig, Manifest, NotAnImage, Platform,
};
use crate::registry::{BlobAnswer, ConfigAnswer};
use crate::report::Reason;
use crate::request::ImageRequest;

/// The most layers that are requested. Dockerd 20.10 stops at 125 an image.
const MOST_LAYERS: usize = 10_000;
/// The most bytes of the layers of one request that are read to their end, where a server ignores ranges.
const MOST_READ: u64 = 64 << 20;
/// How many layers are requested at once. A host is sent 64 requests at once, and its storage as many.
const LAYERS_AT_ONCE: usize = 128;

/// When the layers are requested.
#[derive(Clone, Copy)]
pub(super) enum Layers<'a> {
    /// Beside the configs.
    AtOnce,
    /// Once the configs are there, if they still make it worth it.
    If(&'a (dyn Fn(&[PlatformObservation]) -> bool + Sync)),
    /// Not at all.
    Never,
}

/// Requests every wanted image behind `resolved`. `then` is started as soon as the configs are there, beside the
/// layers.
pub(super) async fn behind<T>(
    peer: Peer<'_>,
    request: &ImageRequest,
    resolved: &Fact<Resolved>,
    layers: Layers<'_>,
    then: impl AsyncFnOnce(&[PlatformObservation]) -> T,
) -> (Content, T) {
    let mut content = Content::default();
    let Fact::Present(Resolved { digest, content: Ok(manifest), note, .. }) = resolved else {
        return (content, then(&[]).await);
    };
    content.notes.extend(note.clone());
    let started = Instant::now();
    let manifests = match manifest {
        Manifest::Image(image) => vec![PlatformManifest::single(digest, image)],
        Manifest::Index(index) => index::manifests(peer, request, index, &mut content).await,
    };
    let manifests = attestations::without_unwanted(request, manifests);
    content.took_manifests = started.elapsed();
    let started = Instant::now();
    let (observed, value, notes) =
        with_blobs(peer, request, &manifests, &content.attestations, layers, then).await;
    content.notes.extend(notes);
    content.images = observed;
    content.took_blobs = started.elapsed();
    // What an index leaves out, the configs say.
    for platform in content.images.iter().filter_map(PlatformObservation::platform) {
        if !content.offered.contains(platform) {
            content.offered.push(platform.clone());
        }
    }
    (content, value)
}

/// Requests the configs and layers of all images; a blob that several share is requested once.
async fn with_blobs<T>(
    peer: Peer<'_>,
    request: &ImageRequest,
    manifests: &[PlatformManifest],
    listed: &[(Digest, Named)],
    layers: Layers<'_>,
    then: impl AsyncFnOnce(&[PlatformObservation]) -> T,
) -> (Vec<PlatformObservation>, T, Vec<String>) {
    let ask = async |is_asked: bool| {
        if is_asked { ask_layers(peer, manifests).await } else { BTreeMap::new() }
    };
    let configs = async {
        let attested = attestations::listed(peer, request, manifests, listed);
        let (configs, mut attested) = join(read_configs(peer, manifests), attested).await;
        let mut images = assembled(peer, manifests, &configs, &BTreeMap::new(), &attested);
        let notes = attestations::referring(peer, request, &images, listed, &mut attested).await;
        attestations::put(&mut images, &attested);
        let is_worth_it = matches!(layers, Layers::If(is_worth_it) if is_worth_it(&images));
        let (value, later) = join(then(&images), ask(is_worth_it)).await;
        (configs, attested, notes, value, later)
    };
    let at_once = ask(matches!(layers, Layers::AtOnce));
    let ((mut configs, attested, notes, value, later), mut layers) = join(configs, at_once).await;
    layers.extend(later);
    let of_configs = configs.values_mut().map(|config| &mut config.blob);
    lost::believe(of_configs.chain(layers.values_mut()).collect());
    let of_configs = configs.values().filter_map(|config| config.note.clone());
    let notes = of_configs.chain(notes).collect();
    (assembled(peer, manifests, &configs, &layers, &attested), value, notes)
}

fn assembled(
    peer: Peer<'_>,
    manifests: &[PlatformManifest],
    configs: &BTreeMap<Digest, Config>,
    layers: &BTreeMap<Digest, BlobAnswer>,
    attested: &AllAttested,
) -> Vec<PlatformObservation> {
    // An index entry's and a layer's own texts are not masked yet.
    let mask = |text| peer.client.redactor().masked(text);
    let masked = |manifest: &PlatformManifest| {
        let mut image = observed(manifest.clone(), configs, layers);
        image.refusals = image.refusals.into_iter().map(|one| one.map_texts(mask)).collect();
        image.listing = image.listing.map_texts(mask);
        if let Fact::Present(Ok(manifest)) = &mut image.manifest {
            let annotations = std::mem::take(&mut manifest.annotations).into_iter();
            manifest.annotations =
                annotations.map(|(name, value)| (mask(name), mask(value))).collect();
        }
        image
    };
    let mut images: Vec<_> = manifests.iter().map(masked).collect();
    attestations::put(&mut images, attested);
    images
}

/// Asks for the configs of all images at once.
async fn read_configs(
    Peer { client, repository, share }: Peer<'_>,
    manifests: &[PlatformManifest],
) -> BTreeMap<Digest, Config> {
    let mut configs: BTreeMap<Digest, (Descriptor, Listings)> = BTreeMap::new();
    for manifest in manifests {
        let Some(Ok(image)) = manifest.manifest.present() else { continue };
        let config = configs.entry(image.config.digest.clone());
        let (_, listings) = config.or_insert_with(|| (image.config.clone(), Listings::new()));
        listings.insert(manifest.platform().cloned());
    }
    let (mut bytes, mut announced, is_alone) = (0_u64, 0, manifests.len() == 1);
    let bounds: Vec<_> = configs
        .values()
        .map(|(Descriptor { size, .. }, _)| {
            bytes = bytes.saturating_add(*size);
            let too_large = too_large(*size, bytes);
            announced += if too_large.is_none() { *size } else { 0 };
            too_large
        })
        .collect();
    let turn = share.announce(client, announced).await;
    let asked = configs.values().zip(bounds).map(|((descriptor, listings), too_large)| {
        let may_not = too_large.or(turn.as_ref().err().cloned());
        async move {
            let most = most_of(descriptor.size);
            let ConfigAnswer { bytes, blob, note } = match may_not {
                Some(why) => ConfigAnswer::unknown(why),
                None => repository.config(client, &descriptor.digest, most).await,
            };
            let said = read_config(client, descriptor, listings, &bytes, is_alone);
            let refusals =
                bytes.present().map(|bytes| engines::of_config(bytes, &descriptor.media_type));
            Config { blob, said, refusals: refusals.unwrap_or_default(), note }
        }
    });
    let said = join_all(asked.collect::<Vec<_>>()).await;
    configs.into_keys().zip(said).collect()
}

/// Asks for the layers of all images, many at once.
async fn ask_layers(
    Peer { client, repository, share: _ }: Peer<'_>,
    manifests: &[PlatformManifest],
) -> BTreeMap<Digest, BlobAnswer> {
    let mut layers: BTreeMap<Digest, (Descriptor, String)> = BTreeMap::new();
    for manifest in manifests {
        let Some(Ok(image)) = manifest.manifest.present() else { continue };
        for (number, layer) in image.layers.iter().enumerate() {
            let role = role(number, image.layers.len());
            layers.entry(layer.digest.clone()).or_insert((layer.clone(), role));
        }
    }
    let allotted = allotted(layers.values().map(|(layer, _)| layer.size));
    let asked: Vec<_> = layers.values().zip(allotted).collect();
    let said = of_each(asked.into_iter(), |((layer, role), most)| {
        repository.blob_size(client, layer, role, most)
    })
    .await;
    layers.into_keys().zip(said).collect()
}

/// What `ask` learns of each layer, of no more than [`MOST_LAYERS`] and [`LAYERS_AT_ONCE`] at a time.
async fn of_each<T, F: Future<Output = BlobAnswer>>(
    layers: impl ExactSizeIterator<Item = T>,
    ask: impl FnMut(T) -> F,
) -> Vec<BlobAnswer> {
    let listed = layers.len();
    let asked = stream::iter(layers.take(MOST_LAYERS)).map(ask).buffered(LAYERS_AT_ONCE);
    let mut said: Vec<_> = asked.collect().await;
    said.resize_with(listed, || BlobAnswer::unknown(too_many_layers(listed)));
    said
}

/// How many bytes of each layer may be read, where a server ignores ranges: the small ones whole, so that as
/// few as possible are only announced, and the same ones each time.
fn allotted(sizes: impl Iterator<Item = u64>) -> Vec<u64> {
    let sizes: Vec<u64> = sizes.collect();
    let mut places: Vec<(usize, u64)> = sizes.iter().copied().enumerate().collect();
    places.sort_by_key(|(place, size)| (*size, *place));
    let mut left = MOST_READ;
    let mut allotted = vec![0; sizes.len()];
    for (place, size) in places {
        let most = size.min(left);
        left -= most;
        if let Some(allotted) = allotted.get_mut(place) {
            *allotted = most;
        }
    }
    allotted
}

/// A config whose bytes are the ones that were pushed, and that an engine might read in its own way.
fn unreadable(client: &Client, digest: &Digest, error: &ConfigError) -> Unavailable {
    let cause = std::error::Error::source(error).map_or_else(String::new, |cause| {
        format!(": {}", client.redactor().line(&cause.to_string(), 160))
    });
    let message = format!("the config `{}` {error}{cause}", digest.short());
    Unavailable::new(Reason::UnexpectedAnswer, message).hint(error.hint())
}

fn too_many_layers(listed: usize) -> Unavailable {
    let message = format!(
        "the images have {listed} layers together, and at most {MOST_LAYERS} are requested"
    );
    Unavailable::new(Reason::AnswerTooLarge, message)
}

fn role(number: usize, of: usize) -> String {
    format!("layer {} of {of}", number + 1)
}

/// The platforms that an index lists the images of one config under.
type Listings = BTreeSet<Option<Platform>>;

/// What a config says of an image that is listed under each platform.
type Readings = BTreeMap<Option<Platform>, Fact<Result<ImageConfig, NotAnImage>>>;

/// A config.
struct Config {
    blob: BlobAnswer,
    said: Readings,
    /// The rows of the engines' table that its bytes meet.
    refusals: Vec<Refusal>,
    /// What the reader should know of how it came.
    note: Option<String>,
}

/// Why a config of this size is not asked for. `together` is the size of all configs up to this one.
fn too_large(size: u64, together: u64) -> Option<Unavailable> {
    let message = if size > MOST_CONTENT as u64 {
        format!("the config is {size} bytes large, and at most {MOST_CONTENT} are read")
    } else if together > MOST_BYTES {
        format!("the configs are more than {MOST_BYTES} bytes together, and no more are read")
    } else {
        return None;
    };
    Some(Unavailable::new(Reason::AnswerTooLarge, message))
}

/// What the bytes of a config say. `is_alone` says that it is the only image.
fn read_config(
    client: &Client,
    descriptor: &Descriptor,
    listings: &Listings,
    bytes: &Fact<Vec<u8>>,
    is_alone: bool,
) -> Readings {
    // The bytes themselves are not copied: they may be megabytes. They are read once, however many entries list them.
    // An image that was built with a secret in a label must not spread it.
    let mask = |text| client.redactor().masked(text);
    let explain = |error: &ConfigError| unreadable(client, &descriptor.digest, error);
    let document = bytes.as_ref().and_then(|bytes| match ConfigDocument::parse(bytes) {
        Ok(Ok(document)) => Fact::Present(Ok(document.map_texts(mask))),
        Ok(Err(not)) => Fact::Present(Err(not.map_texts(mask))),
        // The bytes are the ones that were pushed: what they cannot be read as, they are not.
        Err(error) => Fact::Unknown(explain(&error)),
    });
    let read = |listed: &Option<Platform>| {
        let config = document.as_ref().and_then(|document| match document {
            Err(not) => Fact::Present(Err(not.clone())),
            Ok(document) => match document.listed_as(listed.as_ref()) {
                Ok(config) => Fact::Present(config.map_err(|not| not.map_texts(mask))),
                // Beside others it is never the one that an engine takes.
                Err(ConfigError::NoPlatform) if !is_alone => {
                    Fact::Present(Err(NotAnImage::NoPlatform("/".to_owned())))
                }
                Err(error) => Fact::Unknown(explain(&error)),
            },
        });
        (listed.clone(), config)
    };
    listings.iter().map(read).collect()
}

fn observed(
    manifest: PlatformManifest,
    configs: &BTreeMap<Digest, Config>,
    layers: &BTreeMap<Digest, BlobAnswer>,
) -> PlatformObservation {
    let within_platform = manifest.platform().cloned();
    let PlatformManifest { digest, listed_as, within, listing, mut refusals, manifest } = manifest;
    let mut blobs = Vec::new();
    let mut config = match &manifest {
        Fact::Present(Ok(_)) => not_asked(),
        // What it is instead is all that can be said of its config, too.
        Fact::Present(Err(not)) => Fact::Present(Err(not.clone())),
        Fact::Absent(denial) => Fact::Absent(denial.clone()),
        Fact::Unknown(why) => Fact::Unknown(why.clone()),
    };
    if let Fact::Present(Ok(image)) = &manifest {
        let known = configs.get(&image.config.digest);
        let said = known.and_then(|known| known.said.get(&within_platform));
        config = said.cloned().unwrap_or_else(not_asked);
        let came = known.map(|known| &known.blob);
        refusals.extend(known.into_iter().flat_map(|known| known.refusals.iter().cloned()));
        let stated = config.present().and_then(|config| config.as_ref().ok());
        refusals.extend(engines::of_image(image, stated, within_platform.as_ref()));
        blobs.push(blob("config".to_owned(), &image.config, came));
        for (number, layer) in image.layers.iter().enumerate() {
            let role = role(number, image.layers.len());
            blobs.push(blob(role, layer, layers.get(&layer.digest)));
        }
    }
    let observed = PlatformObservation {
        digest,
        listed_as,
        listing,
        refusals,
        manifest,
        config,
        blobs,
        attested: None,
    };
    match within {
        Some(within) => index::inside(observed, within),
        None => observed,
    }
}

fn blob(role: String, descriptor: &Descriptor, came: Option<&BlobAnswer>) -> BlobObservation {
    let said = came.map_or_else(not_asked, |came| came.size.clone());
    let proof = said.present().map_or(Proof::Read, |(_, proof)| *proof);
    let size = said.map(|(size, _)| size);
    BlobObservation { role, descriptor: descriptor.clone(), size, proof }
}

fn not_asked<T>() -> Fact<T> {
    Fact::Unknown(Unavailable::new(
        Reason::UnexpectedAnswer,
        "internal error: it was never requested; please report this",
    ))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_more_than_ten_thousand_layers_are_asked_for_and_128_at_a_time() {
        let there = || BlobAnswer { size: Fact::Present((1, Proof::Read)), host: None };
        let (asked, running, most) = (Cell::new(0), Cell::new(0), Cell::new(0));
        let said = of_each(0..10_002_usize, |_| async {
            asked.set(asked.get() + 1);
            running.set(running.get() + 1);
            most.set(most.get().max(running.get()));
            tokio::time::sleep(Duration::from_millis(1)).await;
            running.set(running.get() - 1);
            there()
        })
        .await;
        assert_eq!((asked.get(), most.get(), said.len()), (10_000, 128, 10_002));
        let is_unknown = |said: &&BlobAnswer| matches!(said.size, Fact::Unknown(_));
        let unknown = said.iter().filter(is_unknown).count();
        assert_eq!(unknown, 2);
        let Some(Fact::Unknown(why)) = said.last().map(|said| &said.size) else {
            panic!("{said:?}")
        };
        assert_eq!(
            why.message,
            "the images have 10002 layers together, and at most 10000 are requested"
        );
        assert_eq!(of_each(0..10_000_usize, |_| async { there() }).await.len(), 10_000);
    }

    #[test]
    fn small_layers_are_read_before_large_ones_and_never_more_than_may_be() {
        const MIB: u64 = 1 << 20;
        let mebibytes = |sizes: &[u64]| {
            let allotted = allotted(sizes.iter().map(|size| size * MIB));
            allotted.into_iter().map(|bytes| bytes / MIB).collect::<Vec<_>>()
        };
        assert_eq!(mebibytes(&[50, 5, 30]), [29, 5, 30]);
        assert_eq!(mebibytes(&[100]), [64]);
        assert_eq!(mebibytes(&[64, 1]), [63, 1]);
        assert_eq!(mebibytes(&[]), Vec::<u64>::new());
        assert_eq!(allotted([u64::MAX, u64::MAX, 1].into_iter()), [64 * MIB - 1, 0, 1]);
    }
}

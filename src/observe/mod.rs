//! Asks: the one place where the registry and the API are consulted, as concurrently as the answers allow.
//!
//! One image is one [`Observation`]. The longest chain of answers is token, manifest, blobs, the blobs' storage.

mod attestations;
mod content;
mod images;
mod index;
mod lost;
mod reading;
mod round;
mod session;
mod settle;
mod share;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::{join, join3};
use jiff::Timestamp;
use tokio::time::Instant;

pub(crate) use crate::digitalocean::Moment;
use crate::http::{Client, MOST_CONTENT};
use crate::observation::{
    Control, Denial, Fact, Observation, PlatformObservation, Resolved, Unavailable,
};
use crate::oci::{Digest, Tag};
use crate::registry::Repository;
use crate::report::{CheckId, Reason};
use crate::request::{ImageRequest, ImmutableTag, RegistryKind, RevisionRule, TagTemplate};

use images::Layers;
pub(crate) use reading::read_layers;
pub(crate) use round::{Prospect, Round};
pub(crate) use session::Session;
pub(crate) use settle::is_open;
use settle::settle;
use share::Share;

/// Asks the registry about one image, and the API if the registry said no. Requests are counted by `client`.
pub(crate) async fn observe(
    session: &Session,
    client: &Client,
    request: &ImageRequest,
    round: Round<'_>,
) -> Observation {
    let share = session.share();
    let mut observation = match session.repository(request) {
        Ok(repository) => {
            let observer = Observer {
                session,
                client,
                repository: &repository,
                request,
                round,
                share: &share,
            };
            Box::pin(observer.observe()).await
        }
        Err(why) => nothing(why, client.ambient().now()),
    };
    settle(&mut observation, session.served(request));
    observation
}

/// The observation of an image whose registry could not even be addressed.
pub(crate) fn nothing(why: Unavailable, answered_at: Timestamp) -> Observation {
    Observation {
        control: Control::Unknown(why.clone()),
        repository: Fact::Unknown(why.clone()),
        resolved: Fact::Unknown(why),
        answered_at,
        started_at: answered_at,
        by_digest: None,
        offered: Vec::new(),
        images: Vec::new(),
        content: None,
        layers_skipped: None,
        immutable: None,
        immutable_skipped: None,
        explanation: None,
        notes: Vec::new(),
        took: BTreeMap::new(),
    }
}

/// The observation of an image whose tag was answered at `answered_at`, before anything else is known.
fn before_its_content(
    (resolved, took): (Fact<Resolved>, Duration),
    answered_at: Timestamp,
) -> Observation {
    let not_yet = Unavailable::new(Reason::UnexpectedAnswer, "it was not answered yet");
    Observation {
        repository: resolved.as_ref().map(|_| ()),
        resolved,
        took: BTreeMap::from([(CheckId::TagExists, took)]),
        ..nothing(not_yet, answered_at)
    }
}

/// Whom the content of one image is requested from, and how much of it at once.
#[derive(Clone, Copy)]
struct Peer<'a> {
    client: &'a Client,
    repository: &'a Repository,
    share: &'a Share,
}

/// One look at one image.
#[derive(Clone, Copy)]
struct Observer<'a> {
    session: &'a Session,
    client: &'a Client,
    repository: &'a Repository,
    request: &'a ImageRequest,
    round: Round<'a>,
    share: &'a Share,
}

impl Observer<'_> {
    /// The image, and the control beside it, for which nothing waits but the end.
    async fn observe(self) -> Observation {
        let Self { session, client, repository, request, .. } = self;
        // The manifest is requested first: over HTTP/1.1 it takes the connection that is there.
        let image = Box::pin(self.observe_image(Instant::now()));
        let control = Box::pin(timed(repository.control(client, request.reference.tag.as_ref())));
        let ((mut observation, again), (control, took)) = join(image, control).await;
        observation.started_at = session.started_at();
        observation.control = again.unwrap_or(control);
        observation.took.insert(CheckId::RegistryHonest, took);
        // What a registry says that affirms everything shows nothing.
        let is_believed = !matches!(observation.control, Control::Affirmed(_));
        let immutable = observation.immutable.as_ref();
        let is_served = observation.resolved.present().is_some()
            || immutable.is_some_and(|(_, fact)| fact.present().is_some());
        if is_believed && is_served {
            session.remember_served(request);
        }
        let notes = std::mem::take(&mut observation.notes);
        observation.notes = repository.notes().into_iter().chain(notes).collect();
        observation
    }

    /// The tag, the immutable tag and what the tag leads to, and the control where it was asked again. Under a wait, the
    /// immutable tag shows whether the layers are worth asking for; else nothing waits for it.
    async fn observe_image(self, started: Instant) -> (Observation, Option<Control>) {
        let Self { session, client, repository, request, round, .. } = self;
        let expected = request.expectation.digest.as_ref();
        let resolved = async {
            let resolved = timed(resolve(client, repository, request, expected)).await;
            before_its_content(resolved, client.ambient().now())
        };
        let immutable = timed(resolve_immutable(client, repository, request, expected));
        let put = |observation: &mut Observation, (immutable, took): (Option<_>, Duration)| {
            if immutable.is_some() {
                observation.immutable = immutable;
                observation.took.insert(CheckId::ImmutableTag, took);
            }
        };
        let (mut observation, control) = match round {
            Round::Only => {
                let image = async {
                    let mut observation = resolved.await;
                    let control = self.follow(&mut observation, started).await;
                    (observation, control)
                };
                let ((mut observation, control), immutable) = join(image, immutable).await;
                put(&mut observation, immutable);
                (observation, control)
            }
            Round::OfWait { .. } => {
                let (mut observation, immutable) = join(resolved, immutable).await;
                put(&mut observation, immutable);
                let control = self.follow(&mut observation, started).await;
                (observation, control)
            }
        };
        session.explain(request, &mut observation, round.moment()).await;
        (observation, control)
    }

    /// What follows from the tag's own answer. Returns the control where it was asked again.
    async fn follow(self, observation: &mut Observation, started: Instant) -> Option<Control> {
        let mut control = None;
        let known = observation.resolved.present();
        let known = known.and_then(|resolved| self.round.known(&resolved.digest));
        if let Some(known) = known {
            observation.images.clone_from(&known.images);
            observation.offered.clone_from(&known.offered);
            observation.by_digest.clone_from(&known.by_digest);
            if let Some(ImmutableTag::ByRevisionLabel(_)) = self.request.expectation.immutable_tag {
                observation.immutable.clone_from(&known.immutable);
                observation.immutable_skipped.clone_from(&known.immutable_skipped);
            }
        }
        observation.layers_skipped = self.round.leaves_out_layers(observation).map(str::to_owned);
        if known.is_none() || observation.layers_skipped.is_none() {
            control = self.ask_for_content(observation, started).await;
        }
        if let Some(ImmutableTag::Named(tag) | ImmutableTag::Fixed(tag)) =
            &self.request.expectation.immutable_tag
            && self.request.reference.tag.as_ref() == Some(tag)
        {
            let named = observation.resolved.clone().map(|resolved| resolved.digest);
            observation.immutable = Some((tag.clone(), named));
        }
        observation.repository = exists(self.client, self.repository, &observation.resolved).await;
        control
    }

    /// What the tag's manifest leads to: the manifest by its digest, those behind an index, configs, layers, and the
    /// immutable tag that a config names. In a round that may end a wait with a yes, the control is asked again.
    async fn ask_for_content(
        self,
        observation: &mut Observation,
        started: Instant,
    ) -> Option<Control> {
        let Self { client, repository, request, round, share, .. } = self;
        let seen: &Observation = observation;
        let leaves_out_layers = |images: &[PlatformObservation]| {
            round.leaves_out_layers(&Observation { images: images.to_vec(), ..seen.clone() })
        };
        let is_worth_it = |images: &[PlatformObservation]| leaves_out_layers(images).is_none();
        let waits = matches!(round, Round::OfWait { .. });
        let needs_configs = waits && request.expectation.revision != RevisionRule::Off;
        let layers = if seen.layers_skipped.is_some() {
            Layers::Never
        } else if needs_configs {
            Layers::If(&is_worth_it)
        } else {
            Layers::AtOnce
        };
        let control = async {
            if !waits || seen.layers_skipped.is_some() {
                return None;
            }
            let tag = request.reference.tag.as_ref();
            Some(repository.control_since(client, tag, started).await)
        };
        let ((content, by_label), by_digest, control) = join3(
            images::behind(
                Peer { client, repository, share },
                request,
                &seen.resolved,
                layers,
                async |images| immutable_by_label(client, repository, request, images).await,
            ),
            serves_digest(Peer { client, repository, share }, request, &seen.resolved),
            control,
        )
        .await;
        let skipped = needs_configs.then(|| leaves_out_layers(&content.images)).flatten();
        observation.layers_skipped =
            observation.layers_skipped.take().or(skipped.map(str::to_owned));
        let (by_digest, note) = by_digest.unzip();
        observation.notes = content.notes.into_iter().chain(note.flatten()).collect();
        observation.by_digest = by_digest;
        observation.took.insert(CheckId::ManifestIntact, content.took_manifests);
        observation.took.insert(CheckId::LayersPresent, content.took_blobs);
        observation.images = content.images;
        observation.offered = content.offered;
        match by_label {
            Some(Ok((tag, fact, took))) => {
                observation.took.insert(CheckId::ImmutableTag, took);
                observation.immutable = Some((tag, fact));
            }
            Some(Err(why)) => observation.immutable_skipped = Some(why),
            None => {}
        }
        control
    }
}

/// The immutable tag that a label names, and what it names itself. `None` where none is named by a label; an error
/// where no label names it.
async fn immutable_by_label(
    client: &Client,
    repository: &Repository,
    request: &ImageRequest,
    images: &[PlatformObservation],
) -> Option<Result<(Tag, Fact<Digest>, Duration), String>> {
    let Some(ImmutableTag::ByRevisionLabel(template)) = &request.expectation.immutable_tag else {
        return None;
    };
    let tag = match named_by_label(template, images) {
        Ok(tag) => tag,
        Err(why) => return Some(Err(why)),
    };
    let expected = request.expectation.digest.as_ref();
    let (said, took) = timed(repository.manifest_by_tag(client, tag.as_str(), expected)).await;
    Some(Ok((tag, said.map(|resolved| resolved.digest), took)))
}

async fn resolve(
    client: &Client,
    repository: &Repository,
    request: &ImageRequest,
    expected: Option<&Digest>,
) -> Fact<Resolved> {
    match (&request.reference.tag, &request.reference.digest) {
        (Some(tag), _) => repository.resolve_tag(client, tag.as_str(), expected).await,
        (None, Some(digest)) => repository.manifest_by_digest(client, digest, MOST_CONTENT).await,
        (None, None) => {
            let message = "the reference names neither a tag nor a digest";
            Fact::Unknown(Unavailable::new(Reason::UnexpectedAnswer, message))
        }
    }
}

/// Whether the registry serves an image's own manifest by its digest, too. Some serve a tag and deny the
/// digest that it names, which is what engines pull.
async fn serves_digest(
    Peer { client, repository, share }: Peer<'_>,
    request: &ImageRequest,
    resolved: &Fact<Resolved>,
) -> Option<(Fact<()>, Option<String>)> {
    // A reference without a tag was resolved by its digest.
    request.reference.tag.as_ref()?;
    let Resolved { digest, size, content, .. } = resolved.present()?;
    content.as_ref().ok()?;
    if let Err(why) = share.announce(client, *size).await {
        return Some((Fact::Unknown(why), None));
    }
    let served = repository.manifest_by_digest(client, digest, content::most_of(*size)).await;
    let note = served.present().and_then(|served| served.note.clone());
    Some((served.map(|_| ()), note))
}

async fn resolve_immutable(
    client: &Client,
    repository: &Repository,
    request: &ImageRequest,
    expected: Option<&Digest>,
) -> Option<(Tag, Fact<Digest>)> {
    let tag = request.expectation.immutable_tag.as_ref()?.name()?;
    // The tag is the immutable one: one answer serves both.
    if request.reference.tag.as_ref() == Some(tag) {
        return None;
    }
    let said = repository.manifest_by_tag(client, tag.as_str(), expected).await;
    Some((tag.clone(), said.map(|resolved| resolved.digest)))
}

/// The immutable tag that the image's own revision label names.
fn named_by_label(template: &TagTemplate, images: &[PlatformObservation]) -> Result<Tag, String> {
    let mut revisions: Vec<&str> = images
        .iter()
        .filter_map(|image| image.image_config())
        .filter_map(|config| config.revision())
        .collect();
    revisions.dedup();
    match revisions.as_slice() {
        [] => Err("no commit was given, and the image has no revision label to name the tag by"
            .to_owned()),
        [revision] => template
            .fill(revision)
            .map_err(|_| "the image's revision label cannot be part of a tag".to_owned()),
        [..] => Err("no commit was given, and the platforms' revision labels differ".to_owned()),
    }
}

/// Whether the repository is there, as far as the registry itself says.
async fn exists(client: &Client, repository: &Repository, resolved: &Fact<Resolved>) -> Fact<()> {
    match resolved {
        Fact::Present(_) => Fact::Present(()),
        Fact::Unknown(why) => Fact::Unknown(why.clone()),
        // It was served, and is not what its digest says.
        Fact::Absent(denial) if denial.reason == Reason::ContentDiffers => Fact::Present(()),
        Fact::Absent(denial) if denial.reason == Reason::RepositoryMissing => {
            Fact::Absent(denial.clone())
        }
        Fact::Absent(denial) => match repository.kind() {
            // Its API will say.
            RegistryKind::DigitalOcean => Fact::Unknown(silent(&denial.said)),
            RegistryKind::DockerHub | RegistryKind::Other => {
                match repository.exists(client).await {
                    Fact::Present(()) => Fact::Present(()),
                    Fact::Absent(Denial { said, reason: _ }) => {
                        Fact::Absent(Denial { reason: Reason::RepositoryMissing, said })
                    }
                    Fact::Unknown(_) => Fact::Unknown(silent(&denial.said)),
                }
            }
        },
    }
}

/// A registry that denies a tag and does not say whether it has the repository.
fn silent(said: &str) -> Unavailable {
    let message = format!(
        "the registry denied the tag ({said}) and did not say whether it has the repository"
    );
    Unavailable::new(Reason::UnexpectedAnswer, message).hint(settle::REPOSITORY_OPEN)
}

async fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let started = Instant::now();
    (future.await, started.elapsed())
}

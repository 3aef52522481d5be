//! Every wanted engine pulls the image, by the table of rules in [`engines`](crate::engines).
//!
//! An engine refuses what any of its versions that count refuses, on any wanted platform that it runs. A shape that no
//! row knows is no refusal.

use std::borrow::Cow;

use crate::circleci::CircleCi;
use crate::engines::{Candidate, Engine, Refusal, Taken, Version, of_unpacked, taken};
use crate::observation::{Fact, Observation, PlatformObservation, Unavailable};
use crate::oci::{ImageConfig, ImageManifest, Manifest, MediaType, Platform};
use crate::report::{EngineAnswer, EngineWord, Finding, Outcome, Reason};
use crate::request::ImageRequest;

use super::Subject;
use super::subject::{Content, gravest, no_image};
use super::wording::{clauses, cleaned, listed, noted, quoted};

pub(super) fn run(subject: &Subject<'_>) -> Outcome {
    if let Some(finding) = unread(subject) {
        return Outcome::Failed(finding);
    }
    subject.with_manifest(|_| {
        let Some(looks) = looks(subject) else { return no_image() };
        let wanted = |engine: &Engine| subject.request.expectation.is_for(*engine);
        let of = |engine: Engine| looks.iter().filter(move |look| look.version.engine() == engine);
        let refusing: Vec<_> = Engine::ALL.into_iter().filter(wanted).flat_map(of).collect();
        if let Some(finding) = refused(&refusing) {
            return Outcome::Failed(finding);
        }
        let unknown = refusing.iter().flat_map(|look| &look.unknown).copied();
        if let Some(why) = gravest(unknown) {
            return Outcome::Errored(why.finding());
        }
        let without: Vec<_> = refusing.iter().flat_map(|look| look.without.clone()).collect();
        if !without.is_empty() {
            let names = listed(unique(without));
            return Outcome::skipped(format!("not all of it is there to look at: {names}"));
        }
        let (pulling, idle): (Vec<_>, Vec<_>) = Engine::ALL
            .into_iter()
            .filter(wanted)
            .partition(|engine| of(*engine).any(|look| look.is_judged));
        if pulling.is_empty() {
            return Outcome::Failed(nobody_runs(&idle, &looks));
        }
        let left_out = idle_clauses(&looks, &wanted);
        let others =
            Engine::ALL.into_iter().filter(|engine| !wanted(engine)).filter_map(|engine| {
                let looks: Vec<_> = of(engine).collect();
                Some(refused(&looks)?.message)
            });
        let names = pulling.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
        let verb = if pulling.len() == 1 { "pulls" } else { "pull" };
        Outcome::Passed {
            message: format!("{names} {verb} it: no rule of the measured table says otherwise"),
            note: noted(others.chain(left_out)),
        }
    })
}

/// What the wanted engines refuse of a manifest that this program cannot read.
fn unread(subject: &Subject<'_>) -> Option<Finding> {
    let Fact::Unknown(why) = &subject.observation.resolved else { return None };
    let looks = looks_at_unread(why);
    let is_wanted = |look: &&Look<'_>| subject.request.expectation.is_for(look.version.engine());
    refused(&looks.iter().filter(is_wanted).collect::<Vec<_>>())
}

fn looks_at_unread(why: &Unavailable) -> Vec<Look<'_>> {
    let look = |version| {
        let mut look = Look::new(version);
        look.add_unread(None, why);
        look
    };
    Version::ALL.into_iter().map(look).collect()
}

/// What each engine does with an image; empty where nothing was seen of it.
pub fn answers(request: &ImageRequest, observation: &Observation) -> Vec<EngineAnswer> {
    let subject = Subject { request, observation, circleci: &CircleCi::default() };
    let Some(looks) = looks(&subject) else { return Vec::new() };
    let answer = |engine: Engine| {
        let of: Vec<_> = looks.iter().filter(|look| look.version.engine() == engine).collect();
        let (answer, why) = if let Some(finding) = refused(&of) {
            (EngineWord::Refuses, Some(finding.message))
        } else if let Some(why) = gravest(of.iter().flat_map(|look| &look.unknown).copied()) {
            (EngineWord::Unknown, Some(why.message.clone()))
        } else if of.iter().any(|look| !look.without.is_empty()) {
            (EngineWord::Unknown, Some("not all of the image is there to look at".to_owned()))
        } else if of.iter().any(|look| look.is_judged) {
            (EngineWord::Pulls, None)
        } else {
            (EngineWord::Unknown, Some(format!("{engine} starts no images of this system")))
        };
        EngineAnswer { engine, answer, wanted: request.expectation.is_for(engine), why }
    };
    Engine::ALL.into_iter().map(answer).collect()
}

/// What one version of an engine makes of all wanted platforms.
struct Look<'a> {
    version: Version,
    /// What it refuses, each with the platform where there are several.
    refusals: Vec<(Option<String>, Cow<'a, Refusal>)>,
    unknown: Vec<&'a Unavailable>,
    /// The images that are not there, or no images.
    without: Vec<String>,
    /// The platforms that it does not run.
    left_out: Vec<Platform>,
    /// Whether any platform was looked at.
    is_judged: bool,
}

/// What each version makes of the image; `None` where there is nothing to look at.
fn looks<'a>(subject: &Subject<'a>) -> Option<Vec<Look<'a>>> {
    let resolved = match &subject.observation.resolved {
        Fact::Present(resolved) => resolved,
        Fact::Unknown(why) if !why.refusals.is_empty() => return Some(looks_at_unread(why)),
        Fact::Unknown(_) | Fact::Absent(_) => return None,
    };
    let manifest = resolved.content.as_ref().ok()?;
    let images: Vec<_> = subject.images().collect();
    if images.is_empty() {
        return None;
    }
    let index = match manifest {
        Manifest::Image(_) => None,
        Manifest::Index(index) => Some(index.media_type),
    };
    Some(Version::ALL.into_iter().map(|version| look(subject, &images, index, version)).collect())
}

fn look<'a>(
    subject: &Subject<'a>,
    images: &[&'a PlatformObservation],
    index: Option<MediaType>,
    version: Version,
) -> Look<'a> {
    let mut look = Look::new(version);
    if let Fact::Present(resolved) = &subject.observation.resolved {
        let by_it = resolved.refusals.iter().filter(|refusal| refusal.is_by(version));
        look.refusals.extend(by_it.map(|refusal| (None, Cow::Borrowed(refusal))));
    }
    let Some(index) = index else {
        for image in images {
            look.add(subject, image);
        }
        return look;
    };
    let candidates: Vec<_> = images.iter().map(|image| candidate(image)).collect();
    let several = subject.images().nth(1).is_some();
    for platform in platforms(subject, images) {
        match taken(&candidates, index, platform, version) {
            Taken::Entry(place) | Taken::Unknown(place) => {
                if let Some(image) = images.get(place) {
                    look.add(subject, image);
                }
            }
            Taken::Refused(refusal) if version.engine().runs(platform.os()) => {
                look.is_judged = true;
                look.refusals.push((several.then(|| quoted(platform)), Cow::Owned(refusal)));
            }
            Taken::Refused(_) | Taken::Nothing => {}
        }
    }
    // An image whose platform nothing says is looked at all the same.
    for image in images.iter().filter(|image| image.platform().is_none()) {
        look.add(subject, image);
    }
    look
}

fn candidate(image: &PlatformObservation) -> Candidate<'_> {
    // Of an image that is none, nothing is known.
    let config = match Content::of(image) {
        Content::Image(_, config) => Some(config),
        Content::NotAnImage(_) | Content::Gone | Content::Differs(_) | Content::Unknown(_) => None,
    };
    Candidate {
        listed_as: image.listed_as.as_ref(),
        said: config.map(|config| &config.platform),
        config_has_features: config.is_some_and(|config| config.has_features),
        features: &image.listing.features,
        written: image.listing.written.as_deref(),
    }
}

/// The platforms that count: the wanted ones, else every one that the index or a config says.
fn platforms<'a>(subject: &Subject<'a>, images: &[&'a PlatformObservation]) -> Vec<&'a Platform> {
    let wanted = &subject.request.expectation.platforms;
    if !wanted.is_empty() {
        return wanted.iter().collect();
    }
    let mut all = Vec::new();
    for image in images {
        let platform = image.listed_as.as_ref().or(image.platform());
        if let Some(platform) = platform.filter(|platform| !all.contains(platform)) {
            all.push(platform);
        }
    }
    all
}

impl<'a> Look<'a> {
    fn new(version: Version) -> Self {
        Self {
            version,
            refusals: Vec::new(),
            unknown: Vec::new(),
            without: Vec::new(),
            left_out: Vec::new(),
            is_judged: false,
        }
    }

    /// Adds what was pushed and cannot be read by this program.
    fn add_unread(&mut self, name: Option<&String>, why: &'a Unavailable) {
        let by_it = why.refusals.iter().filter(|refusal| refusal.is_by(self.version));
        self.refusals.extend(by_it.map(|refusal| (name.cloned(), Cow::Borrowed(refusal))));
        self.unknown.push(why);
    }

    /// Adds what layers hold that were read to their last byte.
    fn add_layers(
        &mut self,
        subject: &Subject<'a>,
        name: Option<&String>,
        manifest: &ImageManifest,
        config: &ImageConfig,
    ) {
        // The rows were measured on Linux; Windows unpacks in its own way.
        let Some(content) = &subject.observation.content else { return };
        if config.platform.os() != "linux" {
            return;
        }
        for (place, layer) in manifest.layers.iter().enumerate() {
            let mut met = Vec::new();
            match content.get(&layer.digest) {
                Some(Fact::Present(read)) => {
                    met.extend(read.met.at(place).cloned());
                    if let (Ok(unpacked), Some(diff_id)) =
                        (&read.unpacked, config.diff_ids.get(place))
                    {
                        met.extend(of_unpacked(&unpacked.digest, diff_id));
                    }
                }
                Some(Fact::Unknown(why)) => {
                    met.extend(why.refusals.iter().cloned());
                    let of = name.map_or_else(String::new, |name| format!(" of {name}"));
                    self.without.push(format!("layer {}{of}", place + 1));
                }
                Some(Fact::Absent(_)) | None => {}
            }
            for refusal in met.into_iter().filter(|refusal| refusal.is_by(self.version)) {
                let of = |what| format!("layer {} of {} {what}", place + 1, manifest.layers.len());
                self.refusals.push((name.cloned(), Cow::Owned(refusal.map_texts(of))));
            }
        }
    }

    fn add(&mut self, subject: &Subject<'a>, image: &'a PlatformObservation) {
        let platform = image.platform();
        if let Some(platform) =
            platform.filter(|platform| !self.version.engine().runs(platform.os()))
        {
            if !self.left_out.contains(platform) {
                self.left_out.push(platform.clone());
            }
            return;
        }
        self.is_judged = true;
        let name = subject.platform_name(image);
        let by_it = image.refusals.iter().filter(|refusal| refusal.is_by(self.version));
        self.refusals.extend(by_it.map(|refusal| (name.clone(), Cow::Borrowed(refusal))));
        match Content::of(image) {
            Content::Image(manifest, config) => {
                self.add_layers(subject, name.as_ref(), manifest, config);
            }
            Content::Unknown(why) => self.add_unread(name.as_ref(), why),
            Content::NotAnImage(_) | Content::Gone | Content::Differs(_) => {
                self.without.push(subject.name(image));
            }
        }
    }
}

/// What these versions refuse, if they refuse anything. Versions that refuse for the same cause share a clause.
fn refused(looks: &[&Look<'_>]) -> Option<Finding> {
    let mut causes: Vec<(Option<&str>, &Refusal, Vec<Version>)> = Vec::new();
    for look in looks {
        for (name, refusal) in &look.refusals {
            let name = name.as_deref();
            let is_known = |cause: &&mut (Option<&str>, &Refusal, Vec<Version>)| {
                cause.0 == name && cause.1.what == refusal.what
            };
            match causes.iter_mut().find(is_known) {
                Some((_, _, versions)) if versions.contains(&look.version) => {}
                Some((_, _, versions)) => versions.push(look.version),
                None => causes.push((name, refusal, vec![look.version])),
            }
        }
    }
    if causes.is_empty() {
        return None;
    }
    let message = clauses(causes.iter().map(|(name, refusal, versions)| {
        let of = name.map_or_else(String::new, |name| format!("of {name}, "));
        let who = joined(versions);
        let verb = if versions.len() == 1 { "refuses" } else { "refuse" };
        format!("{who} {verb} it: {of}{} (\"{}\")", cleaned(&refusal.what), refusal.rule.words)
    }));
    let mends = unique(causes.iter().map(|(_, refusal, _)| refusal.rule.mend.to_owned()));
    let hint = mends.into_iter().chain([ELSE.to_owned()]).collect::<Vec<_>>().join("\n");
    Some(Finding::new(Reason::EngineRefuses, message).hint(hint))
}

/// What to do where the build is right and the engine is not one that pulls the image.
const ELSE: &str = "If that engine never pulls this image, name those that do with `--engine`, or as `engines` of \
     the service in the config.";

fn joined(versions: &[Version]) -> String {
    match versions {
        [] => String::new(),
        [one] => one.to_string(),
        [first @ .., last] => {
            let first = first.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            format!("{first} and {last}")
        }
    }
}

fn unique(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for text in texts {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all
}

/// The wanted engines that start no image of some platform.
fn idle_clauses(looks: &[Look<'_>], wanted: &dyn Fn(&Engine) -> bool) -> Vec<String> {
    let of =
        looks.iter().filter(|look| wanted(&look.version.engine()) && !look.left_out.is_empty());
    let clause = |look: &Look<'_>| {
        let platforms = listed(look.left_out.iter().map(quoted));
        format!(
            "{} starts no image of {platforms}, so it was left out for it",
            look.version.engine()
        )
    };
    unique(of.map(clause))
}

/// None of the wanted engines starts an image of these platforms.
fn nobody_runs(engines: &[Engine], looks: &[Look<'_>]) -> Finding {
    let names = listed(engines.iter().map(ToString::to_string));
    let platforms = looks.iter().flat_map(|look| look.left_out.iter().map(quoted));
    let message =
        format!("no wanted engine ({names}) starts an image of {}", listed(unique(platforms)));
    Finding::new(Reason::EngineRefuses, message).hint(ELSE)
}

#[cfg(test)]
mod tests;

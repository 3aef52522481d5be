//! What holds for every observation, however strange.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::sample::{COMMIT, OTHER_COMMIT, digest};
use super::*;
use crate::engines::{Met, RULES, Refusal, of_image};
use crate::observation::{
    Control, Denial, Explanation, Fact, LayerContent, LayerToRead, Unavailable, Unpacked,
};
use crate::oci::{Manifest, NotAnImage};
use crate::report::{ImageReport, Verdict};
use crate::request::{ExpectedFact, ExpectedPort, ImmutableTag, RevisionRule, UserRule};

const CARRYING: [CheckId; 5] = [
    CheckId::RegistryHonest,
    CheckId::TagExists,
    CheckId::ManifestIntact,
    CheckId::LayersPresent,
    CheckId::Engines,
];

/// Where the observation departs from the whole sample: each number picks a departure.
#[derive(Clone, Debug)]
struct Departures {
    shape: usize,
    repository: u8,
    resolved: u8,
    immutable: u8,
    images: Vec<[u8; 6]>,
    expectation: [u8; 8],
    content: Vec<u8>,
    explained: bool,
    reason: Reason,
}

fn departures() -> impl Strategy<Value = Departures> {
    // Zero, the whole sample's own state, is the likeliest, so that passes are met too.
    let often = || prop_oneof![3 => Just(0_u8), 2 => 1..8_u8];
    let image = [often(), often(), often(), often(), often(), often()];
    (
        0..4_usize,
        often(),
        often(),
        0..8_u8,
        vec(image, 3),
        [often(), often(), often(), often(), often(), often(), often(), often()],
        vec(often(), 6),
        any::<bool>(),
        select(Reason::ALL),
    )
        .prop_map(
            |(
                shape,
                repository,
                resolved,
                immutable,
                images,
                expectation,
                content,
                explained,
                reason,
            )| {
                Departures {
                    shape,
                    repository,
                    resolved,
                    immutable,
                    images,
                    expectation,
                    content,
                    explained,
                    reason,
                }
            },
        )
}

impl Departures {
    fn denial() -> Denial {
        Denial { reason: Reason::TagMissing, said: "404 \u{202e}`MANIFEST_UNKNOWN`".into() }
    }

    fn fact<T>(state: u8, present: T) -> Fact<T> {
        match state {
            1 | 2 => Fact::Absent(Self::denial()),
            3 => Fact::Absent(Denial { reason: Reason::RepositoryMissing, ..Self::denial() }),
            _ => Fact::Present(present),
        }
    }

    /// The observation in which everything is known.
    fn known(&self) -> Sample {
        let mut sample = match self.shape {
            0 => Sample::single(),
            1 => Sample::index(&["linux/amd64"]),
            2 => Sample::index(&["linux/amd64", "linux/arm64"]),
            _ => Sample::index(&["linux/arm/v6", "linux/amd64", "linux/arm64"]),
        };
        self.expect(&mut sample);
        for (index, departure) in self.images.iter().enumerate() {
            if index < sample.observation.images.len() {
                Self::depart(&mut sample, index, *departure);
            }
        }
        if self.explained {
            sample.observation.explanation = Some(Explanation {
                registries: Some(vec!["a".into()]),
                near_tags: vec!["latest".into(); 8],
                lists_tag: true,
                read_only: true,
                ..Explanation::default()
            });
        }
        let observation = &mut sample.observation;
        observation.repository = Self::fact(self.repository, ());
        let Fact::Present(mut resolved) = observation.resolved.clone() else { unreachable!() };
        if self.resolved == 4 {
            resolved.content = Err(NotAnImage::EmptyIndex);
        }
        observation.resolved = Self::fact(self.resolved, resolved);
        let commit = format!("{COMMIT}-dev");
        observation.immutable = match self.immutable {
            0..=2 => None,
            3 | 4 => Some((commit.parse().unwrap(), Self::fact(0, digest("top")))),
            5 => Some((commit.parse().unwrap(), Self::fact(0, digest("other")))),
            _ => Some((commit.parse().unwrap(), Self::fact(1, digest("top")))),
        };
        self.read(&mut sample);
        sample
    }

    fn expect(&self, sample: &mut Sample) {
        let [digest_, revision, port, runtime, platforms, tag, immutable, content] =
            self.expectation;
        if tag == 1 {
            sample.request.reference.tag = None;
            sample.request.reference.digest = Some(digest("top"));
        }
        let expectation = sample.expectation();
        expectation.digest = match digest_ {
            1..=3 => Some(digest("top")),
            4 => Some(digest("other")),
            _ => None,
        };
        let commit = || COMMIT.parse().unwrap();
        expectation.revision = match revision {
            1 | 2 => RevisionRule::Required(commit()),
            3 | 4 => RevisionRule::WhenLabelled(commit()),
            _ => RevisionRule::Off,
        };
        // The sample's user is root.
        expectation.facts = match immutable {
            5 => vec![ExpectedFact::Healthcheck(false)],
            6 | 7 => vec![ExpectedFact::Healthcheck(false), ExpectedFact::User(UserRule::NotRoot)],
            _ => Vec::new(),
        };
        expectation.port =
            (1..4).contains(&port).then_some(ExpectedPort { number: 5001, strict: port == 1 });
        expectation.runtime.language = (1..4).contains(&runtime).then(|| "nodejs".into());
        expectation.runtime.base = (2..5).contains(&runtime).then(|| "alpine".into());
        expectation.platforms = match platforms {
            1 => vec!["linux/amd64".parse().unwrap()],
            2 => vec!["linux/arm64".parse().unwrap(), "linux/amd64".parse().unwrap()],
            3 => vec!["linux/riscv64".parse().unwrap()],
            _ => Vec::new(),
        };
        expectation.content = content > 0;
        expectation.immutable_tag = match immutable {
            1 | 2 => Some(ImmutableTag::Named("latest-dev".parse().unwrap())),
            3 | 4 => Some(ImmutableTag::Named(format!("{COMMIT}-dev").parse().unwrap())),
            5 => Some(ImmutableTag::ByRevisionLabel("{revision}-dev".parse().unwrap())),
            _ => None,
        };
    }

    /// What came of the layers, where they were read.
    fn read(&self, sample: &mut Sample) {
        if !sample.request.expectation.content || self.expectation[7] == 7 {
            return;
        }
        let layers = layers_to_read(&sample.request, &sample.observation);
        let states = self.content.iter().copied().chain(std::iter::repeat(0));
        let read = |(layer, state): (LayerToRead, u8)| {
            let number = if layer.role.starts_with("layer 1") { 1 } else { 2 };
            let of = if state == 4 { "another".to_owned() } else { format!("unpacked {number}") };
            let unpacked = match state {
                5 => Err("it is cut".to_owned()),
                _ => Ok(Unpacked { size: 1, digest: digest(&of) }),
            };
            let mut met = Met::default();
            if state == 6 {
                let rule = RULES.iter().find(|rule| rule.id == "layer-archive").unwrap();
                met.anywhere.push(Refusal { rule, what: "is \u{202e}none".into() });
            }
            let content = LayerContent { size: layer.descriptor.size, unpacked, met };
            (layer.descriptor.digest, Self::fact(state, content))
        };
        sample.observation.content = Some(layers.into_iter().zip(states).map(read).collect());
    }

    fn depart(sample: &mut Sample, index: usize, departure: [u8; 6]) {
        let [manifest, config, content, blob, which, listed] = departure;
        {
            let config = sample.config(index);
            match content {
                1 => config.labels.clear(),
                2 => {
                    let label = crate::oci::ImageConfig::REVISION_LABEL;
                    config.labels.insert(label.into(), OTHER_COMMIT.into());
                }
                3 => config.exposed_ports = vec!["80/tcp".into(), "x-y/\u{0}".into()],
                4 => config.exposed_ports.clear(),
                5 => {
                    config.env = vec!["PYTHON_VERSION=3".into(), "=".into()];
                    config.cmd = vec!["python".into()];
                    config.history = vec!["RUN apt-get update".into()];
                }
                6 => config.diff_ids.resize(7, digest("unpacked 3")),
                7 => config.platform = "linux/s390x".parse().unwrap(),
                _ => {}
            }
        }
        let is_index = matches!(
            &sample.observation.resolved,
            Fact::Present(resolved) if matches!(resolved.content, Ok(Manifest::Index(_)))
        );
        let image = &mut sample.observation.images[index];
        match listed {
            1 if is_index => image.listed_as = None,
            2 if is_index => image.listing.features = vec!["nydus".into()],
            3 if is_index => image.listing.written = Some("linux/x86_64".into()),
            4 => {
                let manifest = image.manifest.present().unwrap().as_ref().unwrap().clone();
                image.refusals = of_image(&manifest, None, None);
            }
            _ => {}
        }
        let blobs = image.blobs.len();
        match blob {
            1 => image.blobs[usize::from(which) % blobs].size = Fact::Absent(Self::denial()),
            2 => image.blobs[usize::from(which) % blobs].size = Fact::Present(1),
            3 => image.blobs.truncate(usize::from(which) % blobs),
            4 => image.blobs[1].descriptor.has_urls = true,
            _ => {}
        }
        match config {
            1 => {
                image.config = Fact::Absent(Self::denial());
                image.blobs.clear();
            }
            2 => image.config = Fact::Present(Err(NotAnImage::NoPlatform("/".into()))),
            _ => {}
        }
        match manifest {
            1 if is_index => image.manifest = Fact::Absent(Self::denial()),
            2 if is_index => image.manifest = Fact::Present(Err(NotAnImage::Artifact("x".into()))),
            3 if is_index => image.manifest = Fact::Present(Err(NotAnImage::NoLayers)),
            _ => {}
        }
    }

    fn why(&self) -> Unavailable {
        Unavailable::new(self.reason, "something kept it from being known")
    }

    /// The same observation with some facts no longer known, one bit each.
    fn forget(&self, sample: &mut Sample, mask: u32) {
        let mut bits = (0..32).map(|bit| mask >> bit & 1 == 1);
        let mut is_forgotten = || bits.next().unwrap_or(false);
        let observation = &mut sample.observation;
        if is_forgotten() {
            observation.control = Control::Unknown(self.why());
        }
        if is_forgotten() {
            observation.repository = Fact::Unknown(self.why());
        }
        if is_forgotten() {
            observation.resolved = Fact::Unknown(self.why());
        }
        if let Some(fact) = &mut observation.by_digest
            && is_forgotten()
        {
            *fact = Fact::Unknown(self.why());
        }
        if let Some((_, fact)) = &mut observation.immutable
            && is_forgotten()
        {
            *fact = Fact::Unknown(self.why());
        }
        for layer in observation.content.iter_mut().flat_map(BTreeMap::values_mut) {
            if is_forgotten() {
                *layer = Fact::Unknown(self.why());
            }
        }
        for image in &mut observation.images {
            if is_forgotten() {
                image.manifest = Fact::Unknown(self.why());
                image.refusals.clear();
            }
            if is_forgotten() {
                image.config = Fact::Unknown(self.why());
            }
            for blob in &mut image.blobs {
                if is_forgotten() {
                    blob.size = Fact::Unknown(self.why());
                }
            }
        }
    }
}

fn report(sample: &Sample) -> ImageReport {
    ImageReport {
        request: sample.request.clone(),
        results: sample.results(),
        facts: sample.facts(),
        notes: sample.notes(),
        evidence: evidence(&sample.request, &sample.results(), sample.facts().as_ref()),
        engines: answers(&sample.request, &sample.observation),
        verified_at: Timestamp::UNIX_EPOCH,
    }
}

fn texts(report: &ImageReport) -> Vec<String> {
    let of = |outcome: &Outcome| match outcome.clone() {
        Outcome::Passed { message, note } => vec![Some(message), note],
        Outcome::Skipped { message, skip: _ } => vec![Some(message)],
        Outcome::Failed(found) | Outcome::Errored(found) => {
            let lines = found.hint.map(|hint| hint.replace('\n', " "));
            vec![Some(found.message), found.expected, found.observed, lines]
        }
    };
    let texts = report.results.iter().flat_map(|result| of(&result.outcome)).flatten();
    texts.chain(report.notes.clone()).collect()
}

#[test]
fn the_strange_observations_meet_every_verdict_and_every_outcome_of_every_check() {
    let mut runner = TestRunner::deterministic();
    let mut met = BTreeSet::new();
    for mask in 0..3000_u32 {
        let departures = departures().new_tree(&mut runner).unwrap().current();
        let mut sample = departures.known();
        departures.forget(&mut sample, if mask % 2 == 0 { 0 } else { mask });
        let report = report(&sample);
        met.insert(report.verdict().word().to_owned());
        met.extend(report.results.iter().map(|it| format!("{} {}", it.check, it.outcome.word())));
    }
    // `registry-honest` is never skipped and never fails; `repository-exists` is never skipped.
    assert_eq!(met.len(), 3 + CheckId::ALL.len() * 4 - 3, "{met:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn a_verified_image_has_passed_the_required_checks(departures in departures(), mask in any::<u32>(), forget in any::<bool>(), affirmed in 0..8_u8) {
        let mut sample = departures.known();
        if forget {
            departures.forget(&mut sample, mask);
        }
        if affirmed == 0 {
            sample.observation.control = Control::Affirmed("200".into());
        }
        let report = report(&sample);
        if report.verdict() == Verdict::Verified {
            prop_assert!(matches!(&sample.observation.control, Control::Denied));
            prop_assert!(matches!(&sample.observation.resolved, Fact::Present(_)));
            let content = sample.request.expectation.content.then_some(CheckId::ContentIntact);
            for check in CARRYING.into_iter().chain(content) {
                let passed = matches!(report.result(check).unwrap().outcome, Outcome::Passed { .. });
                let is_needless = check == CheckId::TagExists && sample.request.reference.tag.is_none();
                prop_assert!(passed || is_needless, "{check}");
            }
            prop_assert!(report.facts.is_some_and(|facts| !facts.platforms.is_empty()));
        }
    }

    #[test]
    fn a_dishonest_registry_is_never_believed(departures in departures(), mask in any::<u32>()) {
        let mut sample = departures.known();
        departures.forget(&mut sample, mask);
        sample.observation.control = Control::Affirmed("200".into());
        let report = report(&sample);
        prop_assert_eq!(report.verdict(), Verdict::Undecided);
        for result in &report.results {
            prop_assert!(matches!(&result.outcome, Outcome::Errored(found) if found.reason == Reason::RegistryNotHonest));
        }
    }

    /// Whatever an unknown fact would have been: a no that was said without it stays a no.
    #[test]
    fn nothing_is_decided_by_what_is_not_known(departures in departures(), mask in any::<u32>(), less in any::<u32>()) {
        let known = departures.known();
        let mut partly = departures.known();
        departures.forget(&mut partly, mask & less);
        let (known, partly) = (report(&known), report(&partly));
        for (whole, part) in known.results.iter().zip(&partly.results) {
            match &part.outcome {
                Outcome::Failed(_) => prop_assert!(
                    matches!(whole.outcome, Outcome::Failed(_) | Outcome::Skipped { .. }),
                    "{}: {:?} though {:?}", part.check, part.outcome, whole.outcome
                ),
                Outcome::Passed { .. } => prop_assert!(
                    matches!(whole.outcome, Outcome::Passed { .. }),
                    "{}: {:?} though {:?}", part.check, part.outcome, whole.outcome
                ),
                Outcome::Errored(_) | Outcome::Skipped { .. } => {}
            }
        }
        if partly.verdict() == Verdict::Failed {
            prop_assert_eq!(known.verdict(), Verdict::Failed);
        }
        if partly.verdict() == Verdict::Verified {
            prop_assert_eq!(known.verdict(), Verdict::Verified);
        }
    }

    /// Only a no about another manifest stands: the immutable tag's.
    #[test]
    fn a_tags_answer_that_contradicts_itself_proves_nothing(departures in departures(), mask in any::<u32>()) {
        let mut sample = departures.known();
        departures.forget(&mut sample, mask);
        sample.observation.resolved = unknown(Reason::ManifestContradictory);
        sample.observation.images.clear();
        for result in sample.results() {
            let is_of_another = matches!(result.check, CheckId::ImmutableTag | CheckId::RepositoryExists);
            prop_assert!(is_of_another || !matches!(result.outcome, Outcome::Failed(_)), "{:?}", result.outcome);
        }
    }

    #[test]
    fn every_text_is_one_bounded_line_that_is_safe_to_show(departures in departures(), mask in any::<u32>()) {
        let mut sample = departures.known();
        departures.forget(&mut sample, mask);
        for text in texts(&report(&sample)) {
            prop_assert!(!text.is_empty() && text.len() < 2000, "{text}");
            prop_assert!(text.chars().all(crate::secret::is_printable), "{text:?}");
        }
    }
}

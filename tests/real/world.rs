//! A registry, its token server and what is pushed; and what a run there has to say.

use std::process::{Command, Stdio};

use crate::registry::{DescriptorCache, Registry};
use crate::skopeo;
use crate::stand_in::{Content, Options, Pushed, StandIn};
use crate::support::{Gate, Run, could_not_run};

pub(crate) const REPOSITORY: &str = "keepkey/support-email";
pub(crate) const TAG: &str = "latest-dev";

/// The registry, its token server, and what is pushed.
pub(crate) struct World {
    pub(crate) stand_in: StandIn,
    pub(crate) registry: Registry,
}

impl World {
    /// `None`, said aloud, where the programs are not installed.
    pub(crate) fn new(test: &str, cache: DescriptorCache) -> Option<Self> {
        for program in ["docker-registry", "skopeo"] {
            let mut version = Command::new(program);
            version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
            if version.status().is_err() {
                could_not_run(test, &format!("`{program}` is not installed"));
                return None;
            }
        }
        let stand_in = StandIn::start(Options { writable: true, ..Options::default() });
        let registry = Registry::start(&stand_in, cache);
        Some(Self { stand_in, registry })
    }

    pub(crate) fn target(&self, tag: &str) -> String {
        format!("{}/{REPOSITORY}:{tag}", self.registry.host())
    }

    /// Pushes an image; the API's index learns of it too.
    pub(crate) fn push(&self, tag: &str, content: impl Into<Content>) -> Pushed {
        let content = content.into();
        skopeo::push(&content, &self.target(tag), self.stand_in.token(), &[]);
        let pushed = self.stand_in.image(REPOSITORY, tag, content);
        self.stand_in.clear_log();
        pushed
    }

    /// A run at the real registry.
    pub(crate) fn gate(&self, tag: &str) -> Gate<'_> {
        Gate::at(&self.stand_in)
            .env("DIGITALOCEAN_REGISTRY_HOST", self.registry.host())
            .redact(self.registry.host(), "[registry]")
            .args("--junit junit.xml --image-ref ref")
            .arg(self.target(tag))
    }
}

/// The checks that failed or errored, as the JUnit file has them: `failure layers-present`.
pub(crate) fn unpassed(run: &Run<'_>) -> Vec<String> {
    let document = roxmltree::Document::parse(run.file("junit.xml")).unwrap();
    let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
    let outcome = |case: roxmltree::Node<'_, '_>| {
        let mut children = case.children();
        let outcome =
            children.find(|child| child.has_tag_name("failure") || child.has_tag_name("error"))?;
        Some(format!("{} {}", outcome.tag_name().name(), case.attribute("name")?))
    };
    cases.filter_map(outcome).collect()
}

#[track_caller]
pub(crate) fn assert_verified(run: &Run<'_>, digest: &str) {
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    assert_eq!(unpassed(run), [""; 0], "{}", run.snapshot());
    assert!(run.file("ref").ends_with(&format!("/{REPOSITORY}@{digest}")), "{}", run.file("ref"));
    assert!(run.stdout.contains("VERIFIED"), "{}", run.snapshot());
}

#[track_caller]
pub(crate) fn assert_failed(run: &Run<'_>, expected: &[&str]) {
    assert_eq!(run.code, Some(1), "{}", run.snapshot());
    assert_eq!(unpassed(run), expected, "{}", run.snapshot());
    assert!(!run.files.contains_key("ref"), "{}", run.snapshot());
}

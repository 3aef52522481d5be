//! Makes each image that is meant a whole request: its service, its environment, and what it must be.

use std::collections::HashSet;

use crate::engines::Engine;
use crate::oci::{Digest, Platform, Reference, RegistryHost};
use crate::request::{Expectation, ExpectedPort, ImageRequest, RegistryKind, Runtime, Service};
use crate::settings::config::{
    EngineWord, Entries, Flag, Key, PlatformWord, Port, RuntimeEntry, ServiceEntry, Text, Value,
};
use crate::settings::environments::{self, Environment};
use crate::settings::expectation;
use crate::settings::images::Target;
use crate::settings::output_options::{Images, OUTPUT_OPTIONS};
use crate::settings::pipelines;
use crate::settings::question::Question;
use crate::settings::service::ConfiguredService;
use crate::settings::usage_error::{Shown, UsageError};
use crate::settings::values::{Given, Origin};

impl<'c> Question<'c> {
    /// The requests, in the order of asking, each image once.
    pub(super) fn requests(
        self,
        targets: Vec<Target<'c>>,
    ) -> Result<Vec<ImageRequest>, UsageError> {
        let args = self.args;
        let mut seen = HashSet::new();
        let mut targets = targets;
        targets.retain(|target| {
            let service = target.service.map(|service| service.name);
            seen.insert((target.reference.clone(), service))
        });
        let about_one = [
            ("repository", args.repository.is_some()),
            ("expect-digest", args.expect_digest.is_some()),
            ("expect-digest-file", args.expect_digest_file.is_some()),
        ];
        let outputs = OUTPUT_OPTIONS.iter().filter(|output| output.images == Images::One);
        let outputs = outputs.map(|output| (output.option, (output.path)(args).is_some()));
        let count = targets.len();
        let mut one_only = about_one.into_iter().chain(outputs);
        if let Some((option, _)) = one_only.find(|(_, is_given)| *is_given && count > 1) {
            return Err(needs_one(option, count));
        }
        // An expected digest is that of the only image.
        let digest = match targets.first() {
            Some(Target { reference, .. }) => {
                expectation::digest(args, self.folder, self.expander, reference)?
            }
            None => None,
        };
        targets.into_iter().map(|target| self.request(target, digest.as_ref())).collect()
    }

    fn request(
        self,
        target: Target<'c>,
        digest: Option<&(Digest, Origin)>,
    ) -> Result<ImageRequest, UsageError> {
        let Target { reference, service, environment, mut notes } = target;
        let registry_kind = self.registry_kind(&reference)?;
        let declared = self.declared();
        let is_inside = self.is_inside(&reference, service)?;
        let environment = match environment {
            Some(environment) => Some(environment),
            None => self.environment_of(&reference, service, is_inside)?,
        };
        let outside = environment.filter(|_| !is_inside);
        notes.extend(outside.map(not_applied));
        let environment = environment.filter(|_| is_inside);
        let digest = self.digest_of(&reference, digest)?;
        let is_of_config = service.is_some() || environment.is_some();
        let of_service = service.and_then(|service| service.entry.expect_revision);
        let of_environment = environment.and_then(|it| it.entry.expect_revision);
        let immutable_tag = match (declared, environment, &reference.tag) {
            (Some(declared), Some(environment), Some(_)) => {
                declared.immutable_tag(environment, service)?
            }
            // Of a reference by digest alone, no tag is checked.
            (_, _, _) => None,
        };
        let args = self.args;
        let platforms = if args.platforms.is_empty() {
            declared_platforms(service)
        } else {
            args.platforms.iter().map(|Given { value, .. }| value.clone()).collect()
        };
        let engines = engines(&args.engines, service);
        let facts = self.facts(service)?;
        notes.extend(facts.note);
        let service =
            Service { is_outside: outside.is_some(), ..self.service_of(&reference, service) };
        let given =
            args.port.as_ref().map(|port| ExpectedPort { number: port.value, strict: true });
        let port = given.or(service.port.map(|number| ExpectedPort { number, strict: false }));
        let expectation = Expectation {
            digest,
            revision: self.revision.rule(of_service.or(of_environment), is_of_config)?,
            immutable_tag,
            platforms,
            engines,
            port,
            runtime: service.runtime.clone(),
            content: args.content,
            facts: facts.lines,
        };
        Ok(ImageRequest {
            reference,
            registry_kind,
            expectation,
            service,
            environment: environment.map(|environment| environment.name.to_owned()),
            commit: self.revision.commit(),
            pipeline: pipelines::question(environment, self.branch, self.revision),
            notes,
        })
    }

    /// What is declared of an image's service. One that is not in the config has the name of its repository,
    /// as far as that is not the name of a service of the config: what is true of that one must not be said of another.
    fn service_of(self, reference: &Reference, service: Option<ConfiguredService<'c>>) -> Service {
        if let Some(service) = service {
            return of_config(service);
        }
        let config = self.config;
        let is_taken = |name: &&str| config.is_some_and(|config| config.has_service(name));
        let repository = reference.repository.as_str();
        let short = last_part(reference);
        let free = [short, repository].into_iter().find(|name| !is_taken(name));
        Service {
            name: free.map_or_else(|| reference.name(), str::to_owned),
            is_configured: false,
            is_outside: false,
            port: None,
            ingress: None,
            runtime: Runtime::default(),
            env: std::collections::BTreeMap::new(),
        }
    }

    /// Whether the config says anything of an image: a service has its repository, or it is below the registry.
    fn is_inside(
        self,
        reference: &Reference,
        service: Option<ConfiguredService<'c>>,
    ) -> Result<bool, UsageError> {
        match (service, self.declared()) {
            (Some(_), _) => Ok(true),
            (None, Some(declared)) => Ok(declared.holds(reference)?),
            (None, None) => Ok(false),
        }
    }

    fn environment_of(
        self,
        reference: &Reference,
        service: Option<ConfiguredService<'c>>,
        is_inside: bool,
    ) -> Result<Option<Environment<'c>>, UsageError> {
        let args = self.args;
        let named = match &args.environment {
            Some(given) => Some(self.expanded(&given.value)?),
            None => None,
        };
        environments::of_image(
            self.declared(),
            named.as_deref(),
            reference.tag.as_ref(),
            service,
            is_inside,
        )
    }

    fn digest_of(
        self,
        reference: &Reference,
        expected: Option<&(Digest, Origin)>,
    ) -> Result<Option<Digest>, UsageError> {
        match (&reference.digest, expected) {
            (Some(named), Some((expected, origin))) if named != expected => {
                let redactor = self.redactor();
                let reference = Shown::new(&reference.to_string(), redactor);
                Err(UsageError::new(format!("{origin} and {reference} name different digests"))
                    .hint("omit one of them"))
            }
            (Some(digest), _) => Ok(reference.tag.is_some().then(|| digest.clone())),
            (None, expected) => Ok(expected.map(|(digest, _)| digest.clone())),
        }
    }

    /// The kind of a reference's registry. One of DigitalOcean's must have the form that it has there.
    fn registry_kind(self, reference: &Reference) -> Result<RegistryKind, UsageError> {
        let shown = || Shown::new(&reference.to_string(), self.redactor());
        let host = &reference.registry;
        let real = RegistryHost::DIGITALOCEAN;
        let is_real = host.host() == real;
        let ours = &self.digitalocean.registry;
        if is_real && ours.as_str() != real {
            return Err(UsageError::new(format!(
                "{} is in DigitalOcean's own registry, but `DIGITALOCEAN_REGISTRY_HOST` names another host",
                shown()
            ))
            .hint("unset `DIGITALOCEAN_REGISTRY_HOST`, so that the real registry is asked"));
        }
        if is_real && host.as_str() != real {
            return Err(UsageError::new(format!(
                "{} has a port; DigitalOcean's registry is written without one",
                shown()
            )));
        }
        if host != ours {
            return Ok(RegistryKind::of_other(host));
        }
        if reference.repository.as_str().contains('/') {
            Ok(RegistryKind::DigitalOcean)
        } else {
            Err(UsageError::new(format!(
                "{} has no registry: on DigitalOcean a reference is `HOST/REGISTRY/REPOSITORY:TAG`",
                shown()
            )))
        }
    }
}

/// More than one image, and an option that is about one.
fn needs_one(option: &str, count: usize) -> UsageError {
    let hint = match option {
        "record" => "`--record-dir DIR` writes one record for each image",
        _ => {
            "verify one image per run, or omit it; `--record-dir DIR` writes one record for each image"
        }
    };
    let orb_hint = match option {
        "record" => {
            "several images need `environment`, which names a file for each record, or `record_dir: \"\"`"
        }
        _ => "verify one image per job, or omit it",
    };
    UsageError::new(format!("`--{option}` needs exactly one image, but {count} are given"))
        .hint(hint)
        .orb_hint(orb_hint)
}

/// The last part of a repository: the name of a service that is in no config.
pub(super) fn last_part(reference: &Reference) -> &str {
    let repository = reference.repository.as_str();
    repository.rsplit('/').next().unwrap_or(repository)
}

fn declared_platforms(service: Option<ConfiguredService<'_>>) -> Vec<Platform> {
    let platforms = service.map_or(&[][..], |service| &service.entry.platforms);
    platforms.iter().map(|PlatformWord(platform)| platform.clone()).collect()
}

/// The engines that were named, else the declared ones.
fn engines(given: &[Given<Engine>], service: Option<ConfiguredService<'_>>) -> Vec<Engine> {
    if !given.is_empty() {
        return given.iter().map(|Given { value, .. }| *value).collect();
    }
    let engines = service.map_or(&[][..], |service| &service.entry.engines);
    engines.iter().map(|EngineWord(engine)| *engine).collect()
}

/// What is declared of a service of the config.
fn of_config(ConfiguredService { name, entry }: ConfiguredService<'_>) -> Service {
    let ServiceEntry {
        repository: _,
        tag: _,
        port,
        ingress,
        runtime,
        platforms: _,
        engines: _,
        env: Entries(env),
        expect: _,
        expect_revision: _,
    } = entry;
    let RuntimeEntry { language, base } = runtime;
    let text = |text: &Option<Text>| text.as_ref().map(|Text(text)| text.clone());
    Service {
        name: name.to_owned(),
        is_configured: true,
        is_outside: false,
        port: port.map(|Port(port)| port),
        ingress: ingress.map(|Flag(flag)| flag),
        runtime: Runtime { language: text(language), base: text(base) },
        env: env.iter().map(|(Key(key), Value(value))| (key.clone(), value.clone())).collect(),
    }
}

fn not_applied(Environment { name, .. }: Environment<'_>) -> String {
    format!(
        "it is outside the config's `registry` and no service has its repository, so the environment `{name}` and its \
         rules do not apply to it"
    )
}

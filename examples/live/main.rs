//! `make live`: one real image at DigitalOcean. Runs the program on it and on three images that cannot be there, and
//! then asks the service itself, to show the shape of each answer. It reads only.
//!
//! Nothing in the second part names the account: registry, repository and tag are shown as REG, REPO and TAG, and no
//! token and no signed address is shown at all, so that it can be handed on.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, bail, ensure};

use verify_registry_image::digitalocean::names::DigitalOceanNames;
use verify_registry_image::request::RegistryKind;
use verify_registry_image::settings::{self, Asked, Settings, Surroundings};

mod ask;
mod probes;
mod shape;
#[cfg(test)]
#[path = "../../tests/support/stand_in/mod.rs"]
mod stand_in;

use ask::Asker;
use probes::{IMPOSSIBLE, Probes};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(program), Some(image)) = (arguments.next(), arguments.next()) else {
        let _ = writeln!(io::stderr(), "usage: live PROGRAM IMAGE");
        return ExitCode::from(2);
    };
    match live(&PathBuf::from(program), &image) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "live: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether the program answered as it should.
fn live(program: &Path, image: &OsString) -> anyhow::Result<bool> {
    let settings = read(image)?;
    let probes = probes(&settings, Box::new(say))?;
    let expected = run_program(program, &settings, &probes)?;
    say(&format!(
        "\n# What the service answers\n\nREG, REPO and TAG stand for the names; `{IMPOSSIBLE}` is a name that nobody has.\n"
    ));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(probes.run())?;
    Ok(expected)
}

/// The settings that the program itself would have: its rules for the token and for the places that it goes to hold
/// here too.
fn read(image: &OsString) -> anyhow::Result<Settings> {
    let arguments = vec![OsString::from("live"), image.clone()];
    #[expect(clippy::disallowed_methods, reason = "as the program reads them: by name, once")]
    let variable = |name: &str| std::env::var_os(name);
    let asked = settings::read(Surroundings {
        started: std::time::Instant::now(),
        arguments,
        variable: &variable,
        folder: std::env::temp_dir(),
        stdin: Box::new(io::empty()),
        stdout_is_terminal: false,
        stderr_is_terminal: false,
    });
    match asked {
        Ok(Asked::Verify(settings)) => Ok(*settings),
        Ok(Asked::Show(_) | Asked::DrawStatus(_, _)) => bail!("IMAGE is an image"),
        Err(error) => bail!("{error}"),
    }
}

fn probes(settings: &Settings, out: Box<dyn Fn(&str)>) -> anyhow::Result<Probes> {
    let image = settings.images.first().context("no image")?;
    ensure!(
        image.registry_kind == RegistryKind::DigitalOcean,
        "IMAGE has to be at DigitalOcean's registry"
    );
    let names =
        DigitalOceanNames::of(&image.reference.repository).context("no registry in IMAGE")?;
    let tag = image.reference.tag.as_ref().context("IMAGE has to have a tag")?.as_str().to_owned();
    let token = settings.token.as_ref().context("there is no token")?;
    let (registry, repository) = (names.registry.to_string(), names.repository.to_string());
    let scheme = if settings.digitalocean.plain_http { "http" } else { "https" };
    let placeholders = placeholders(&registry, &repository, &tag);
    Ok(Probes {
        asker: Asker::new(
            settings.redactor.clone(),
            placeholders,
            settings.digitalocean.plain_http,
        )?,
        api: settings.digitalocean.api.parse()?,
        registry_host: format!("{scheme}://{}/", settings.digitalocean.registry).parse()?,
        token: token.secret.clone(),
        registry,
        repository,
        tag,
        out,
    })
}

/// What is shown in the place of the names. A name that holds another one is replaced whole.
fn placeholders(registry: &str, repository: &str, tag: &str) -> Vec<(String, &'static str)> {
    let mut placeholders = vec![
        (repository.to_owned(), "REPO"),
        (repository.replace('/', "%2F"), "REPO"),
        (registry.to_owned(), "REG"),
        (tag.to_owned(), "TAG"),
    ];
    placeholders.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    placeholders
}

/// Runs the program four times; whether each ended as it should.
fn run_program(program: &Path, settings: &Settings, probes: &Probes) -> anyhow::Result<bool> {
    let Probes { registry, repository, tag, .. } = probes;
    let host = &settings.digitalocean.registry;
    let mut all = true;
    say("# What the program says\n");
    for (title, image, expected) in [
        ("the image", format!("{host}/{registry}/{repository}:{tag}"), 0),
        ("a tag that does not exist", format!("{host}/{registry}/{repository}:{IMPOSSIBLE}"), 1),
        ("a repository that does not exist", format!("{host}/{registry}/{IMPOSSIBLE}:{tag}"), 1),
        ("a registry that is not ours", format!("{host}/{IMPOSSIBLE}/{repository}:{tag}"), 1),
    ] {
        say(&format!("\n## {title}\n\n$ verify-registry-image -v {image}\n"));
        let status = Command::new(program).arg("-v").arg(&image).status().context("the program")?;
        let as_expected = status.code() == Some(expected);
        all &= as_expected;
        let word = if as_expected { "as expected" } else { "NOT as expected" };
        let code = status.code().map_or_else(|| "by a signal".to_owned(), |code| code.to_string());
        say(&format!("exit code {code}: {word} ({expected})\n"));
    }
    Ok(all)
}

fn say(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

//! The programs beside which this one is measured: crane, oras and skopeo, as `scripts/bench.sh` has them unpacked.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::run::Run;
use crate::stand_in::{Origin, StandIn};
use crate::world::ca_file;

/// What a peer is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// The digest of a tag.
    CraneDigest,
    /// Manifest, config, and that the layers are there.
    CraneFast,
    /// Every byte, hashed packed and unpacked.
    CraneValidate,
    /// The digest of a tag.
    OrasResolve,
    /// Every byte, hashed and written into a folder.
    OrasCopy,
    /// Likewise.
    SkopeoCopy,
    /// Manifest and config.
    SkopeoInspect,
    /// The manifest.
    SkopeoRaw,
}

/// Where the peers are.
#[derive(Clone, Debug)]
pub(crate) struct Peers {
    folder: PathBuf,
    /// Their own dynamic loader and its first arguments: they are linked to newer libraries than this machine may have.
    loader: Vec<String>,
}

impl Peers {
    /// Those in `folder`. `None` where they are not.
    pub(crate) fn find(folder: &Path) -> Option<Self> {
        let folder =
            folder.canonicalize().ok().filter(|folder| folder.join("root/unpacked").exists())?;
        let (loader, libraries) = match env::consts::ARCH {
            "aarch64" => ("lib/ld-linux-aarch64.so.1", "aarch64-linux-gnu"),
            _ => ("lib64/ld-linux-x86-64.so.2", "x86_64-linux-gnu"),
        };
        let root = folder.join("root");
        let path = |path: &Path| path.display().to_string();
        let library = root.join("usr/lib").join(libraries);
        let loader = vec![path(&root.join(loader)), "--library-path".to_owned(), path(&library)];
        Some(Self { folder: root.join("usr/bin"), loader })
    }

    /// The command of one of them.
    fn command(&self, program: &str) -> Vec<String> {
        let program = self.folder.join(program).display().to_string();
        self.loader.iter().cloned().chain([program]).collect()
    }

    /// What a peer is run with to ask this, but the reference.
    pub(crate) fn command_for(&self, ask: Ask, is_plain: bool) -> Vec<String> {
        let (program, arguments, plain) = match ask {
            Ask::CraneDigest => ("crane", "digest", "--insecure"),
            Ask::CraneFast => ("crane", "validate --fast --remote", "--insecure"),
            Ask::CraneValidate => ("crane", "validate --remote", "--insecure"),
            Ask::OrasCopy => ("oras", "cp", "--from-plain-http"),
            Ask::SkopeoCopy => ("skopeo", "copy --quiet", "--src-tls-verify=false"),
            Ask::OrasResolve => ("oras", "resolve", "--plain-http"),
            Ask::SkopeoInspect => ("skopeo", "inspect --no-tags", "--tls-verify=false"),
            Ask::SkopeoRaw => ("skopeo", "inspect --raw", "--tls-verify=false"),
        };
        let plain = if is_plain { plain } else { "" };
        // A flag that takes the reference as its value comes last.
        let (subcommand, rest) = arguments.split_once(' ').unwrap_or((arguments, ""));
        let words = format!("{subcommand} {plain} {rest}");
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        self.command(program).into_iter().chain(words).collect()
    }

    /// A run that asks this of an image.
    pub(crate) fn run(
        &self,
        ask: Ask,
        stand_in: &StandIn,
        image: &str,
        folder: &Path,
    ) -> anyhow::Result<Run> {
        let reference = stand_in.reference(image);
        let reference = match ask {
            Ask::SkopeoInspect | Ask::SkopeoRaw | Ask::SkopeoCopy => {
                format!("docker://{reference}")
            }
            Ask::CraneDigest
            | Ask::CraneFast
            | Ask::CraneValidate
            | Ask::OrasCopy
            | Ask::OrasResolve => reference,
        };
        let mut command = self.command_for(ask, stand_in.ca_pem().is_none());
        command.push(reference);
        Self::at(Run::command(&command), stand_in, folder)
    }

    /// The same run of a program that writes what it reads into this folder.
    pub(crate) fn into_folder(ask: Ask, run: Run, folder: &Path) -> Run {
        let folder = folder.display();
        match ask {
            Ask::OrasCopy => {
                run.argument("--to-oci-layout").argument(&format!("{folder}:latest-dev"))
            }
            // Its policy is asked for where a system has it, and this one may have none.
            Ask::SkopeoCopy => run.argument(&format!("dir:{folder}")).argument("--insecure-policy"),
            Ask::CraneDigest
            | Ask::CraneFast
            | Ask::CraneValidate
            | Ask::OrasResolve
            | Ask::SkopeoInspect
            | Ask::SkopeoRaw => run,
        }
    }

    /// A run that asks for the digests of all images that are given on standard input, so many processes at once.
    pub(crate) fn xargs(
        &self,
        at_once: u32,
        stand_in: &StandIn,
        folder: &Path,
    ) -> anyhow::Result<Run> {
        let xargs = format!("xargs -P{at_once} -n1");
        let words = xargs.split(' ').map(str::to_owned);
        let command: Vec<_> =
            words.chain(self.command_for(Ask::CraneDigest, stand_in.ca_pem().is_none())).collect();
        Self::at(Run::command(&command), stand_in, folder)
    }

    /// The same run with the login and the certificates of a stand-in.
    fn at(run: Run, stand_in: &StandIn, folder: &Path) -> anyhow::Result<Run> {
        let host = stand_in.host(Origin::Registry);
        let docker = folder.join(host.replace(':', "-"));
        fs::create_dir_all(&docker)?;
        let login = STANDARD.encode(format!("docr:{}", stand_in.token()));
        let config = serde_json::json!({ "auths": { host: { "auth": login } } });
        let file = docker.join("config.json");
        #[expect(clippy::disallowed_methods, reason = "a file of the bench's own")]
        fs::write(&file, config.to_string())?;
        let ca = ca_file(stand_in, folder)?;
        let run = run.at(stand_in, &ca).variable("DOCKER_CONFIG", &docker);
        Ok(run.variable("REGISTRY_AUTH_FILE", &file).variable("PATH", Path::new("/usr/bin:/bin")))
    }

    /// Their names and versions.
    pub(crate) fn versions(&self) -> String {
        let of = |program: &str, argument: &str, prefix: &str| {
            let mut command = self.command(program);
            command.push(argument.to_owned());
            let said = Run::command(&command).output().unwrap_or_default();
            let line = said.lines().find(|line| line.starts_with(prefix)).unwrap_or_default();
            line.trim_start_matches(prefix).trim().to_owned()
        };
        let skopeo = of("skopeo", "--version", "skopeo version");
        let oras = of("oras", "version", "Version:");
        format!("crane of Debian's sid, oras {oras}, skopeo {skopeo}")
    }
}

//! The engines as `scripts/engines.sh` unpacked them: each is started in its own root, and stopped by its process id.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

const A_PULL_TAKES_AT_MOST: Duration = Duration::from_secs(20);
/// As clusters have it. Where layers are copied instead of laid over each other, engines unpack in another way.
const SNAPSHOTTER: &str = "overlayfs";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Docker,
    DockerContainerd,
    Containerd17,
    Containerd2,
    Podman,
    Skopeo,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [
        Self::Docker,
        Self::DockerContainerd,
        Self::Containerd17,
        Self::Containerd2,
        Self::Podman,
        Self::Skopeo,
    ];

    /// The key in `docs/engines.json`.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::DockerContainerd => "docker-containerd-store",
            Self::Containerd17 => "containerd-1.7",
            Self::Containerd2 => "containerd-2",
            Self::Podman => "podman",
            Self::Skopeo => "skopeo",
        }
    }

    /// The engine that `--engine` names.
    pub(crate) const fn engine(self) -> &'static str {
        match self {
            Self::Docker | Self::DockerContainerd => "docker",
            Self::Containerd17 | Self::Containerd2 => "containerd",
            Self::Podman | Self::Skopeo => "podman",
        }
    }

    const fn suite(self) -> &'static str {
        match self {
            Self::Docker | Self::DockerContainerd | Self::Containerd2 => "sid",
            Self::Containerd17 | Self::Podman | Self::Skopeo => "trixie",
        }
    }
}

pub(crate) struct Engine {
    pub(crate) kind: Kind,
    root: PathBuf,
    running: Mutex<Vec<Child>>,
}

impl Engine {
    /// Starts an engine; `None`, said aloud, where it cannot be had.
    pub(crate) fn start(kind: Kind, engines: &Path) -> Option<Self> {
        let root = engines.join(kind.suite());
        let engine = Self { kind, root, running: Mutex::new(Vec::new()) };
        let _ = fs::remove_dir_all(engine.folder());
        fs::create_dir_all(engine.folder()).ok()?;
        engine.run();
        if engine.version().is_some() {
            return Some(engine);
        }
        eprintln!("COULD NOT RUN: {}: it did not start in {}", kind.key(), engine.root.display());
        None
    }

    fn folder(&self) -> PathBuf {
        self.root.join("engines").join(self.kind.key())
    }

    /// A path of this engine's folder as the engine sees it.
    fn inside(&self, name: &str) -> String {
        format!("/engines/{}/{name}", self.kind.key())
    }

    /// A program in the engine's root, with mounts that end with it.
    fn program(&self, words: &[&str]) -> Command {
        const ENTER: &str = r#"root=$1; shift; mount --bind "$root" "$root" && mount -t proc proc "$root/proc" &&
            mount --rbind /dev "$root/dev" && mount --rbind /sys "$root/sys" && exec chroot "$root" "$@""#;
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", ENTER, "sh"]);
        command.arg(&self.root).args(words).stdin(Stdio::null());
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("HOME", "/root");
        command
    }

    fn start_program(&self, words: &[&str], socket: &str) {
        let log = fs::File::create(self.folder().join(format!("{socket}.log"))).unwrap();
        let mut command = self.program(words);
        command.stdout(log.try_clone().unwrap()).stderr(log);
        self.running.lock().unwrap().push(command.spawn().unwrap());
        let started = Instant::now();
        while UnixStream::connect(self.folder().join(socket)).is_err() {
            if started.elapsed() > Duration::from_secs(30) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn run(&self) {
        match self.kind {
            Kind::Docker => {
                self.run_containerd();
                self.run_dockerd("overlay2", false);
            }
            Kind::DockerContainerd => {
                self.run_containerd();
                self.run_dockerd(SNAPSHOTTER, true);
            }
            Kind::Containerd17 | Kind::Containerd2 => self.run_containerd(),
            Kind::Podman => {
                let socket = format!("unix://{}", self.inside("engine.sock"));
                let (root, run) = (self.inside("root"), self.inside("run"));
                let words = [
                    "podman",
                    "--root",
                    &root,
                    "--runroot",
                    &run,
                    "--storage-driver",
                    "overlay",
                    "--cgroup-manager",
                    "cgroupfs",
                    "--events-backend",
                    "none",
                    "system",
                    "service",
                    "--time=0",
                    &socket,
                ];
                self.start_program(&words, "engine.sock");
            }
            Kind::Skopeo => {}
        }
    }

    fn run_containerd(&self) {
        let folder = self.inside("");
        let config = format!(
            "version = 2\nroot = \"{folder}root\"\nstate = \"{folder}state\"\n\
             disabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n\
             [grpc]\naddress = \"{folder}containerd.sock\"\n[ttrpc]\naddress = \"{folder}ttrpc.sock\"\n"
        );
        fs::write(self.folder().join("containerd.toml"), config).unwrap();
        self.start_program(
            &["containerd", "-c", &self.inside("containerd.toml")],
            "containerd.sock",
        );
    }

    fn run_dockerd(&self, driver: &str, has_containerd_store: bool) {
        let config = format!(
            r#"{{"features":{{"containerd-snapshotter":{has_containerd_store}}},"insecure-registries":["127.0.0.0/8"]}}"#
        );
        fs::write(self.folder().join("daemon.json"), config).unwrap();
        let of = |name: &str| self.inside(name);
        let driver = format!("--storage-driver={driver}");
        let socket = format!("unix://{}", of("engine.sock"));
        let words = [
            "dockerd",
            "--config-file",
            &of("daemon.json"),
            "--data-root",
            &of("data"),
            "--exec-root",
            &of("exec"),
            "-H",
            &socket,
            "--iptables=false",
            "--ip6tables=false",
            "--bridge=none",
            &driver,
            "-p",
            &of("pid"),
            "--containerd",
            &of("containerd.sock"),
        ];
        self.start_program(&words, "engine.sock");
    }

    /// What the engine calls its own version.
    pub(crate) fn version(&self) -> Option<String> {
        match self.kind {
            Kind::Docker | Kind::DockerContainerd => {
                let answer = self.ask("GET", "/version").ok()?;
                Some(
                    serde_json::from_str::<serde_json::Value>(&answer).ok()?["Version"]
                        .as_str()?
                        .to_owned(),
                )
            }
            Kind::Podman => {
                let answer = self.ask("GET", "/v5.0.0/libpod/version").ok()?;
                Some(
                    serde_json::from_str::<serde_json::Value>(&answer).ok()?["Version"]
                        .as_str()?
                        .to_owned(),
                )
            }
            Kind::Containerd17 | Kind::Containerd2 => {
                let text = self.ctr(&["version"]).ok()?;
                let version = text.split("Server:").nth(1)?.split("Version:").nth(1)?;
                Some(version.split_whitespace().next()?.to_owned())
            }
            Kind::Skopeo => {
                let text = finish(self.program(&["skopeo", "--version"])).ok()?;
                Some(text.split_whitespace().nth(2)?.to_owned())
            }
        }
    }

    /// Pulls and unpacks `HOST/REPOSITORY:t`; the words of the refusal otherwise.
    pub(crate) fn pull(&self, host: &str, repository: &str) -> Result<(), String> {
        let name = format!("{host}/{repository}");
        match self.kind {
            Kind::Docker | Kind::DockerContainerd => {
                let answer = self.ask("POST", &format!("/images/create?fromImage={name}&tag=t"))?;
                refused_in_stream(&answer)?;
                self.ask("GET", &format!("/images/{name}:t/json")).map(drop)
            }
            Kind::Podman => {
                let path = "/v5.0.0/libpod/images";
                let answer =
                    self.ask("POST", &format!("{path}/pull?reference={name}:t&tlsVerify=false"))?;
                refused_in_stream(&answer)?;
                self.ask("GET", &format!("{path}/{name}:t/json")).map(drop)
            }
            Kind::Containerd17 => {
                self.ctr_pull(&["--plain-http", "--snapshotter", SNAPSHOTTER], &name)
            }
            Kind::Containerd2 => {
                let options =
                    ["--local", "--skip-metadata", "--plain-http", "--snapshotter", SNAPSHOTTER];
                self.ctr_pull(&options, &name)
            }
            Kind::Skopeo => {
                let from = format!("docker://{name}:t");
                let root = self.inside("");
                let to = format!("containers-storage:[overlay@{root}root+{root}run]{name}:t");
                let words = ["skopeo", "copy", "--quiet", "--src-tls-verify=false", &from, &to];
                finish(self.program(&words)).map(drop)
            }
        }
    }

    fn ctr(&self, words: &[&str]) -> Result<String, String> {
        let socket = self.inside("containerd.sock");
        let all: Vec<_> = ["ctr", "-a", &socket].into_iter().chain(words.iter().copied()).collect();
        finish(self.program(&all))
    }

    fn ctr_pull(&self, options: &[&str], name: &str) -> Result<(), String> {
        let reference = format!("{name}:t");
        let words: Vec<_> =
            ["images", "pull"].iter().chain(options).copied().chain([reference.as_str()]).collect();
        self.ctr(&words).map(drop)
    }

    /// The keys of the snapshots that a containerd holds.
    pub(crate) fn snapshots(&self) -> Option<Vec<String>> {
        let words: &[&str] = match self.kind {
            Kind::Containerd17 | Kind::Containerd2 => {
                &["snapshots", "--snapshotter", SNAPSHOTTER, "ls"]
            }
            Kind::DockerContainerd => {
                &["-n", "moby", "snapshots", "--snapshotter", SNAPSHOTTER, "ls"]
            }
            Kind::Docker | Kind::Podman | Kind::Skopeo => return None,
        };
        let text = self.ctr(words).ok()?;
        Some(
            text.lines()
                .filter_map(|line| Some(line.split_whitespace().next()?.to_owned()))
                .collect(),
        )
    }

    /// One request over the engine's socket; the body, or what was said in place of a success.
    fn ask(&self, method: &str, path: &str) -> Result<String, String> {
        let as_text = |error: std::io::Error| format!("no answer: {error}");
        let mut stream = UnixStream::connect(self.folder().join("engine.sock")).map_err(as_text)?;
        stream.set_read_timeout(Some(A_PULL_TAKES_AT_MOST)).unwrap();
        write!(stream, "{method} {path} HTTP/1.0\r\nHost: engine\r\nContent-Length: 0\r\n\r\n")
            .map_err(as_text)?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).map_err(as_text)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").ok_or("no answer: closed")?;
        if head.split(' ').nth(1).is_some_and(|status| status.starts_with('2')) {
            return Ok(body.to_owned());
        }
        Err(message(body).unwrap_or_else(|| body.to_owned()))
    }

    /// Starts the engine again after a pull that did not end.
    pub(crate) fn restart(&self) {
        self.stop();
        self.run();
    }

    fn stop(&self) {
        for mut child in self.running.lock().unwrap().drain(..).rev() {
            let _ = Command::new("kill").arg(child.id().to_string()).status();
            if !ends(&mut child, Duration::from_secs(10)) {
                let _ = child.kill();
            }
            let _ = child.wait();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The last error in a stream of JSON documents.
fn refused_in_stream(body: &str) -> Result<(), String> {
    body.lines().rev().find_map(|line| message(line.trim())).map_or(Ok(()), Err)
}

fn message(text: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let said =
        value.get("error").or_else(|| value.get("message")).or_else(|| value.get("cause"))?;
    Some(said.as_str()?.to_owned()).filter(|said| !said.is_empty())
}

fn finish(mut command: Command) -> Result<String, String> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        let _ = err.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    let output = std::thread::spawn(move || {
        let mut text = Vec::new();
        let _ = out.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    let ended = ends(&mut child, A_PULL_TAKES_AT_MOST);
    if !ended {
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    let (text, errors) = (output.join().unwrap(), reader.join().unwrap());
    match (ended, status.success()) {
        (false, _) => Err("no answer: it did not end".to_owned()),
        (true, true) => Ok(text),
        (true, false) => Err(errors.trim().lines().last().unwrap_or_default().to_owned()),
    }
}

fn ends(child: &mut Child, within: Duration) -> bool {
    let started = Instant::now();
    while started.elapsed() < within {
        if matches!(child.try_wait(), Ok(Some(_))) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

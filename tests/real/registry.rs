//! Debian's `docker-registry`, on a port of its own, with a folder of its own, as long as the value lives.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use tempfile::TempDir;

use crate::stand_in::{ISSUER, Origin, SERVICE, StandIn};

/// A running registry.
pub(crate) struct Registry {
    folder: Arc<TempDir>,
    process: Mutex<Child>,
    host: String,
}

/// Whether the registry remembers what it has once looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DescriptorCache {
    On,
    Off,
}

impl Registry {
    /// Starts it with the stand-in as its token server.
    pub(crate) fn start(stand_in: &StandIn, cache: DescriptorCache) -> Self {
        let storage = match cache {
            DescriptorCache::On => "cache: { blobdescriptor: inmemory }",
            DescriptorCache::Off => "delete: { enabled: false }",
        };
        Self::serve(stand_in, empty_folder(), storage, "")
    }

    /// Starts it as a pull-through cache of another.
    pub(crate) fn cache_of(upstream: &Self, stand_in: &StandIn) -> Self {
        let remote = format!(
            "proxy: {{ remoteurl: 'http://{}', username: docr, password: '{}' }}",
            upstream.host,
            stand_in.token()
        );
        let storage = "cache: { blobdescriptor: inmemory }";
        Self::serve(stand_in, empty_folder(), storage, &remote)
    }

    /// Stops it, and serves what it stored at another port, where nothing can be pushed.
    pub(crate) fn read_only(&self, stand_in: &StandIn) -> Self {
        self.stop();
        let storage = "maintenance: { readonly: { enabled: true } }";
        Self::serve(stand_in, Arc::clone(&self.folder), storage, "")
    }

    /// Serves what lies in `folder`, with a line of the configuration's `storage` and one beside it.
    fn serve(stand_in: &StandIn, folder: Arc<TempDir>, storage: &str, besides: &str) -> Self {
        let certificate = folder.path().join("token.pem");
        write(&certificate, stand_in.token_certificate_pem());
        let config = folder.path().join("config.yml");
        write(&config, &configuration(stand_in, &folder, storage, besides));
        let mut process = command("serve", &folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("`docker-registry`");
        let log = BufReader::new(process.stderr.take().expect("a pipe"));
        let (found, host) = mpsc::channel();
        // The log is read to its end, so that the registry never waits for room in the pipe.
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                let listening = line.split("listening on ").nth(1);
                if let Some(host) = listening.and_then(|rest| rest.split(['"', ' ', ',']).next()) {
                    let _ = found.send(host.to_owned());
                }
            }
        });
        match host.recv_timeout(Duration::from_secs(600)) {
            Ok(host) => Self { folder, process: Mutex::new(process), host },
            Err(_) => {
                let _ = process.kill();
                panic!("`docker-registry` did not come to listen within ten minutes");
            }
        }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Stops it. Its port is then one at which nobody listens.
    pub(crate) fn stop(&self) {
        let mut process = self.process.lock().expect("no panic while held");
        let _ = process.kill();
        let _ = process.wait();
    }

    /// Takes the bytes of a blob out of the storage folder, behind the registry's back.
    pub(crate) fn lose(&self, digest: &str) {
        std::fs::remove_file(self.stored(digest)).expect("a blob that was pushed");
    }

    /// Cuts the last bytes off a blob in the storage folder, behind the registry's back.
    pub(crate) fn cut(&self, digest: &str, bytes: u64) {
        let blob = std::fs::OpenOptions::new().write(true).open(self.stored(digest));
        let blob = blob.expect("a blob that was pushed");
        let size = blob.metadata().expect("its size").len();
        blob.set_len(size - bytes).expect("a file of our own");
    }

    /// Removes what no tag names, beside the running registry.
    pub(crate) fn collect_garbage(&self) {
        let mut collect = command("garbage-collect", &self.folder);
        let collected = collect.arg("--delete-untagged").output().expect("`docker-registry`");
        assert!(collected.status.success(), "{}", String::from_utf8_lossy(&collected.stderr));
    }

    /// Whether the bytes of a blob lie in the storage folder.
    pub(crate) fn stores(&self, digest: &str) -> bool {
        self.stored(digest).exists()
    }

    fn stored(&self, digest: &str) -> PathBuf {
        let hex = digest.strip_prefix("sha256:").expect("a sha256 digest");
        let blob = format!("data/docker/registry/v2/blobs/sha256/{}/{hex}/data", &hex[..2]);
        self.folder.path().join(blob)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.stop();
    }
}

fn empty_folder() -> Arc<TempDir> {
    Arc::new(tempfile::tempdir().expect("a folder"))
}

fn command(what: &str, folder: &TempDir) -> Command {
    let mut command = Command::new("docker-registry");
    command.arg(what).arg(folder.path().join("config.yml")).env_clear();
    command
}

fn configuration(stand_in: &StandIn, folder: &TempDir, storage: &str, besides: &str) -> String {
    let path = |name: &str| folder.path().join(name).display().to_string();
    format!(
        "version: 0.1
log: {{ level: info, accesslog: {{ disabled: true }} }}
storage:
  filesystem: {{ rootdirectory: {data} }}
  {storage}
http: {{ addr: '127.0.0.1:0', relativeurls: true }}
{besides}
auth:
  token:
    realm: {api}/v2/registry/auth
    service: {SERVICE}
    issuer: {ISSUER}
    rootcertbundle: {certificate}
",
        data = path("data"),
        api = stand_in.url(Origin::Api),
        certificate = path("token.pem"),
    )
}

#[expect(clippy::disallowed_methods, reason = "a test prepares a file that nobody reads meanwhile")]
fn write(path: &PathBuf, content: &str) {
    std::fs::write(path, content).expect("a file in a folder of our own");
}

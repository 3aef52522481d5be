//! Every byte of every layer: requested plainly, as engines do, hashed and unpacked on threads of their own.
//!
//! A few layers are read side by side, each through a channel that holds a few pieces, so that memory does not grow with
//! the layers. Nothing is written to disk.

use std::cmp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::sync::{OnceCell, Semaphore, oneshot};

use super::layer_reader::{self, Budget, Read};
use super::progress::ReadingProgress;
use super::windows::{Pool, Share, Turn};
use crate::engines;
use crate::http::{Client, Pour, pieces};
use crate::observation::{Denial, Fact, LayerContent, LayerToRead, Unavailable};
use crate::oci::{Descriptor, Digest};
use crate::registry::{Poured, Repository};
use crate::report::Reason;
use crate::unpack::Fault;

/// How many layers of a run are read at once. Each takes a megabyte or two of buffers, and its zstd window.
const AT_ONCE: usize = 2;
/// How many pieces of a layer wait for its reader. Behind them the connection reads ahead, in pieces of up to 400 KiB.
const WAITING: usize = 4;
/// How many bytes a piece has: large ones wake the two threads less often, and small ones leave room for a zstd window.
const PIECE: usize = 256 << 10;
const PIECE_BESIDE_A_WINDOW: usize = 64 << 10;
/// How many announced bytes give the run a millisecond more: a second for every 5 MB.
const BYTES_A_MILLISECOND: u64 = 5_000;
/// The stack of a thread that reads a layer. It recurses nowhere.
const STACK: usize = 512 << 10;

/// What the layers of a run share.
#[derive(Debug)]
pub(in crate::observe) struct Reading {
    budget: Arc<Budget>,
    pool: Arc<Pool>,
    streams: Semaphore,
    progress: ReadingProgress,
    /// The layers that were read, by repository and digest.
    known: Mutex<HashMap<(String, Digest), Known>>,
}

/// A layer that is read once, whoever waits for it.
type Known = Arc<OnceCell<(Fact<LayerContent>, Option<String>)>>;

/// A layer, what came of it, and what the reader should know of how it came.
pub(super) type LayerRead = (Digest, (Fact<LayerContent>, Option<String>));

impl Reading {
    pub(in crate::observe) fn of(most: u64) -> Self {
        Self {
            budget: Arc::new(Budget::of(most)),
            pool: Arc::default(),
            streams: Semaphore::new(AT_ONCE),
            progress: ReadingProgress::default(),
            known: Mutex::default(),
        }
    }

    /// Reads these layers of the repository `name`, and shows meanwhile how far it is.
    pub(super) async fn read(
        &self,
        client: &Client,
        repository: &Repository,
        name: &str,
        layers: &[LayerToRead],
    ) -> Vec<LayerRead> {
        let reader = Reader { reading: self, client, repository };
        self.progress.shown(client, reader.read_all(name, layers)).await
    }

    /// What is known of a layer, and whether nobody asked for it before.
    fn known(&self, repository: &str, digest: &Digest) -> (Known, bool) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (repository.to_owned(), digest.clone());
        let is_new = !known.contains_key(&key);
        (Arc::clone(known.entry(key).or_default()), is_new)
    }

    /// Nobody has announced this layer after all.
    fn forget(&self, repository: &str, digest: &Digest) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(&(repository.to_owned(), digest.clone()));
    }

    /// Announces what is going to be read: the run may take longer by it, and less is left to read.
    fn announce(&self, client: &Client, bytes: u64) -> Result<(), Unavailable> {
        if !self.budget.take(bytes) {
            let message = format!(
                "its layers have {bytes} bytes as they are stored, which is more than is left of the {} bytes that this \
                 run may read, packed and unpacked together",
                self.budget.most()
            );
            return Err(Unavailable::new(Reason::ContentTooLarge, message));
        }
        client.put_off(Duration::from_millis(bytes / BYTES_A_MILLISECOND));
        self.progress.announce(bytes);
        Ok(())
    }
}

/// Reads layers of one repository.
#[derive(Clone, Copy)]
struct Reader<'a> {
    reading: &'a Reading,
    client: &'a Client,
    repository: &'a Repository,
}

/// What was sent in place of a layer.
#[derive(Debug, PartialEq, Eq)]
struct Wrong {
    host: String,
    size: u64,
    digest: Digest,
    is_text: bool,
}

impl Reader<'_> {
    async fn read_all(self, name: &str, layers: &[LayerToRead]) -> Vec<LayerRead> {
        let known: Vec<_> = layers
            .iter()
            .map(|layer| (layer, self.reading.known(name, &layer.descriptor.digest)))
            .collect();
        // What another image reads already is announced by that one.
        let new = known.iter().filter(|(_, (_, is_new))| *is_new).map(|(layer, _)| *layer);
        let bytes = new.clone().fold(0_u64, |sum, layer| sum.saturating_add(layer.descriptor.size));
        if let Err(why) = self.reading.announce(self.client, bytes) {
            new.for_each(|layer| self.reading.forget(name, &layer.descriptor.digest));
            let unknown = |layer: &LayerToRead| {
                (layer.descriptor.digest.clone(), (Fact::Unknown(why.clone()), None))
            };
            return layers.iter().map(unknown).collect();
        }
        let known = known.into_iter().map(|(layer, (known, _))| (layer, known));
        let read = known.map(|(layer, known)| async move {
            let read = known.get_or_init(|| self.layer(layer)).await.clone();
            (layer.descriptor.digest.clone(), read)
        });
        stream::iter(read).buffered(AT_ONCE).collect().await
    }

    async fn layer(self, layer: &LayerToRead) -> (Fact<LayerContent>, Option<String>) {
        let Descriptor { digest, .. } = &layer.descriptor;
        let what = format!("{} `{}`", layer.role, digest.short());
        let turns = async {
            let window =
                if is_zstd(&layer.descriptor) { self.reading.pool.turn().await } else { None };
            (window, self.reading.streams.acquire().await)
        };
        let Ok((window, _stream)) = tokio::time::timeout(self.client.time_left(), turns).await
        else {
            let message = format!("{what}: its turn had not come when the run's deadline passed");
            return (Fact::Unknown(Unavailable::new(Reason::DeadlinePassed, message)), None);
        };
        let first = match self.once(layer, &what, window).await {
            Ok(fact) => return (fact, None),
            Err(wrong) => wrong,
        };
        let why = first.unavailable(&what, &layer.descriptor);
        if let Err(too_much) = self.reading.announce(self.client, layer.descriptor.size) {
            return (Fact::Unknown(too_much), None);
        }
        match self.once(layer, &what, None).await {
            Ok(Fact::Present(content)) => {
                let note = format!("{}; the second request brought the right ones", why.message);
                (Fact::Present(content), Some(note))
            }
            Ok(fact) => (fact, None),
            Err(second) if second == first && !first.is_text => {
                let said = format!("{}, each time it was requested", first.said(&layer.descriptor));
                (Fact::Absent(Denial { reason: Reason::LayerDiffers, said }), None)
            }
            Err(_) => (Fact::Unknown(why), None),
        }
    }

    /// Reads a layer once.
    async fn once(
        self,
        layer: &LayerToRead,
        what: &str,
        turn: Option<Turn>,
    ) -> Result<Fact<LayerContent>, Wrong> {
        let LayerToRead { role: _, descriptor } = layer;
        let size = if is_zstd(descriptor) { PIECE_BESIDE_A_WINDOW } else { PIECE };
        let (filler, to_read) = pieces(size, WAITING);
        let (done, read) = oneshot::channel();
        let budget = Arc::clone(&self.reading.budget);
        let windows = Share::of(&self.reading.pool, turn);
        let algorithm = descriptor.digest.algorithm();
        let work = move || {
            // Where nobody waits any more, nobody is told.
            let _ = done.send(layer_reader::read(to_read, algorithm, &budget, windows));
        };
        if thread::Builder::new().stack_size(STACK).spawn(work).is_err() {
            let message = format!("{what}: the system gave no thread to read it with");
            return Ok(Fact::Unknown(Unavailable::new(Reason::ConnectionFailed, message)));
        }
        let pour = Pour::new(descriptor.size, filler, self.reading.progress.counter());
        let poured = self.repository.pour(self.client, descriptor, what, &pour).await;
        // The reader reads until nothing more comes.
        let read = async {
            pour.end().await;
            read.await
        };
        let read = tokio::time::timeout(self.client.time_left(), read).await;
        let Ok(Ok(Read { digest, size, unpacked, met })) = read else {
            let message = format!("{what}: it was not unpacked when the run's deadline passed");
            return Ok(match poured {
                Fact::Unknown(why) => Fact::Unknown(why),
                Fact::Present(_) | Fact::Absent(_) => {
                    Fact::Unknown(Unavailable::new(Reason::DeadlinePassed, message))
                }
            });
        };
        if unpacked == Err(Fault::Enough) {
            return Ok(Fact::Unknown(self.undecided(what, &Fault::Enough)));
        }
        let Poured { host, size: seen, is_text } = match poured {
            Fact::Present(poured) => poured,
            Fact::Absent(denial) => return Ok(Fact::Absent(denial)),
            Fact::Unknown(why) => return Ok(Fact::Unknown(why)),
        };
        if seen != descriptor.size || digest != descriptor.digest {
            return Err(Wrong { host, size: seen, digest, is_text });
        }
        let unpacked = match unpacked {
            Ok(unpacked) => Ok(unpacked),
            Err(Fault::Broken(why)) => Err(why.to_owned()),
            Err(fault @ (Fault::Window(_) | Fault::Unsupported(_) | Fault::Enough)) => {
                let mut why = self.undecided(what, &fault);
                if let Fault::Unsupported(name) = fault {
                    why.refusals = vec![engines::of_other_packing(name)].into();
                }
                return Ok(Fact::Unknown(why));
            }
        };
        // Names of files are not masked yet.
        let met = met.map_texts(|text| self.client.redactor().masked(text));
        Ok(Fact::Present(LayerContent { size, unpacked, met }))
    }

    /// What this program does not unpack, and an engine may.
    fn undecided(self, what: &str, fault: &Fault) -> Unavailable {
        match fault {
            Fault::Unsupported(_) | Fault::Broken(_) => {
                let hint =
                    "Build the image with layers in gzip or zstd, which every engine unpacks.";
                Unavailable::new(Reason::UnexpectedAnswer, format!("{what}: {fault}")).hint(hint)
            }
            Fault::Window(_) => {
                Unavailable::new(Reason::ContentTooLarge, format!("{what}: {fault}"))
            }
            Fault::Enough => {
                let most = self.reading.budget.most();
                let message = format!(
                    "{what}: with it, more than the {most} bytes that this run may read came, packed and unpacked together"
                );
                Unavailable::new(Reason::ContentTooLarge, message)
            }
        }
    }
}

fn is_zstd(layer: &Descriptor) -> bool {
    layer.media_type.ends_with("zstd")
}

impl Wrong {
    fn unavailable(&self, what: &str, descriptor: &Descriptor) -> Unavailable {
        let message = format!("{what}: {}", self.said(descriptor));
        Unavailable::new(Reason::ManifestContradictory, message)
    }

    fn said(&self, descriptor: &Descriptor) -> String {
        let Self { host, size, digest, is_text: _ } = self;
        match size.cmp(&descriptor.size) {
            cmp::Ordering::Equal => format!("`{host}` sent bytes that hash to `{digest}`"),
            cmp::Ordering::Less => {
                format!("`{host}` sent {size} bytes where the manifest says {}", descriptor.size)
            }
            cmp::Ordering::Greater => {
                format!("`{host}` sent more than the {} bytes of the manifest", descriptor.size)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::ambient::{Ambient, MoreTime};
    use crate::http::Deadline;
    use crate::progress::{Loudness, Progress};
    use crate::secret::Redactor;
    use crate::settings::Proxy;

    fn client(more_time: MoreTime) -> Client {
        let deadline = Deadline::new(Instant::now() + Duration::from_secs(120), more_time);
        let progress = Progress::new(Loudness::Quiet, Redactor::default(), std::io::sink());
        let ambient = Ambient::fixed(jiff::Timestamp::UNIX_EPOCH, 0);
        Client::new(deadline, Proxy::default(), ambient, progress, Redactor::default())
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_was_not_given_grows_by_a_second_for_every_5_megabytes() {
        let left = |more_time: MoreTime, announced: &[u64]| {
            let (client, reading) = (client(more_time), Reading::of(64 << 30));
            let answers: Vec<_> =
                announced.iter().map(|bytes| reading.announce(&client, *bytes).is_ok()).collect();
            (client.time_left().as_millis(), answers)
        };
        assert_eq!(left(MoreTime::default(), &[]), (120_000, vec![]));
        assert_eq!(left(MoreTime::default(), &[5_000_000]), (121_000, vec![true]));
        assert_eq!(left(MoreTime::default(), &[5_000_000_000, 2_500_000]).0, 1_120_500);
        // What is not going to be read gives no time.
        assert_eq!(left(MoreTime::default(), &[65 << 30]), (120_000, vec![false]));
        assert_eq!(left(MoreTime::none(), &[5_000_000_000]), (120_000, vec![true]));
    }
}

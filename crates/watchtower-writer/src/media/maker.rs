//! Makes the pictures that the client shows, beside whatever else an export does.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, LazyLock, Mutex, PoisonError};

use futures_channel::oneshot;
use rayon::{ThreadPool, ThreadPoolBuilder};
use sha2::{Digest, Sha256};

use super::hex;
use super::pictures::{self, Fit, Made, Place};

/// How much memory pictures may take that are made at the same time, in bytes. One that takes more is made
/// alone.
const ROOM: u64 = 40 << 20;

/// The threads that make pictures. Drawings within drawings need a deep stack.
static THREADS: LazyLock<Option<ThreadPool>> = LazyLock::new(|| {
    let threads = ThreadPoolBuilder::new()
        .thread_name(|number| format!("picture-{number}"))
        .stack_size(16 << 20);
    threads.build().ok()
});

/// Makes pictures, several at a time.
#[derive(Debug, Default)]
pub(crate) struct Maker {
    room: Arc<Room>,
}

/// What became of a picture.
pub(crate) enum Outcome {
    /// It has the bytes that it had before.
    Same,
    /// A picture that the client shows whole.
    Made(Made),
    /// None can be made, for this reason.
    Refused(String),
}

impl Maker {
    /// Makes a picture of a file for a place, unless the file's hash is the one of `before`. Says that hash
    /// as well.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub(crate) async fn make(
        &self,
        file: PathBuf,
        place: Place,
        fit: Fit,
        before: Option<String>,
    ) -> io::Result<(String, Outcome)> {
        let room = self.room.clone();
        let work = move || {
            let bytes = fs::read(&file)?;
            let hash = hex(&Sha256::digest(&bytes)[..16]);
            let outcome = match before {
                Some(before) if before == hash => Outcome::Same,
                _ => room.make(&bytes, place, fit),
            };
            Ok((hash, outcome))
        };
        let Some(threads) = THREADS.as_ref() else {
            return work();
        };
        let (sender, receiver) = oneshot::channel();
        threads.spawn(move || {
            // Whoever asked may have been stopped meanwhile.
            let _ = sender.send(work());
        });
        let gone = |_| io::Error::other("the thread that makes pictures ended");
        receiver.await.map_err(gone)?
    }
}

/// The memory that is taken by pictures that are being made.
#[derive(Debug, Default)]
struct Room {
    taken: Mutex<u64>,
    left: Condvar,
}

impl Room {
    fn make(&self, bytes: &[u8], place: Place, fit: Fit) -> Outcome {
        let refused = |error: pictures::Error| Outcome::Refused(error.to_string());
        let needs = match pictures::survey(bytes) {
            Ok(survey) => survey.memory,
            // It may pass as it is all the same.
            Err(_) => 0,
        };
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |taken: &mut u64| *taken > 0 && *taken + needs > ROOM;
        let taken = self.left.wait_while(taken, is_full);
        *taken.unwrap_or_else(PoisonError::into_inner) += needs;
        let made = pictures::make(bytes, place, fit);
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) -= needs;
        self.left.notify_all();
        made.map_or_else(refused, Outcome::Made)
    }
}

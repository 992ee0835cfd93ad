//! Frames of a movie as pictures, by `ffmpeg`.

use std::env;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use futures_channel::oneshot;

/// How many frames are asked for in one pass: the names of so many fit into an argument.
const MOST_FRAMES: usize = 2000;

/// How long `ffmpeg` may take for one pass over a movie. A film of two hours takes ten minutes.
const TIME: Duration = Duration::from_secs(60 * 60);

/// How much address space `ffmpeg` may have, in KiB.
const MEMORY: u32 = 4 << 20;

/// How large a frame may be, in bytes: 8192 × 8192 pixels.
const MOST_BYTES: u32 = 256 << 20;

/// Why a movie gives no frames, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoFrames(pub(crate) String);

/// `ffmpeg`, where it is in PATH.
pub(crate) fn ffmpeg() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let mut places = env::split_paths(&path).map(|folder| folder.join("ffmpeg"));
    places.find(|it| it.is_absolute() && it.is_file())
}

/// Frames that are taken out of a movie.
pub(crate) struct Frames<'a> {
    ffmpeg: &'a Path,
    movie: File,
    rate: f64,
    /// What was not asked for yet.
    wanted: &'a [u64],
    pass: Option<Pass>,
}

impl<'a> Frames<'a> {
    /// Takes frames out of a movie, in one pass. `wanted` are their numbers from the movie's start, at a rate
    /// in frames per second; they are sorted. They come in this order, and those beyond the end do not.
    ///
    /// What is shown at a time is what counts, as in a player: a movie of another or a variable rate, and one
    /// with an edit list, is counted in frames of this rate from the start of what is played.
    pub(crate) fn new(ffmpeg: &'a Path, movie: File, rate: f64, wanted: &'a [u64]) -> Self {
        Self {
            ffmpeg,
            movie,
            rate,
            wanted,
            pass: None,
        }
    }

    /// The next frame, as a bitmap; none after the last one.
    ///
    /// # Errors
    ///
    /// [`NoFrames`] when `ffmpeg` cannot read the movie, or takes too long.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, NoFrames> {
        loop {
            if let Some(pass) = &mut self.pass
                && let Some(picture) = pass.next().await?
            {
                return Ok(Some(picture));
            }
            self.pass = None;
            if self.wanted.is_empty() {
                return Ok(None);
            }
            let (now, later) = self.wanted.split_at(self.wanted.len().min(MOST_FRAMES));
            self.wanted = later;
            self.pass = Some(Pass::start(self.ffmpeg, &self.movie, self.rate, now)?);
        }
    }
}

/// One run of `ffmpeg`, which is ended when this is dropped.
struct Pass {
    child: Arc<Mutex<Child>>,
    /// Asks for the next frame.
    ask: mpsc::Sender<oneshot::Sender<io::Result<Option<Vec<u8>>>>>,
    /// Dropped when the run is over, so that nobody watches its time any more.
    _watched: mpsc::Sender<()>,
}

impl Pass {
    fn start(ffmpeg: &Path, movie: &File, rate: f64, wanted: &[u64]) -> Result<Self, NoFrames> {
        let failed = |error: io::Error| NoFrames(format!("`ffmpeg` cannot be run: {error}"));
        let movie = movie.try_clone().map_err(failed)?;
        let mut command = command(ffmpeg, rate, wanted);
        let mut child = command.stdin(movie).spawn().map_err(failed)?;
        let output = child.stdout.take();
        let child = Arc::new(Mutex::new(child));
        let (ask, asked) = mpsc::channel::<oneshot::Sender<_>>();
        let (watched, over) = mpsc::channel::<()>();
        let watcher = child.clone();
        thread::spawn(move || {
            if over.recv_timeout(TIME) == Err(RecvTimeoutError::Timeout) {
                end(&watcher);
            }
        });
        thread::spawn(move || {
            let Some(output) = output else { return };
            let mut output = BufReader::new(output);
            for sender in asked {
                // Whoever asked may have been stopped meanwhile.
                let _ = sender.send(read_bitmap(&mut output));
            }
        });
        Ok(Self {
            child,
            ask,
            _watched: watched,
        })
    }

    /// The next frame; none after the last one.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, NoFrames> {
        const CUT: &str = "`ffmpeg` cannot read the movie, or it takes too long";
        let broken = || NoFrames(CUT.to_owned());
        let (sender, receiver) = oneshot::channel();
        self.ask.send(sender).map_err(|_| broken())?;
        let frame = receiver.await.map_err(|_| broken())?;
        if let Ok(Some(frame)) = frame {
            return Ok(Some(frame));
        }
        let status = self
            .child
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .wait();
        match (frame, status) {
            (Ok(None), Ok(status)) if status.success() => Ok(None),
            _ => Err(broken()),
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        end(&self.child);
    }
}

/// Ends a run that may have ended by itself.
fn end(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = child.kill();
    let _ = child.wait();
}

/// The command that writes the wanted frames of the movie on its standard input as bitmaps, one after the
/// other.
fn command(ffmpeg: &Path, rate: f64, wanted: &[u64]) -> Command {
    let filter = format!("fps=fps={rate}:start_time=0,select='{}'", choice(wanted));
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            "ulimit -v \"$1\" 2>/dev/null; shift; exec \"$@\"",
            "sh",
        ])
        .arg(MEMORY.to_string())
        .arg(ffmpeg)
        .args(["-nostdin", "-loglevel", "quiet", "-threads", "2"])
        .args(["-timelimit", &TIME.as_secs().to_string()])
        .args(["-max_alloc", &(2 * MOST_BYTES).to_string()])
        // What is a playlist in disguise is no MP4, and an MP4 that refers to other files reads none.
        .args([
            "-protocol_whitelist",
            "file",
            "-f",
            "mov",
            "-enable_drefs",
            "0",
        ])
        .args(["-i", "file:/dev/stdin"])
        .args(["-map", "0:V:0", "-an", "-sn", "-dn", "-vf", &filter])
        .args([
            "-fps_mode",
            "passthrough",
            "-frames:v",
            &wanted.len().to_string(),
        ])
        .args(["-c:v", "bmp", "-f", "image2pipe", "pipe:1"])
        .env_remove("FFREPORT")
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// The expression that is 1 for the wanted frames: a tree, so that each frame of the movie is compared with
/// few of them.
fn choice(wanted: &[u64]) -> String {
    let mut text = String::new();
    write_choice(wanted, &mut text);
    text
}

fn write_choice(wanted: &[u64], text: &mut String) {
    // Writing into memory does not fail.
    let _ = match wanted {
        [] => write!(text, "0"),
        [only] => write!(text, "eq(n,{only})"),
        wanted => {
            let (before, after) = wanted.split_at(wanted.len() / 2);
            let _ = write!(text, "if(lt(n,{}),", after[0]);
            write_choice(before, text);
            text.push(',');
            write_choice(after, text);
            write!(text, ")")
        }
    };
}

/// Reads a bitmap, whose head says how long it is; none at the end.
fn read_bitmap(output: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0; 6];
    match output.read(&mut head[..1])? {
        0 => return Ok(None),
        _ => output.read_exact(&mut head[1..])?,
    }
    let [b'B', b'M', length @ ..] = head else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let length = u32::from_le_bytes(length);
    if !(54..=MOST_BYTES).contains(&length) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut picture = head.to_vec();
    output
        .take(u64::from(length) - 6)
        .read_to_end(&mut picture)?;
    match picture.len() == length as usize {
        true => Ok(Some(picture)),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_frame_is_compared_with_few() {
        assert_eq!(choice(&[]), "0");
        assert_eq!(choice(&[7]), "eq(n,7)");
        assert_eq!(
            choice(&[1, 5, 9]),
            "if(lt(n,5),eq(n,1),if(lt(n,9),eq(n,5),eq(n,9)))"
        );
        let all: Vec<_> = (0..MOST_FRAMES as u64).map(|it| it * 97).collect();
        // Linux takes arguments of 128 KiB.
        assert!(choice(&all).len() < 100 << 10);
    }

    #[test]
    fn bitmaps_are_read_one_after_the_other() {
        let mut one = vec![0; 54];
        one[..6].copy_from_slice(b"BM\x36\0\0\0");
        let mut two = [one.clone(), one.clone()].concat();
        two.extend(&one[..20]);
        let mut output = &two[..];
        assert_eq!(read_bitmap(&mut output).unwrap(), Some(one.clone()));
        assert_eq!(read_bitmap(&mut output).unwrap(), Some(one));
        assert!(read_bitmap(&mut output).is_err());
        assert!(read_bitmap(&mut &b""[..]).unwrap().is_none());
        assert!(read_bitmap(&mut &b"BM\xff\xff\xff\xff"[..]).is_err());
        assert!(read_bitmap(&mut &b"#EXTM3U"[..]).is_err());
    }
}

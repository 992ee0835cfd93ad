//! The contract.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use schemars::JsonSchema;
use serde::Serialize;
use watchtower_model::{MediaRef, Project, ProjectList, ProjectSnapshot};

use crate::Result;
use crate::changes::{Changes, Mark};

/// A production tracker that Watchtower can be fed from.
///
/// An export calls [`check`](Self::check), then [`project_list`](Self::project_list), then
/// [`project`](Self::project) for each project, then [`open_media`](Self::open_media) for the
/// pictures and movies to which the answers refer. Calls run side by side, so all take `&self`.
///
/// # Behaviour every tracker keeps
///
/// * The same data gives the same answer: ids come from the tracker or are derived from what
///   identifies a thing, and every list has an order that does not change from call to call.
/// * Everything an answer refers to is in it, or in the project list.
/// * What is cancelled, or refers to something that is not there, is not in the answer, but named in
///   [`ProjectSnapshot::left_out`]. A shot without a place on the timeline stays.
/// * An id is there once among its kind, and everything has a name.
/// * Nothing panics on what a server sends; it is an [`Error`](crate::Error) of the right
///   [`ErrorKind`](crate::ErrorKind).
/// * Dropping a future that a method returned ends the work it did, and does not change later answers.
/// * What is asked at the same time is answered as if it were asked alone.
/// * Credentials appear in no answer, no address and no error.
///
/// The feature `conformance` has a check for each of these lines, and for those of the methods, that a
/// program can check.
#[async_trait]
pub trait Tracker: Send + Sync {
    /// What this tracker is, and what it can give.
    ///
    /// # Behaviour
    ///
    /// * Answers at once, without a connection, and the same every time.
    /// * The name is in lower case, and everything that the answers give is among the capabilities.
    fn describe(&self) -> Description;

    /// Tries the connection, and says as whom we are known.
    ///
    /// # Behaviour
    ///
    /// * Logs in where the tracker has a login. It is called first; a tracker that is used without
    ///   it logs in when it must.
    /// * A name that is not known is none, and not an empty text.
    ///
    /// # Errors
    ///
    /// `Unavailable` when nobody answers, `Refused` when the credentials are not taken, `Malformed`
    /// when something answers that is not this tracker.
    async fn check(&self) -> Result<Account>;

    /// Lists the projects we may see, and what they refer to in common.
    ///
    /// # Behaviour
    ///
    /// * Archived types, statuses and people are in it, marked as such: an old task may refer to
    ///   them.
    /// * Projects come in the order in which they should be shown. Their ids name folders of their own, on
    ///   systems that ignore case too.
    /// * Statuses of tasks come in the order of the work, the least done first: of several tasks of one
    ///   type on a shot the client shows one, and an export puts the least done first.
    /// * Who has an avatar has a picture.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    async fn project_list(&self) -> Result<ProjectList>;

    /// Reads one project: its sequences, assets, shots, casting and edits.
    ///
    /// # Behaviour
    ///
    /// * `project` is one that [`project_list`](Self::project_list) gave, in `list`.
    /// * The snapshot's own `project` may know more than the list did.
    /// * Shots come in the order of the story. Each says what the tracker knows of its place: a frame range
    ///   on the timeline of its film or episode, a length alone, or nothing. `frame_out` is the frame at
    ///   which it has ended. [`place`](watchtower_model::place::place) does the rest: nothing is laid out,
    ///   sorted by start, or left out for want of a range.
    /// * Shots count at the rate of their project, but for exceptions.
    /// * The casting of a shot is one entry, and no list of references names the same thing twice.
    /// * Types of the tasks of shots are marked as [`for_shots`](watchtower_model::TaskType::for_shots),
    ///   and those of assets alone are not, unless they are archived.
    /// * A project that has types and statuses of its own has those it uses among them.
    /// * What is left out is named once, with a reason, and is not in the answer.
    ///
    /// # Errors
    ///
    /// `NotFound` when the project is gone, otherwise as [`check`](Self::check).
    async fn project(&self, project: &Project, list: &ProjectList) -> Result<ProjectSnapshot>;

    /// Opens a picture or movie to which an answer of this tracker refers.
    ///
    /// # Behaviour
    ///
    /// * References are full addresses, files, or keys of the tracker's own. Files may be left to whoever
    ///   writes the site, who opens them without asking.
    /// * Pictures are such as browsers show, and movies are MP4. What is said of their type and length
    ///   holds.
    /// * Credentials go to the tracker's own origin and nowhere else.
    /// * With [`MediaRequest::known`], answers [`OpenedMedia::Unchanged`] where the tracker can
    ///   tell. One that cannot opens it anew. Without it, or with another tag, it is never the answer.
    /// * The stream starts at [`MediaRequest::offset`] or before it, and [`Media::offset`] says where.
    /// * The bytes come as they arrive; an error in the middle is an item of the stream.
    /// * What fails for the moment before the first byte is tried again in here, with pauses; the caller
    ///   takes up a stream that broke off, and asks for nothing else twice.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is no such picture or movie, `Unsupported` for a reference that this
    /// tracker cannot have made, as to a file of the site, `Partial` where it is refused and the account is
    /// known to see a part of the project alone, otherwise as [`check`](Self::check).
    async fn open_media(&self, request: MediaRequest<'_>) -> Result<OpenedMedia>;

    /// The projects, and as much of what they share as is known without reading them: for a person who
    /// tries the connection. The whole list, unless a tracker says otherwise.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    async fn overview(&self) -> Result<ProjectList> {
        self.project_list().await
    }

    /// What the account may not see of a project, in words for people, found out without reading it.
    /// Nothing, unless a tracker says otherwise.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    async fn restrictions(&self, _project: &Project) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// What a person who tries the connection should know of the tracker as a whole, in sentences: what it
    /// lacks, and what that costs. Nothing, unless a tracker says otherwise.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    async fn remarks(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// By what else people may call a project of the last list, beside its name and id: a code, say. Nothing,
    /// unless a tracker says otherwise.
    fn other_names(&self, _project: &Project) -> Vec<String> {
        Vec::new()
    }

    /// How much was asked and received so far. None, unless a tracker says otherwise.
    ///
    /// # Behaviour
    ///
    /// * Counts from when the tracker was made, and never goes down: what one export took is the
    ///   difference of two answers.
    fn traffic(&self) -> Option<Traffic> {
        None
    }

    /// What changed since a mark, asked before anything is read: an export then reads what changed, and
    /// nothing where nothing did. Unknown, unless a tracker says otherwise.
    ///
    /// # Behaviour
    ///
    /// * Costs little, and hardly more where a studio has many projects: it may be asked every two seconds.
    /// * Without a mark, the answer is [`Changed::Unknown`](crate::Changed::Unknown) with the mark of this
    ///   moment.
    /// * No change is ever missed: what is written in the very moment of the mark, or while the tracker is read
    ///   after it, is told by the next answer. To tell too much is harmless.
    /// * A mark of another server or account, one of a log that was pruned since, and one that cannot be
    ///   understood are answered with [`Changed::Unknown`](crate::Changed::Unknown).
    /// * Asked twice with one mark, it tells what it told, and what came meanwhile.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check). An account that may not read the log is no error: a
    /// [`note`](Changes::note) says so.
    async fn changes(&self, _since: Option<&Mark>) -> Result<Changes> {
        Ok(Changes::unknown())
    }

    /// What the documents of the tracker have that nobody reads, each in a sentence for people: a key may
    /// be misspelt. Nothing, unless a tracker that reads documents says otherwise.
    ///
    /// # Behaviour
    ///
    /// * Speaks of what was read so far, of each document as it was read last.
    fn unknown_keys(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What a tracker is, and what it can give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its name, in lower case: `kitsu`.
    pub name: String,
    /// What it is, in a sentence.
    pub about: String,
    /// Where it is, without credentials: an address or a path. None for one made up on the spot.
    pub location: Option<String>,
    /// What it can give beyond projects, sequences and shots.
    pub capabilities: Vec<Capability>,
}

/// Something that not every tracker can give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Capability {
    /// Assets.
    Assets,
    /// Which assets appear in which shot.
    Casting,
    /// Tasks on shots and assets.
    Tasks,
    /// People.
    Users,
    /// Episodes of a series.
    Episodes,
    /// Edits.
    Edits,
    /// Pictures.
    Pictures,
    /// Movies.
    Movies,
    /// Telling media that did not change without sending it.
    ConditionalMedia,
    /// A log that tells [what changed](Tracker::changes).
    Changes,
}

impl Capability {
    /// Every capability.
    pub const ALL: &'static [Self] = &[
        Self::Assets,
        Self::Casting,
        Self::Tasks,
        Self::Users,
        Self::Episodes,
        Self::Edits,
        Self::Pictures,
        Self::Movies,
        Self::ConditionalMedia,
        Self::Changes,
    ];
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Assets => "assets",
            Self::Casting => "casting",
            Self::Tasks => "tasks",
            Self::Users => "users",
            Self::Episodes => "episodes",
            Self::Edits => "edits",
            Self::Pictures => "pictures",
            Self::Movies => "movies",
            Self::ConditionalMedia => "conditional media",
            Self::Changes => "changes",
        })
    }
}

/// As whom a tracker knows us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name of the person or bot, where the tracker has accounts.
    pub user: Option<String>,
    /// The server's name and version, where it says so.
    pub server: Option<String>,
}

/// How much a tracker was asked, and what it sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests sent, repeated ones too.
    pub requests: u64,
    /// How many of them repeated one that failed for the moment.
    pub retries: u64,
    /// Bytes of answers, without headers and after decompression.
    pub bytes: u64,
}

impl Traffic {
    /// What came to it since an earlier moment.
    ///
    /// ```
    /// use watchtower_connector::Traffic;
    ///
    /// let before = Traffic { requests: 10, retries: 1, bytes: 1000 };
    /// let after = Traffic { requests: 12, retries: 1, bytes: 1500 };
    /// assert_eq!(after.since(before), Traffic { requests: 2, retries: 0, bytes: 500 });
    /// ```
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(earlier.requests),
            retries: self.retries.saturating_sub(earlier.retries),
            bytes: self.bytes.saturating_sub(earlier.bytes),
        }
    }
}

/// A request for a picture or movie.
#[derive(Clone, Copy, Debug)]
pub struct MediaRequest<'a> {
    /// Which.
    pub media: &'a MediaRef,
    /// The [`tag`](Media::tag) under which the caller holds it already.
    pub known: Option<&'a str>,
    /// How many bytes the caller holds already of an opening that was cut: the stream should start
    /// after them. [`Media::offset`] says whether it does.
    pub offset: u64,
}

impl<'a> MediaRequest<'a> {
    /// A request for all of a picture or movie.
    pub fn new(media: &'a MediaRef) -> Self {
        Self {
            media,
            known: None,
            offset: 0,
        }
    }
}

/// The answer to a [`MediaRequest`].
#[derive(Debug)]
pub enum OpenedMedia {
    /// What the caller holds is what the tracker has.
    Unchanged,
    /// The bytes.
    Stream(Media),
}

/// A picture or movie as it comes from a tracker.
pub struct Media {
    /// The bytes, from [`offset`](Self::offset) on.
    pub bytes: BoxStream<'static, Result<Bytes>>,
    /// How many bytes the whole is, where the tracker says so.
    pub length: Option<u64>,
    /// Where in the whole the stream starts: 0 unless the tracker honoured the request's offset.
    pub offset: u64,
    /// The media type the tracker claims, as in `image/png`.
    pub content_type: Option<String>,
    /// What names these bytes on this tracker, to be given back as [`MediaRequest::known`].
    pub tag: Option<String>,
}

impl Media {
    /// Media that is in memory already.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let length = u64::try_from(bytes.len()).ok();
        Self {
            bytes: Box::pin(futures_util::stream::iter([Ok(bytes)])),
            length,
            offset: 0,
            content_type: None,
            tag: None,
        }
    }
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Media")
            .field("length", &self.length)
            .field("offset", &self.offset)
            .field("content_type", &self.content_type)
            .field("tag", &self.tag)
            .finish_non_exhaustive()
    }
}

//! A tracker in memory that keeps its contract, and can be made to break it in one way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use async_trait::async_trait;
use watchtower_connector::{
    Account, Capability, Changed, Changes, Description, Error, ErrorKind, Mark, Media,
    MediaRequest, OpenedMedia, Result, Tracker, Traffic,
};
use watchtower_model::{
    Asset, AssetId, AssetType, Edit, EntityKind, Episode, FrameRate, LeftOut, MediaLocation,
    MediaRef, Project, ProjectId, ProjectList, ProjectSnapshot, Reason, Sequence, Shot,
    ShotCasting, ShotData, Task, TaskId, TaskStatus, TaskType, User,
};

/// The key that opens it.
pub(crate) const KEY: &str = "a-\"key\"-of-the-studio";

const PICTURE: &[u8] = include_bytes!("../ayon_server/picture.png");
const MOVIE: &[u8] = include_bytes!("../../src/example/edit.mp4");

/// What happens to whoever asks.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Door {
    Open,
    WrongKey,
    NobodyThere,
    WebPage,
}

/// How something was asked.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    /// How often it was asked of this tracker before.
    pub nth: usize,
    /// How many trackers were made before this one.
    pub tracker: usize,
    /// Whether the same is being asked at the same time.
    pub is_at_once: bool,
    /// Whether a call was dropped before.
    pub was_dropped: bool,
}

/// A way to break the contract.
#[derive(Clone, Copy)]
pub(crate) enum Quirk {
    None,
    Describe(fn(&mut Description, Asked)),
    Account(fn(&mut Account)),
    List(fn(&mut ProjectList, Asked)),
    Film(fn(&mut ProjectSnapshot, Asked)),
    /// What is sent of the picture of the shot 0010, and what is said of it.
    Media(fn(&mut Media, MediaRequest<'_>, Asked)),
    /// The kind of every error of one kind.
    Kind(ErrorKind, ErrorKind),
    /// Another way to behave.
    Behaves(Manner),
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Manner {
    FailsOnTheSecondProject,
    PanicsOnMissingMedia,
    HangsOnMissingMedia,
    AsksForItsDescription,
    LogsInOnlyWhenChecked,
    GivesUnknownProjectsEmpty,
    WorksOnWhenDropped,
    CountsAnew,
    RepeatsTheKeyInErrors,
    RefusesItsPicture,
    RefusesMissingMedia,
    HasNoPictures,
    OpensAddresses,
    NeverSaysUnchanged,
    AlwaysSaysUnchanged,
    SaysUnchangedUnasked,
    HasAKeyOfItsOwn,
    HasNoLog,
    KnowsChangesWithoutAMark,
    TakesEveryMark,
    LosesWhatChangedAtTheMark,
    TellsChangesOnce,
}

/// The tracker.
pub(crate) struct Studio {
    door: Door,
    quirk: Quirk,
    list: ProjectList,
    films: Vec<ProjectSnapshot>,
    /// How many were made before.
    tracker: usize,
    requests: Arc<AtomicU64>,
    described: AtomicUsize,
    lists: AtomicUsize,
    reads: AtomicUsize,
    opened: AtomicUsize,
    reading: AtomicUsize,
    was_checked: AtomicBool,
    was_dropped: AtomicBool,
    /// How often the series changed, whoever is asked.
    pub(crate) changes: Arc<AtomicU64>,
    told: AtomicU64,
}

impl Studio {
    pub(crate) fn new(door: Door, quirk: Quirk, tracker: usize) -> Self {
        let (list, films) = world();
        Self {
            door,
            quirk,
            list,
            films,
            tracker,
            requests: Arc::default(),
            described: AtomicUsize::new(0),
            lists: AtomicUsize::new(0),
            reads: AtomicUsize::new(0),
            opened: AtomicUsize::new(0),
            reading: AtomicUsize::new(0),
            was_checked: AtomicBool::new(false),
            was_dropped: AtomicBool::new(false),
            changes: Arc::default(),
            told: AtomicU64::new(0),
        }
    }

    /// What changed since the mark, which is how often something had changed by then.
    fn changed_since(&self, since: Option<&Mark>) -> Changes {
        let now = self.changes.load(SeqCst);
        let mut mark = Some(Mark::new(format!("studio {now}")));
        let number = |it: &Mark| it.as_str().strip_prefix("studio ")?.parse::<u64>().ok();
        let mut what = match since.map(|it| number(it).unwrap_or(u64::MAX)) {
            Some(u64::MAX) if self.is(Manner::TakesEveryMark) => Changed::nothing(),
            None if self.is(Manner::KnowsChangesWithoutAMark) => Changed::nothing(),
            None | Some(u64::MAX) => Changed::Unknown,
            Some(then) if then < now => Changed::Only {
                list: false,
                projects: [ProjectId::new("series").unwrap()].into(),
            },
            Some(_) => Changed::nothing(),
        };
        if self.is(Manner::HasNoLog) {
            (what, mark) = (Changed::Unknown, None);
        }
        let was_told = self.told.swap(now, SeqCst);
        if self.is(Manner::TellsChangesOnce) && was_told == now && since.is_some() && now > 0 {
            what = Changed::nothing();
        }
        // As if its marks were whole seconds, and what comes in the same second were known.
        if self.is(Manner::LosesWhatChangedAtTheMark) && now == 1 {
            what = Changed::nothing();
        }
        Changes {
            what,
            mark,
            note: None,
        }
    }

    fn is(&self, manner: Manner) -> bool {
        matches!(self.quirk, Quirk::Behaves(it) if it == manner)
    }

    fn asked(&self, counter: &AtomicUsize) -> Asked {
        Asked {
            nth: counter.fetch_add(1, SeqCst),
            tracker: self.tracker,
            is_at_once: self.reading.load(SeqCst) > 1,
            was_dropped: self.was_dropped.load(SeqCst),
        }
    }

    fn error(&self, kind: ErrorKind, what: &str) -> Error {
        let kind = match self.quirk {
            Quirk::Kind(due, instead) if due == kind => instead,
            _ => kind,
        };
        let error = Error::new(kind, format!("read {what}"), "the studio says no");
        match self.is(Manner::RepeatsTheKeyInErrors) {
            true => error.with_source(std::io::Error::other(format!("asked with {KEY}"))),
            false => error,
        }
    }

    /// Asks the studio, which takes a moment.
    async fn request(&self, what: &str) -> Result<()> {
        self.requests.fetch_add(1, SeqCst);
        tokio::time::sleep(Duration::from_millis(1)).await;
        match self.door {
            Door::Open => Ok(()),
            Door::WrongKey => Err(self.error(ErrorKind::Refused, what)),
            Door::NobodyThere => Err(self.error(ErrorKind::Unavailable, what)),
            Door::WebPage => Err(self.error(ErrorKind::Malformed, what)),
        }
    }

    fn listed(&self, asked: Asked) -> ProjectList {
        let mut list = self.list.clone();
        if let Quirk::List(change) = self.quirk {
            change(&mut list, asked);
        }
        list
    }

    async fn read(&self, project: &Project) -> Result<ProjectSnapshot> {
        for what in [
            "the sequences",
            "the assets",
            "the shots",
            "the casting",
            "the edits",
        ] {
            self.request(what).await?;
        }
        let asked = self.asked(&self.reads);
        if self.is(Manner::WorksOnWhenDropped) {
            self.work_on();
        }
        let listed = self.listed(Asked { nth: 0, ..asked });
        let found = self.films.iter().find(|it| it.project.id == project.id);
        let is_listed = listed.projects.iter().any(|it| it.id == project.id);
        let mut film = match found {
            Some(film) => film.clone(),
            None if is_listed || self.is(Manner::GivesUnknownProjectsEmpty) => {
                ProjectSnapshot::new(project.clone())
            }
            None => return Err(self.error(ErrorKind::NotFound, &project.name)),
        };
        if self.is(Manner::FailsOnTheSecondProject) && film.project.id != self.films[0].project.id {
            return Err(self.error(ErrorKind::Unavailable, &project.name));
        }
        if self.is(Manner::OpensAddresses)
            && let Some(asset) = film.assets.first_mut()
        {
            asset.thumbnail = Some(MediaRef::url("//studio.example/rex.png"));
        }
        if let Quirk::Film(change) = self.quirk
            && film.project.id == self.films[0].project.id
        {
            change(&mut film, asked);
        }
        Ok(film)
    }

    fn work_on(&self) {
        let requests = Arc::clone(&self.requests);
        tokio::spawn(async move {
            for _ in 0..8 {
                tokio::time::sleep(Duration::from_millis(50)).await;
                requests.fetch_add(1, SeqCst);
            }
        });
    }

    async fn open(&self, request: MediaRequest<'_>) -> Result<OpenedMedia> {
        let key = match &request.media.location {
            MediaLocation::Key(key) => key.as_str(),
            MediaLocation::Url(_) if self.is(Manner::OpensAddresses) => "picture of an asset",
            _ => return Err(self.error(ErrorKind::Unsupported, "a picture or movie")),
        };
        self.request(key).await?;
        let (bytes, content_type) = match key.split_once(" of ") {
            Some(("picture", _)) => (PICTURE, "image/png"),
            Some(("movie", _)) => (MOVIE, "video/mp4"),
            _ if self.is(Manner::PanicsOnMissingMedia) => panic!("there is no {key}"),
            _ if self.is(Manner::HangsOnMissingMedia) => std::future::pending().await,
            _ if self.is(Manner::RefusesMissingMedia) => {
                return Err(self.error(ErrorKind::Refused, key));
            }
            _ => return Err(self.error(ErrorKind::NotFound, key)),
        };
        let is_the_one = key == "picture of shot 0010";
        if self.is(Manner::HasNoPictures) {
            return Err(self.error(ErrorKind::NotFound, key));
        }
        if is_the_one && self.is(Manner::RefusesItsPicture) {
            return Err(self.error(ErrorKind::Refused, key));
        }
        let tag = format!("{} of {key}", bytes.len());
        let is_unchanged = match request.known {
            _ if self.is(Manner::NeverSaysUnchanged) => false,
            Some(_) if self.is(Manner::AlwaysSaysUnchanged) => true,
            Some(known) => known == tag,
            None => is_the_one && self.is(Manner::SaysUnchangedUnasked),
        };
        if is_unchanged {
            return Ok(OpenedMedia::Unchanged);
        }
        let start = usize::try_from(request.offset).unwrap().min(bytes.len());
        let mut media = Media {
            length: Some(bytes.len() as u64),
            offset: start as u64,
            content_type: Some(content_type.into()),
            tag: Some(tag),
            ..Media::from_bytes(&bytes[start..])
        };
        if let Quirk::Media(change) = self.quirk
            && is_the_one
        {
            change(&mut media, request, self.asked(&self.opened));
        }
        Ok(OpenedMedia::Stream(media))
    }
}

/// Remembers that a call was dropped.
struct Reading<'a> {
    studio: &'a Studio,
    is_done: bool,
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.studio.reading.fetch_sub(1, SeqCst);
        if !self.is_done {
            self.studio.was_dropped.store(true, SeqCst);
            if self.studio.is(Manner::WorksOnWhenDropped) {
                self.studio.work_on();
            }
        }
    }
}

#[async_trait]
impl Tracker for Studio {
    fn describe(&self) -> Description {
        let mut description = Description {
            name: "studio".into(),
            about: "A studio in memory".into(),
            location: Some("https://studio.example/api".into()),
            capabilities: Capability::ALL.to_vec(),
        };
        if self.is(Manner::AsksForItsDescription) {
            self.requests.fetch_add(1, SeqCst);
        }
        let asked = self.asked(&self.described);
        if let Quirk::Describe(change) = self.quirk {
            change(&mut description, asked);
        }
        description
    }

    async fn check(&self) -> Result<Account> {
        self.request("our account").await?;
        self.was_checked.store(true, SeqCst);
        let mut account = Account {
            user: Some("Ana".into()),
            server: Some("Studio 1".into()),
        };
        if let Quirk::Account(change) = self.quirk {
            change(&mut account);
        }
        Ok(account)
    }

    async fn project_list(&self) -> Result<ProjectList> {
        self.request("the projects").await?;
        if self.is(Manner::LogsInOnlyWhenChecked) && !self.was_checked.load(SeqCst) {
            return Err(self.error(ErrorKind::Refused, "the projects"));
        }
        let asked = self.asked(&self.lists);
        if self.is(Manner::CountsAnew) && asked.nth == 1 {
            self.requests.store(0, SeqCst);
        }
        Ok(self.listed(asked))
    }

    async fn project(&self, project: &Project, _: &ProjectList) -> Result<ProjectSnapshot> {
        self.reading.fetch_add(1, SeqCst);
        let mut reading = Reading {
            studio: self,
            is_done: false,
        };
        let film = self.read(project).await;
        reading.is_done = true;
        film
    }

    async fn open_media(&self, request: MediaRequest<'_>) -> Result<OpenedMedia> {
        self.open(request).await
    }

    async fn changes(&self, since: Option<&Mark>) -> Result<Changes> {
        self.request("what changed").await?;
        Ok(self.changed_since(since))
    }

    fn traffic(&self) -> Option<Traffic> {
        Some(Traffic {
            requests: self.requests.load(SeqCst),
            ..Traffic::default()
        })
    }

    fn unknown_keys(&self) -> Vec<String> {
        match self.is(Manner::HasAKeyOfItsOwn) {
            true => vec!["1 shot has a key that nobody reads: `tumbnail`".to_owned()],
            false => Vec::new(),
        }
    }
}

/// Two projects: a series with everything, and an empty film.
fn world() -> (ProjectList, Vec<ProjectSnapshot>) {
    let mut ana = User::new("Ana");
    ana.has_avatar = true;
    ana.thumbnail = Some(MediaRef::key("picture of Ana").changing());
    let jade = User::new("Jade");
    let (character, prop) = (AssetType::new("Character"), AssetType::new("Prop"));
    let mut animation = TaskType::new("Animation");
    animation.for_shots = true;
    let mut lighting = TaskType::new("Lighting");
    lighting.for_shots = true;
    let modeling = TaskType::new("Modeling");
    let done = TaskStatus::new("Done");

    let mut project = Project::new("Series");
    project.id = ProjectId::new("series").unwrap();
    project.fps = FrameRate::new(25.0).unwrap();
    project.asset_types = vec![character.id.clone(), prop.id.clone()];
    project.task_types = vec![
        animation.id.clone(),
        lighting.id.clone(),
        modeling.id.clone(),
    ];
    project.task_statuses = vec![done.id.clone()];
    project.team = vec![ana.id.clone(), jade.id.clone()];
    project.thumbnail = Some(MediaRef::key("picture of Series").changing());

    let mut series = ProjectSnapshot::new(project.clone());
    let task = |id: &str, task_type: &TaskType| Task {
        id: Some(TaskId::new(id).unwrap()),
        assignees: vec![ana.id.clone()],
        ..Task::new(task_type.id.clone(), done.id.clone())
    };
    let pilot = Episode::new("Pilot");
    let mut sequence = Sequence::new("010");
    sequence.episode_id = Some(pilot.id.clone());
    for (name, start, end) in [("0010", 0, 24), ("0020", 24, 60)] {
        let mut shot = Shot::new(name, &sequence.id, ShotData::new(start, end));
        shot.fps = project.fps;
        shot.tasks = vec![task(name, &animation)];
        shot.thumbnail = Some(MediaRef::key(format!("picture of shot {name}")));
        series.shots.push(shot);
    }
    for (name, asset_type) in [("Rex", &character), ("Cup", &prop)] {
        let mut asset = Asset::new(name, &asset_type.id);
        asset.id = AssetId::new(name).unwrap();
        asset.tasks = vec![task(name, &modeling)];
        asset.thumbnail = Some(MediaRef::key(format!("picture of {name}")));
        series.assets.push(asset);
    }
    series.casting = vec![ShotCasting::new(&series.shots[0], &series.assets)];
    let mut edit = Edit::new("Pilot v1");
    edit.movie = Some(MediaRef::key("movie of Pilot"));
    edit.total_frames = Some(960);
    edit.episode_id = Some(pilot.id.clone());
    series.edits = vec![edit];
    series.sequences = vec![sequence];
    series.episodes = vec![pilot];
    series.left_out = vec![LeftOut {
        kind: EntityKind::Shot,
        id: "0030".into(),
        name: "010 / 0030".into(),
        reason: Reason::Other("the director does not like it".into()),
    }];
    series.notes = vec!["the pilot is all there is".into()];

    let list = ProjectList {
        projects: vec![project, Project::new("Film")],
        asset_types: vec![character, prop],
        task_types: vec![animation, lighting, modeling],
        task_statuses: vec![done],
        users: vec![ana, jade],
    };
    let film = ProjectSnapshot::new(list.projects[1].clone());
    (list, vec![series, film])
}

//! A tracker of our own: a list of shots in a JSON file, as the studio's database writes it.

use std::fs;
use std::path::PathBuf;

use async_trait::async_trait;
use serde::Deserialize;
use watchtower_connector::{
    Account, Capability, Description, Error, ErrorKind, MediaRequest, OpenedMedia, Result, Tracker,
};
use watchtower_model::{
    Asset, AssetType, EntityKind, FrameRate, LeftOut, MediaRef, Project, ProjectId, ProjectList,
    ProjectSnapshot, Reason, Sequence, Shot, ShotCasting, ShotData, Task, TaskStatus, TaskType,
    User,
};

/// What stands in the file.
#[derive(Deserialize)]
struct Database {
    films: Vec<Film>,
}

#[derive(Deserialize)]
struct Film {
    // Typed values are checked as they are read: this one will name a folder.
    code: ProjectId,
    title: String,
    fps: FrameRate,
    shots: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    sequence: String,
    name: String,
    frames: Option<i64>,
    status: String,
    artist: Option<String>,
    #[serde(default)]
    cast: Vec<String>,
    picture: Option<String>,
}

/// The file as a tracker.
pub struct Studio {
    file: PathBuf,
}

impl Studio {
    /// Nothing is read yet.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into() }
    }

    fn read(&self) -> Result<Database> {
        let file = self.file.display();
        let failed = |kind, why: String| Error::new(kind, format!("read `{file}`"), why);
        let text = fs::read(&self.file)
            .map_err(|error| failed(ErrorKind::Unavailable, error.to_string()))?;
        serde_json::from_slice(&text)
            .map_err(|error| failed(ErrorKind::Malformed, error.to_string()))
    }
}

/// Adds what is not there yet.
fn add<T: PartialEq>(all: &mut Vec<T>, it: T) {
    if !all.contains(&it) {
        all.push(it);
    }
}

/// The one type of tasks that our database knows.
fn animation() -> TaskType {
    TaskType {
        for_shots: true,
        ..TaskType::new("Animation")
    }
}

/// And the one type of assets.
fn character() -> AssetType {
    AssetType::new("Character")
}

impl Film {
    fn project(&self) -> Project {
        let mut team = Vec::new();
        for artist in self.shots.iter().filter_map(|it| it.artist.as_ref()) {
            add(&mut team, User::new(artist).id);
        }
        Project {
            id: self.code.clone(),
            fps: self.fps,
            team,
            ..Project::new(&self.title)
        }
    }
}

impl Row {
    fn task(&self) -> Task {
        let artist = self.artist.iter().map(|it| User::new(it).id);
        Task {
            assignees: artist.collect(),
            ..Task::new(animation().id, TaskStatus::new(&self.status).id)
        }
    }

    /// What we know of its place: a length, or nothing. Where it goes is decided when a site is written.
    fn data(&self) -> ShotData {
        self.frames.map(ShotData::of_length).unwrap_or_default()
    }
}

#[async_trait]
impl Tracker for Studio {
    fn describe(&self) -> Description {
        Description {
            name: "studio".into(),
            about: "Our studio's list of shots".into(),
            location: Some(self.file.display().to_string()),
            capabilities: vec![
                Capability::Assets,
                Capability::Casting,
                Capability::Tasks,
                Capability::Users,
                Capability::Pictures,
            ],
        }
    }

    async fn check(&self) -> Result<Account> {
        self.read()?;
        Ok(Account {
            user: None,
            server: None,
        })
    }

    async fn project_list(&self) -> Result<ProjectList> {
        let mut list = ProjectList {
            asset_types: vec![character()],
            task_types: vec![animation()],
            ..ProjectList::default()
        };
        for film in self.read()?.films {
            list.projects.push(film.project());
            for row in &film.shots {
                // Our database has no ids. They are derived from the names, the same every time.
                add(&mut list.task_statuses, TaskStatus::new(&row.status));
                if let Some(artist) = &row.artist {
                    add(&mut list.users, User::new(artist));
                }
            }
        }
        Ok(list)
    }

    async fn project(&self, project: &Project, _: &ProjectList) -> Result<ProjectSnapshot> {
        let films = self.read()?.films;
        let film = films.into_iter().find(|it| it.code == project.id);
        let film = film.ok_or_else(|| {
            let operation = format!("read {}", project.name);
            Error::new(ErrorKind::NotFound, operation, "it is not in the list")
        })?;
        let folder = self.file.parent().unwrap_or("".as_ref());
        let mut snapshot = ProjectSnapshot::new(film.project());
        // Shots come in the order of the story, which is that of the list.
        for row in &film.shots {
            let sequence = Sequence::new(&row.sequence);
            add(&mut snapshot.sequences, sequence.clone());
            if row.status == "Omitted" {
                // An export says at its end what was left out, and why.
                snapshot.left_out.push(LeftOut {
                    kind: EntityKind::Shot,
                    id: format!("{}/{}", row.sequence, row.name),
                    name: format!("{} / {}", row.sequence, row.name),
                    reason: Reason::Canceled,
                });
                continue;
            }
            let shot = Shot {
                fps: film.fps,
                tasks: vec![row.task()],
                thumbnail: row
                    .picture
                    .as_ref()
                    .map(|it| MediaRef::file(folder.join(it))),
                ..Shot::new(&row.name, &sequence.id, row.data())
            };
            let cast = row.cast.iter();
            let cast: Vec<_> = cast.map(|it| Asset::new(it, &character().id)).collect();
            if !cast.is_empty() {
                snapshot.casting.push(ShotCasting::new(&shot, &cast));
            }
            for asset in cast {
                add(&mut snapshot.assets, asset);
            }
            snapshot.shots.push(shot);
        }
        Ok(snapshot)
    }

    async fn open_media(&self, _: MediaRequest<'_>) -> Result<OpenedMedia> {
        // Our pictures are files, which are opened without us.
        let message = "our pictures are files";
        Err(Error::new(
            ErrorKind::Unsupported,
            "open a picture",
            message,
        ))
    }
}

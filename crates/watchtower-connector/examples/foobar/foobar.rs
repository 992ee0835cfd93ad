//! The connector to Foobar.
//!
//! To connect a tracker of your own, start from this file: say at the bottom what it answers and what
//! becomes of that, and at the top how it is asked. The rest is done elsewhere: files on disk,
//! schemas, downloads, progress.

use std::collections::HashSet;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use watchtower_connector::http::{AuthHeader, HttpClient, HttpOptions};
use watchtower_connector::{
    Account, Capability, Description, Error, ErrorKind, MediaRequest, OpenedMedia, Result, Tracker,
};
use watchtower_model::{
    Asset, AssetId, AssetType, AssetTypeId, Edit, EntityKind, FrameRate, LeftOut, MediaLocation,
    MediaRef, Project, ProjectId, ProjectList, ProjectSnapshot, Reason, SequenceId, Shot, ShotData,
    ShotId, Task, TaskStatus, TaskType, User, UserId,
};

/// A Foobar server, and who we are there.
pub(crate) struct Foobar {
    /// Repeats what fails for the moment, keeps to limits, and says in words what went wrong.
    http: HttpClient,
    /// Goes to this server and to no other, and is never shown.
    key: AuthHeader,
}

impl Foobar {
    /// A client of the API at an address. Nothing is asked yet.
    pub(crate) fn new(address: &str, key: &SecretString) -> Result<Self> {
        Ok(Self {
            http: HttpClient::new(address, &HttpOptions::default())?,
            key: AuthHeader::bearer(key)?,
        })
    }

    /// Reads a JSON document of the API. `what` is for people: "cannot read the shots of Film: …".
    async fn read<T: DeserializeOwned>(&self, what: &str, path: &[&str]) -> Result<T> {
        let request = self.http.get(format!("read {what}"), self.http.url(path));
        Ok(request.auth(self.key.clone()).json().await?)
    }

    /// Reads a document about a project.
    async fn read_of<T: DeserializeOwned>(&self, project: &Project, document: &str) -> Result<T> {
        let what = format!("the {document} of {}", project.name);
        self.read(&what, &["projects", project.id.as_str(), document])
            .await
    }
}

#[async_trait]
impl Tracker for Foobar {
    fn describe(&self) -> Description {
        Description {
            name: "foobar".into(),
            about: "Foobar, a tracker that does not exist.".into(),
            location: Some(self.http.base().to_string()),
            capabilities: vec![
                Capability::Assets,
                Capability::Casting,
                Capability::Tasks,
                Capability::Users,
                Capability::Edits,
                Capability::Pictures,
                Capability::Movies,
            ],
        }
    }

    async fn check(&self) -> Result<Account> {
        let me: Person = self.read("our account", &["me"]).await?;
        Ok(Account {
            user: Some(me.name),
            server: None,
        })
    }

    async fn project_list(&self) -> Result<ProjectList> {
        let context: Context = self.read("the projects", &["context"]).await?;
        Ok(ProjectList {
            projects: context.projects.into_iter().map(Project::from).collect(),
            asset_types: context.asset_types,
            task_types: context.task_types,
            task_statuses: context.task_statuses,
            users: context.people.into_iter().map(User::from).collect(),
        })
    }

    async fn project(&self, project: &Project, _: &ProjectList) -> Result<ProjectSnapshot> {
        let mut film = ProjectSnapshot::new(project.clone());
        film.sequences = self.read_of(project, "sequences").await?;

        let assets: Vec<FoobarAsset> = self.read_of(project, "assets").await?;
        film.assets = assets.into_iter().map(Asset::from).collect();

        let shots: Vec<FoobarShot> = self.read_of(project, "shots").await?;
        for shot in shots {
            // What has no place on the timeline is not dropped in silence: an export says at its
            // end what was left out, and why.
            match Shot::try_from(shot) {
                Ok(shot) => film.shots.push(Shot {
                    fps: project.fps,
                    ..shot
                }),
                Err(left_out) => film.left_out.push(left_out),
            }
        }

        // Foobar goes on casting omitted shots. Nothing may refer to what is not there.
        let there: HashSet<&ShotId> = film.shots.iter().map(|shot| &shot.id).collect();
        film.casting = self.read_of(project, "casting").await?;
        film.casting
            .retain(|casting| there.contains(&casting.shot_id));

        let edit: Option<FoobarEdit> = self.read_of(project, "edit").await?;
        film.edits = edit.into_iter().map(Edit::from).collect();
        Ok(film)
    }

    async fn open_media(&self, request: MediaRequest<'_>) -> Result<OpenedMedia> {
        let MediaLocation::Key(file) = &request.media.location else {
            let message = "Foobar's connector refers to files by name alone";
            return Err(Error::new(ErrorKind::Unsupported, "open a file", message));
        };
        let url = self.http.url(&["files", file]);
        let opening = self.http.get(format!("open the file {file}"), url);
        let opening = opening.having(request.known, request.offset);
        Ok(opening.auth(self.key.clone()).open().await?)
    }
}

// What Foobar answers, and what becomes of it. Sequences, tasks, types and statuses need nothing:
// Foobar describes them as the model does, so the model's own classes read them. `..Self::new(…)`
// fills in what Foobar does not know.

#[derive(Deserialize)]
struct Context {
    projects: Vec<FoobarProject>,
    asset_types: Vec<AssetType>,
    task_types: Vec<TaskType>,
    task_statuses: Vec<TaskStatus>,
    people: Vec<Person>,
}

#[derive(Deserialize)]
struct FoobarProject {
    // Typed ids are checked as they are read: this one will name a folder.
    id: ProjectId,
    title: String,
    fps: FrameRate,
    people: Vec<UserId>,
    picture: Option<String>,
}

impl From<FoobarProject> for Project {
    fn from(it: FoobarProject) -> Self {
        Self {
            id: it.id,
            fps: it.fps,
            team: it.people,
            thumbnail: it.picture.map(MediaRef::key),
            ..Self::new(it.title)
        }
    }
}

#[derive(Deserialize)]
struct Person {
    id: UserId,
    name: String,
    picture: Option<String>,
}

impl From<Person> for User {
    fn from(it: Person) -> Self {
        Self {
            id: it.id,
            has_avatar: it.picture.is_some(),
            thumbnail: it.picture.map(MediaRef::key),
            ..Self::new(it.name)
        }
    }
}

#[derive(Deserialize)]
struct FoobarAsset {
    id: AssetId,
    name: String,
    asset_type: AssetTypeId,
    picture: Option<String>,
    tasks: Vec<Task>,
}

impl From<FoobarAsset> for Asset {
    fn from(it: FoobarAsset) -> Self {
        Self {
            id: it.id,
            thumbnail: it.picture.map(MediaRef::key),
            tasks: it.tasks,
            ..Self::new(it.name, &it.asset_type)
        }
    }
}

#[derive(Deserialize)]
struct FoobarShot {
    id: ShotId,
    name: String,
    sequence: SequenceId,
    omitted: bool,
    first_frame: Option<i64>,
    last_frame: Option<i64>,
    picture: Option<String>,
    tasks: Vec<Task>,
}

impl FoobarShot {
    /// What we know of its place on the timeline. Foobar counts frames from 1 and names the last of a shot;
    /// the timeline counts from 0, and `frame_out` is the one after the last. A shot without a range stays:
    /// where it goes is decided when a site is written.
    fn data(&self) -> ShotData {
        ShotData::of_fields(
            self.first_frame.map(|first| first - 1),
            self.last_frame,
            None,
        )
    }
}

impl TryFrom<FoobarShot> for Shot {
    type Error = LeftOut;

    fn try_from(it: FoobarShot) -> Result<Self, LeftOut> {
        if it.omitted {
            return Err(LeftOut {
                kind: EntityKind::Shot,
                name: format!("{} {}", it.sequence, it.name),
                id: it.id.into(),
                reason: Reason::Canceled,
            });
        }
        let data = it.data();
        Ok(Self {
            id: it.id,
            thumbnail: it.picture.map(MediaRef::key),
            tasks: it.tasks,
            ..Self::new(it.name, &it.sequence, data)
        })
    }
}

#[derive(Deserialize)]
struct FoobarEdit {
    version: u32,
    movie: Option<String>,
}

impl From<FoobarEdit> for Edit {
    fn from(it: FoobarEdit) -> Self {
        Self {
            // Foobar's edits have no ids; one is derived from the name.
            movie: it.movie.map(MediaRef::key),
            ..Self::new(format!("Edit v{}", it.version))
        }
    }
}

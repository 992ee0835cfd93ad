//! The command `watchtower` with a tracker of its own, `marked`: a film of which every document,
//! picture and movie carries a mark, so that whoever reads a site can tell whether all of it comes
//! from one export.
//!
//! The mark is a text such as `mark 7;`. It stands in names, ids and media. With `--gate FILE` the
//! tracker makes `FILE.reached` when the film is asked for, and waits until FILE is there.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use async_trait::async_trait;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use watchtower_cli::environment::Environment;
use watchtower_cli::{Network, TrackerCommand, main_with};
use watchtower_connector::{
    Account, Description, Error, ErrorKind, Media, MediaRequest, OpenedMedia, Result, Tracker,
};
use watchtower_model::{
    Asset, AssetType, Edit, MediaLocation, MediaRef, Project, ProjectId, ProjectList,
    ProjectSnapshot, Sequence, Shot, ShotCasting, ShotData, Task, TaskStatus, TaskType, User,
};

const MOVIE: &[u8] =
    include_bytes!("../../../crates/watchtower-writer/tests/movies/fragmented.mp4");

fn main() -> ExitCode {
    main_with(vec![Box::new(MarkedCommand)])
}

struct MarkedCommand;

#[derive(Debug, Args)]
struct Marked {
    /// What all of the film is marked with
    #[arg(long)]
    mark: u64,
    /// How many shots, each with a picture, the film has
    #[arg(long, default_value = "4")]
    shots: usize,
    /// Wait for this file before answering for the film
    #[arg(long)]
    gate: Option<PathBuf>,
}

impl TrackerCommand for MarkedCommand {
    fn name(&self) -> &'static str {
        "marked"
    }

    fn about(&self) -> &'static str {
        "A film that carries a mark everywhere"
    }

    fn arguments(&self, command: Command) -> Command {
        Marked::augment_args(command)
    }

    fn connect(
        &self,
        matches: &ArgMatches,
        _: &Environment,
        _: &Network,
    ) -> Result<Box<dyn Tracker>> {
        let marked = Marked::from_arg_matches(matches)
            .map_err(|error| Error::new(ErrorKind::Config, "mark a film", error.to_string()))?;
        Ok(Box::new(marked))
    }
}

impl Marked {
    fn text(&self) -> String {
        format!("mark {};", self.mark)
    }

    fn project(&self) -> Project {
        let mut project = Project::new(format!("Film {}", self.text()));
        project.id = ProjectId::derived(&["film"]);
        project.team = vec![self.person().id];
        project.thumbnail = Some(MediaRef::key(format!("{} film", self.text())));
        project
    }

    fn person(&self) -> User {
        let mut person = User::new(format!("Jade {}", self.text()));
        person.has_avatar = true;
        // What stands under this key is another picture each time.
        person.thumbnail = Some(MediaRef::key("jade").changing());
        person
    }
}

#[async_trait]
impl Tracker for Marked {
    fn describe(&self) -> Description {
        Description {
            name: "marked".into(),
            about: "A film that carries a mark everywhere".into(),
            location: None,
            capabilities: Vec::new(),
        }
    }

    async fn check(&self) -> Result<Account> {
        Ok(Account {
            user: None,
            server: None,
        })
    }

    async fn project_list(&self) -> Result<ProjectList> {
        Ok(ProjectList {
            projects: vec![self.project()],
            asset_types: vec![AssetType::new(self.text())],
            // These are the same for every mark, so that a history tells of one curve.
            task_types: vec![TaskType {
                for_shots: true,
                ..TaskType::new("Animation")
            }],
            task_statuses: vec![TaskStatus::new("Todo")],
            users: vec![self.person()],
        })
    }

    async fn project(&self, project: &Project, list: &ProjectList) -> Result<ProjectSnapshot> {
        if let Some(gate) = &self.gate {
            let reached = gate.with_extension("reached");
            std::fs::write(reached, "").expect("the gate stands in a folder");
            while !gate.exists() {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        let text = self.text();
        let mut film = ProjectSnapshot::new(project.clone());
        film.sequences = vec![Sequence::new(format!("Sequence {text}"))];
        let mut rex = Asset::new(format!("Rex {text}"), &list.asset_types[0].id);
        rex.thumbnail = Some(MediaRef::key("the same for every mark"));
        film.assets = vec![rex];
        for place in 0..self.shots {
            let start = i64::try_from(place).unwrap_or(i64::MAX);
            let name = format!("{place} {text}");
            let range = ShotData::new(start, start + 1);
            let mut shot = Shot::new(&name, &film.sequences[0].id, range);
            shot.thumbnail = Some(MediaRef::key(format!("{text} {place}")));
            let (kind, status) = (&list.task_types[0].id, &list.task_statuses[0].id);
            shot.tasks = vec![Task::new(kind.clone(), status.clone())];
            film.casting.push(ShotCasting::new(&shot, &film.assets));
            film.shots.push(shot);
        }
        let mut edit = Edit::new("Edit");
        edit.frame_offset = i64::try_from(self.mark).unwrap_or(i64::MAX);
        edit.movie = Some(MediaRef::key(format!("{text} movie")));
        film.edits = vec![edit];
        Ok(film)
    }

    async fn open_media(&self, request: MediaRequest<'_>) -> Result<OpenedMedia> {
        let MediaLocation::Key(key) = &request.media.location else {
            return Err(Error::new(ErrorKind::Unsupported, "open media", "no key"));
        };
        let text = self.text();
        let bytes = if key.ends_with("movie") {
            // A box that players skip.
            let size = u32::try_from(text.len() + 8).unwrap_or(8);
            [MOVIE, &size.to_be_bytes(), b"free", text.as_bytes()].concat()
        } else if key == "jade" {
            format!("<svg>{text} {key}</svg>").into_bytes()
        } else {
            format!("<svg>{key}</svg>").into_bytes()
        };
        Ok(OpenedMedia::Stream(Media::from_bytes(bytes)))
    }
}

//! Format v0: what projects share stands in the list of projects, all pictures are in one folder, and a
//! project has one movie.

use rapidhash::RapidHashSet;
use watchtower_model::format::{Format, v0};
use watchtower_model::place::Timelines;
use watchtower_model::{
    Edit, EditId, EpisodeId, Project, ProjectId, ProjectList, ProjectSnapshot, User,
};

use super::{
    Entry, FEWER, Film, Layout, NewList, Placed, Playing, PresentList, PresentProject, Stage,
    beyond, too_many, too_many_shots,
};
use crate::error::Result;
use crate::render;

/// Format v0.
pub(super) struct V0;

/// The folder of all pictures.
const PREVIEWS: &str = "data/previews";

impl Layout for V0 {
    fn format(&self) -> Format {
        Format::V0
    }

    fn movie(&self, project: &ProjectId, _: &EditId) -> String {
        render::v0::movie_path(project)
    }

    fn movies(&self) -> usize {
        1
    }

    fn edits<'a>(&self, snapshot: &'a ProjectSnapshot) -> Vec<&'a Edit> {
        render::v0::edits(snapshot).collect()
    }

    fn timelines(&self) -> Timelines {
        Timelines::One
    }

    fn previews(&self, _: &ProjectId) -> String {
        PREVIEWS.to_owned()
    }

    fn list_previews(&self) -> &'static str {
        PREVIEWS
    }

    fn people<'a>(&self, _: &Project, _: &'a ProjectList) -> Vec<&'a User> {
        Vec::new()
    }

    fn listed_people<'a>(&self, list: &'a ProjectList) -> &'a [User] {
        &list.users
    }

    fn read_list(&self, text: &str) -> serde_json::Result<PresentList> {
        let context: v0::Context<'_> = serde_json::from_str(text)?;
        let shared = context.asset_types.iter().map(|it| &it.id);
        let shared = shared.chain(context.task_types.iter().map(|it| &it.id));
        let shared = shared.chain(context.task_status.iter().map(|it| &it.id));
        let shared = shared.chain(context.users.iter().map(|it| &it.id));
        Ok(PresentList {
            shared: shared.map(|id| id.as_str().to_owned()).collect(),
            projects: context
                .projects
                .iter()
                .map(|it| PresentProject {
                    id: it.id.as_str().to_owned(),
                    name: it.name.to_string(),
                })
                .collect(),
        })
    }

    fn stage_list(&self, stage: &mut Stage<'_>, list: &NewList<'_>) -> Result<()> {
        let present = parse(list.present);
        stage.object("context", &context(list, &present))
    }

    fn stage_project(&self, stage: &mut Stage<'_>, film: &Film<'_>) -> Result<()> {
        let Placed {
            snapshot,
            media,
            placement,
        } = *film.placed;
        let behind = film.placed.behind_the_end(self);
        stage.object("project", &render::v0::project(&snapshot.project, media))?;
        stage.object("edit", &render::v0::edit(snapshot, media, placement))?;
        stage.list("assets", &snapshot.assets, |it| {
            render::v0::asset(it, media)
        })?;
        stage.list("shots", &snapshot.shots, |it| {
            render::v0::shot(it, media, &behind)
        })?;
        stage.list("sequences", &snapshot.sequences, render::v0::sequence)?;
        stage.list("casting", &snapshot.casting, render::v0::casting)
    }

    fn lengths(&self, film: &Placed<'_>) -> Vec<(Option<EpisodeId>, u64)> {
        let edit = render::v0::edit(film.snapshot, film.media, film.placement);
        vec![(None, edit.total_frames)]
    }

    fn playing<'a>(&self, film: &'a Placed<'a>) -> Vec<Playing<'a>> {
        let shown = render::v0::shown_edit(film.snapshot, film.media);
        let playing = shown.map(|(edit, movie)| Playing {
            edit: &edit.name,
            movie,
            frame_offset: edit.frame_offset,
            shots: film.snapshot.shots.iter().collect(),
        });
        playing.into_iter().collect()
    }

    fn limits(&self, film: &Placed<'_>) -> Vec<String> {
        let Placed {
            snapshot, media, ..
        } = *film;
        let mut notes = Vec::new();
        let with_movies = snapshot.edits.iter().filter(|it| it.movie.is_some());
        let of_episodes = with_movies.count()
            - self
                .edits(snapshot)
                .iter()
                .filter(|it| it.movie.is_some())
                .count();
        match render::v0::shown_edit(snapshot, media) {
            Some((edit, _)) if snapshot.edits.len() > 1 => notes.push(format!(
                "format v0 holds one edit: `{}` is shown, {} not",
                edit.name,
                snapshot.edits.len() - 1
            )),
            Some(_) => {}
            None if of_episodes > 0 => {}
            None if snapshot.edits.is_empty() => {
                notes.push("no edit: the timeline is as long as the shots".into());
            }
            None if snapshot.edits.iter().any(|it| it.movie.is_some()) => {
                notes.push("no movie is in the site: the timeline is as long as the shots".into());
            }
            None => notes.push("no edit has a movie: the timeline is as long as the shots".into()),
        }
        if snapshot.episodes.len() > 1 {
            notes.push(format!(
                "format v0 has one timeline: the {} episodes follow each other on it{}; `--format v1` gives \
                 each its own",
                snapshot.episodes.len(),
                match of_episodes {
                    0 => "",
                    _ => ", without their movies",
                }
            ));
        }
        notes.extend(beyond(
            snapshot.shots.iter(),
            snapshot.project.fps,
            render::v0::edit(snapshot, media, film.placement).total_frames,
        ));
        let with_shots: RapidHashSet<_> = snapshot
            .shots
            .iter()
            .map(|shot| &shot.sequence_id)
            .collect();
        if with_shots.len() > render::v0::MAX_SEQUENCES {
            notes.push(format!(
                "{} sequences have shots and the client of format v0 has colours for {}: it does not \
                 draw the timeline; `--format v1` draws them all",
                with_shots.len(),
                render::v0::MAX_SEQUENCES
            ));
        }
        let help = "`--format v1` shows an episode at a time";
        notes.extend(too_many_shots(snapshot.shots.len(), help));
        notes.extend(too_many(snapshot.assets.len(), "assets", FEWER));
        let team = snapshot.project.team.len();
        notes.extend(too_many(team, "people in the team", FEWER));
        notes
    }
}

/// What projects share, and the projects: those that are kept as they are in `present`.
pub(super) fn context<'a>(list: &NewList<'a>, present: &v0::Context<'a>) -> v0::Context<'a> {
    let mut context = render::v0::context(list.shared, list.media);
    let entry = |entry: &Entry<'a>| match *entry {
        Entry::New(project, _) => Some(render::v0::project(project, list.media)),
        Entry::Kept(id) => {
            let mut projects = present.projects.iter();
            projects.find(|it| it.id.as_str() == id).cloned()
        }
    };
    context.projects = list.entries.iter().filter_map(entry).collect();
    if list.keeps_any() {
        add_missing(&mut context, present);
    }
    context
}

/// What a `context.json` says, and nothing if it cannot be understood: then nothing of it is kept.
fn parse(text: &str) -> v0::Context<'_> {
    serde_json::from_str(text).unwrap_or_else(|_| nothing())
}

/// A context without anything in it.
pub(super) fn nothing<'a>() -> v0::Context<'a> {
    v0::Context {
        asset_types: Vec::new(),
        users: Vec::new(),
        projects: Vec::new(),
        task_status: Vec::new(),
        task_types: Vec::new(),
    }
}

/// Adds what the previous context holds and the new one does not: what is kept may refer to it. A type of
/// the tasks of shots stays one, although the projects that are new may have it on assets alone.
fn add_missing<'a>(context: &mut v0::Context<'a>, previous: &v0::Context<'a>) {
    for task_type in &mut context.task_types {
        let mut same = previous
            .task_types
            .iter()
            .filter(|it| it.id == task_type.id);
        task_type.for_shots |= same.any(|it| it.for_shots);
    }
    fn add<T: Clone>(to: &mut Vec<T>, from: &[T], same: impl Fn(&T, &T) -> bool) {
        for it in from {
            if !to.iter().any(|present| same(present, it)) {
                to.push(it.clone());
            }
        }
    }
    add(&mut context.asset_types, &previous.asset_types, |a, b| {
        a.id == b.id
    });
    add(&mut context.task_types, &previous.task_types, |a, b| {
        a.id == b.id
    });
    add(&mut context.task_status, &previous.task_status, |a, b| {
        a.id == b.id
    });
    add(&mut context.users, &previous.users, |a, b| a.id == b.id);
}

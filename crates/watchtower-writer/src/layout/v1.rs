//! Format v1: a project carries all that its documents refer to, pictures included, and has a movie for
//! each edit; the list of projects names projects and episodes.

use serde::Deserialize;
use watchtower_model::format::{Format, v1};
use watchtower_model::place::Timelines;
use watchtower_model::{
    Edit, EditId, EpisodeId, Project, ProjectId, ProjectList, ProjectSnapshot, User,
};

use super::{
    Entry, FEWER, Film, Layout, NewList, Placed, Playing, PresentList, PresentProject, Stage,
    beyond, too_many, too_many_shots, v0,
};
use crate::error::{Error, Result};
use crate::history::{self, HistoryError};
use crate::render::v1::{self as render, InUse};
use crate::summary::first_names;

/// Format v1.
pub(super) struct V1;

impl Layout for V1 {
    fn format(&self) -> Format {
        Format::V1
    }

    fn movie(&self, project: &ProjectId, edit: &EditId) -> String {
        render::movie_path(project, edit)
    }

    fn movies(&self) -> usize {
        usize::MAX
    }

    fn edits<'a>(&self, snapshot: &'a ProjectSnapshot) -> Vec<&'a Edit> {
        snapshot.edits.iter().collect()
    }

    fn timelines(&self) -> Timelines {
        Timelines::OfEpisodes
    }

    fn previews(&self, project: &ProjectId) -> String {
        format!("data/projects/{project}/previews")
    }

    fn list_previews(&self) -> &'static str {
        "data/projects-list/previews"
    }

    fn people<'a>(&self, project: &Project, list: &'a ProjectList) -> Vec<&'a User> {
        render::team(project, list)
    }

    fn listed_people<'a>(&self, _: &'a ProjectList) -> &'a [User] {
        &[]
    }

    fn read_list(&self, text: &str) -> serde_json::Result<PresentList> {
        let projects = try_parse(text)?.projects;
        let projects = projects.iter().map(|it| PresentProject {
            id: it.id.as_str().to_owned(),
            name: it.name.to_string(),
        });
        Ok(PresentList {
            projects: projects.collect(),
            shared: Vec::new(),
        })
    }

    fn stage_list(&self, stage: &mut Stage<'_>, list: &NewList<'_>) -> Result<()> {
        let present = parse(list.present);
        let projects = list.entries.iter().filter_map(|entry| match *entry {
            Entry::New(project, episodes) => {
                Some(render::index_entry(project, episodes, list.media))
            }
            Entry::Kept(id) => {
                let mut projects = present.projects.iter();
                projects.find(|it| it.id.as_str() == id).cloned()
            }
        });
        let projects = projects.collect();
        let context = list.from_site.then(|| {
            let present = present.context.clone();
            v0::context(list, &present.unwrap_or_else(v0::nothing))
        });
        stage.object("index", &v1::Index { projects, context })
    }

    fn stage_project(&self, stage: &mut Stage<'_>, film: &Film<'_>) -> Result<()> {
        let Film {
            placed,
            list,
            used,
            options,
        } = *film;
        let Placed {
            snapshot,
            media,
            placement,
        } = *placed;
        let behind = placed.behind_the_end(self);
        let project = &snapshot.project;
        let text = stage.present("task_counts")?;
        let broken = |error: HistoryError| Error::History {
            path: stage.place("task_counts"),
            reason: error.to_string(),
        };
        let history = match &text {
            Some(text) => history::read(text).map_err(broken)?,
            None => Vec::new(),
        };
        // What it says of types and statuses that are no more; if it cannot be read, they have no names.
        let previous = stage.present("project")?.unwrap_or_default();
        let previous: Option<v1::Project<'_>> = serde_json::from_slice(&previous).ok();

        let mut in_use = InUse::of(project, list, used);
        in_use.add_retired(&history, list, previous.as_ref());
        let moment = history::timestamp(options.moment());
        let now = match options.from_site {
            true => Vec::new(),
            false => render::task_counts(snapshot, &in_use, &moment),
        };
        let grown = history::grow(history, now, &moment, options.keep_history).map_err(broken)?;
        let (counts, doubted) = grown;
        if let Some(last) = doubted {
            stage.warnings.push(format!(
                "the clock of this export says {}, more than a month after the last reading in the history of \
                 task counts, {}: nothing in it is taken for old until readings of a week say that the clock is \
                 right",
                moment.as_str(),
                last.as_str()
            ));
        }
        in_use.forget_retired(&counts);
        if counts.is_empty() && options.from_site {
            let note = "there is no history of task counts yet: it begins with the next export";
            stage.warnings.push(note.to_owned());
        }

        stage.object("project", &render::project(snapshot, in_use, media))?;
        stage.object("edits", &render::edits(snapshot, media, placement))?;
        stage.list("assets", &snapshot.assets, |it| render::asset(it, media))?;
        stage.list("shots", &snapshot.shots, |it| {
            render::shot(it, media, &behind)
        })?;
        stage.list("sequences", &snapshot.sequences, render::sequence)?;
        stage.list("casting", &snapshot.casting, render::casting)?;
        stage.list("task_counts", &counts, |it| it)
    }

    fn lengths(&self, film: &Placed<'_>) -> Vec<(Option<EpisodeId>, u64)> {
        let length = |(timeline, shown): (render::Timeline<'_>, v1::Edit<'_>)| {
            (timeline.episode.map(|it| it.id.clone()), shown.total_frames)
        };
        timelines(film).map(length).collect()
    }

    fn playing<'a>(&self, film: &'a Placed<'a>) -> Vec<Playing<'a>> {
        let playing = timelines(film).filter_map(|(timeline, shown)| {
            let mut edits = film.snapshot.edits.iter();
            let edit = edits.find(|it| it.id.as_str() == shown.id.as_str())?;
            Some(Playing {
                edit: &edit.name,
                movie: film.media.movie(edit.movie.as_ref())?,
                frame_offset: shown.frame_offset,
                shots: timeline.shots,
            })
        });
        playing.collect()
    }

    fn limits(&self, film: &Placed<'_>) -> Vec<String> {
        let snapshot = film.snapshot;
        let mut notes = Vec::new();
        let mut on_a_timeline = 0;
        for (timeline, shown) in timelines(film) {
            on_a_timeline += timeline.shots.len();
            let episode = timeline.episode.map(|it| format!("{}: ", it.name));
            let episode = episode.unwrap_or_default();
            let own = snapshot.edits.iter();
            let own = own.filter(|it| match timeline.episode {
                Some(episode) => it.episode_id.as_ref() == Some(&episode.id),
                None => true,
            });
            let number = own.clone().count();
            let movie = shown.source_name;
            if number == 0 {
                notes.push(format!(
                    "{episode}no edit: the timeline is as long as the shots"
                ));
            } else if movie.is_empty() && own.clone().any(|it| it.movie.is_some()) {
                notes.push(format!(
                    "{episode}no movie is in the site: the timeline is as long as the shots"
                ));
            } else if movie.is_empty() {
                notes.push(format!(
                    "{episode}no edit has a movie: the timeline is as long as the shots"
                ));
            } else if number > 1 {
                let mut own = own;
                let name = own.find(|it| it.id.as_str() == shown.id.as_str());
                let name = name.map_or("", |it| &it.name);
                notes.push(format!(
                    "{episode}the client shows one edit: `{name}` is shown, {} not",
                    number - 1
                ));
            }
            let beyond = beyond(
                timeline.shots.iter().copied(),
                snapshot.project.fps,
                shown.total_frames,
            );
            notes.extend(beyond.map(|note| format!("{episode}{note}")));
        }
        for timeline in render::timelines(snapshot) {
            let name = timeline.episode.map(|it| format!("{}: ", it.name));
            let help = match timeline.episode {
                Some(_) => "more episodes have fewer each",
                None => "with episodes the client shows one at a time",
            };
            let note = too_many_shots(timeline.shots.len(), help);
            notes.extend(note.map(|it| format!("{}{it}", name.unwrap_or_default())));
        }
        notes.extend(too_many(snapshot.assets.len(), "assets", FEWER));
        let team = snapshot.project.team.len();
        notes.extend(too_many(team, "people in the team", FEWER));
        if !snapshot.episodes.is_empty() {
            let strays = snapshot.edits.iter().filter(|it| it.episode_id.is_none());
            let strays: Vec<_> = strays.map(|it| &*it.name).collect();
            if !strays.is_empty() {
                notes.push(format!(
                    "{} of no episode, which the client shows nowhere: {}; put the episode's name into the \
                     edit's, as in `E01`, or say on the tracker whose it is",
                    if strays.len() == 1 { "1 edit".to_owned() } else { format!("{} edits", strays.len()) },
                    first_names(&strays)
                ));
            }
        }
        let nowhere = snapshot.shots.len() - on_a_timeline;
        if nowhere > 0 {
            notes.push(format!(
                "the client shows one episode at a time, and {nowhere} of {} shots are in none",
                snapshot.shots.len()
            ));
        }
        notes
    }
}

/// Each timeline with the edit that the client shows on it.
fn timelines<'a>(film: &Placed<'a>) -> impl Iterator<Item = (render::Timeline<'a>, v1::Edit<'a>)> {
    let edits = render::edits(film.snapshot, film.media, film.placement);
    let timelines = render::timelines(film.snapshot).into_iter();
    timelines.filter_map(move |timeline| {
        let episode = timeline.episode.map(|it| it.id.as_str());
        let mut edits = edits.iter();
        let shown = edits.find(|it| it.episode_id.as_ref().map(v1::Id::as_str) == episode)?;
        Some((timeline, shown.clone()))
    })
}

/// What an `index.json` says, and nothing if it cannot be understood: then nothing of it is kept.
fn parse(text: &str) -> v1::Index<'_> {
    try_parse(text).unwrap_or(v1::Index {
        projects: Vec::new(),
        context: None,
    })
}

fn try_parse(text: &str) -> serde_json::Result<v1::Index<'_>> {
    /// As much of it as the client reads.
    #[derive(Deserialize)]
    struct Client<'a> {
        #[serde(borrow)]
        projects: Vec<v1::IndexEntry<'a>>,
    }
    serde_json::from_str(text).or_else(|_| {
        let client: Client<'_> = serde_json::from_str(text)?;
        Ok(v1::Index {
            projects: client.projects,
            context: None,
        })
    })
}

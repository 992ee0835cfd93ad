//! How each format lays out a site: where things go, which pictures and movies its documents show,
//! which documents it has, and what it or its client cannot show.
//!
//! [`of`] is the one place where a format is chosen. Everything else works on a [`Layout`].

mod owned;
mod v0;
mod v1;

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;
use watchtower_model::format::{Document, Format};
use watchtower_model::place::{self, Placement, Timelines};
use watchtower_model::{
    Edit, EditId, Episode, EpisodeId, FrameRate, Project, ProjectId, ProjectList, ProjectSnapshot,
    References, Shot, ShotId, User, counted,
};

use crate::conform::Conform;
use crate::documents::{self, write_plain};
use crate::error::{IoContext, Result};
use crate::export::ExportOptions;
use crate::media::{Movie, ResolvedMedia};
use crate::render::write_object;
use crate::site::Transaction;

pub(crate) use owned::{is_file_of_a_format, is_folder_of_a_format};

/// How a format lays out a site.
pub(crate) trait Layout: Send + Sync {
    /// The format.
    fn format(&self) -> Format;

    /// The folder of a project's documents, from the site root.
    fn project_folder(&self, project: &ProjectId) -> String {
        format!("data/projects/{project}")
    }

    /// The place of an edit's movie, by its path from the site root.
    fn movie(&self, project: &ProjectId, edit: &EditId) -> String;

    /// How many edits of a project have a movie in the site.
    fn movies(&self) -> usize;

    /// The edits of a project whose movie the format can show.
    fn edits<'a>(&self, snapshot: &'a ProjectSnapshot) -> Vec<&'a Edit>;

    /// How many timelines a project has.
    fn timelines(&self) -> Timelines;

    /// The folder of the pictures that a project's documents show, from the site root.
    fn previews(&self, project: &ProjectId) -> String;

    /// The folder of the pictures that the list of projects shows, from the site root.
    fn list_previews(&self) -> &'static str;

    /// The people in a project's documents.
    fn people<'a>(&self, project: &Project, list: &'a ProjectList) -> Vec<&'a User>;

    /// The people in the list of projects.
    fn listed_people<'a>(&self, list: &'a ProjectList) -> &'a [User];

    /// What a list of projects says.
    ///
    /// # Errors
    ///
    /// When it cannot be understood.
    fn read_list(&self, text: &str) -> serde_json::Result<PresentList>;

    /// Stages the list of projects.
    fn stage_list(&self, stage: &mut Stage<'_>, list: &NewList<'_>) -> Result<()>;

    /// Stages the documents of a project.
    fn stage_project(&self, stage: &mut Stage<'_>, film: &Film<'_>) -> Result<()>;

    /// The length of each timeline in frames, with its episode.
    fn lengths(&self, film: &Placed<'_>) -> Vec<(Option<EpisodeId>, u64)>;

    /// The movies that the client plays, with the shots beside each.
    fn playing<'a>(&self, film: &'a Placed<'a>) -> Vec<Playing<'a>>;

    /// What a person should know of what the format, or its client, cannot show.
    fn limits(&self, film: &Placed<'_>) -> Vec<String>;
}

/// The layout of a format.
pub(crate) fn of(format: Format) -> &'static dyn Layout {
    match format {
        Format::V0 => &v0::V0,
        // The one that is current. A format that is added has a row here, or its documents are missing
        // in the layout of another, which a test finds.
        _ => &v1::V1,
    }
}

/// How many pictures of shots, of assets or of people the clients draw on a page: so many layers have
/// the textures of most graphics cards. With one more they draw none of them.
pub(crate) const MOST_PICTURES: usize = 2048;

/// How many shots the clients draw on a timeline whole: with more, they leave out some of the bars of shots and
/// tasks, and say `Too many shapes in a single tile` in the console. Measured in Chromium with both published clients,
/// with rows for five types of tasks on 1600 × 950 pixels: v0 begins between 1,229 and 1,238 shots, v1 between
/// 1,218 and 1,234. v1 shows the rows at once, v0 where they are ticked.
pub(crate) const MOST_ON_A_TIMELINE: usize = 1200;

/// Says that there are more shots on a timeline than the clients draw pictures of, or whole.
pub(crate) fn too_many_shots(number: usize, help: &str) -> Option<String> {
    too_many(number, "shots", help).or_else(|| {
        (number > MOST_ON_A_TIMELINE).then(|| {
            format!(
                "{number} shots on one timeline, where the client may leave out some of the bars of shots \
                 and tasks from about {MOST_ON_A_TIMELINE} on; {help}"
            )
        })
    })
}

/// What helps where a project has too many assets or people.
pub(crate) const FEWER: &str = "leave out what nobody looks at any more";

/// Says that there are more of something on a page than the clients draw pictures of.
pub(crate) fn too_many(number: usize, what: &str, help: &str) -> Option<String> {
    (number > MOST_PICTURES).then(|| {
        format!(
            "{number} {what}, of which the client draws pictures of {MOST_PICTURES} on most graphics \
             cards, and none at all where there are more; {help}"
        )
    })
}

/// A project whose shots have their places, with its pictures and movies.
pub(crate) struct Placed<'a> {
    pub(crate) snapshot: &'a ProjectSnapshot,
    pub(crate) media: &'a ResolvedMedia,
    pub(crate) placement: &'a Placement,
}

impl Placed<'_> {
    /// Where shots go that have no place on the timeline.
    pub(crate) fn behind_the_end(&self, layout: &dyn Layout) -> HashMap<ShotId, i64> {
        let lengths = layout.lengths(self);
        place::behind_the_end(self.snapshot, layout.timelines(), |episode| {
            let mut lengths = lengths.iter();
            let found = lengths.find(|(id, _)| id.as_ref() == episode);
            found.map_or(0, |(_, length)| *length)
        })
    }
}

/// A movie that plays beside shots.
pub(crate) struct Playing<'a> {
    /// The name of its edit.
    pub(crate) edit: &'a str,
    pub(crate) movie: &'a Movie,
    /// The frame of the timeline at which it begins.
    pub(crate) frame_offset: i64,
    pub(crate) shots: Vec<&'a Shot>,
}

/// Everything of which the documents of a project are made.
pub(crate) struct Film<'a> {
    pub(crate) placed: &'a Placed<'a>,
    pub(crate) list: &'a ProjectList,
    /// The types, statuses and people that the snapshot refers to.
    pub(crate) used: &'a References,
    pub(crate) options: &'a ExportOptions,
}

/// Everything of which the list of projects is made.
pub(crate) struct NewList<'a> {
    /// What the projects share.
    pub(crate) shared: &'a ProjectList,
    pub(crate) entries: Vec<Entry<'a>>,
    pub(crate) media: &'a ResolvedMedia,
    /// The list as it is in the site now.
    pub(crate) present: &'a str,
    /// Whether the data comes from another site.
    pub(crate) from_site: bool,
}

impl NewList<'_> {
    /// Whether some projects are as they were.
    pub(crate) fn keeps_any(&self) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|it| matches!(it, Entry::Kept(_)))
    }
}

/// A project in the list.
#[derive(Clone, Copy)]
pub(crate) enum Entry<'a> {
    /// It was exported.
    New(&'a Project, &'a [Episode]),
    /// It is as it was: its entry is the present list's, by its id.
    Kept(&'a str),
}

/// What a list of projects says.
#[derive(Debug, Default)]
pub(crate) struct PresentList {
    /// The projects, in order.
    pub(crate) projects: Vec<PresentProject>,
    /// The ids of the types, statuses and people that any of them may refer to.
    pub(crate) shared: Vec<String>,
}

/// A project as a list of projects has it.
#[derive(Debug)]
pub(crate) struct PresentProject {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// Where documents are staged.
pub(crate) struct Stage<'a> {
    change: &'a Transaction,
    format: Format,
    /// The project they are of; none for the list of projects.
    project: Option<&'a Project>,
    /// What the client will show wrongly.
    pub(crate) warnings: Vec<String>,
}

impl<'a> Stage<'a> {
    pub(crate) fn of_site(change: &'a Transaction, layout: &dyn Layout) -> Self {
        Self {
            change,
            format: layout.format(),
            project: None,
            warnings: Vec::new(),
        }
    }

    pub(crate) fn of_project(
        change: &'a Transaction,
        layout: &dyn Layout,
        project: &'a Project,
    ) -> Self {
        Self {
            project: Some(project),
            ..Self::of_site(change, layout)
        }
    }

    /// The place of a document in the site.
    fn place(&self, name: &str) -> PathBuf {
        self.change.site().path(&self.path(self.document(name)))
    }

    /// What the site holds now of a document, if it is there.
    ///
    /// # Errors
    ///
    /// [`Error::Output`](crate::Error::Output) when it cannot be read.
    fn present(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let place = self.place(name);
        match fs::read(&place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            result => result.during("read", place).map(Some),
        }
    }

    fn document(&self, name: &str) -> &'static Document {
        let document = self.format.document(name);
        document.expect("layouts name rows of the table of documents")
    }

    fn path(&self, document: &Document) -> String {
        match self.project {
            Some(project) => document.path(&project.id),
            None => document.format.site_path(),
        }
    }

    /// Stages a document that is an object.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) when it would break the client, or a part of it.
    pub(crate) fn object(&mut self, name: &str, document: &impl Serialize) -> Result<()> {
        self.stage(name, &|out| write_object(out, document).map(|()| false))
    }

    /// Stages a document that is a list.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) when it would break the client, or a part of it.
    pub(crate) fn list<'b, T: Sync, D: Serialize + Conform>(
        &mut self,
        name: &str,
        elements: &'b [T],
        entry: impl Fn(&'b T) -> D + Sync,
    ) -> Result<()> {
        self.stage(name, &|out| write_plain(out, elements, &entry))
    }

    fn stage(
        &mut self,
        name: &str,
        write: &dyn Fn(&mut (dyn Write + Send)) -> io::Result<bool>,
    ) -> Result<()> {
        let document = self.document(name);
        let owner = self.project.map_or("the site", |it| &it.name);
        let path = self.path(document);
        let findings = documents::write_checked(self.change, document, &path, owner, write)?;
        self.warnings
            .extend(documents::warning(document, &findings));
        Ok(())
    }
}

/// What a person should know of shots beyond the end of a timeline.
fn beyond<'a>(
    shots: impl Iterator<Item = &'a Shot>,
    fps: FrameRate,
    total_frames: u64,
) -> Option<String> {
    let end = i64::try_from(total_frames).unwrap_or(i64::MAX);
    let (mut all, mut beyond, mut last) = (0_usize, 0_usize, 0);
    for shot in shots {
        let Some((start, out)) = shot.data.frame_in.zip(shot.data.frame_out) else {
            continue;
        };
        let shot_end = place::end_on_timeline(start, out.saturating_sub(start), shot.fps, fps);
        all += 1;
        beyond += usize::from(shot_end > end);
        last = last.max(shot_end);
    }
    (beyond > 0).then(|| {
        format!(
            "the timeline has {} and the last shot ends at {last}: the client draws \
             what is beyond off the end of the timeline ({beyond} of {all} shots)",
            counted(
                usize::try_from(total_frames).unwrap_or_default(),
                "frame",
                "frames"
            )
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_a_layout() {
        for format in Format::ALL {
            assert_eq!(of(*format).format(), *format);
        }
    }
}

//! The documents on disk, exactly as the web client reads them.
//!
//! [`DOCUMENTS`] names each one: renderer, validator, schema generator and documentation read that
//! table, so adding a document is one row. Every path in it is relative to the site root, the folder
//! that a web server serves.

pub mod v0;
pub mod v1;

mod field;

pub use field::PATTERN_END;

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use schemars::{Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::ProjectId;

/// A version of the export format. The web client that reads one does not read another.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Format {
    /// What the client of the stable Python package `watchtower-pipeline` 0.1.7 reads.
    V0,
    /// What the client of the pre-release 1.0.0b3 reads.
    V1,
}

impl Format {
    /// Every format.
    pub const ALL: &'static [Self] = &[Self::V0, Self::V1];

    /// The format's name, as in `--format` and in the folder of its schemas.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V0 => "v0",
            Self::V1 => "v1",
        }
    }

    /// The documents of this format.
    pub fn documents(self) -> impl Iterator<Item = &'static Document> {
        DOCUMENTS.iter().filter(move |it| it.format == self)
    }

    /// The path from the site root of the document that there is once for all projects, where the client
    /// starts to read.
    ///
    /// ```
    /// use watchtower_model::format::Format;
    ///
    /// assert_eq!(Format::V0.site_path(), "data/projects/context.json");
    /// assert_eq!(Format::V1.site_path(), "data/projects-list/index.json");
    /// ```
    pub fn site_path(self) -> String {
        let mut documents = self.documents();
        let list = documents.find(|it| it.scope == Scope::Site);
        let list = list.expect("every format has one, as a test makes sure");
        format!("{}/{}", list.folder, list.file_name())
    }

    /// The document with a name, as in `shots`.
    pub fn document(self, name: &str) -> Option<&'static Document> {
        self.documents().find(|it| it.name == name)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let mut all = Self::ALL.iter().copied();
        all.find(|format| format.name() == name)
            .ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// A name that no format has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no format `{}`: expected `v0` or `v1`", .0.escape_debug())]
pub struct UnknownFormat(String);

/// Where a document stands in a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Once, for all projects.
    Site,
    /// Once in each project's folder.
    Project,
}

/// Whether a document is one object or a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// One object.
    Object,
    /// A list of objects.
    List,
}

/// One kind of file in a site.
#[derive(Clone, Copy, Debug)]
pub struct Document {
    /// The format it belongs to.
    pub format: Format,
    /// Its name: the file's, without the extension.
    pub name: &'static str,
    /// The folder it stands in, from the site root, for a document of the site; for one of a
    /// project, the folder that holds the projects' folders.
    pub folder: &'static str,
    /// Once for the site, or once for each project.
    pub scope: Scope,
    /// An object, or a list of them.
    pub shape: Shape,
    /// What it holds, in a sentence.
    pub about: &'static str,
    pub(crate) root_schema: fn(SchemaGenerator) -> Schema,
    pub(crate) example: fn() -> serde_json::Value,
}

impl Document {
    /// The file's name.
    pub fn file_name(&self) -> String {
        format!("{}.json", self.name)
    }

    /// The document's name with its format, as in `v0/shots`.
    pub fn qualified_name(&self) -> String {
        format!("{}/{}", self.format, self.name)
    }

    /// The path from the site root: of the one document of the site, or of the one in a project's
    /// folder.
    pub fn path(&self, project: &ProjectId) -> String {
        match self.scope {
            Scope::Site => format!("{}/{}.json", self.folder, self.name),
            Scope::Project => format!("{}/{project}/{}.json", self.folder, self.name),
        }
    }
}

/// Two rows are the same document when format and name are.
impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        (self.format, self.name) == (other.format, other.name)
    }
}

impl Eq for Document {}

macro_rules! documents {
    ($($format:ident $scope:ident $shape:ident $name:literal $folder:literal: $type:ty, $item:ty, $about:literal;)*) => {
        /// Every document of every format.
        pub static DOCUMENTS: &[Document] = &[$(Document {
            format: Format::$format,
            name: $name,
            folder: $folder,
            scope: Scope::$scope,
            shape: Shape::$shape,
            about: $about,
            root_schema: |generator| generator.into_root_schema_for::<$type>(),
            example: || documents!(@example $shape $item),
        }),*];
    };
    (@example Object $item:ty) => { serde_json::json!(<$item>::example()) };
    (@example List $item:ty) => { serde_json::json!([<$item>::example()]) };
}

documents! {
    V0 Site Object "context" "data/projects": v0::Context<'_>, v0::Context<'_>,
        "What all projects share: types, statuses, people, and the list of projects.";
    V0 Project Object "project" "data/projects": v0::Project<'_>, v0::Project<'_>,
        "One project: its name, frame rate, team, and the types and statuses in use.";
    V0 Project Object "edit" "data/projects": v0::Edit<'_>, v0::Edit<'_>,
        "The movie that plays beside the timeline, and the length of the timeline.";
    V0 Project List "assets" "data/projects": Vec<v0::Asset<'_>>, v0::Asset<'_>,
        "The assets of a project, with their tasks.";
    V0 Project List "shots" "data/projects": Vec<v0::Shot<'_>>, v0::Shot<'_>,
        "The shots of a project, with their place on the timeline and their tasks.";
    V0 Project List "sequences" "data/projects": Vec<v0::Sequence<'_>>, v0::Sequence<'_>,
        "The sequences of a project, in the order of the story.";
    V0 Project List "casting" "data/projects": Vec<v0::Casting<'_>>, v0::Casting<'_>,
        "Which assets appear in which shot.";
    V1 Site Object "index" "data/projects-list": v1::Index<'_>, v1::Index<'_>,
        "The list of projects, with their episodes.";
    V1 Project Object "project" "data/projects": v1::Project<'_>, v1::Project<'_>,
        "One project: its name, frame rate, types, statuses, team and episodes.";
    V1 Project List "edits" "data/projects": Vec<v1::Edit<'_>>, v1::Edit<'_>,
        "The edits of a project, one movie each, and the length of each timeline.";
    V1 Project List "assets" "data/projects": Vec<v1::Asset<'_>>, v1::Asset<'_>,
        "The assets of a project, with their tasks.";
    V1 Project List "shots" "data/projects": Vec<v1::Shot<'_>>, v1::Shot<'_>,
        "The shots of a project, with their place on the timeline and their tasks.";
    V1 Project List "sequences" "data/projects": Vec<v1::Sequence<'_>>, v1::Sequence<'_>,
        "The sequences of a project, in the order of the story.";
    V1 Project List "casting" "data/projects": Vec<v1::Casting<'_>>, v1::Casting<'_>,
        "Which assets appear in which shot.";
    V1 Project List "task_counts" "data/projects": Vec<v1::TaskCounts<'_>>, v1::TaskCounts<'_>,
        "How many shots' tasks stood in which status, over time.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_stand_where_the_client_looks() {
        let project = ProjectId::new("p1").unwrap();
        let paths: Vec<_> = Format::V0.documents().map(|it| it.path(&project)).collect();
        assert_eq!(
            paths,
            [
                "data/projects/context.json",
                "data/projects/p1/project.json",
                "data/projects/p1/edit.json",
                "data/projects/p1/assets.json",
                "data/projects/p1/shots.json",
                "data/projects/p1/sequences.json",
                "data/projects/p1/casting.json",
            ]
        );
    }

    #[test]
    fn every_format_has_one_document_for_the_site() {
        for format in Format::ALL {
            let of_site = format.documents().filter(|it| it.scope == Scope::Site);
            assert_eq!(of_site.count(), 1, "{format}");
        }
    }

    #[test]
    fn formats_have_names() {
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(*format));
        }
        assert!("v7".parse::<Format>().is_err());
    }
}

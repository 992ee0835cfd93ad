//! The page that is shown without a web client.

use std::io::Read;

use maud::{DOCTYPE, Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use watchtower_model::format::{Document, Format, Scope};
use watchtower_writer::SiteFolder;

use crate::client::download;
use crate::own_name::own_name;

const STYLE: &str =
    "body { font: 16px/1.5 sans-serif; max-width: 48em; margin: 2em auto; padding: 0 1em; }
code { background: #8882; padding: .1em .3em; }";

/// As much of a list of projects as is shown. Both formats have it.
#[derive(Deserialize)]
struct List {
    projects: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    name: String,
}

/// The page: what is in the site, and how to get a client.
pub(super) fn of(site: &SiteFolder) -> String {
    let formats = site.formats();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "Watchtower site" }
                style { (STYLE) }
            }
            body {
                h1 { "Watchtower site" }
                p { "This site is in " code { (site.root().display()) } "." }
                @for format in &formats { (projects(site, *format)) }
                @if formats.is_empty() {
                    p { "Nothing has been exported to it yet." }
                } @else {
                    h2 { "To see it" }
                    p {
                        "There is no web client here. It is Blender Studio's, and comes in the wheel of "
                        "its Python package:"
                    }
                }
                @for format in &formats {
                    pre { code {
                        (download(*format)) "\n"
                        (own_name()) " serve " (site.root().display()) " --client watchtower_pipeline-*.whl"
                    } }
                }
            }
        }
    };
    page.into_string()
}

fn projects(site: &SiteFolder, format: Format) -> Markup {
    let path = format.site_path();
    let mut text = Vec::new();
    let read = site
        .open(&path)
        .and_then(|mut it| it.read_to_end(&mut text));
    let list = read
        .map_err(|error| error.to_string())
        .and_then(|_| serde_json::from_slice::<List>(&text).map_err(|error| error.to_string()));
    html! {
        h2 { "Format " (format) }
        p { a href={ "/" (path) } { (path) } }
        @match list {
            Ok(list) => ul {
                @for project in &list.projects { li { (project.name) ": " (documents(format, &project.id)) } }
            },
            Err(error) => p { "It cannot be read: " (error) },
        }
    }
}

/// Links to a project's documents.
fn documents(format: Format, project: &str) -> Markup {
    let folder = utf8_percent_encode(project, NON_ALPHANUMERIC);
    let of_project = |it: &&'static Document| it.scope == Scope::Project;
    html! {
        @for document in format.documents().filter(of_project) {
            a href={ "/" (document.folder) "/" (folder) "/" (document.file_name()) } { (document.name) }
            " "
        }
    }
}

//! Which places in `data/` are a format's. Everything else there is somebody's who put it there.

use std::path::Path;

use watchtower_model::format::{DOCUMENTS, Document, Scope};

/// The folder of pictures, wherever it is.
const PREVIEWS: &str = "previews";
/// The folder that holds a folder for each project.
const PROJECTS: &str = "projects";

/// Whether any format has a folder of this name in `data/`.
pub(crate) fn is_folder_of_a_format(below_data: &Path) -> bool {
    let of_document = |it: &Document| Path::new(it.folder).strip_prefix("data") == Ok(below_data);
    below_data == Path::new(PREVIEWS) || DOCUMENTS.iter().any(of_document)
}

/// Whether any format has a file at this path below `data/`, so that an export may remove it: a document, the
/// movie of an edit, or a picture whose name is a hash, as every exporter has named them.
pub(crate) fn is_file_of_a_format(below_data: &Path) -> bool {
    let names: Option<Vec<&str>> = below_data.iter().map(|it| it.to_str()).collect();
    match names.as_deref() {
        Some([PREVIEWS, start, name] | [_, PREVIEWS, start, name]) => is_hash(start, name),
        Some([PROJECTS, _, PREVIEWS, start, name]) => is_hash(start, name),
        Some([PROJECTS, _, name]) => is_document(name, Scope::Project) || is_movie(name),
        Some([folder, name]) => {
            is_folder_of_a_format(Path::new(folder)) && is_document(name, Scope::Site)
        }
        _ => false,
    }
}

fn is_document(name: &str, scope: Scope) -> bool {
    let mut documents = DOCUMENTS.iter().filter(|it| it.scope == scope);
    documents.any(|it| it.file_name() == name)
}

fn is_movie(name: &str) -> bool {
    let stem = name.strip_suffix(".mp4");
    stem.is_some_and(|it| it == "edit" || it.starts_with("edit-"))
}

/// Whether a picture is named by a hash, or by a UUID, in a folder that is named by the start of that.
fn is_hash(folder: &str, name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let is_hex = |it: char| it.is_ascii_hexdigit() || it == '-';
    folder.len() == 2 && stem.len() > 8 && stem.starts_with(folder) && stem.chars().all(is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_a_format_is_known_and_no_other_is() {
        for path in [
            "projects/context.json",
            "projects-list/index.json",
            "projects/film/shots.json",
            "projects/film/task_counts.json",
            "projects/film/edit.mp4",
            "projects/film/edit-1234.mp4",
            "previews/0a/0a1b2c3d4e5f60718293a4b5c6d7e8f9.png",
            "projects/film/previews/0a/0a1b2c3d4e5f60718293a4b5c6d7e8f9.svg",
            "projects-list/previews/0a/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9.jpg",
        ] {
            assert!(is_file_of_a_format(Path::new(path)), "{path}");
        }
        for path in [
            "notes.txt",
            "robots/notes.txt",
            "projects/notes.txt",
            "projects/shots.json",
            "projects/film/notes.txt",
            "projects/film/context.json",
            "projects/film/trailer.mp4",
            "projects/film/sources/shots.json",
            "previews/logo.png",
            "previews/lo/logo.png",
            "previews/fa/facade.png",
            "projects-list/logo.svg",
        ] {
            assert!(!is_file_of_a_format(Path::new(path)), "{path}");
        }
        for folder in ["previews", "projects", "projects-list"] {
            assert!(is_folder_of_a_format(Path::new(folder)), "{folder}");
        }
        assert!(!is_folder_of_a_format(Path::new("robots")));
    }
}

//! Pictures in a folder, found by the names of shots and assets.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::names::words;

/// What a picture's file may end with.
const EXTENSIONS: [&str; 6] = ["png", "jpg", "jpeg", "webp", "gif", "avif"];

/// How deep folders are looked through.
const DEPTH: usize = 8;

/// The pictures of a folder and those below it.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    /// By the words of their path, joined by `_`.
    files: BTreeMap<String, File>,
    pub notes: Vec<String>,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    is_used: bool,
    /// Whether several things have its name.
    is_ambiguous: bool,
}

impl Pictures {
    /// Looks through a folder.
    pub(super) fn in_folder(folder: &Path) -> io::Result<Self> {
        let mut pictures = Self::default();
        pictures.look(folder, &mut Vec::new())?;
        Ok(pictures)
    }

    fn look(&mut self, folder: &Path, names: &mut Vec<String>) -> io::Result<()> {
        let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            if name.starts_with('.') {
                continue;
            }
            if path.is_dir() {
                if names.len() < DEPTH {
                    names.push(entry.file_name().to_string_lossy().into_owned());
                    self.look(&path, names)?;
                    names.pop();
                }
                continue;
            }
            let extension = path.extension().unwrap_or_default().to_string_lossy();
            if !EXTENSIONS.contains(&&*extension.to_lowercase()) {
                continue;
            }
            let whole = words(names.iter().map(String::as_str).chain([&*name]));
            if let Some(other) = self.files.get(&whole) {
                self.notes.push(format!(
                    "the pictures {} and {} have the same name: the first is used",
                    other.path.display(),
                    path.display()
                ));
                continue;
            }
            let file = File {
                path,
                is_used: false,
                is_ambiguous: false,
            };
            self.files.insert(whole, file);
        }
        Ok(())
    }

    /// The picture that is named by the first of these lists of names, with any of the prefixes.
    pub(super) fn find(&mut self, prefixes: &[&[&str]], names: &[&[&str]]) -> Option<PathBuf> {
        for names in names {
            for prefix in prefixes {
                let name = words(prefix.iter().chain(*names).copied());
                if let Some(file) = self.files.get_mut(&name) {
                    file.is_used = true;
                    return Some(file.path.clone());
                }
            }
        }
        None
    }

    /// Takes down that several things have a name, so that a picture of that name is of none.
    pub(super) fn set_ambiguous(&mut self, names: &[&str]) {
        if let Some(file) = self.files.get_mut(&words(names.iter().copied())) {
            file.is_ambiguous = true;
        }
    }

    /// The pictures that nothing was found for: those with the name of several things, or those of none.
    pub(super) fn unused(&self, is_ambiguous: bool) -> Vec<&Path> {
        let unused = self.files.values().filter(|it| !it.is_used);
        let unused = unused.filter(|it| it.is_ambiguous == is_ambiguous);
        unused.map(|it| &*it.path).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_found_by_the_words_of_their_path() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("shots/010")).unwrap();
        for file in [
            "shots/010/0010.png",
            "010_0020.JPG",
            "Asset 001.png",
            "notes.txt",
            "asset-001.png",
            "lost.webp",
        ] {
            fs::write(folder.path().join(file), "").unwrap();
        }
        let mut pictures = Pictures::in_folder(folder.path()).unwrap();
        let name = |it: Option<PathBuf>| it.map(|it| it.file_name().unwrap().to_owned());
        assert_eq!(
            name(pictures.find(&[&[], &["shots"]], &[&["010", "0010"]])),
            Some("0010.png".into())
        );
        assert_eq!(
            name(pictures.find(&[&[]], &[&["010", "0020"]])),
            Some("010_0020.JPG".into())
        );
        assert_eq!(
            name(pictures.find(&[&[]], &[&["Asset 001"]])),
            Some("Asset 001.png".into())
        );
        assert_eq!(pictures.find(&[&[]], &[&["010", "0030"]]), None);
        assert_eq!(pictures.notes.len(), 1, "{:?}", pictures.notes);
        assert_eq!(pictures.unused(false), [folder.path().join("lost.webp")]);
    }
}

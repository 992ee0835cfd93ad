//! A site of one format, to be written in the other: a site is one more tracker.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use async_trait::async_trait;
use futures_util::StreamExt;
use watchtower_connector::{
    Account, Capability, Description, Error, ErrorKind, Media, MediaRequest, OpenedMedia, Result,
    Tracker,
};
use watchtower_model::format::Format;
use watchtower_model::{MediaLocation, Project, ProjectList, ProjectSnapshot};
use watchtower_writer::SiteFolder;
use watchtower_writer::media::{self, MediaError, MediaSource, Opened};
use watchtower_writer::read::Contents;

/// A site that was read, as a tracker.
pub(crate) struct SiteTracker {
    path: PathBuf,
    contents: Contents,
}

impl SiteTracker {
    pub(crate) fn new(path: impl Into<PathBuf>, contents: Contents) -> Self {
        Self {
            path: path.into(),
            contents,
        }
    }

    pub(crate) fn contents(&self) -> &Contents {
        &self.contents
    }
}

#[async_trait]
impl Tracker for SiteTracker {
    fn describe(&self) -> Description {
        Description {
            name: "site".to_owned(),
            about: "A site that was exported before".to_owned(),
            location: Some(self.path.display().to_string()),
            // It is read once.
            capabilities: Capability::ALL
                .iter()
                .copied()
                .filter(|it| *it != Capability::Changes)
                .collect(),
        }
    }

    async fn check(&self) -> Result<Account> {
        Ok(Account {
            user: None,
            server: Some(format!("a site of format {}", self.contents.format)),
        })
    }

    async fn project_list(&self) -> Result<ProjectList> {
        Ok(self.contents.list.clone())
    }

    async fn project(&self, project: &Project, _: &ProjectList) -> Result<ProjectSnapshot> {
        let mut projects = self.contents.projects.iter();
        let found = projects.find(|it| it.project.id == project.id).cloned();
        found.ok_or_else(|| {
            let operation = format!("read {}", project.name);
            Error::new(ErrorKind::NotFound, operation, "the site does not list it")
        })
    }

    async fn open_media(&self, request: MediaRequest<'_>) -> Result<OpenedMedia> {
        if !matches!(request.media.location, MediaLocation::Key(_)) {
            let message = "it is not a file of the site";
            return Err(Error::new(ErrorKind::Unsupported, "copy it", message));
        }
        let error = |error: MediaError| {
            let kind = match error.transient {
                true => ErrorKind::Unavailable,
                false => ErrorKind::NotFound,
            };
            Error::new(kind, "copy it", error.message)
        };
        let request = media::MediaRequest {
            media: request.media,
            known: request.known,
            offset: request.offset,
        };
        match self.contents.media.open(request).await.map_err(error)? {
            Opened::Unchanged => Ok(OpenedMedia::Unchanged),
            Opened::Stream(stream) => Ok(OpenedMedia::Stream(Media {
                bytes: stream.bytes.map(move |it| it.map_err(error)).boxed(),
                length: stream.length,
                offset: stream.offset,
                content_type: None,
                tag: stream.tag,
            })),
        }
    }
}

/// A folder that a site cannot be converted to.
#[derive(Debug, thiserror::Error)]
#[error("`{}` is not a place for the new site: {reason}", .path.display())]
pub(crate) struct NoPlace {
    path: PathBuf,
    reason: &'static str,
}

impl NoPlace {
    pub(crate) const HELP: &str = "`--output` takes a folder that is not there, empty, or a site of the new format, apart from the old site";
}

/// Checks that a folder is a place for the new site: apart from the old one, and new, empty or a site
/// of its format itself.
///
/// # Errors
///
/// [`NoPlace`] says why it is not.
pub(crate) fn check_place(
    site: &Path,
    output: &Path,
    to: Format,
) -> std::result::Result<(), NoPlace> {
    let refuse = |reason| {
        Err(NoPlace {
            path: output.to_owned(),
            reason,
        })
    };
    let (old, new) = (resolved(site), resolved(output));
    if new == old {
        return refuse("it is the old site, which stays as it is");
    }
    if new.starts_with(&old) || old.starts_with(&new) {
        return refuse("it and the old site must be apart, and neither in the other");
    }
    let mut entries = match fs::read_dir(output) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(_) if output.is_file() => return refuse("it is a file"),
        Err(_) => return refuse("it cannot be looked into"),
        Ok(entries) => entries,
    };
    if SiteFolder::new(output).formats().iter().any(|it| *it != to) {
        return refuse("it holds a site of another format, which would be lost");
    }
    let is_site = ["data", ".watchtower"]
        .iter()
        .any(|it| output.join(it).is_dir());
    match is_site || entries.next().is_none() {
        true => Ok(()),
        false => refuse("it holds something else than a site"),
    }
}

/// A path without links and steps up, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut resolved = PathBuf::new();
    for step in path.components() {
        match step {
            Component::ParentDir => {
                resolved.pop();
            }
            step => resolved.push(step),
        }
        if let Ok(real) = fs::canonicalize(&resolved) {
            resolved = real;
        }
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;

    use watchtower_connector::conformance::{Scenario, run};
    use watchtower_writer::read;

    #[tokio::test]
    async fn a_site_is_a_tracker_like_any_other() {
        let fixtures = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../watchtower-writer/tests/fixtures"
        );
        for film in ["film-v0", "film-v1"] {
            let site = Path::new(fixtures).join(film);
            let make = || -> Result<Box<dyn Tracker>> {
                Ok(Box::new(SiteTracker::new(
                    &site,
                    read::site(&site, None).unwrap(),
                )))
            };
            let report = run(make, &Scenario::default()).await;
            report.assert_conforms_but(&[
                // There is no server, no traffic, and every answer is there at once.
                "refused",
                "unreachable",
                "another-server",
                "no-secrets",
                "describe-offline",
                "traffic",
                "changes-first",
                "changes-foreign",
                "changes-told",
                // The bytes of a file say what it is, and any file may be replaced.
                "media-type",
                "media-same",
                "cancel-ends",
                "cancel-harmless",
            ]);
        }
    }

    #[test]
    fn the_new_site_is_apart_from_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        for path in ["old/data", "site/data", "other", "empty"] {
            fs::create_dir_all(at(path)).unwrap();
        }
        fs::write(at("other/thesis.txt"), "").unwrap();
        fs::create_dir_all(at("v0/data/projects")).unwrap();
        fs::write(at("v0/data/projects/context.json"), "{}").unwrap();
        fs::write(at("file"), "").unwrap();
        // Few accounts may make links elsewhere.
        #[cfg(unix)]
        std::os::unix::fs::symlink(at("old"), at("link")).unwrap();
        let reason = |output: &str| {
            let place = check_place(&at("old"), &at(output), Format::V1);
            place.err().map_or("", |it| it.reason)
        };
        for fine in ["new", "deep/new", "site", "empty", "old-v1", "old/../new"] {
            assert_eq!(reason(fine), "", "{fine}");
        }
        let same = "it is the old site, which stays as it is";
        let linked = |it: &&str| cfg!(unix) || !it.starts_with("link");
        for output in ["old", "link", "other/../old", "new/../old"]
            .into_iter()
            .filter(linked)
        {
            assert_eq!(reason(output), same, "{output}");
        }
        let apart = "it and the old site must be apart, and neither in the other";
        for output in ["old/new", "link/data", "."].into_iter().filter(linked) {
            assert_eq!(reason(output), apart, "{output}");
        }
        assert_eq!(reason("other"), "it holds something else than a site");
        assert_eq!(reason("file"), "it is a file");
        let other = "it holds a site of another format, which would be lost";
        assert_eq!(reason("v0"), other);
    }
}

//! The pictures and movies of a site that is read.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use percent_encoding::percent_decode_str;
use watchtower_model::{MediaLocation, MediaRef};

use crate::SiteFolder;
use crate::media::{MediaError, MediaRequest, MediaSource, Opened, ReferenceForm};
use crate::validate::{Role, Target, target};

/// The files of a site, as they were when it was opened: an export that lands meanwhile puts others in
/// their place.
///
/// Nothing outside of the site is opened, be it by `..` or by a symbolic link.
#[derive(Debug)]
pub struct SiteMedia {
    path: PathBuf,
    root: Dir,
    data: Dir,
}

/// What a picture or movie is referred to by.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// What the site says leads there.
    There(MediaRef),
    /// It does not, and this does.
    Mended(MediaRef),
    /// It leads nowhere: why.
    Nowhere(String),
}

impl SiteMedia {
    pub(super) fn open(folder: &SiteFolder) -> io::Result<Self> {
        Ok(Self {
            path: folder.root().to_owned(),
            root: Dir::open_ambient_dir(folder.root(), ambient_authority())?,
            data: folder.open_data()?,
        })
    }

    /// The site's folder.
    pub(super) fn root(&self) -> &Path {
        &self.path
    }

    /// Opens a file by its path from the site root.
    pub(super) fn open_file(&self, path: &str) -> io::Result<File> {
        match Path::new(path).strip_prefix("data") {
            Ok(path) => SiteFolder::open_in(&self.data, path),
            Err(_) => SiteFolder::open_in(&self.root, Path::new(path)),
        }
    }

    /// The folders in a folder of `data`, by name and in order. One that cannot be listed has none.
    pub(super) fn folders(&self, folder: &str) -> Vec<String> {
        let entries = self.data.read_dir(folder).into_iter().flatten().flatten();
        let folders = entries.filter(|it| it.file_type().is_ok_and(|it| it.is_dir()));
        let mut names: Vec<_> = folders
            .filter_map(|it| it.file_name().into_string().ok())
            .collect();
        names.sort_unstable();
        names
    }

    /// Where a path or address leads that a document of the site says.
    pub(super) fn address(&self, role: Role, path: &str) -> Address {
        match target(role, path) {
            Target::File(file) if self.is_of_the_site(file) => {
                let file = percent_decode_str(file).decode_utf8_lossy();
                // Another file may stand there tomorrow.
                Address::There(MediaRef::key(file).changing())
            }
            // The server has it beside the site.
            Target::File(_) => Address::There(MediaRef::url(path)),
            Target::Elsewhere if role == Role::PlainPicture => self.listed(path),
            Target::Elsewhere => Address::There(MediaRef::url(path)),
            Target::Wrong(flaw) => match ReferenceForm::ProtocolRelative.apply(path) {
                Some(address) => Address::Mended(MediaRef::url(address)),
                None => Address::Nowhere(flaw.about(path)),
            },
        }
    }

    /// An address from the list of projects, to which the client adds no slash: as those are to which
    /// it does.
    fn listed(&self, path: &str) -> Address {
        match path.strip_prefix('/') {
            None => Address::There(MediaRef::url(path)),
            Some(host) if host.starts_with('/') => Address::There(MediaRef::url(host)),
            Some(path) => self.address(Role::Picture, path),
        }
    }

    /// Whether a path is the site's to answer. One whose first folder it does not have is the
    /// server's: a proxy may have the tracker beside the site.
    fn is_of_the_site(&self, path: &str) -> bool {
        match path.split_once('/') {
            Some((first, _)) => self.root.metadata(first).is_ok_and(|it| it.is_dir()),
            None => true,
        }
    }
}

#[async_trait]
impl MediaSource for SiteMedia {
    fn name(&self) -> String {
        format!("site {}", self.path.display())
    }

    async fn open(&self, request: MediaRequest<'_>) -> Result<Opened, MediaError> {
        let MediaLocation::Key(path) = &request.media.location else {
            return Err(MediaError::permanent("it is not in the site"));
        };
        // Who mends a permission gets it the next time.
        let unreadable = |error| MediaError::transient(format!("it cannot be read: {error}"));
        let file = self.open_file(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => MediaError::permanent("the site does not have it"),
            _ => unreadable(error),
        })?;
        Opened::file(file, request.known).map_err(unreadable)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn site() -> (tempfile::TempDir, SiteMedia) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("site");
        fs::create_dir_all(root.join("data/previews")).unwrap();
        fs::create_dir_all(root.join("static")).unwrap();
        for path in ["data/previews/a b.png", "static/x.gif"] {
            fs::write(root.join(path), path).unwrap();
        }
        let media = SiteMedia::open(&SiteFolder::new(root)).unwrap();
        (folder, media)
    }

    #[test]
    fn addresses_lead_to_the_site_or_elsewhere() {
        let (_folder, media) = site();
        let site = |path: &str| Address::There(MediaRef::key(path).changing());
        let url = |path: &str| Address::There(MediaRef::url(path));
        let shown = |path| media.address(Role::Picture, path);
        assert_eq!(
            shown("data/previews/a%20b.png?v=1"),
            site("data/previews/a b.png")
        );
        assert_eq!(shown("static/x.gif"), site("static/x.gif"));
        assert_eq!(shown("api/pictures/1.png"), url("api/pictures/1.png"));
        assert_eq!(shown("/kitsu.example/1.png"), url("/kitsu.example/1.png"));
        let mended = Address::Mended(MediaRef::url("/kitsu.example/1.png"));
        assert_eq!(shown("https://kitsu.example/1.png"), mended);
        for nowhere in [
            "",
            "/data/x.png",
            "data/../../x.png",
            "data:image/png;base64,AA",
        ] {
            assert!(matches!(shown(nowhere), Address::Nowhere(_)), "{nowhere}");
        }
        let listed = |path| media.address(Role::PlainPicture, path);
        assert_eq!(listed("//kitsu.example/1.png"), url("/kitsu.example/1.png"));
        assert_eq!(listed("http://kitsu/1.png"), url("http://kitsu/1.png"));
        assert_eq!(listed("/static/x.gif"), site("static/x.gif"));
        assert_eq!(listed("/proxied/x.gif"), url("proxied/x.gif"));
    }

    #[cfg(unix)] // A folder with an open file is not moved elsewhere.
    #[test]
    fn an_export_that_lands_meanwhile_does_not_mix_in() {
        let (_folder, media) = site();
        let data = media.root().join("data");
        fs::create_dir(media.root().join(".watchtower")).unwrap();
        fs::rename(&data, media.root().join(".watchtower/previous")).unwrap();
        fs::create_dir(&data).unwrap();
        fs::write(data.join("new.png"), "").unwrap();
        assert!(media.open_file("data/previews/a b.png").is_ok());
        assert!(media.open_file("data/new.png").is_err());
    }

    #[tokio::test]
    async fn only_files_of_the_site_are_opened() {
        let (folder, media) = site();
        let secret = folder.path().join("secret.png");
        fs::write(&secret, "x").unwrap();
        #[cfg(unix)] // Few accounts may make links elsewhere.
        std::os::unix::fs::symlink(&secret, media.root().join("data/link.png")).unwrap();
        let open = async |location: MediaRef| {
            let request = MediaRequest {
                media: &location,
                known: None,
                offset: 0,
            };
            media.open(request).await.is_ok()
        };
        assert!(open(MediaRef::key("data/previews/a b.png")).await);
        assert!(open(MediaRef::key("static/x.gif")).await);
        for path in [
            "data/link.png",
            "data/../../secret.png",
            "../secret.png",
            "static/../../secret.png",
            "data/gone.png",
            "data",
        ] {
            assert!(!open(MediaRef::key(path)).await, "{path}");
        }
        assert!(!open(MediaRef::file(secret)).await);
    }
}

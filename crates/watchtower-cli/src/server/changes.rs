//! Notices that the site changed, whoever changed it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cap_std::fs::Dir;
use tokio::sync::watch;

use super::Served;
use watchtower_writer::SiteFolder;

/// How often the site is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// A tag that is another when the site's documents or movies are, or there is a client by now.
///
/// The site is looked at, rather than its file system asked to tell: that works where it is mounted
/// from elsewhere. An export is one step, but others write one file after the other, so the tag follows
/// when two looks agree.
pub(super) fn of(served: Arc<Served>) -> watch::Receiver<String> {
    let (sender, receiver) = watch::channel(served_tag(&served));
    tokio::spawn(async move {
        let mut before = sender.borrow().clone();
        while !sender.is_closed() {
            tokio::time::sleep(LOOK).await;
            let served = Arc::clone(&served);
            let Ok(now) = tokio::task::spawn_blocking(move || served_tag(&served)).await else {
                continue;
            };
            sender.send_if_modified(|told| {
                let settled = now == before && *told != now;
                if settled {
                    told.clone_from(&now);
                }
                settled
            });
            before = now;
        }
    });
    receiver
}

fn served_tag(served: &Served) -> String {
    let tag = tag(&served.site);
    match served.client.get() {
        Some(client) => format!("{tag}-{}", client.format()),
        None => tag,
    }
}

/// A tag of the documents and movies as they are now: their names, sizes and times. Pictures are not
/// looked at: their names say what they are, and documents name them.
fn tag(site: &SiteFolder) -> String {
    let mut files = Vec::new();
    // A site that is not there has a tag as well.
    if let Ok(data) = site.open_data() {
        for folder in ["projects-list", "projects"] {
            let _ = list(&data, Path::new(folder), 2, &mut files);
        }
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// The files of a folder and of so many levels of folders below.
fn list(
    data: &Dir,
    folder: &Path,
    levels: usize,
    files: &mut Vec<(PathBuf, u64, Option<SystemTime>)>,
) -> io::Result<()> {
    for entry in data.read_dir(folder)? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        let metadata = entry.metadata()?;
        if metadata.is_dir() && levels > 1 {
            list(data, &path, levels - 1, files)?;
        } else if metadata.is_file() {
            let time = metadata.modified().ok().map(|it| it.into_std());
            files.push((path, metadata.len(), time));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_tag_follows_documents_and_not_pictures() {
        let folder = tempfile::tempdir().unwrap();
        let site = SiteFolder::new(folder.path());
        let nothing = tag(&site);
        let write = |path: &str, text: &str| {
            let path = folder.path().join("data/projects").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("film/shots.json", "[]");
        let first = tag(&site);
        assert_ne!(first, nothing);
        write("film/previews/a.png", "x");
        assert_eq!(tag(&site), first);
        write("film/shots.json", "[ ]");
        assert_ne!(tag(&site), first);
    }
}

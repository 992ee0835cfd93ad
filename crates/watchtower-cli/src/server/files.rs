//! The files of a site and its client, as `ServeDir` wants them.

use std::io::{self, Cursor};
use std::path::{Component, Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use axum::http::{Extensions, HeaderMap, StatusCode, Version, header};
use bytes::Bytes;
use futures_util::future::{BoxFuture, Ready, ready};
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tokio_util::either::Either;
use tower_http::services::fs::{Backend, File, Metadata};

use super::Served;
use crate::client::DATA;

/// The files that are served: `data/` is the site's, everything else the client's.
#[derive(Clone, Debug)]
pub(super) struct Files {
    served: Arc<Served>,
    /// The time of the client's files.
    since: SystemTime,
}

impl Files {
    pub(super) fn new(served: Arc<Served>) -> Self {
        let since = SystemTime::now();
        Self { served, since }
    }

    fn open(&self, path: &Path) -> io::Result<(Either<std::fs::File, Bytes>, About)> {
        let not_found = || io::Error::from(io::ErrorKind::NotFound);
        // `ServeDir` starts from a folder, which is the current one here.
        let path = path.strip_prefix(".").unwrap_or(path);
        let names = path.components().map(|it| match it {
            Component::Normal(name) => name.to_str(),
            _ => None,
        });
        let names = names.collect::<Option<Vec<_>>>().ok_or_else(not_found)?;
        // Nothing hidden is anybody's business.
        if names.iter().any(|it| it.starts_with('.')) {
            return Err(not_found());
        }
        let path = names.join("/");
        if names.first() == Some(&DATA) {
            let file = self.served.site.open(&path)?;
            let metadata = file.metadata()?;
            let about = About {
                length: metadata.len(),
                modified: metadata.modified()?,
            };
            return Ok((Either::Left(file), about));
        }
        let file = self.served.client.get().and_then(|it| it.file(&path));
        let bytes = file.ok_or_else(not_found)?.clone();
        let about = About {
            length: bytes.len() as u64,
            modified: self.since,
        };
        Ok((Either::Right(bytes), about))
    }

    /// Opening may wait for the disk.
    async fn open_elsewhere(
        self,
        path: PathBuf,
    ) -> io::Result<(Either<std::fs::File, Bytes>, About)> {
        let opened = tokio::task::spawn_blocking(move || self.open(&path));
        opened.await.map_err(io::Error::from)?
    }
}

impl Backend for Files {
    type File = OpenedFile;
    type Metadata = About;
    type OpenFuture = BoxFuture<'static, io::Result<OpenedFile>>;
    type MetadataFuture = BoxFuture<'static, io::Result<About>>;

    fn open(&self, path: PathBuf) -> Self::OpenFuture {
        let files = self.clone();
        Box::pin(async move {
            let (file, about) = files.open_elsewhere(path).await?;
            let bytes = match file {
                Either::Left(file) => Either::Left(tokio::fs::File::from_std(file)),
                Either::Right(bytes) => Either::Right(Cursor::new(bytes)),
            };
            Ok(OpenedFile { bytes, about })
        })
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        let files = self.clone();
        Box::pin(async move { Ok(files.open_elsewhere(path).await?.1) })
    }
}

/// The length in bytes and the time of a file. There are no folders to be asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct About {
    length: u64,
    modified: SystemTime,
}

impl Metadata for About {
    fn is_dir(&self) -> bool {
        false
    }

    fn modified(&self) -> io::Result<SystemTime> {
        Ok(self.modified)
    }

    fn len(&self) -> u64 {
        self.length
    }
}

/// A file of the site on the disk, or of the client in memory.
pub(super) struct OpenedFile {
    bytes: Either<tokio::fs::File, Cursor<Bytes>>,
    about: About,
}

impl File for OpenedFile {
    type Metadata = About;
    type MetadataFuture<'a> = Ready<io::Result<About>>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        ready(Ok(self.about))
    }
}

impl AsyncRead for OpenedFile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.bytes).poll_read(context, buffer)
    }
}

impl AsyncSeek for OpenedFile {
    fn start_seek(mut self: Pin<&mut Self>, position: io::SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.bytes).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.bytes).poll_complete(context)
    }
}

/// Whether an answer gets smaller by compression. Pictures and movies do not, and events must not wait
/// for more to come.
pub(super) fn is_text(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|it| it.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    matches!(
        kind,
        "application/json" | "text/javascript" | "text/css" | "text/html" | "image/svg+xml"
    )
}

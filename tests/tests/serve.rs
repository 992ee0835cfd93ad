//! `watchtower serve` while exports land: every answer is whole and of one export, and none fails.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::header::{ETAG, IF_NONE_MATCH, IF_RANGE, RANGE};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use watchtower_tests::{Serving, export_marked};

const CLIENTS: usize = 200;
const EXPORTS: u64 = 15;
/// Longer than any answer takes on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// A mark with one digit only, so that a text that is put together from two shows it; all have the
/// same length, so that no length tells.
fn mark(export: u64) -> u64 {
    1_111_111 * (1 + export % 9)
}

fn export(site: &Path, number: u64) {
    let mut command = export_marked(env!("CARGO_BIN_EXE_marked"), site, mark(number));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// Demands that a text carries one mark, and that none of it is cut.
fn of_one_export(text: &str) {
    let marks: BTreeSet<&str> = text
        .match_indices("mark ")
        .map(|(at, name)| {
            let rest = &text[at + name.len()..];
            rest.split_once(';').expect("a whole mark").0
        })
        .collect();
    assert_eq!(marks.len(), 1, "{marks:?}");
    let digits: BTreeSet<char> = marks.first().unwrap().chars().collect();
    assert_eq!(digits.len(), 1, "{marks:?}");
}

/// The site as its readers ask for it.
#[derive(Clone)]
struct Reader {
    http: Client,
    url: String,
    project: String,
}

impl Reader {
    fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}data/projects/{path}", self.url))
    }

    async fn of_project(&self, file: &str) -> Response {
        let path = format!("{}/{file}", self.project);
        self.get(&path).send().await.unwrap()
    }

    /// A document, and again if it is another by now.
    async fn document(&self, path: &str) {
        let answer = self.get(path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let tag = answer.headers()[ETAG].clone();
        let text = answer.text().await.unwrap();
        of_one_export(&text);
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
        let again = self.get(path).header(IF_NONE_MATCH, tag);
        let again = again.send().await.unwrap();
        if again.status() != StatusCode::NOT_MODIFIED {
            assert_eq!(again.status(), StatusCode::OK, "{path}");
            of_one_export(&again.text().await.unwrap());
        }
    }

    /// The movie in two parts, as a player asks for it. They meet within the mark.
    async fn movie(&self) {
        let path = format!("{}/edit.mp4", self.project);
        let length = self.of_project("edit.mp4").await.content_length().unwrap();
        let middle = length - 4;
        let part = |range: String| self.get(&path).header(RANGE, range);
        let first = part(format!("bytes=0-{}", middle - 1))
            .send()
            .await
            .unwrap();
        assert_eq!(first.status(), StatusCode::PARTIAL_CONTENT);
        let tag = first.headers()[ETAG].clone();
        let mut movie = first.bytes().await.unwrap().to_vec();
        let second = part(format!("bytes={middle}-")).header(IF_RANGE, tag);
        let second = second.send().await.unwrap();
        match second.status() {
            StatusCode::PARTIAL_CONTENT => {}
            // It is another movie by now: all of that.
            StatusCode::OK => movie.clear(),
            status => panic!("{status}"),
        }
        movie.extend(second.bytes().await.unwrap());
        assert_eq!(movie.len() as u64, length);
        of_one_export(&String::from_utf8_lossy(&movie));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_mixed_and_none_fails_while_exports_land() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    export(&site, 0);
    let projects = fs::read_dir(site.join("data/projects")).unwrap();
    let mut projects = projects.map(|it| it.unwrap().path());
    let project = projects.find(|it| it.is_dir()).unwrap();
    let server = Serving::start(&site, &[]);
    let reader = Reader {
        http: Client::builder().timeout(PATIENCE).build().unwrap(),
        url: server.url.clone(),
        project: project.file_name().unwrap().to_str().unwrap().to_owned(),
    };
    let (done, rounds) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (reader, done, rounds) = (reader.clone(), Arc::clone(&done), Arc::clone(&rounds));
            tokio::spawn(async move {
                let documents = [
                    "project.json",
                    "shots.json",
                    "sequences.json",
                    "assets.json",
                ];
                let file = documents[number % documents.len()];
                let document = format!("{}/{file}", reader.project);
                loop {
                    match number % 3 {
                        0 => reader.movie().await,
                        1 => reader.document("context.json").await,
                        _ => reader.document(&document).await,
                    }
                    rounds.fetch_add(1, Ordering::Relaxed);
                    if done.load(Ordering::Relaxed) {
                        break;
                    }
                }
            })
        })
        .collect();
    let exports = tokio::task::spawn_blocking(move || {
        for number in 1..=EXPORTS {
            export(&site, number);
        }
    });
    exports.await.unwrap();
    done.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    let rounds = rounds.load(Ordering::Relaxed);
    assert!(
        rounds >= 2 * CLIENTS,
        "each client asked once more: {rounds}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_fails_while_two_renames_stand_for_one_step() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    export(&site, 0);
    let server = Serving::start(&site, &[]);
    let reader = Reader {
        http: Client::builder().timeout(PATIENCE).build().unwrap(),
        url: server.url.clone(),
        project: String::new(),
    };
    let done = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..20)
        .map(|_| {
            let (reader, done) = (reader.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    reader.document("context.json").await;
                }
            })
        })
        .collect();
    let steps = tokio::task::spawn_blocking(move || {
        let (data, aside) = (site.join("data"), site.join(".watchtower/aside"));
        for _ in 0..100 {
            fs::rename(&data, &aside).unwrap();
            std::thread::sleep(Duration::from_millis(5));
            fs::rename(&aside, &data).unwrap();
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    steps.await.unwrap();
    done.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
}

//! A server that says exactly what it is told to, down to the last byte, however wrong.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What to do with one connection.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// Break it without reading the request.
    Reset,
    /// Send these bytes at once, whatever comes, until the other side closes.
    Unasked(Vec<u8>),
    /// Read the request, send these bytes and close.
    Bytes(Vec<u8>),
    /// Read the request, send these bytes, and nothing more for as long as the other side stays.
    ThenSilence(Vec<u8>),
    /// Read the request, send these bytes, then a byte now and then without end.
    ThenDrip(Vec<u8>),
}

impl Answer {
    /// 200 with a body, and the length it claims to have.
    pub(crate) fn ok(body: &str, length: usize) -> Self {
        Self::Bytes(head(body, length))
    }
}

/// The bytes of a 200 with a body, and the length it claims to have.
pub(crate) fn head(body: &str, length: usize) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A server on 127.0.0.1 that gives one answer to each connection, the last one to all that follow.
pub(crate) struct Script {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
    most_at_once: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Script {
    pub(crate) async fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let now = Arc::new(AtomicUsize::new(0));
        let most_at_once = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn({
            let (requests, most) = (Arc::clone(&requests), Arc::clone(&most_at_once));
            async move {
                let mut answers = answers.into_iter().peekable();
                while let Ok((stream, _)) = listener.accept().await {
                    let last = answers.peek().cloned().unwrap();
                    let answer = answers.next().unwrap();
                    if answers.peek().is_none() {
                        answers = vec![last].into_iter().peekable();
                    }
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let (now, requests) = (Arc::clone(&now), Arc::clone(&requests));
                    tokio::spawn(async move {
                        // The other side may go at any time.
                        let _ = give(answer, stream, &requests).await;
                        now.fetch_sub(1, Ordering::SeqCst);
                    });
                }
            }
        });
        Self {
            url,
            requests,
            most_at_once,
            task,
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The heads of the requests so far, in lower case.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// The most connections there were at a time.
    pub(crate) fn most_at_once(&self) -> usize {
        self.most_at_once.load(Ordering::SeqCst)
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn give(
    answer: Answer,
    mut stream: TcpStream,
    requests: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    if matches!(answer, Answer::Reset) {
        // What is closed with bytes unread is reset rather than ended.
        stream.readable().await?;
        return Ok(());
    }
    if let Answer::Unasked(bytes) = answer {
        stream.write_all(&bytes).await?;
        // The other side closes when it has read that: a close of ours could overtake it.
        return stream.read_to_end(&mut Vec::new()).await.map(|_| ());
    }
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    requests
        .lock()
        .unwrap()
        .push(String::from_utf8_lossy(&head).to_lowercase());
    // Long enough for others to arrive meanwhile, were they let through.
    tokio::time::sleep(Duration::from_millis(10)).await;
    match answer {
        Answer::Reset | Answer::Unasked(_) => {}
        Answer::Bytes(bytes) => {
            stream.write_all(&bytes).await?;
            stream.shutdown().await?;
        }
        Answer::ThenSilence(bytes) => {
            stream.write_all(&bytes).await?;
            stream.read_u8().await?;
        }
        Answer::ThenDrip(bytes) => {
            stream.write_all(&bytes).await?;
            loop {
                tokio::time::sleep(Duration::from_millis(10)).await;
                stream.write_all(b" ").await?;
            }
        }
    }
    Ok(())
}

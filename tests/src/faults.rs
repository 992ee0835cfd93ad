//! What can go wrong between a tracker and us.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::relay::{Answer, MOVED, Request};

/// A fault that a [`Relay`](crate::relay::Relay) plays in place of an answer.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// A status, with the value of `Retry-After`. The body repeats what was sent, as servers
    /// do that are being debugged.
    Status(u16, Option<&'static str>),
    /// The connection is reset after the request.
    Reset,
    /// The connection ends after the request.
    HangUp,
    /// The head of the answer ends in the middle.
    CutHead,
    /// The body ends somewhere, at a place that follows from the seed.
    Cut(u64),
    /// As `Cut`, of a body that is sent in chunks and whose length nobody knows.
    CutChunks(u64),
    /// As `Cut`, of another body than there is the next time.
    CutAndChanged(u64),
    /// A whole answer, with half a body.
    Half,
    /// As `Cut`, on a server that knows no ranges: what is asked for after it comes whole.
    CutWithoutRanges(u64),
    /// Nothing, for as long as the other side waits.
    Silence,
    /// Half a body, then nothing.
    SilenceInBody,
    /// A byte of the body now and then.
    Drip,
    /// Bytes that mean nothing, as what was asked for.
    Garbage(u64),
    /// The right answer under the wrong media type.
    ContentType(&'static str),
    /// A web page, as a portal that wants us to log in answers anything.
    WebPage,
    /// Sent on to another address of the same server.
    MovedHere,
    /// Sent on to another server.
    MovedElsewhere,
    /// Sent on to where we are.
    MovedInCircle,
    /// More bytes than anybody wants, and the length says so.
    TooLarge,
    /// More bytes than anybody wants, without end.
    Endless,
    /// The session has expired: from now on its token is refused.
    Expired,
    /// Another answer than the tracker gave for the rest.
    Edited(fn(&mut Value)),
}

/// How many bytes too many are sent: more than any limit of a test.
pub const TOO_MANY: usize = 1 << 20;

impl Fault {
    pub(crate) async fn play(
        self,
        request: &Request,
        mut answer: Answer,
        stream: &mut TcpStream,
        elsewhere: &str,
    ) -> io::Result<()> {
        let length = answer.body.len();
        let place = |seed| fastrand::Rng::with_seed(seed).usize(..length.max(1));
        match self {
            Self::Status(status, wait) => {
                let echo = request
                    .text
                    .split("\r\n\r\n")
                    .last()
                    .filter(|body| !body.is_empty());
                let echo = echo.unwrap_or(&request.text);
                answer = Answer::json(status, &json!({"message": echo}));
                let wait = wait.map(|wait| ("retry-after".to_owned(), wait.to_owned()));
                answer.headers.extend(wait);
            }
            Self::Reset => return stream.set_zero_linger(),
            Self::HangUp => return stream.shutdown().await,
            Self::CutHead => {
                let head = answer.honest_head();
                return end(stream, &head[..head.len() / 2]).await;
            }
            Self::Cut(seed) | Self::CutWithoutRanges(seed) => {
                let bytes = [&answer.honest_head(), &answer.body[..place(seed)]].concat();
                return end(stream, &bytes).await;
            }
            Self::CutAndChanged(seed) => {
                let tag = answer.headers.iter_mut().find(|(name, _)| name == "etag");
                if let Some((_, tag)) = tag {
                    *tag = "\"before\"".to_owned();
                }
                answer.body.iter_mut().for_each(|byte| *byte ^= 1);
                let bytes = [&answer.honest_head(), &answer.body[..place(seed)]].concat();
                return end(stream, &bytes).await;
            }
            Self::CutChunks(seed) => {
                let mut bytes = answer.head("transfer-encoding: chunked");
                let cut = place(seed);
                bytes.extend(format!("{length:x}\r\n").into_bytes());
                bytes.extend(&answer.body[..cut]);
                return end(stream, &bytes).await;
            }
            Self::Half => answer.body.truncate(length / 2),
            Self::Silence => return stay(stream, &[]).await,
            Self::SilenceInBody => {
                let bytes = [&answer.honest_head(), &answer.body[..length / 2]].concat();
                return stay(stream, &bytes).await;
            }
            Self::Drip => {
                stream.write_all(&answer.head("x-length: unknown")).await?;
                let mut bytes = answer.body.into_iter();
                loop {
                    let byte = bytes.next().unwrap_or(b' ');
                    stream.write_all(&[byte]).await?;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            Self::Garbage(seed) => fastrand::Rng::with_seed(seed).fill(&mut answer.body),
            Self::ContentType(content_type) => {
                answer.headers.retain(|(name, _)| name != "content-type");
                answer
                    .headers
                    .push(("content-type".into(), content_type.into()));
            }
            Self::WebPage => {
                let page = "<!doctype html><title>Log in</title><form>Who are you?</form>";
                answer = Answer::new(200, "text/html; charset=utf-8", page);
            }
            Self::MovedHere => answer = moved(&format!("{MOVED}{}", path(request))),
            Self::MovedElsewhere => answer = moved(&format!("{elsewhere}{}", path(request))),
            Self::MovedInCircle => answer = moved(path(request)),
            Self::TooLarge => answer.body.resize(TOO_MANY, b' '),
            Self::Endless => {
                stream.write_all(&answer.head("x-length: unknown")).await?;
                loop {
                    stream.write_all(&[b' '; 1 << 14]).await?;
                }
            }
            // The relay has seen to it.
            Self::Expired => {}
            Self::Edited(edit) => {
                let mut value = serde_json::from_slice(&answer.body).expect("a JSON answer");
                edit(&mut value);
                answer.body = value.to_string().into_bytes();
                answer.headers.retain(|(name, _)| name != "etag");
            }
        }
        answer.send(stream).await
    }
}

fn path(request: &Request) -> &str {
    request.line.split(' ').nth(1).unwrap_or_default()
}

fn moved(to: &str) -> Answer {
    // The status that keeps a POST one.
    let mut answer = Answer::new(307, "text/plain", "");
    answer.headers.push(("location".to_owned(), to.to_owned()));
    answer
}

async fn end(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.shutdown().await
}

async fn stay(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.read_u8().await.map(|_| ())
}

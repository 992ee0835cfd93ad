//! `cargo xtask bench flow`: a film of 10,000 shots with 60,000 tasks from a Flow site across a network, beside
//! a script that reads the same with the official client.
//!
//! The counterpart of a site in `tests/flow` is slow, so what it answers is recorded once, and played back.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::relay::Relay;
use super::{Contender, fresh, print_table, print_target, ratio, release};
use crate::{root, run as run_command};

/// How long a byte takes to the site and back.
const ROUND_TRIP: Duration = Duration::from_millis(20);

/// At most which part of the script's processor time,
const PART_OF_PROCESSOR: f64 = 1.0 / 3.0;
/// and of its memory.
const PART_OF_MEMORY: f64 = 0.2;
/// At most how many times the time that the server and the round trips take.
const SLOWER_THAN_ROUND_TRIPS: f64 = 1.1;

/// The script of the counterpart that sees all, and its key.
const SCRIPT: (&str, &str) = ("watchtower", "correct-horse-battery-staple");

/// Records what is not recorded yet, measures, and says which targets are met.
pub(super) fn run(runs: usize, state: &Path) -> Result<()> {
    ensure!(runs > 0, "`--runs` must be at least 1");
    run_command(Command::new("cargo").args([
        "build",
        "--release",
        "--locked",
        "--package",
        "watchtower-cli",
        "--package",
        "xtask",
    ]))?;
    let python = state.join("flow-client");
    run_command(Command::new("tests/flow/setup").arg(&python))?;
    let python = python.join("bin/python");
    let site = Arc::new(Playback::open(&python, &state.join("flow-recorded"))?);
    let relay = Relay::start(site.serve()?, ROUND_TRIP)?;
    let scratch = state.join(format!("flow-{}", std::process::id()));
    let result = compare(runs, &site, &relay, &python, &scratch);
    // Whoever listens keeps the site until the process ends, and with it the counterpart.
    locked(&site.counterpart).take();
    let removed = fs::remove_dir_all(&scratch).context("cannot remove what was exported");
    result.and(removed)
}

fn compare(
    runs: usize,
    site: &Playback,
    relay: &Relay,
    python: &Path,
    scratch: &Path,
) -> Result<()> {
    let url = format!("http://{}", relay.address());
    let export = |folder: PathBuf| {
        let mut command = release("watchtower");
        command.args(["export", "flow", "--media", "none", "--quiet", "--output"]);
        command.arg(folder).env("SHOTGRID_URL", &url);
        command.env("SHOTGRID_SCRIPT_NAME", SCRIPT.0);
        command.env("SHOTGRID_API_KEY", SCRIPT.1);
        command
    };
    let script = || {
        let mut command = Command::new(python);
        command.args(["xtask/bench/flow.py", &url, SCRIPT.0, SCRIPT.1]);
        command
    };
    // Whatever is not recorded yet is, and what ours asks for is known.
    super::spend(&mut script())?;
    site.forget();
    super::spend(&mut export(fresh(&scratch.join("0"))?))?;
    super::spend(&mut export(fresh(&scratch.join("1"))?)).context("cannot export once more")?;
    let asked = site.forget();
    let asked = &asked[asked.len() / 2..];
    let trips = round_trips(asked);

    let mut contenders = [
        Contender::new("watchtower export flow", Vec::new()),
        Contender::new("shotgun_api3, reading alone", vec![script()]),
        Contender::new(
            "curl, what must be in turn",
            vec![curl(&trips, &url, scratch)?],
        ),
    ];
    for run in 0..runs {
        contenders[0].commands = vec![export(fresh(&scratch.join(format!("run-{run}")))?)];
        for contender in &mut contenders {
            contender.run()?;
        }
    }
    println!(
        "10,000 shots and 60,000 tasks behind a round trip of {} ms: {} requests, {} of them in turn",
        ROUND_TRIP.as_millis(),
        asked.len(),
        trips.len()
    );
    print_table(&contenders);
    let [ours, theirs, least] = contenders.map(|it| it.cost());
    let part = ratio(ours.processor, theirs.processor);
    print_target(
        part <= PART_OF_PROCESSOR,
        "at most a third of the script's processor time",
        &format!("{part:.2}"),
    );
    #[expect(clippy::cast_precision_loss, reason = "printed with two digits")]
    let part = ours.memory as f64 / theirs.memory as f64;
    print_target(
        part <= PART_OF_MEMORY,
        "at most a fifth of its memory",
        &format!("{part:.2}"),
    );
    let slower = ratio(ours.time, least.time);
    print_target(
        slower <= SLOWER_THAN_ROUND_TRIPS,
        &format!(
            "at most {SLOWER_THAN_ROUND_TRIPS} times what the server and the round trips take"
        ),
        &format!("{slower:.2} times"),
    );
    let (lists, pages) = (lists(asked), pages(asked));
    print_target(
        pages.values().all(|it| *it == 1),
        "each page is asked for once, and nothing else grows with the film",
        &format!(
            "{} pages, {} other requests",
            pages.len(),
            asked.len() - pages.len()
        ),
    );
    let longest = lists.values().copied().max().unwrap_or_default();
    print_target(
        trips.len() < longest + lists.len(),
        "lists that do not need each other are read side by side",
        &format!(
            "{} requests in turn, {longest} of them for the longest list",
            trips.len()
        ),
    );
    Ok(())
}

/// How many pages each list has.
fn lists(asked: &[Asked]) -> BTreeMap<String, usize> {
    let mut lists = BTreeMap::new();
    for (entity, _) in pages(asked).into_keys() {
        *lists.entry(entity).or_insert(0) += 1;
    }
    lists
}

/// How often each page was asked for.
fn pages(asked: &[Asked]) -> BTreeMap<(String, u64), usize> {
    let mut pages = BTreeMap::new();
    for asked in asked.iter().filter(|it| it.body["method_name"] == "read") {
        let args = &asked.body["params"][1];
        let page = args["paging"]["current_page"].as_u64().unwrap_or_default();
        *pages.entry((args["type"].to_string(), page)).or_insert(0) += 1;
    }
    pages
}

/// The requests that waited for each other: from the last one back, each after the one whose answer came last
/// before it.
fn round_trips(asked: &[Asked]) -> Vec<&Asked> {
    let mut trips = Vec::new();
    let mut next = asked.iter().max_by_key(|it| it.answered);
    while let Some(trip) = next {
        trips.push(trip);
        // Half a round trip back, and half one here.
        let latest = trip.asked.checked_sub(ROUND_TRIP).unwrap_or(trip.asked);
        let before = asked.iter().filter(|it| it.answered <= latest);
        next = before.max_by_key(|it| it.answered);
    }
    trips.reverse();
    trips
}

/// Asks the same in turn, on one connection, and throws away what comes.
fn curl(trips: &[&Asked], url: &str, scratch: &Path) -> Result<Command> {
    let mut config = String::new();
    for (number, trip) in trips.iter().enumerate() {
        let path = scratch.join(format!("request-{number}"));
        fs::write(&path, trip.body.to_string())?;
        config.push_str(&format!(
            "url = \"{url}/api3/json\"\ndata-binary = \"@{}\"\noutput = \"/dev/null\"\nsilent\nfail\n\
             header = \"Content-Type: application/json\"\nnext\n",
            path.display()
        ));
    }
    let path = scratch.join("curl");
    fs::write(&path, config.trim_end_matches("next\n"))?;
    let mut curl = Command::new("curl");
    curl.arg("--config").arg(path);
    Ok(curl)
}

/// A request.
struct Asked {
    body: Value,
    asked: Instant,
    answered: Instant,
}

/// A site that answers what was recorded, and asks the counterpart for the rest.
struct Playback {
    python: PathBuf,
    folder: PathBuf,
    /// Which files hold them. In memory they would be counted as that of whoever is started here.
    answers: Mutex<HashMap<String, PathBuf>>,
    /// One at a time.
    counterpart: Mutex<Option<Counterpart>>,
    asked: Mutex<Vec<Asked>>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Playback {
    /// With what a folder holds. Recordings of another counterpart or another client are thrown away.
    fn open(python: &Path, folder: &Path) -> Result<Self> {
        let mut made_by = String::new();
        for name in ["large.py", "grid.py", "server.py", "schema_table.py"] {
            made_by.push_str(&fs::read_to_string(root().join("tests/flow").join(name))?);
        }
        let stamp = folder.join("made-by");
        if fs::read_to_string(&stamp).ok().as_ref() != Some(&made_by) {
            fresh(folder)?;
            fs::write(&stamp, made_by)?;
        }
        let mut answers = HashMap::new();
        for path in super::files_below(folder)?
            .into_iter()
            .filter(|it| *it != stamp)
        {
            let mut request = String::new();
            BufReader::new(fs::File::open(&path)?).read_line(&mut request)?;
            answers.insert(request.trim_end().to_owned(), path);
        }
        Ok(Self {
            python: python.to_owned(),
            folder: folder.to_owned(),
            answers: Mutex::new(answers),
            counterpart: Mutex::new(None),
            asked: Mutex::default(),
        })
    }

    /// Answers until the process ends; gives back where.
    fn serve(self: &Arc<Self>) -> Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let site = Arc::clone(self);
        thread::spawn(move || {
            for client in listener.incoming().filter_map(Result::ok) {
                let site = Arc::clone(&site);
                thread::spawn(move || {
                    // Who asked sees the connection end.
                    if let Err(error) = site.talk(&client) {
                        eprintln!("the recorded site: {error:#}");
                    }
                });
            }
        });
        Ok(address)
    }

    fn talk(&self, client: &TcpStream) -> Result<()> {
        client.set_nodelay(true)?;
        let mut reader = BufReader::new(client);
        while let Some(body) = read_body(&mut reader)? {
            let asked = Instant::now();
            let body: Value = serde_json::from_slice(&body)?;
            let answer = self.answer(&body)?;
            let mut message = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
                answer.len()
            )
            .into_bytes();
            message.extend_from_slice(&answer);
            (&mut &*client).write_all(&message)?;
            let answered = Instant::now();
            locked(&self.asked).push(Asked {
                body,
                asked,
                answered,
            });
        }
        Ok(())
    }

    fn answer(&self, body: &Value) -> Result<Vec<u8>> {
        // Without who asks.
        let request = json!([body["method_name"], body["params"][1]]);
        let request = sorted(&request).to_string();
        let known = locked(&self.answers).get(&request).cloned();
        if let Some(path) = known {
            return Ok(fs::read(path)?.split_off(request.len() + 1));
        }
        let mut counterpart = locked(&self.counterpart);
        if counterpart.is_none() {
            eprintln!("recording what the counterpart answers, which takes some minutes");
            *counterpart = Some(Counterpart::start(&self.python)?);
        }
        let counterpart = counterpart.as_mut().context("it was started")?;
        let answer = counterpart.ask(&body.to_string())?;
        let mut answers = locked(&self.answers);
        let path = self.folder.join(answers.len().to_string());
        fs::write(&path, [request.as_bytes(), b"\n", &answer].concat())?;
        answers.insert(request, path);
        Ok(answer)
    }

    /// What was asked since this was called last.
    fn forget(&self) -> Vec<Asked> {
        std::mem::take(&mut *locked(&self.asked))
    }
}

/// The same with sorted keys: programs write them in orders of their own.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let map: BTreeMap<&String, Value> = map.iter().map(|(k, v)| (k, sorted(v))).collect();
            map.into_iter().map(|(k, v)| (k.clone(), v)).collect()
        }
        Value::Array(all) => all.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

/// Reads a request with a body. None where the connection ends.
fn read_body(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(body))
}

/// The counterpart, which ends with this.
struct Counterpart {
    process: Child,
    address: String,
}

impl Counterpart {
    fn start(python: &Path) -> Result<Self> {
        let mut process = Command::new(python)
            .args(["-B", "large.py"])
            .current_dir(root().join("tests/flow"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let told = process.stdout.take().context("stdout is piped")?;
        BufReader::new(told).read_line(&mut line)?;
        let told: Value = serde_json::from_str(&line).context("the counterpart did not start")?;
        let url = told["url"].as_str().context("it says its address")?;
        let address = url.trim_start_matches("http://").to_owned();
        Ok(Self { process, address })
    }

    fn ask(&mut self, body: &str) -> Result<Vec<u8>> {
        let mut stream = TcpStream::connect(&self.address)?;
        write!(
            stream,
            "POST /api3/json HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )?;
        let answer = read_body(&mut BufReader::new(stream))?;
        answer.context("the counterpart does not answer")
    }
}

impl Drop for Counterpart {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

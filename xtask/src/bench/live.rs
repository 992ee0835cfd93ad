//! `cargo xtask bench live`: what it costs to look whether anything changed in Kitsu, and how soon a page shows it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use serde_json::{Value, json};
use watchtower_cli::export::{ExportOptions, export_changes};
use watchtower_cli::live::Live;
use watchtower_connector::kitsu::{Credentials, Kitsu, KitsuSettings};
use watchtower_writer::Site;

use super::relay::Relay;
use super::{Contender, fresh, measure, median, print_target, print_times, ratio, release, spend};
use crate::zou::Zou;
use crate::{root, run as run_command};

/// How long a byte takes to the tracker and back.
const ROUND_TRIP: Duration = Duration::from_millis(20);

/// How many projects the server has, beside the film.
const PROJECTS: usize = 39;

/// Which part of the first export's time a beat takes at most in which nothing changed,
const PART_WHEN_IDLE: f64 = 0.05;
/// and how long.
const IDLE: Duration = Duration::from_millis(60);

/// At most how many times the time of curl the first export takes on loopback.
const SLOWER_THAN_CURL: f64 = 1.1;

/// How long a status takes at most to be drawn.
const DRAWN: Duration = Duration::from_secs(3);

/// How many changes are waited for in the page.
const CHANGES: usize = 21;

/// How many beats the memory is looked at over, and after how many first.
const BEATS: usize = 2000;
const EARLY: usize = 200;

/// How many requests are made at a time, by us and by curl.
const JOBS: &str = "16";

/// What can be measured alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    Beats,
    Curl,
    Memory,
    Page,
}

/// Measures, and says which targets are met.
pub(super) fn run(runs: usize, only: Option<Part>, state: &Path, browser: &Path) -> Result<()> {
    ensure!(runs > 0, "`--runs` must be at least 1");
    let curl = measure(Command::new("curl").arg("--version"));
    curl.context(
        "curl is what exports are compared with: install it, as with `apt-get install curl`",
    )?;
    run_command(Command::new("tests/browser/setup").arg(browser))?;
    let python = super::export::python(state)?;
    let mut build = Command::new("cargo");
    run_command(build.args([
        "build",
        "--release",
        "--quiet",
        "--package",
        "watchtower-cli",
    ]))?;
    let scratch = state.join(format!("live-{}", std::process::id()));
    fs::create_dir_all(&scratch)?;
    let zou = Zou::start(&state.join("zou"), "film")?;
    let bench = Bench {
        runs,
        python: &python,
        browser,
        token: zou.new_token()?,
        scratch: &scratch,
        zou: &zou,
    };
    let result = bench.all(only);
    // The server must not outlive this, whatever came of it.
    let down = zou.down();
    let removed = fs::remove_dir_all(&scratch).context("cannot remove what was exported");
    result.and(down).and(removed)
}

struct Bench<'a> {
    runs: usize,
    python: &'a Path,
    browser: &'a Path,
    token: String,
    scratch: &'a Path,
    zou: &'a Zou,
}

/// A task of a shot, and what is done to it.
struct Task {
    id: String,
    statuses: [String; 2],
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_default().to_owned()
}

/// As whom we ask.
#[derive(Clone, Copy, Debug)]
enum Account {
    Person,
    Bot,
}

/// What a beat said of itself.
#[derive(Clone, Copy, Debug)]
struct Beat {
    requests: u64,
    time: Duration,
    /// How many projects were read.
    read: u64,
}

impl Bench<'_> {
    fn all(&self, only: Option<Part>) -> Result<()> {
        let task = self.fill()?;
        let wanted = |part| only.is_none_or(|it| it == part);
        let address: SocketAddr = self.zou.url.trim_start_matches("http://").parse()?;
        let relay = Relay::start(address, ROUND_TRIP)?;
        if wanted(Part::Beats) {
            self.beats(&format!("http://{}", relay.address()), &task)?;
        }
        if wanted(Part::Curl) {
            self.beside_curl()?;
        }
        if wanted(Part::Memory) {
            self.memory(&task)?;
        }
        if wanted(Part::Page) {
            self.page(&task)?;
        }
        Ok(())
    }

    /// Makes the projects that are missing, and gives a task of one of them.
    fn fill(&self) -> Result<Task> {
        let ask = |method: &str, path: &str, body: &Value| self.zou.ask(method, path, body);
        let list = |path: &str| -> Result<Vec<Value>> {
            let answer = ask("GET", path, &Value::Null)?;
            answer.as_array().cloned().context("a list")
        };
        let statuses = list("data/task-status")?;
        let types = list("data/task-types")?;
        let shot_type = types.iter().find(|it| it["for_entity"] == "Shot");
        let shot_type = shot_type.context("a type of task")?;
        let known = list("data/projects")?;
        let mut first = None;
        for number in 0..PROJECTS {
            let name = format!("Crowd {number:02}");
            if let Some(project) = known.iter().find(|it| it["name"] == *name) {
                first.get_or_insert(id(project));
                continue;
            }
            let body = json!({"name": name, "production_type": "short", "fps": "24"});
            let project = id(&ask("POST", "data/projects", &body)?);
            let path = format!("data/projects/{project}");
            let sequence = ask(
                "POST",
                &format!("{path}/sequences"),
                &json!({"name": "010"}),
            )?;
            for shot in 0..4 {
                let body = json!({
                    "sequence_id": sequence["id"], "name": format!("{shot:04}"), "nb_frames": 24,
                    "data": {"frame_in": shot * 24, "frame_out": shot * 24 + 24},
                });
                let shot = ask("POST", &format!("{path}/shots"), &body)?;
                let body = json!({
                    "project_id": project, "entity_id": shot["id"], "task_type_id": shot_type["id"],
                    "task_status_id": statuses[0]["id"], "name": "main",
                });
                ask("POST", "data/tasks", &body)?;
            }
            first.get_or_insert(project);
        }
        let project = first.context("there are projects")?;
        let tasks = list(&format!("data/projects/{project}/tasks"))?;
        let task = tasks.first().context("a task")?;
        let mut usable = statuses
            .iter()
            .filter(|it| it["archived"] != true && it["for_concept"] != true);
        let mut status = || usable.next().map(id).context("two statuses");
        Ok(Task {
            id: id(task),
            statuses: [status()?, status()?],
        })
    }

    /// Gives the task the one or the other status.
    fn set_status(&self, task: &Task, number: usize) -> Result<()> {
        let body = json!({"task_status_id": task.statuses[number % 2]});
        let path = format!("data/tasks/{}", task.id);
        self.zou.ask("PUT", &path, &body)?;
        Ok(())
    }

    fn command(&self, subcommand: &str, url: &str, account: Account) -> Command {
        let mut command = release("watchtower");
        command.args([subcommand, "kitsu", "--log-format", "json", "--jobs", JOBS]);
        command.env("KITSU_DATA_SOURCE_URL", url);
        match account {
            Account::Person => command
                .env("KITSU_DATA_SOURCE_USER_EMAIL", &self.zou.email)
                .env("KITSU_DATA_SOURCE_USER_PASSWORD", &self.zou.password),
            Account::Bot => command.env("KITSU_TOKEN", &self.token),
        };
        command.current_dir(self.scratch).stdin(Stdio::null());
        command
    }

    fn export(&self, url: &str, account: Account, site: &Path) -> Command {
        let mut command = self.command("export", url, account);
        command.env("WATCHTOWER_LOG", "info,watchtower_cli=debug");
        command.arg("--output").arg(site);
        command
    }

    /// Exports once, and says what that took, of the process altogether.
    fn once(&self, url: &str, account: Account, site: &Path) -> Result<Beat> {
        let log = self.scratch.join("log");
        let mut command = self.export(url, account, site);
        let cost = spend(command.stderr(fs::File::create(&log)?))?;
        let text = fs::read_to_string(&log)?;
        let mut beat = text
            .lines()
            .filter_map(Beat::told)
            .next_back()
            .context(text.clone())?;
        beat.time = cost.time;
        Ok(beat)
    }

    /// The cost of beats across a network.
    fn beats(&self, url: &str, task: &Task) -> Result<()> {
        let site = self.scratch.join("site");
        let mut first = Contender::new("the first export", Vec::new());
        let mut python = Contender::new("Python watchtower_pipeline.kitsu", Vec::new());
        let mut cron = Contender::new("again, with a token", Vec::new());
        let mut person = Contender::new("again, with a password", Vec::new());
        let (mut cron_requests, mut person_requests) = (0, 0);
        let mut requests = 0;
        let cost = |time: Duration| super::Cost {
            time,
            ..super::Cost::default()
        };
        // The first one fills the server's caches.
        self.once(url, Account::Bot, &fresh(&site)?)?;
        for run in 0..self.runs {
            let beat = self.once(url, Account::Bot, &fresh(&site)?)?;
            requests = beat.requests;
            first.measured.push(cost(beat.time));
            let again = self.once(url, Account::Bot, &site)?;
            cron_requests = cron_requests.max(again.requests);
            cron.measured.push(cost(again.time));
            let other = self.scratch.join("person");
            self.once(url, Account::Person, &fresh(&other)?)?;
            let again = self.once(url, Account::Person, &other)?;
            person_requests = person_requests.max(again.requests);
            person.measured.push(cost(again.time));
            if run < 2 {
                let mut peer = Command::new(self.python);
                peer.arg(root().join("xtask/bench/kitsu.py"));
                peer.current_dir(fresh(&self.scratch.join("python"))?);
                peer.env("KITSU_DATA_SOURCE_URL", url);
                peer.env("KITSU_DATA_SOURCE_USER_EMAIL", &self.zou.email);
                peer.env("KITSU_DATA_SOURCE_USER_PASSWORD", &self.zou.password);
                python.measured.push(measure(&mut peer)?);
            }
        }
        let mut every = Every::start(self.export(url, Account::Bot, &site), &["--every", "1s"])?;
        let idle: Vec<_> = (0..10).map(|_| every.next()).collect::<Result<_>>()?;
        let mut part = Vec::new();
        for number in 0..5 {
            self.set_status(task, number)?;
            // A beat may be under way.
            let beat = loop {
                let beat = every.next()?;
                if beat.read > 0 {
                    break beat;
                }
            };
            part.push(beat);
        }
        drop(every);
        let always = ["--every", "1s", "--full-every", "0"];
        let mut every = Every::start(self.export(url, Account::Bot, &site), &always)?;
        let all: Vec<_> = (0..6).map(|_| every.next()).collect::<Result<_>>()?;
        drop(every);

        let contender = |name, beats: &[Beat]| {
            let mut contender = Contender::new(name, Vec::new());
            // The first of a process connects.
            contender.measured = beats.iter().skip(1).map(|it| cost(it.time)).collect();
            contender
        };
        let most = |beats: &[Beat]| {
            beats
                .iter()
                .skip(1)
                .map(|it| it.requests)
                .max()
                .unwrap_or(0)
        };
        let (idle_row, part_row) = (
            contender("a beat, nothing changed", &idle),
            contender("a beat, a status changed", &part),
        );
        let all_row = contender("a beat that reads everything", &all);
        let (idle_time, first_time) = (idle_row.cost().time, first.cost().time);
        let projects = PROJECTS + 1;
        println!(
            "\nKitsu of {projects} projects behind a round trip of {} ms",
            ROUND_TRIP.as_millis()
        );
        print_times(
            &[first, idle_row, part_row, all_row, cron, person, python],
            |_| String::new(),
        );
        println!(
            "requests: {requests} of the first export, {} of a beat that reads everything, {} of one after a change",
            most(&all),
            most(&part)
        );
        let idle_requests = most(&idle);
        print_target(
            idle_requests == 1,
            "an idle beat of `--every` is one request",
            &format!("{idle_requests}"),
        );
        print_target(
            cron_requests == 1,
            "an idle export with a token is one",
            &format!("{cron_requests}"),
        );
        print_target(
            person_requests == 2,
            "with a password it is a login more",
            &format!("{person_requests}"),
        );
        let share = ratio(idle_time, first_time);
        print_target(
            share <= PART_WHEN_IDLE,
            &format!("an idle beat takes at most {PART_WHEN_IDLE} of the first export's time"),
            &format!("{share:.3}"),
        );
        let found = format!("{:.1} ms", idle_time.as_secs_f64() * 1000.0);
        print_target(
            idle_time <= IDLE,
            &format!("and at most {} ms", IDLE.as_millis()),
            &found,
        );
        let read = part.iter().map(|it| it.read).max().unwrap_or(0);
        print_target(
            read == 1,
            &format!("of {projects} projects one changed: only that one is read"),
            &format!("{read} read"),
        );
        Ok(())
    }

    /// The first export beside curl, which logs in and knows every address.
    fn beside_curl(&self) -> Result<()> {
        let url = &self.zou.url;
        let site = self.scratch.join("curl-site");
        let log = self.scratch.join("log");
        let mut verbose = self.export(url, Account::Person, &fresh(&site)?);
        verbose
            .env("WATCHTOWER_LOG", "debug")
            .stderr(fs::File::create(&log)?);
        spend(&mut verbose)?;
        let text = fs::read_to_string(&log)?;
        let events = text
            .lines()
            .filter_map(|it| serde_json::from_str::<Value>(it).ok());
        let urls: Vec<_> = events
            .filter(|it| it["status"].is_u64())
            .filter_map(|it| it["url"].as_str().map(str::to_owned))
            .filter(|it| !it.contains("/auth/"))
            .collect();
        let login = self.scratch.join("login");
        let account = format!(
            "{{\"email\": \"{}\", \"password\": \"{}\"}}",
            self.zou.email, self.zou.password
        );
        fs::write(&login, account)?;
        let config = self.scratch.join("addresses");
        let mut lines = format!("header = \"Authorization: Bearer {}\"\n", self.token);
        lines += "compressed\n";
        for url in &urls {
            lines += &format!("url = \"{url}\"\noutput = \"/dev/null\"\n");
        }
        fs::write(&config, lines)?;
        let mut ours = Contender::new("watchtower, the first export", Vec::new());
        let mut log_in = Command::new("curl");
        log_in.args(["--silent", "--fail", "--json"]);
        log_in.arg(format!("@{}", login.display()));
        log_in.arg(format!("{url}/auth/login"));
        let mut fetch = Command::new("curl");
        fetch.args(["--silent", "--fail", "--parallel", "--parallel-immediate"]);
        fetch
            .args(["--parallel-max", JOBS, "--config"])
            .arg(&config);
        let mut curl = Contender::new("curl, with a login", vec![log_in, fetch]);
        for run in 0..=self.runs {
            let mut command = self.export(url, Account::Person, &fresh(&site)?);
            let cost = measure(&mut command)?;
            // The server fills its caches.
            if run > 0 {
                ours.measured.push(cost);
                curl.run()?;
            }
        }
        let slower = ratio(ours.cost().time, curl.cost().time);
        println!("\non loopback, {} addresses", urls.len());
        print_times(&[ours, curl], |_| String::new());
        print_target(
            slower <= SLOWER_THAN_CURL,
            &format!("the first export takes at most {SLOWER_THAN_CURL} times as long as curl"),
            &format!("{slower:.2} times"),
        );
        Ok(())
    }

    /// Memory and open files over many beats, of which some have something to read.
    fn memory(&self, task: &Task) -> Result<()> {
        let site = fresh(&self.scratch.join("memory"))?;
        let mut beats = Command::new(std::env::current_exe()?);
        beats.args(["bench", "beats", &self.zou.url]).arg(&site);
        beats.env("KITSU_TOKEN", &self.token);
        let mut child = beats.stdout(Stdio::piped()).spawn()?;
        let mut number = 0;
        while child.try_wait()?.is_none() {
            number += 1;
            self.set_status(task, number)?;
            thread::sleep(Duration::from_secs(1));
        }
        let mut text = String::new();
        std::io::Read::read_to_string(
            &mut child.stdout.take().context("stdout is piped")?,
            &mut text,
        )?;
        let sizes: Vec<u64> = text
            .split_whitespace()
            .filter_map(|it| it.parse().ok())
            .collect();
        let [early_memory, early_files, late_memory, late_files] = sizes[..] else {
            anyhow::bail!("the beats ended early: {text}");
        };
        println!("\n{BEATS} beats in one process, with {number} changes");
        print_target(
            // Of what an allocator keeps some pages come and go.
            late_memory <= early_memory + early_memory / 20,
            &format!("memory after {BEATS} beats is that after {EARLY}, and 5 % at most"),
            &format!("{late_memory} KiB, and {early_memory} KiB before"),
        );
        print_target(
            late_files <= early_files,
            "so are open files",
            &format!("{late_files}, and {early_files} before"),
        );
        Ok(())
    }

    /// How soon the page shows a status. It is that of the pre-release client, in which statuses are on from the
    /// start.
    fn page(&self, task: &Task) -> Result<()> {
        let wheel = "wheels/watchtower_pipeline-1.0.0b3-py3-none-any.whl";
        let mut view = self.command("view", &self.zou.url, Account::Bot);
        view.args(["--every", "2s", "--port", "0", "--quiet", "--client"]);
        view.arg(self.browser.join(wheel)).stdout(Stdio::piped());
        let mut view = view.stderr(Stdio::null()).spawn()?;
        let result = self.drawn(&mut view, task);
        view.kill()?;
        view.wait()?;
        result
    }

    fn drawn(&self, view: &mut Child, task: &Task) -> Result<()> {
        let mut origin = String::new();
        let stdout = view.stdout.take().context("stdout is piped")?;
        BufReader::new(stdout).read_line(&mut origin)?;
        let mut page = Page::open(self.browser, origin.trim())?;
        self.set_status(task, 0)?;
        // The export that is under way, or the next one, shows it.
        thread::sleep(Duration::from_secs(10));
        let first = page.ask("settle")?["shown"].clone();
        self.set_status(task, 1)?;
        let second = page.ask(&format!("differs {first}"))?["shown"].clone();
        ensure!(!second.is_null(), "two statuses look the same in the page");
        let shown = [first, second];
        let mut times = Vec::new();
        for number in 0..CHANGES {
            // Anywhere between two beats.
            thread::sleep(Duration::from_millis(3000 + 370 * (number as u64 % 6)));
            let before = SystemTime::now().duration_since(UNIX_EPOCH)?;
            self.set_status(task, number)?;
            let answer = page.ask(&format!("await {}", shown[number % 2]))?;
            let at = answer["at"].as_u64();
            let at = at.context("a status was not drawn within two minutes")?;
            times.push(Duration::from_millis(at).saturating_sub(before));
        }
        let longest = times.iter().max().copied().unwrap_or_default();
        let median = median(times);
        print_target(
            median <= DRAWN,
            &format!(
                "from a status set in Kitsu to the page that shows it, with `--every 2s`, at most {} s (median of {CHANGES})",
                DRAWN.as_secs()
            ),
            &format!(
                "{:.2} s, {:.2} s at most",
                median.as_secs_f64(),
                longest.as_secs_f64()
            ),
        );
        Ok(())
    }
}

impl Beat {
    /// What a line of the log says of a beat.
    fn told(line: &str) -> Option<Self> {
        let event: Value = serde_json::from_str(line).ok()?;
        let read = match event["message"].as_str()? {
            "nothing changed" => 0,
            "ended" => event["exported"].as_u64()?,
            _ => return None,
        };
        Some(Self {
            requests: event["requests"].as_u64()?,
            time: Duration::from_secs_f64(event["seconds"].as_f64()?),
            read,
        })
    }
}

/// An export that goes on; it ends when this is dropped.
struct Every {
    process: Child,
    log: BufReader<std::process::ChildStderr>,
}

impl Every {
    fn start(mut command: Command, arguments: &[&str]) -> Result<Self> {
        command.args(arguments).stdout(Stdio::null());
        let mut process = command.stderr(Stdio::piped()).spawn()?;
        let log = BufReader::new(process.stderr.take().context("stderr is piped")?);
        Ok(Self { process, log })
    }

    /// The next beat that ends.
    fn next(&mut self) -> Result<Beat> {
        let mut line = String::new();
        loop {
            line.clear();
            ensure!(self.log.read_line(&mut line)? > 0, "the export ended");
            if let Some(beat) = Beat::told(&line) {
                return Ok(beat);
            }
        }
    }
}

impl Drop for Every {
    fn drop(&mut self) {
        // Between two exports there is nothing to lose.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A page in a browser.
struct Page {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Page {
    fn open(browser: &Path, origin: &str) -> Result<Self> {
        let mut node = Command::new("node");
        node.arg(root().join("tests/browser/status.mjs"));
        node.arg("--modules")
            .arg(browser)
            .args(["--origin", origin]);
        node.args(["--project", "Crowd 00"]);
        node.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = node.spawn().context("cannot start node")?;
        Ok(Self {
            orders: process.stdin.take().context("stdin is piped")?,
            answers: BufReader::new(process.stdout.take().context("stdout is piped")?),
            process,
        })
    }

    fn ask(&mut self, order: &str) -> Result<Value> {
        writeln!(self.orders, "{order}")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        serde_json::from_str(&line).context("the page ended")
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Exports again and again to a site, and prints the memory and the open files early and late.
pub(super) fn beats(url: &str, site: &Path) -> Result<()> {
    let token = std::env::var("KITSU_TOKEN").context("KITSU_TOKEN")?;
    let tracker = Kitsu::new(KitsuSettings::new(url, Credentials::Token(token.into())))?;
    let site = Site::new(site);
    let mut live = Live::new(Some(Duration::from_secs(3600)), "");
    let runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = { runtime }.enable_all().build()?;
    let start = Instant::now();
    for beat in 1..=BEATS {
        let options = ExportOptions::default();
        runtime.block_on(export_changes(&tracker, &site, &mut live, &options, &()))?;
        if beat == EARLY || beat == BEATS {
            let status = fs::read_to_string("/proc/self/status")?;
            let memory = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
            let memory = memory.unwrap_or_default().trim().trim_end_matches(" kB");
            println!("{memory} {}", fs::read_dir("/proc/self/fd")?.count());
        }
    }
    eprintln!("{BEATS} beats in {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

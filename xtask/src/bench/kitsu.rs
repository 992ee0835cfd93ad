//! The part of `cargo xtask bench export` with a tracker: a film from a real Kitsu, across a network
//! and without one, beside the Python package and beside fetching the same addresses.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::relay::Relay;
use super::{
    Contender, Cost, files_below, fresh, measure, median, print_target, print_times, ratio,
    release, spend,
};
use crate::{root, run as run_command};

/// How long a byte takes to the tracker and back.
const ROUND_TRIP: Duration = Duration::from_millis(20);

/// At least how many times as fast as Python across a network,
const FASTER_ACROSS_NETWORK: f64 = 6.0;
/// and where the server alone is the limit.
const FASTER_ON_LOOPBACK: f64 = 2.5;
/// At most how many times the time of fetching the same addresses.
const SLOWER_THAN_FETCHING: f64 = 1.3;
/// At most which part of the time when nothing has changed.
const PART_WHEN_UNCHANGED: f64 = 0.25;

/// How many addresses the plain fetching has under way at a time; the best of these counts.
const CONCURRENCIES: [(usize, &str); 5] = [
    (4, "curl, 4 at a time"),
    (8, "curl, 8 at a time"),
    (16, "curl, 16 at a time"),
    (24, "curl, 24 at a time"),
    (32, "curl, 32 at a time"),
];

/// How often Python runs at most. It takes as long each time, and that is long.
const PYTHON_RUNS: usize = 3;

/// Starts a Kitsu with a film of 300 pictures, measures, and says which targets are met.
pub(super) fn run(runs: usize, python: &Path, state: &Path) -> Result<()> {
    let curl = measure(Command::new("curl").arg("--version"));
    curl.context(
        "curl is what the exports are compared with: install it, as with `apt-get install curl`",
    )?;
    let server = state.join("zou");
    let scratch = state.join(format!("exports-{}", std::process::id()));
    let zou =
        |action: &str| run_command(Command::new("tests/services/zou").arg(action).arg(&server));
    let result = zou("up").and_then(|()| zou("film")).and_then(|()| {
        let kitsu = Kitsu::at(&server)?;
        let relay = Relay::start(kitsu.address()?, ROUND_TRIP)?;
        let remote = Kitsu {
            url: format!("http://{}", relay.address()),
            ..kitsu.clone()
        };
        let exports = Exports {
            runs,
            python,
            scratch: &scratch,
            folders: Cell::new(0),
        };
        let title = format!("behind a round trip of {} ms", ROUND_TRIP.as_millis());
        exports.compare(&remote, &title, FASTER_ACROSS_NETWORK)?;
        exports.compare(&kitsu, "on loopback", FASTER_ON_LOOPBACK)
    });
    // The server must not outlive this, whatever came of it.
    let down = zou("down");
    let removed = match scratch.exists() {
        true => fs::remove_dir_all(&scratch).context("cannot remove what was exported"),
        false => Ok(()),
    };
    result.and(down).and(removed)
}

/// A server, and who we are there.
#[derive(Clone, Debug)]
struct Kitsu {
    url: String,
    email: String,
    password: String,
    /// The token of a bot that is in the film's team.
    bot_token: String,
}

/// As whom an export asks.
#[derive(Clone, Copy, Debug)]
enum Account {
    /// A person, who logs in with a password.
    Person,
    /// A bot, which has a token, and the same rights.
    Bot,
}

impl Kitsu {
    /// The server whose files are in a folder.
    fn at(folder: &Path) -> Result<Self> {
        let text = fs::read_to_string(folder.join("env"))?;
        let setting = |name: &str| {
            let mut lines = text.lines();
            let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            let value = value.with_context(|| format!("{name} is not in the server's env file"));
            value.map(str::to_owned)
        };
        Ok(Self {
            url: setting("ZOU_URL")?,
            email: setting("ZOU_EMAIL")?,
            password: setting("ZOU_PASSWORD")?,
            bot_token: fs::read_to_string(folder.join("bot.token"))?,
        })
    }

    fn address(&self) -> Result<SocketAddr> {
        let address = self.url.strip_prefix("http://").unwrap_or(&self.url);
        address.parse().with_context(|| self.url.clone())
    }

    /// Tells a program who we are. Both exporters take a person's account in the same way.
    fn introduce(&self, account: Account, command: &mut Command) {
        command.env("KITSU_DATA_SOURCE_URL", &self.url);
        match account {
            Account::Person => command
                .env("KITSU_DATA_SOURCE_USER_EMAIL", &self.email)
                .env("KITSU_DATA_SOURCE_USER_PASSWORD", &self.password),
            Account::Bot => command.env("KITSU_TOKEN", &self.bot_token),
        };
    }

    fn token(&self) -> Result<String> {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail"]);
        for (name, value) in [("email", &self.email), ("password", &self.password)] {
            curl.arg("--data-urlencode").arg(format!("{name}={value}"));
        }
        let output = curl.arg(format!("{}/auth/login", self.url)).output();
        let output = output.context("cannot start curl")?;
        ensure!(output.status.success(), "curl cannot log in");
        let answer: Value = serde_json::from_slice(&output.stdout)?;
        let token = answer["access_token"].as_str();
        Ok(token.context("a login gives a token")?.to_owned())
    }
}

struct Exports<'a> {
    runs: usize,
    python: &'a Path,
    scratch: &'a Path,
    /// How many folders were made.
    folders: Cell<usize>,
}

impl Exports<'_> {
    /// A folder that was not there. Nothing is deleted in between: ext4 looks for a minute at each file
    /// that has gone before it makes one, which takes longer than writing it.
    fn new_folder(&self) -> Result<PathBuf> {
        self.folders.set(self.folders.get() + 1);
        fresh(&self.scratch.join(self.folders.get().to_string()))
    }

    /// Measures everything at one address.
    fn compare(&self, kitsu: &Kitsu, title: &str, faster_than_python: f64) -> Result<()> {
        let site = self.new_folder()?;
        let mut python_folder = self.new_folder()?;
        // The first export is not measured: it fills the server's caches, and says what there is.
        let asked = Log::of(
            &mut export(kitsu, Account::Person, &site, true),
            self.scratch,
        )?
        .asked;
        let media: Vec<_> = asked.into_iter().filter(|it| it.is_media()).collect();
        let failed = media.iter().find(|it| it.status != 200);
        ensure!(failed.is_none(), "{failed:?}");
        let addresses = self.scratch.join("addresses");
        fs::write(&addresses, curl_config(&media, &kitsu.token()?))?;

        let mut person = Pair::new(
            Account::Person,
            "watchtower export kitsu",
            "… with nothing changed",
        );
        let mut bot = Pair::new(
            Account::Bot,
            "… with a bot's token",
            "… and with nothing changed",
        );
        let mut peer = Contender::new("Python watchtower_pipeline.kitsu", Vec::new());
        let mut fetchers = CONCURRENCIES.map(|(at_a_time, name)| {
            let mut curl = Command::new("curl");
            curl.args(["--silent", "--fail", "--parallel", "--parallel-immediate"]);
            curl.args(["--parallel-max", &at_a_time.to_string(), "--config"]);
            curl.arg(&addresses);
            Contender::new(name, vec![curl])
        });
        let mut beats = Vec::new();
        for run in 0..self.runs {
            person.run(kitsu, self)?;
            beats.push(second_beat(kitsu, &person.site)?);
            bot.run(kitsu, self)?;
            for fetcher in &mut fetchers {
                fetcher.run()?;
            }
            if run < PYTHON_RUNS {
                let mut command = Command::new(self.python);
                command.arg(root().join("xtask/bench/kitsu.py"));
                python_folder = self.new_folder()?;
                command.current_dir(&python_folder);
                kitsu.introduce(Account::Person, &mut command);
                peer.measured.push(measure(&mut command)?);
            }
        }

        println!(
            "\nKitsu {title}: {} pictures and movies; Python saved {}",
            media.len(),
            files_below(&python_folder.join("public"))?
                .iter()
                .filter(|it| it.extension().is_none_or(|it| it != "json"))
                .count(),
        );
        let fetching = fetchers.iter().map(|it| (it.cost().time, it.name)).min();
        let (fetch_time, fetcher) = fetching.context("there are fetchers")?;
        let (peer_time, bot_time) = (peer.cost().time, bot.first.cost().time);
        let (first_time, login) = (person.first.cost().time, person.phase(|it| it.login));
        let first_apart = median(person.logs.iter().map(Log::without_login).collect());
        let lists = person.phase(|it| it.lists);
        let media_time = person.phase(|it| it.media);
        let parts = [person.part(), bot.part()];
        let site = person.site.clone();
        let rows: Vec<_> = [person.first, person.again, bot.first, bot.again, peer]
            .into_iter()
            .chain(fetchers)
            .collect();
        print_times(&rows, |_| String::new());
        println!(
            "watchtower's medians: {:.2} s for the login, {:.2} s for lists, {:.2} s for media",
            login.as_secs_f64(),
            lists.as_secs_f64(),
            media_time.as_secs_f64()
        );
        // Python has no way to take a bot's token.
        for (time, how) in [(first_time, ""), (bot_time, ", with a bot's token")] {
            let faster = ratio(peer_time, time);
            print_target(
                faster >= faster_than_python,
                &format!("at least {faster_than_python} times as fast as Python {title}{how}"),
                &format!("{faster:.1} times"),
            );
        }
        let slower = ratio(media_time, fetch_time);
        print_target(
            slower <= SLOWER_THAN_FETCHING,
            &format!("media take at most {SLOWER_THAN_FETCHING} times as long as with {fetcher}"),
            &format!("{slower:.2} times"),
        );
        for (part, when) in [
            (parts[0], "with nothing changed, the login apart"),
            (parts[1], "with nothing changed, and with a bot's token"),
            (
                ratio(median(beats), first_apart),
                "in the next beat of `--every`, the login apart",
            ),
        ] {
            print_target(
                part <= PART_WHEN_UNCHANGED,
                &format!("at most {PART_WHEN_UNCHANGED} of the time {when}"),
                &format!("{part:.2}"),
            );
        }
        self.check_what_is_asked_again(kitsu, &site)
    }

    /// Exports once more to a site, and looks at what that asked for and wrote.
    fn check_what_is_asked_again(&self, kitsu: &Kitsu, site: &Path) -> Result<()> {
        let before = stamps(site)?;
        let again = &mut export(kitsu, Account::Person, site, true);
        let asked = Log::of(again, self.scratch)?.asked;
        let rewritten = changes(&before, &stamps(site)?);
        let media = asked.iter().filter(|it| it.is_media());
        let (conditional, needless): (Vec<_>, Vec<_>) =
            media.partition(|it| it.can_change() && it.status == 304);
        print_target(
            needless.is_empty(),
            "with nothing changed, only media that can change are asked for, and do not come",
            &format!(
                "{} asked for, {} needlessly",
                conditional.len() + needless.len(),
                needless.len()
            ),
        );
        print_target(
            rewritten == 0,
            "with nothing changed, no file is written again",
            &format!("{rewritten} of {} are other files", before.len()),
        );
        Ok(())
    }
}

/// The exports of an account: each time one to a new site, and the same with nothing changed.
struct Pair {
    account: Account,
    first: Contender,
    again: Contender,
    /// What the first ones said,
    logs: Vec<Log>,
    /// and those with nothing changed.
    logs_again: Vec<Log>,
    /// Where the last ones went.
    site: PathBuf,
}

impl Pair {
    fn new(account: Account, first: &'static str, again: &'static str) -> Self {
        Self {
            account,
            first: Contender::new(first, Vec::new()),
            again: Contender::new(again, Vec::new()),
            logs: Vec::new(),
            logs_again: Vec::new(),
            site: PathBuf::new(),
        }
    }

    fn run(&mut self, kitsu: &Kitsu, exports: &Exports<'_>) -> Result<()> {
        self.site = exports.new_folder()?;
        let once = || {
            Log::of(
                &mut export(kitsu, self.account, &self.site, false),
                exports.scratch,
            )
        };
        let (first, again) = (once()?, once()?);
        self.first.measured.push(first.cost);
        self.again.measured.push(again.cost);
        self.logs.push(first);
        self.logs_again.push(again);
        Ok(())
    }

    /// The median time of something in the first exports.
    fn phase(&self, of: fn(&Log) -> Duration) -> Duration {
        median(self.logs.iter().map(of).collect())
    }

    /// Which part of the time of the first exports the same with nothing changed takes. A login takes the
    /// server the same time in both, on purpose, and is counted in neither.
    fn part(&self) -> f64 {
        let time = |logs: &[Log]| median(logs.iter().map(Log::without_login).collect());
        ratio(time(&self.logs_again), time(&self.logs))
    }
}

/// `watchtower export kitsu`, with its log on stderr.
fn export(kitsu: &Kitsu, account: Account, site: &Path, verbose: bool) -> Command {
    let mut command = release("watchtower");
    command.args(["export", "kitsu", "--log-format", "json", "--output"]);
    command.arg(site).args(verbose.then_some("--verbose"));
    command.current_dir(root());
    kitsu.introduce(account, &mut command);
    command
}

/// How long the second of two exports in one process takes, which has a session and keeps lists.
fn second_beat(kitsu: &Kitsu, site: &Path) -> Result<Duration> {
    let mut command = export(kitsu, Account::Person, site, false);
    command.args(["--every", "1s"]).stderr(Stdio::piped());
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    let log = child.stderr.take().context("stderr is piped")?;
    let ends = BufReader::new(log).lines().filter_map(|line| {
        let event: Value = serde_json::from_str(&line.ok()?).ok()?;
        let seconds = event["seconds"].as_f64()?;
        // One that failed ended, too, and fast.
        let exported = event["message"] == "ended" && event["failed"] == 0;
        exported.then(|| Duration::from_secs_f64(seconds))
    });
    let second = ends.take(2).last();
    // Between two exports there is nothing to lose.
    child.kill()?;
    child.wait()?;
    second.context("an export with `--every` said nothing of how long it took")
}

/// What an export said.
#[derive(Debug, Default)]
struct Log {
    cost: Cost,
    /// How long it took to log in,
    login: Duration,
    /// to read the list of projects and what is in each,
    lists: Duration,
    /// and to fetch pictures and movies.
    media: Duration,
    /// What it asked the server for, if that was to be said.
    asked: Vec<Asked>,
}

/// A request.
#[derive(Debug)]
struct Asked {
    url: String,
    status: u64,
}

impl Asked {
    fn is_media(&self) -> bool {
        self.url.contains("/pictures/") || self.url.contains("/movies/")
    }

    /// Whether what is there can become another in its place.
    fn can_change(&self) -> bool {
        let of = |what: &str| self.url.contains(&format!("/thumbnails/{what}/"));
        of("persons") || of("projects")
    }
}

impl Log {
    fn without_login(&self) -> Duration {
        self.cost.time.saturating_sub(self.login)
    }

    /// Runs an export, and reads its log.
    fn of(export: &mut Command, scratch: &Path) -> Result<Self> {
        let path = scratch.join("log");
        export.stderr(File::create(&path)?);
        let cost = spend(export);
        let text = fs::read_to_string(&path)?;
        let mut log = Self {
            cost: cost.with_context(|| text.clone())?,
            ..Self::default()
        };
        for line in text.lines() {
            let event: Value = serde_json::from_str(line)?;
            // Each project tells its own, and the end what projects share.
            let seconds =
                |field: &str| Duration::from_secs_f64(event[field].as_f64().unwrap_or_default());
            log.login += seconds("connect_seconds");
            log.lists += seconds("list_seconds") + seconds("read_seconds");
            log.media += seconds("media_seconds");
            if let (Some(url), Some(status)) = (event["url"].as_str(), event["status"].as_u64()) {
                let url = url.to_owned();
                log.asked.push(Asked { url, status });
            }
        }
        Ok(log)
    }
}

/// A config file of curl, to fetch each address once and throw away what comes.
fn curl_config(media: &[Asked], token: &str) -> String {
    let mut config = format!("header = \"Authorization: Bearer {token}\"\n");
    for Asked { url, .. } in media {
        config.push_str(&format!("url = \"{url}\"\noutput = \"/dev/null\"\n"));
    }
    config
}

/// The inode and the time of each file that readers of a site see.
fn stamps(site: &Path) -> Result<BTreeMap<PathBuf, (u64, i64, i64)>> {
    let stamp = |path: PathBuf| {
        let found = fs::metadata(&path)?;
        let stamp = (found.ino(), found.mtime(), found.mtime_nsec());
        Ok((path, stamp))
    };
    let files = files_below(&site.join("data"))?;
    files.into_iter().map(stamp).collect()
}

/// How many entries are not in both.
fn changes<K: Ord, V: PartialEq>(before: &BTreeMap<K, V>, after: &BTreeMap<K, V>) -> usize {
    let missing = |from: &BTreeMap<K, V>, to: &BTreeMap<K, V>| {
        let differs = |(key, value): &(&K, &V)| to.get(key) != Some(value);
        from.iter().filter(differs).count()
    };
    missing(before, after).max(missing(after, before))
}

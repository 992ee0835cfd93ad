//! The table of checks.

mod asking;
mod changes;
mod data;
mod pictures;

use schemars::JsonSchema;
use serde::Serialize;

use super::observe::Observed;

/// What a check found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What speaks against the tracker: nothing, where it keeps to it.
    pub against: Vec<String>,
    /// What could not be seen.
    pub note: Option<String>,
}

impl From<Vec<String>> for Found {
    fn from(against: Vec<String>) -> Self {
        Self {
            against,
            note: None,
        }
    }
}

/// What a check found, or why it could not be found out.
type Judgement = Result<Found, String>;

/// Something that every tracker keeps to.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Check {
    /// What it is called, in scripts too.
    pub id: &'static str,
    /// What must be so, in a sentence.
    pub about: &'static str,
    /// What it means for an export when it is not.
    pub means: &'static str,
    #[serde(skip)]
    pub(super) judge: fn(&Observed) -> Judgement,
}

/// Every check, in the order in which a report has them.
pub const CHECKS: &[Check] = &[
    // How it answers.
    Check {
        id: "answers",
        about: "The connection, the list of projects and every project can be read.",
        means: "Nothing is exported, or not every project is.",
        judge: asking::answers,
    },
    Check {
        id: "no-panic",
        about: "No call panics.",
        means: "One bad answer of a server ends the whole export, without an error that helps.",
        judge: asking::no_panic,
    },
    Check {
        id: "in-time",
        about: "Every call ends.",
        means: "An export hangs, and those that wait for it do too.",
        judge: asking::in_time,
    },
    Check {
        id: "describe-same",
        about: "The description is the same every time, and of every tracker made alike.",
        means: "The site forgets which pictures it holds of this tracker, and fetches all of them again.",
        judge: asking::describe_same,
    },
    Check {
        id: "describe-whole",
        about: "The description has a name in lower case, a sentence, and each capability once.",
        means: "People do not see in lists and reports which tracker is meant.",
        judge: asking::describe_whole,
    },
    Check {
        id: "describe-offline",
        about: "The description is given without a connection, and traffic is counted from then on.",
        means: "A list of trackers waits for servers, and what an export took is counted wrongly.",
        judge: asking::describe_offline,
    },
    Check {
        id: "account",
        about: "Whoever is named by `check` has a name that is not empty.",
        means: "`watchtower check` says that we are nobody, where it should say who, or nothing.",
        judge: asking::account,
    },
    Check {
        id: "without-check",
        about: "A tracker that nobody asked to check the connection logs in by itself.",
        means: "Programs that only list projects, and exports that renew a session, are refused.",
        judge: asking::without_check,
    },
    // The same data gives the same answers.
    Check {
        id: "ids-stable",
        about: "A second reading has the same ids.",
        means: "Every export makes everything new: links break, and histories start again.",
        judge: asking::ids_stable,
    },
    Check {
        id: "order-stable",
        about: "A second reading has everything in the same order.",
        means: "Every export writes other files, and what people see jumps about.",
        judge: asking::order_stable,
    },
    Check {
        id: "content-stable",
        about: "A second reading says the same about everything.",
        means: "Every export writes other files although nothing has changed.",
        judge: asking::content_stable,
    },
    Check {
        id: "anew-same",
        about: "A tracker that is made anew reads the same.",
        means: "What is exported depends on the process, so that timers and servers do not agree.",
        judge: asking::anew_same,
    },
    Check {
        id: "at-once-same",
        about: "Readings that go on at the same time read the same as one alone.",
        means: "An export, which asks for several things at a time, mixes them up.",
        judge: asking::at_once_same,
    },
    // What is read.
    Check {
        id: "ids-unique",
        about: "Every id is there once among its kind.",
        means: "The project cannot be exported: nobody can tell what a reference means.",
        judge: data::ids_unique,
    },
    Check {
        id: "project-folders",
        about: "Ids of projects name folders of their own, on systems that ignore case too.",
        means: "One project is written over another.",
        judge: data::project_folders,
    },
    Check {
        id: "project-same",
        about: "The project that is read is the one that was asked for, by id and by name.",
        means: "One project is written in the place of another.",
        judge: data::project_same,
    },
    Check {
        id: "references-project",
        about: "The sequences, episodes, shots and assets that a project refers to are in it.",
        means: "The project cannot be exported, or shows things in no place.",
        judge: data::references_project,
    },
    Check {
        id: "references-list",
        about: "The types, statuses and people that a project refers to are in the list of projects.",
        means: "The project cannot be exported. What is archived belongs into the list as well.",
        judge: data::references_list,
    },
    Check {
        id: "own-lists",
        about: "A project that has lists of types and statuses of its own has those it uses in them.",
        means: "The client lists types and statuses of tasks as missing.",
        judge: data::own_lists,
    },
    Check {
        id: "no-repeats",
        about: "No list of references names the same thing twice: assignees, assets of a shot, a team.",
        means: "Things are counted and drawn twice.",
        judge: data::no_repeats,
    },
    Check {
        id: "casting-once",
        about: "The casting of a shot is one entry.",
        means: "The project cannot be exported: the client would show the last entry alone.",
        judge: data::casting_once,
    },
    Check {
        id: "names",
        about: "Everything has a name.",
        means: "The client shows empty labels.",
        judge: data::names,
    },
    Check {
        id: "ranges",
        about: "A frame range ends after it has started, and a length is above 0.",
        means: "The range does not count: the shot is laid end to end, or has no place on the timeline.",
        judge: data::ranges,
    },
    Check {
        id: "places-left-to-us",
        about: "No shot is left out for want of a frame range.",
        means: "Shots are missing on the wall until somebody sets their range; an edit cannot place them.",
        judge: data::places_left_to_us,
    },
    Check {
        id: "fps",
        about: "Shots count at the frame rate of their project, all but exceptions.",
        means: "Shots are drawn too long or too short: a connector left them at the usual 24.",
        judge: data::fps,
    },
    Check {
        id: "task-types",
        about: "Types of the tasks of shots are marked as for shots, and those of assets are not.",
        means: "The client does not offer them in its menu, and nobody sees these tasks.",
        judge: data::task_types,
    },
    Check {
        id: "avatars",
        about: "Who is said to have an avatar has a picture.",
        means: "The client shows a broken picture.",
        judge: data::avatars,
    },
    Check {
        id: "edits",
        about: "The length of a movie, where it is told, is above 0, and goes with a movie.",
        means: "The timeline has no length.",
        judge: data::edits,
    },
    Check {
        id: "left-out-named",
        about: "What is left out has an id, a name and a reason, and notes say something.",
        means: "People do not learn what is missing, and why.",
        judge: data::left_out_named,
    },
    Check {
        id: "left-out-apart",
        about: "What is left out is not in the answer, and is named once.",
        means: "People are told that something is missing which is there.",
        judge: data::left_out_apart,
    },
    Check {
        id: "known-keys",
        about: "Documents have no keys that nobody reads, but in the places for keys of one's own.",
        means: "A key is misspelt, or another one is meant, and what it says is missing from the site.",
        judge: data::known_keys,
    },
    Check {
        id: "capabilities",
        about: "What is given is among the declared capabilities.",
        means: "Nobody can tell from `watchtower trackers` what this tracker is good for.",
        judge: data::capabilities,
    },
    // What changed.
    Check {
        id: "changes-first",
        about: "Without a mark it is unknown what changed, and a tracker with a log gives the first mark.",
        means: "Every export reads everything, or one reads nothing of what it has never seen.",
        judge: changes::first,
    },
    Check {
        id: "changes-foreign",
        about: "With a mark that is not its own, it is unknown what changed.",
        means: "A site that another server or account was exported to stays as it is.",
        judge: changes::foreign,
    },
    Check {
        id: "changes-told",
        about: "What changes right after a mark is told by the next answer, and by each one for that mark.",
        means: "The wall stays old until everything is read again.",
        judge: changes::told,
    },
    // Errors.
    Check {
        id: "unknown-project",
        about: "A project that is not there is `NotFound`.",
        means: "A project that was deleted looks like a server that fails, or like an empty film.",
        judge: asking::unknown_project,
    },
    Check {
        id: "refused",
        about: "Credentials that are not taken are `Refused`, whatever is asked.",
        means: "A wrong password looks like a server that fails: it is tried again and again.",
        judge: asking::refused,
    },
    Check {
        id: "unreachable",
        about: "A server that does not answer is `Unavailable`.",
        means: "A server that restarts looks like a mistake in the settings.",
        judge: asking::unreachable,
    },
    Check {
        id: "another-server",
        about: "Something that answers and is not this tracker is `Malformed`, or `Invalid`.",
        means: "A wrong address looks like a server that fails for the moment.",
        judge: asking::another_server,
    },
    Check {
        id: "cancel-ends",
        about: "A call that is dropped ends its work.",
        means: "Whoever stops an export goes on loading the server.",
        judge: asking::cancel_ends,
    },
    Check {
        id: "cancel-harmless",
        about: "After a call that was dropped the tracker answers as before.",
        means: "An export that was stopped spoils the next one of the same process.",
        judge: asking::cancel_harmless,
    },
    // Pictures and movies.
    Check {
        id: "media-references",
        about: "References are full addresses of the web, files with a path, or keys that are not empty.",
        means: "Pictures are missing from the site.",
        judge: pictures::references,
    },
    Check {
        id: "media-opens",
        about: "Pictures and movies that are referred to open, or are `NotFound`; some do open.",
        means: "The site shows placeholders.",
        judge: pictures::opens,
    },
    Check {
        id: "media-kind",
        about: "Pictures are pictures that a browser shows, and movies are MP4.",
        means: "The site shows placeholders: the bytes decide, whatever their name is.",
        judge: pictures::kind,
    },
    Check {
        id: "media-type",
        about: "The media type that is claimed is that of the bytes.",
        means: "Whoever trusts it shows nothing.",
        judge: pictures::content_type,
    },
    Check {
        id: "media-length",
        about: "As many bytes come as are claimed.",
        means: "Every such download counts as cut, and is tried again.",
        judge: pictures::length,
    },
    Check {
        id: "media-same",
        about: "What is not marked as changing has the same bytes and tag the second time.",
        means: "The site keeps an outdated picture for ever.",
        judge: pictures::same,
    },
    Check {
        id: "media-known",
        about: "Where it is declared, media that the caller holds is `Unchanged`.",
        means: "Every export fetches every picture that may change.",
        judge: pictures::known,
    },
    Check {
        id: "media-outdated",
        about: "Media is `Unchanged` for the tag that came with it alone.",
        means: "The site keeps an outdated picture for ever.",
        judge: pictures::outdated,
    },
    Check {
        id: "media-offset",
        about: "Media starts at the offset that was asked for, or says where it starts instead.",
        means: "A download that is taken up after a cut becomes a broken file.",
        judge: pictures::offset,
    },
    Check {
        id: "media-missing",
        about: "A picture that is not there is `NotFound`.",
        means: "It is tried again in each export, and each says that it is not complete.",
        judge: pictures::missing,
    },
    Check {
        id: "media-foreign",
        about: "A reference that the tracker did not make is `Unsupported`.",
        means: "A mistake in a reference looks like a picture that is missing.",
        judge: pictures::foreign,
    },
    // All the while.
    Check {
        id: "no-secrets",
        about: "No secret of the scenario is in an answer, an error or the description.",
        means: "Passwords and keys get into the site, and into logs.",
        judge: asking::no_secrets,
    },
    Check {
        id: "no-credentials",
        about: "No address holds a name or password, as in `https://name:password@server`.",
        means: "They get into the site, where everybody can read them.",
        judge: pictures::no_credentials,
    },
    Check {
        id: "traffic",
        about: "Traffic that is counted never goes down.",
        means: "What an export took is counted wrongly in its log.",
        judge: asking::traffic,
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_check_has_an_id_of_its_own_and_sentences() {
        let mut ids = HashSet::new();
        for check in CHECKS {
            assert!(ids.insert(check.id), "{} is there twice", check.id);
            assert!(check.id.len() <= 18, "{} does not fit the table", check.id);
            for sentence in [check.about, check.means] {
                assert!(sentence.ends_with('.'), "{sentence}");
            }
        }
    }
}

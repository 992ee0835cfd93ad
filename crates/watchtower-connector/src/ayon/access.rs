//! What an account may not see of a project: AYON leaves that out of its answers, and says no word.

use url::Url;

use super::Ayon;
use super::records::{Counts, FolderRule, Permissions, Stats};
use crate::http::Failure;

/// The attributes that we read.
const ATTRIBUTES: [&str; 9] = [
    "clipIn",
    "clipOut",
    "frameStart",
    "frameEnd",
    "handleStart",
    "handleEnd",
    "fps",
    "resolutionWidth",
    "resolutionHeight",
];

/// What an account sees of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Access {
    /// How much was read and how much there is, where that is less than all of it.
    part: Option<(Counts, Counts)>,
    /// The attributes that the account may not read. They look as if nobody had set them.
    hidden: Vec<&'static str>,
}

impl Access {
    /// What was read, beside how much there was before and after. What came or went in between is no
    /// sign of anything.
    pub(super) fn new(
        read: Counts,
        before: Option<Counts>,
        after: Option<Counts>,
        permissions: &Permissions,
    ) -> Self {
        let there = before.zip(after).map(|(before, after)| Counts {
            folders: before.folders.min(after.folders),
            tasks: before.tasks.min(after.tasks),
        });
        let is_less = |there: &Counts| read.folders < there.folders || read.tasks < there.tasks;
        Self {
            part: there.filter(is_less).map(|there| (read, there)),
            hidden: hidden(permissions),
        }
    }

    /// How much of the project the account sees, in words, where that is not all of it.
    pub(super) fn part(&self) -> Option<String> {
        let (read, there) = self.part?;
        Some(format!(
            "the account sees {} of {} folders and {} of {} tasks",
            read.folders.min(there.folders),
            there.folders,
            read.tasks.min(there.tasks),
            there.tasks,
        ))
    }

    /// Whether the account may not read an attribute.
    pub(super) fn hides(&self, attribute: &str) -> bool {
        self.hidden.contains(&attribute)
    }

    /// What the account may not read of what it sees, in words.
    pub(super) fn hidden(&self) -> Option<String> {
        note_hidden(&self.hidden)
    }
}

fn hidden(permissions: &Permissions) -> Vec<&'static str> {
    let read = &permissions.attrib_read;
    let is_hidden = |name: &&str| read.enabled && !read.attributes.iter().any(|it| it == name);
    ATTRIBUTES.into_iter().filter(is_hidden).collect()
}

fn note_hidden(hidden: &[&str]) -> Option<String> {
    (!hidden.is_empty()).then(|| {
        format!(
            "the account may not read {}: what is set there in AYON is not known here",
            hidden.join(", ")
        )
    })
}

/// What an account may not see of a project, in words, by what it was permitted.
pub(super) fn restrictions(permissions: &Permissions) -> Vec<String> {
    let read = &permissions.read;
    let place = |rule: &FolderRule| match (rule.access_type.as_str(), rule.path.as_deref()) {
        ("assigned", _) => "what is assigned to it".to_owned(),
        ("children", Some(path)) => format!("what is in {path}"),
        (_, Some(path)) => format!("{path} and what is in it"),
        (other, None) => other.to_owned(),
    };
    let part = read.enabled.then(|| {
        let places: Vec<_> = read.access_list.iter().map(place).collect();
        let places = match places.is_empty() {
            true => "nothing".to_owned(),
            false => places.join("; "),
        };
        format!(
            "the account may read a part alone: {places}. An export fails if that is not the whole \
             project, unless it is given `--partial`"
        )
    });
    part.into_iter()
        .chain(note_hidden(&hidden(permissions)))
        .collect()
}

impl Ayon {
    /// How much there is in a project, whoever asks. None where the server does not tell.
    pub(super) async fn counts(&self, project: &str) -> Result<Option<Counts>, Failure> {
        let url = self.http.url(&["api", "projects", project, "stats"]);
        let stats: Option<Stats> = self.if_told("count what the project holds", url).await?;
        Ok(stats.map(|it| it.counts))
    }

    /// What the account is permitted in a project; everything where the server does not tell.
    pub(super) async fn permissions(&self, project: &str) -> Result<Permissions, Failure> {
        let url = self
            .http
            .url(&["api", "users", "me", "permissions", project]);
        let permissions = self.if_told("read the permissions", url).await?;
        Ok(permissions.unwrap_or_default())
    }

    /// What a server says; none where it does not have that, as older ones do not.
    async fn if_told<T>(&self, operation: &str, url: Url) -> Result<Option<T>, Failure>
    where
        T: serde::de::DeserializeOwned + Send + 'static,
    {
        match self.get(operation, url).await {
            Ok(told) => Ok(Some(told)),
            Err(failure) if failure.kind().is_transient() => Err(failure),
            Err(failure) => {
                tracing::debug!(error = %crate::Error::from(failure), "the server does not tell");
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(folders: usize, tasks: usize) -> Counts {
        Counts { folders, tasks }
    }

    fn part(read: Counts, before: Counts, after: Counts) -> Option<String> {
        let access = Access::new(read, Some(before), Some(after), &Permissions::default());
        access.part()
    }

    #[test]
    fn what_changes_while_it_is_read_is_no_part() {
        let whole = counts(245, 356);
        assert_eq!(part(whole, whole, whole), None);
        // A folder was added or removed meanwhile.
        assert_eq!(part(whole, whole, counts(246, 357)), None);
        assert_eq!(part(whole, counts(246, 357), whole), None);
        let seen = part(counts(1, 356), whole, whole);
        let seen = seen.unwrap();
        assert_eq!(
            seen,
            "the account sees 1 of 245 folders and 356 of 356 tasks"
        );
        assert!(part(counts(245, 355), whole, whole).is_some());
        let silent = Access::new(counts(1, 1), None, Some(whole), &Permissions::default());
        assert_eq!(silent.part(), None);
    }
}

//! What Kitsu does not show to every account: vendors are refused some lists, get others empty, and are
//! shown the shots and assets that they have tasks on.

use std::collections::HashSet;

use super::records::{Entity, Shot};
use crate::http::Failure;

const WHO_SEES_ALL: &str = "an account of any role but vendor sees all of it";

/// Whether a role is the one that does not see everything.
pub(super) fn is_vendor(role: Option<&str>) -> bool {
    role.is_some_and(|role| role.eq_ignore_ascii_case("vendor"))
}

/// What an account with a role may not see, in words.
pub(super) fn restrictions(role: Option<&str>) -> Vec<String> {
    let note = format!(
        "the account is a vendor's: it is shown the shots and assets that it has tasks on, and no casting; \
         {WHO_SEES_ALL}"
    );
    is_vendor(role).then_some(note).into_iter().collect()
}

/// The parts of a project that the account may not see.
#[derive(Debug, Default)]
pub(super) struct Unseen {
    refused: Vec<&'static str>,
    /// How many sequences and episodes are known from their shots alone.
    unlisted: usize,
}

impl Unseen {
    /// What was answered. Where the account may not see that part, it is left empty: the rest is worth
    /// having.
    pub(super) fn or_empty<T: Default>(
        &mut self,
        part: &'static str,
        answer: Result<T, Failure>,
    ) -> Result<T, Failure> {
        match answer {
            Err(failure) if failure.status() == Some(403) => {
                tracing::debug!(part, error = %crate::Error::from(failure), "not to be seen");
                self.refused.push(part);
                Ok(T::default())
            }
            answer => answer,
        }
    }

    /// Adds the sequences and episodes that shots are in and that are not listed to the account.
    pub(super) fn complete(
        &mut self,
        sequences: &mut Vec<Entity>,
        episodes: &mut Vec<Entity>,
        shots: &[Shot],
    ) {
        let before = sequences.len() + episodes.len();
        let of_shots = shots.iter().filter_map(|shot| {
            let (id, name) = (shot.sequence_id.as_ref()?, shot.sequence_name.as_ref()?);
            Some(Entity {
                parent_id: shot.episode_id.clone(),
                ..Entity::new(id, name)
            })
        });
        add_unlisted(sequences, of_shots);
        let of_shots = shots.iter().filter_map(|shot| {
            let (id, name) = (shot.episode_id.as_ref()?, shot.episode_name.as_ref()?);
            Some(Entity::new(id, name))
        });
        add_unlisted(episodes, of_shots);
        self.unlisted = sequences.len() + episodes.len() - before;
    }

    /// What a person should know of it.
    pub(super) fn note(&self) -> Option<String> {
        let mut refused = self.refused.clone();
        let mut told = Vec::new();
        if self.unlisted > 0 {
            // Which are in use is known all the same.
            refused.retain(|it| !matches!(*it, "sequences" | "episodes"));
        }
        if !refused.is_empty() {
            let refused = refused.join(" and the ");
            told.push(format!("the account may not see the {refused}"));
        }
        if self.unlisted > 0 {
            told.push(
                "Kitsu does not list all sequences and episodes to the account: those that shots name are \
                 shown"
                    .to_owned(),
            );
        }
        (!told.is_empty()).then(|| format!("{}; {WHO_SEES_ALL}", told.join(", and ")))
    }
}

fn add_unlisted(listed: &mut Vec<Entity>, named: impl Iterator<Item = Entity>) {
    let mut known: HashSet<String> = listed.iter().map(|it| it.id.clone()).collect();
    listed.extend(named.filter(|it| known.insert(it.id.clone())));
}

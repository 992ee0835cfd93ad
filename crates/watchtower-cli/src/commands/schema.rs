//! `watchtower schema`.

use std::io;

use watchtower_model::schema;

use crate::Exit;
use crate::cli::SchemaAction;
use crate::messages::{schema_by_name, schema_names};
use crate::printer::Printer;

pub(super) fn run(action: &SchemaAction, printer: &Printer) -> io::Result<Exit> {
    match action {
        SchemaAction::List => {
            for name in schema_names() {
                printer.data(name)?;
            }
        }
        SchemaAction::Show { name } => {
            let Some(schema) = schema_by_name(name) else {
                let error = NoSuchSchema(name.clone());
                printer.error(&error, Some("`watchtower schema list` names all"));
                return Ok(Exit::Usage);
            };
            printer.exact(schema::to_text(&schema).trim_end())?;
        }
    }
    Ok(Exit::Done)
}

#[derive(Debug, thiserror::Error)]
#[error("there is no schema `{}`; near are {}", .0.escape_debug(), nearest(.0))]
struct NoSuchSchema(String);

/// The schemas that may be meant: those with a name of that ending, or else the most alike.
fn nearest(text: &str) -> String {
    let ends = schema_names().filter(|it| it.split_once('/').is_some_and(|(_, it)| it == text));
    let mut near: Vec<_> = ends.collect();
    if near.is_empty() {
        let mut all: Vec<_> = schema_names().collect();
        all.sort_by(|a, b| {
            let likeness = |it: &str| strsim::jaro_winkler(it, text);
            likeness(b).total_cmp(&likeness(a))
        });
        near.extend(all.into_iter().take(3));
    }
    let near: Vec<_> = near.iter().map(|it| format!("`{it}`")).collect();
    near.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_without_its_format_is_found() {
        assert_eq!(nearest("shots"), "`v0/shots`, `v1/shots`");
        assert_eq!(
            nearest("project"),
            "`v0/project`, `v1/project`, `tracker/project`"
        );
        assert!(nearest("v0/shot").starts_with("`v0/shots`"));
        assert!(nearest("tracker/projectlist").starts_with("`tracker/project_list`"));
    }
}

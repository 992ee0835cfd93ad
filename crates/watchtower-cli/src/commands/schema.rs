//! `watchtower schema`.

use std::io;

use watchtower_model::schema;

use crate::Exit;
use crate::cli::SchemaAction;
use crate::printer::Printer;

pub(super) fn run(action: &SchemaAction, printer: &Printer) -> io::Result<Exit> {
    match action {
        SchemaAction::List => {
            for name in schema::names() {
                printer.data(name)?;
            }
        }
        SchemaAction::Show { name } => {
            let Some(schema) = schema::by_name(name) else {
                printer.error(
                    &NoSuchSchema(name.clone()),
                    Some("`watchtower schema list` names them"),
                );
                return Ok(Exit::Usage);
            };
            printer.data(schema::to_text(&schema).trim_end())?;
        }
    }
    Ok(Exit::Done)
}

#[derive(Debug, thiserror::Error)]
#[error("there is no schema `{}`", .0.escape_debug())]
struct NoSuchSchema(String);

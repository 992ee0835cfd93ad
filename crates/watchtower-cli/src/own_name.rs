//! The name of the command, which is a studio's own where it has its own trackers.

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;

use clap::Command;

/// What texts call it.
const OURS: &str = "watchtower";

static NAME: OnceLock<String> = OnceLock::new();

/// The name by which the command was called.
pub(crate) fn own_name() -> &'static str {
    NAME.get_or_init(|| {
        let called = std::env::args_os().next();
        let stem = called.as_deref().and_then(|it| Path::new(it).file_stem());
        match stem.and_then(|it| it.to_str()) {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => OURS.to_owned(),
        }
    })
}

/// Whether the command is one of a studio.
pub(crate) fn is_another() -> bool {
    own_name() != OURS
}

/// A text that calls the command by its name: what it says to type begins with a backtick or an indent.
pub(crate) fn named(text: &str) -> Cow<'_, str> {
    match is_another() {
        true => called(text, own_name()).into(),
        false => text.into(),
    }
}

fn called(text: &str, name: &str) -> String {
    let text = text.replace("`watchtower ", &format!("`{name} "));
    text.replace("\n  watchtower ", &format!("\n  {name} "))
}

/// The same for all that the help of a command says.
pub(crate) fn name_help(command: Command) -> Command {
    let about = command.get_about().map(ToString::to_string);
    let long_about = command.get_long_about().map(ToString::to_string);
    let after_help = command.get_after_help().map(ToString::to_string);
    let mut command = command.mut_args(|arg| match arg.get_help().map(ToString::to_string) {
        Some(help) => arg.help(named(&help).into_owned()),
        None => arg,
    });
    if let Some(text) = about {
        command = command.about(named(&text).into_owned());
    }
    if let Some(text) = long_about {
        command = command.long_about(named(&text).into_owned());
    }
    if let Some(text) = after_help {
        command = command.after_help(named(&text).into_owned());
    }
    command.mut_subcommands(name_help)
}

/// Prints what the parser of arguments says: help, or what is wrong.
pub(crate) fn print(error: &clap::Error) {
    // Writing fails only when nobody reads any more.
    let _ = match is_another() {
        false => error.print(),
        true => {
            let text = error.render().ansi().to_string();
            match error.use_stderr() {
                true => write!(anstream::stderr().lock(), "{}", named(&text)),
                false => write!(anstream::stdout().lock(), "{}", named(&text)),
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_typed_has_the_name_and_nothing_else() {
        assert_eq!(
            called(
                "`watchtower validate site` says why\n  watchtower serve site",
                "studio"
            ),
            "`studio validate site` says why\n  studio serve site"
        );
        let kept = "`.watchtower` of Watchtower, crate watchtower-cli";
        assert_eq!(called(kept, "studio"), kept);
    }
}

//! `cargo xtask share`: man pages and completions, where a system looks for them below a prefix.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::Command;
use clap_complete::Shell;

/// Where each shell that looks in files below `share/` finds what completes a command.
const COMPLETIONS: &[(Shell, &str)] = &[
    (Shell::Bash, "bash-completion/completions/watchtower"),
    (Shell::Fish, "fish/vendor_completions.d/watchtower.fish"),
    (Shell::Zsh, "zsh/site-functions/_watchtower"),
];

/// Writes them below `share/` of the prefix.
pub(crate) fn write(prefix: &Path) -> Result<()> {
    let share = prefix.join("share");
    let command = watchtower_cli::command(&watchtower_cli::built_in());
    for (shell, path) in COMPLETIONS {
        let mut script = Vec::new();
        clap_complete::generate(*shell, &mut command.clone(), "watchtower", &mut script);
        put(&share.join(path), &script)?;
    }
    // The subcommand that prints help has a page for each page that there is.
    let mut command = command.disable_help_subcommand(true);
    command.build();
    pages(&command, "watchtower", &share.join("man/man1"))
}

/// Writes the page of a command and those of its subcommands.
fn pages(command: &Command, name: &str, folder: &Path) -> Result<()> {
    // A page begins with one line on what it is for; the platform is that of whoever asks the command.
    let command = command.clone().name(name.to_owned().leak() as &str);
    let version = env!("CARGO_PKG_VERSION");
    let page = clap_mangen::Man::new(command.clone().long_version(version))
        .manual("Watchtower")
        .source(format!("watchtower {version}"));
    let mut text = Vec::new();
    page.render(&mut text)?;
    put(&folder.join(format!("{name}.1")), &text)?;
    for subcommand in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        pages(
            subcommand,
            &format!("{name}-{}", subcommand.get_name()),
            folder,
        )?;
    }
    Ok(())
}

fn put(path: &Path, text: &[u8]) -> Result<()> {
    let folder = path.parent().context("a folder")?;
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_has_a_page_and_each_shell_a_file() {
        let prefix = tempfile::tempdir().unwrap();
        write(prefix.path()).unwrap();
        let share = prefix.path().join("share");
        let page = |name: &str| fs::read_to_string(share.join("man/man1").join(name)).unwrap();
        let main = page("watchtower.1");
        assert!(main.contains("watchtower\\-export(1)"), "{main}");
        assert!(main.contains("Exit codes:"), "{main}");
        let kitsu = page("watchtower-export-kitsu.1");
        assert!(kitsu.contains(r"\fBwatchtower export kitsu\fR"), "{kitsu}");
        assert!(kitsu.contains("WATCHTOWER_LOG"), "{kitsu}");
        for (_, path) in COMPLETIONS {
            let script = fs::read_to_string(share.join(path)).unwrap();
            assert!(script.contains("allow-shrink"), "{path}");
        }
    }
}

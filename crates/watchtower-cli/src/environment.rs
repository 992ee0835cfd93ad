//! Settings from the environment and from `.env.local`.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

/// The file that is read when it is in the current folder and none is named.
pub const DEFAULT_FILE: &str = ".env.local";

/// Settings by name: the process's environment first, then a file.
///
/// Values are secret until somebody asks for them as text.
#[derive(Debug, Default)]
pub struct Environment {
    variables: HashMap<String, SecretString>,
    file: HashMap<String, SecretString>,
    path: Option<PathBuf>,
}

/// A settings file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// It cannot be read.
    #[error("cannot read the settings in `{}`: {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line is no setting. Its text is not shown: it may hold a password.
    #[error("line {line} of `{}` is no setting: expected NAME=VALUE, or a comment after #", .path.display())]
    NotASetting {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
}

impl Environment {
    /// The process's environment, and the settings of a file: the one named, which must be there, or
    /// `.env.local` in the current folder if there is one.
    ///
    /// # Errors
    ///
    /// [`EnvironmentError`] when the file cannot be read or understood.
    pub fn load(file: Option<&Path>) -> Result<Self, EnvironmentError> {
        let path = match file {
            Some(path) => Some(path),
            None => Some(Path::new(DEFAULT_FILE)).filter(|path| path.exists()),
        };
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?.into()))
        });
        let file = match path {
            None => HashMap::new(),
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|source| {
                    EnvironmentError::Unreadable {
                        path: path.to_owned(),
                        source,
                    }
                })?;
                parse(&text).map_err(|line| EnvironmentError::NotASetting {
                    path: path.to_owned(),
                    line,
                })?
            }
        };
        Ok(Self {
            variables: variables.collect(),
            file,
            path: path.map(Path::to_owned),
        })
    }

    /// A setting; an empty one counts as none.
    pub fn secret(&self, name: &str) -> Option<&SecretString> {
        use secrecy::ExposeSecret;
        let filled = |value: &&SecretString| !value.expose_secret().is_empty();
        let variable = self.variables.get(name).filter(filled);
        variable.or_else(|| self.file.get(name).filter(filled))
    }

    /// Whether a setting comes from the environment, which goes before the file.
    pub(crate) fn is_variable(&self, name: &str) -> bool {
        use secrecy::ExposeSecret;
        let variable = self.variables.get(name);
        variable.is_some_and(|it| !it.expose_secret().is_empty())
    }

    /// A setting that is no secret, as text.
    pub fn text(&self, name: &str) -> Option<String> {
        use secrecy::ExposeSecret;
        Some(self.secret(name)?.expose_secret().to_owned())
    }

    /// The settings of the file that the environment does not have.
    pub fn of_file(&self) -> impl Iterator<Item = (&str, &SecretString)> {
        let settings = self.file.iter();
        let settings = settings.filter(|(name, _)| !self.is_variable(name));
        settings.map(|(name, value)| (name.as_str(), value))
    }

    /// The file that was read.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Where a person can set a setting, in a few words.
    #[cfg(any(feature = "ayon", feature = "flow", feature = "kitsu"))]
    pub(crate) fn how_to_set(&self, name: &str) -> String {
        let file = self.path().unwrap_or(Path::new(DEFAULT_FILE));
        format!("set {name} in the environment or in `{}`", file.display())
    }
}

/// Reads lines of `NAME=VALUE` as the Python package writes and reads them: a value is taken as it
/// stands, whatever it holds, so that a password with `=`, `#`, `$` or spaces works. That is why none
/// of the crates for `.env` files serves here: they expand and cut values. Quotes around a value and
/// `export` before a name are taken off.
///
/// The error is the number of the line that is no setting.
fn parse(text: &str) -> Result<HashMap<String, SecretString>, usize> {
    let mut settings = HashMap::new();
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=').ok_or(number + 1)?;
        let name = name.trim();
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        let value = value.trim();
        let quoted = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
        let value = quoted('"').or_else(|| quoted('\'')).unwrap_or(value);
        settings.insert(name.to_owned(), value.into());
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_value_is_taken_as_it_stands() {
        let settings = parse(
            "# studio\nKITSU_DATA_SOURCE_USER_PASSWORD=a=b#c $d e\r\nexport X = ' y '\n\nEMPTY=\nQ=\"\n",
        )
        .unwrap();
        let value = |name: &str| settings[name].expose_secret().to_owned();
        assert_eq!(value("KITSU_DATA_SOURCE_USER_PASSWORD"), "a=b#c $d e");
        assert_eq!(value("X"), " y ");
        assert_eq!(value("EMPTY"), "");
        assert_eq!(value("Q"), "\"");
    }

    #[test]
    fn a_line_that_is_no_setting_is_named_and_not_shown() {
        assert_eq!(parse("A=1\nhunter2\n").unwrap_err(), 2);
        let error = EnvironmentError::NotASetting {
            path: DEFAULT_FILE.into(),
            line: 2,
        };
        insta::assert_snapshot!(error, @"line 2 of `.env.local` is no setting: expected NAME=VALUE, or a comment after #");
    }

    #[test]
    fn the_environment_comes_before_the_file() {
        let environment = Environment {
            variables: [("A".to_owned(), "1".into()), ("B".to_owned(), "".into())].into(),
            file: [("A".to_owned(), "2".into()), ("B".to_owned(), "3".into())].into(),
            path: None,
        };
        assert_eq!(environment.text("A").unwrap(), "1");
        assert_eq!(environment.text("B").unwrap(), "3");
        assert_eq!(environment.text("C"), None);
    }

    #[test]
    fn the_file_is_told_where_the_environment_says_nothing() {
        let environment = Environment {
            variables: [("A".to_owned(), "1".into()), ("B".to_owned(), "".into())].into(),
            file: parse("A=2\nB=3\nC=4").unwrap(),
            path: None,
        };
        let told = environment.of_file();
        let mut told: Vec<_> = told.map(|(name, it)| (name, it.expose_secret())).collect();
        told.sort_unstable();
        assert_eq!(told, [("B", "3"), ("C", "4")]);
    }

    #[test]
    fn secrets_are_not_in_the_debug_output() {
        let file = parse("A=hunter2").unwrap();
        let environment = Environment {
            file,
            ..Environment::default()
        };
        assert!(!format!("{environment:?}").contains("hunter2"));
    }
}

//! Findings as commands to GitHub's runners, which show them beside the files' lines.
//!
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use std::io::{self, Write};
use std::path::Path;

use watchtower_writer::validate::{Code, Report, Severity, with_slashes};

use super::{count, printable};

pub(super) fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    for finding in &report.findings {
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(out, "::{command} file={}", file(&finding.file))?;
        if let Some(position) = finding.position {
            write!(out, ",line={},col={}", position.line, position.column)?;
        }
        let mut lines = vec![match &finding.expected {
            Some(expected) => format!("{}: expected {expected}", finding.message),
            None => finding.message.clone(),
        }];
        lines.extend([finding.effect.clone(), format!("Help: {}", finding.help)]);
        writeln!(out, ",title={}::{}", title(finding.code), message(&lines))?;
    }
    for left_out in &report.left_out {
        let file = file(&left_out.file);
        let more = format!(
            "{} more",
            count(left_out.count, &left_out.severity.to_string())
        );
        writeln!(
            out,
            "::notice file={file},title={}::{more}",
            title(left_out.code)
        )?;
    }
    Ok(())
}

fn title(code: Code) -> String {
    format!("{code} {}", code.name())
}

fn file(path: &Path) -> String {
    // Annotations are matched by the name of the file in the repository.
    let path = path.strip_prefix(".").unwrap_or(path);
    let path = printable(&with_slashes(path)).into_owned();
    escape(&path).replace(':', "%3A").replace(',', "%2C")
}

/// Lines of one message; text from files cannot add another.
fn message(lines: &[String]) -> String {
    let lines: Vec<_> = lines.iter().map(|it| escape(&printable(it))).collect();
    lines.join("%0A")
}

fn escape(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_file_becomes_a_command() {
        assert_eq!(
            file(Path::new("a,b:c\n::error::%")),
            r"a%2Cb%3Ac\n%3A%3Aerror%3A%3A%25"
        );
        assert_eq!(file(Path::new("./data/shots.json")), "data/shots.json");
        let lines = ["100%\r\n::error::x".to_owned(), "y".to_owned()];
        assert_eq!(message(&lines), r"100%25\r\n::error::x%0Ay");
    }
}

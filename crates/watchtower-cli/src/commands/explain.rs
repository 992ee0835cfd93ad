//! `watchtower explain`.

use std::cmp::Ordering;
use std::fmt;
use std::io;

use watchtower_writer::validate::Code;

use crate::Exit;
use crate::cli::ExplainArgs;
use crate::printer::Printer;

pub(super) fn run(args: &ExplainArgs, printer: &Printer) -> io::Result<Exit> {
    match args.code {
        Some(code) => printer.data(Page(code))?,
        None => {
            for code in Code::ALL {
                let it = code.explanation();
                let severity = it.severity.to_string();
                printer.data(format_args!(
                    "{code}  {severity:7}  {:26}  {}",
                    it.name, it.what
                ))?;
            }
        }
    }
    Ok(Exit::Done)
}

/// What there is to know about a code.
struct Page(Code);

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let it = self.0.explanation();
        writeln!(f, "{} {} ({})", self.0, it.name, it.severity)?;
        writeln!(f, "\n{}", wrap(it.what, ""))?;
        writeln!(f, "\nWhat the client does:\n{}", wrap(it.why, "  "))?;
        writeln!(f, "\nHow to mend it:\n{}", wrap(it.mend, "  "))?;
        write!(f, "\nExample:\n  {}\nmended:\n  {}", it.bad, it.good)
    }
}

fn wrap(text: &str, indent: &str) -> String {
    let options = textwrap::Options::new(80)
        .initial_indent(indent)
        .subsequent_indent(indent);
    textwrap::fill(text, options)
}

/// Reads a code, as it stands on the command line.
pub(crate) fn code(text: &str) -> Result<Code, NoSuchCode> {
    text.parse().map_err(|_| NoSuchCode(text.to_owned()))
}

/// No code is called that.
#[derive(Debug, thiserror::Error)]
#[error("there is no such code; near are {}. `watchtower explain` lists all", nearest(.0))]
pub(crate) struct NoSuchCode(String);

/// The three codes whose number or name is the most like a text, the nearest first.
fn nearest(text: &str) -> String {
    let (number, name) = (text.to_uppercase(), text.to_lowercase());
    let likeness = |code: &Code| {
        let number = strsim::jaro_winkler(&code.to_string(), &number);
        number.max(strsim::jaro_winkler(code.name(), &name))
    };
    let mut codes: Vec<_> = Code::ALL.iter().map(|it| (likeness(it), it)).collect();
    codes.sort_by(|(a, _), (b, _)| b.partial_cmp(a).unwrap_or(Ordering::Equal));
    let named = codes[..3]
        .iter()
        .map(|(_, it)| format!("{it} ({})", it.name()));
    named.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_mistyped_is_found() {
        assert!(nearest("nul").starts_with("WT203 (null)"));
        assert!(nearest("unknown-sequenz").starts_with("WT401 (unknown-sequence)"));
        assert!(nearest("wt2033").starts_with("WT203 (null)"));
    }
}

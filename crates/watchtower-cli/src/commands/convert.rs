//! `watchtower convert`.

use std::io;

use tokio::runtime;
use watchtower_model::format::Format;
use watchtower_writer::media::MediaPolicy;
use watchtower_writer::{Site, Summary, read};

use crate::Exit;
use crate::cli::ConvertArgs;
use crate::convert::{NoPlace, SiteTracker, check_place};
use crate::export::{ExportError, ExportOptions, export};
use crate::messages::Converted;
use crate::printer::Printer;
use crate::stop::Stop;

/// The site is of the wanted format.
#[derive(Debug, thiserror::Error)]
#[error("the site in `{site}` is of format {format} already")]
struct NothingToDo {
    site: String,
    format: Format,
}

pub(super) fn run(args: &ConvertArgs, printer: &Printer) -> io::Result<Exit> {
    if let Err(error) = check_place(&args.site, &args.output, args.to) {
        printer.error(&error, Some(NoPlace::HELP));
        return Ok(Exit::Usage);
    }
    let mut others = Format::ALL.iter().copied().filter(|it| *it != args.to);
    let contents = match read::site(&args.site, others.next()) {
        Ok(contents) => contents,
        Err(error) => return Ok(refuse(args, &error, printer)),
    };
    let tracker = SiteTracker::new(&args.site, contents);
    let site = Site::new(&args.output);
    let options = ExportOptions {
        projects: args.projects.clone(),
        format: Some(args.to),
        media: MediaPolicy::Copy,
        pictures: args.pictures.policy(),
        pictures_from_movies: args.pictures.pictures_from_movie,
        from_site: true,
        lock_timeout: args.lock_timeout,
        ..ExportOptions::default()
    };
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let exit = runtime.block_on(async {
        let mut stop = Stop::on_signals()?;
        tokio::select! {
            biased;
            result = export(&tracker, &site, &options, printer) => {
                tell(args, &tracker, result, printer)
            }
            exit = stop.requested() => {
                stop.obey();
                printer.stopped();
                Ok(exit)
            }
        }
    });
    runtime.shutdown_background();
    exit
}

/// Says why the site cannot be read.
fn refuse(args: &ConvertArgs, error: &read::Error, printer: &Printer) -> Exit {
    let site = args.site.display();
    match error {
        read::Error::OtherFormat { found, .. } if *found == args.to => {
            let format = *found;
            let site = site.to_string();
            let help = "a site that is to stand elsewhere is copied, as with `cp -r`";
            printer.error(&NothingToDo { site, format }, Some(help));
            Exit::Usage
        }
        read::Error::Invalid { format, .. } => {
            let help = format!(
                "`watchtower validate {site} --format {format} --no-media` lists all that is wrong with it"
            );
            printer.error(error, Some(&help));
            Exit::Findings
        }
        read::Error::Unreadable { .. } => {
            printer.error(error, None);
            Exit::Findings
        }
        _ => {
            printer.error(error, None);
            Exit::Usage
        }
    }
}

/// Says how the conversion ended.
fn tell(
    args: &ConvertArgs,
    tracker: &SiteTracker,
    result: Result<Summary, ExportError>,
    printer: &Printer,
) -> io::Result<Exit> {
    let mut summary = match result {
        Ok(summary) => summary,
        Err(error) => {
            printer.error(&error, error.help().as_deref());
            return Ok(error.exit());
        }
    };
    let contents = tracker.contents();
    let mut notes = contents.notes.clone();
    notes.append(&mut summary.notes);
    printer.failures(&summary);
    if args.json {
        printer.message(&Converted {
            from: contents.format,
            notes: &notes,
            summary: &summary,
        })?;
    } else {
        printer.summary(&summary, &args.output.display().to_string())?;
        printer.notes(&notes)?;
    }
    Ok(match summary.is_complete() {
        true => Exit::Done,
        false => Exit::Partial,
    })
}

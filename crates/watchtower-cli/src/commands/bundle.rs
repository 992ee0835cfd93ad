//! `watchtower bundle`.

use std::io;

use indicatif::HumanBytes;
use watchtower_model::counted;
use watchtower_writer::media::Fitted;

use crate::Exit;
use crate::bundle::{BundleError, NoSite, bundle};
use crate::cli::BundleArgs;
use crate::messages::Bundled;
use crate::printer::{Printer, Verbosity, first_names};

pub(super) fn run(args: &BundleArgs, printer: &Printer) -> io::Result<Exit> {
    let (format, patience) = (args.format, args.lock_timeout);
    let fit = args.pictures.then(|| args.picture_fit.into());
    let bundled = match bundle(
        &args.site,
        &args.client,
        &args.output,
        format,
        patience,
        fit,
    ) {
        Ok(bundled) => bundled,
        Err(error) => {
            let help = match &error {
                BundleError::Client(error) => error.help(),
                BundleError::Site(_) => Some(NoSite::HELP.to_owned()),
                BundleError::Locked { .. } => {
                    Some("`--lock-timeout` gives it more time".to_owned())
                }
                _ => None,
            };
            printer.error(&error, help.as_deref());
            return Ok(match error {
                BundleError::Locked { .. } | BundleError::Output { .. } => Exit::Output,
                _ => Exit::Usage,
            });
        }
    };
    if args.json {
        printer.message(&bundled)?;
    } else if printer.verbosity() > Verbosity::Quiet {
        let Bundled {
            format,
            client_files,
            site_files,
            site_bytes,
            pictures,
        } = bundled;
        printer.data(format_args!(
            "Bundled {} with its web client for {format} in {}: {} of the site ({}), {client_files} of the client",
            args.site.display(),
            args.output.display(),
            counted(site_files, "file", "files"),
            HumanBytes(site_bytes),
        ))?;
        let mut notes = Vec::new();
        if let Some(Fitted {
            made,
            fitting,
            elsewhere,
            refused,
            ..
        }) = pictures
        {
            notes.push(format!(
                "{} made, and {fitting} fit as they were",
                counted(made, "picture was", "pictures were")
            ));
            if elsewhere > 0 {
                notes.push(format!(
                    "{} as they are, on another server",
                    counted(elsewhere, "picture stays", "pictures stay")
                ));
            }
            for (reason, it) in refused {
                notes.push(format!(
                    "{} as they are: {reason}: {}",
                    counted(it.of.len(), "picture stays", "pictures stay"),
                    first_names(&it.of.iter().map(String::as_str).collect::<Vec<_>>())
                ));
            }
        }
        printer.notes(&notes)?;
    }
    Ok(Exit::Done)
}

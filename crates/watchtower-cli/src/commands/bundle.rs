//! `watchtower bundle`.

use std::io;

use indicatif::HumanBytes;

use crate::Exit;
use crate::bundle::{BundleError, Bundled, NoSite, bundle};
use crate::cli::BundleArgs;
use crate::printer::{Printer, Verbosity};

pub(super) fn run(args: &BundleArgs, printer: &Printer) -> io::Result<Exit> {
    let (format, patience) = (args.format, args.lock_timeout);
    let bundled = match bundle(&args.site, &args.client, &args.output, format, patience) {
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
        printer.data(serde_json::to_string_pretty(&bundled)?)?;
    } else if printer.verbosity() > Verbosity::Quiet {
        let Bundled {
            format,
            client_files,
            site_files,
            site_bytes,
        } = bundled;
        printer.data(format_args!(
            "Bundled {} with its web client for {format} in {}: {site_files} files of the site ({}), {client_files} of the client",
            args.site.display(),
            args.output.display(),
            HumanBytes(site_bytes),
        ))?;
    }
    Ok(Exit::Done)
}

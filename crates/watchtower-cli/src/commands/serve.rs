//! `watchtower serve`.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use futures_util::FutureExt;
use tokio::runtime;

use crate::Exit;
use crate::bundle::NoSite;
use crate::cli::{ListenArgs, ServeArgs};
use crate::client::{Client, ClientError, INDEX};
use crate::messages::Serving;
use crate::os::Parent;
use crate::printer::Printer;
use crate::server::{Served, Server};
use crate::stop::Stop;
use watchtower_writer::SiteFolder;

pub(super) fn run(args: &ServeArgs, printer: &Printer) -> io::Result<Exit> {
    let parent = Parent::now();
    let served = match served(args) {
        Ok(served) => served,
        Err(error) => return Ok(error.tell(printer)),
    };
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = runtime.block_on(async {
        let stop = Stop::on_signals()?;
        let served = Arc::new(served);
        let Some(server) = start(served, &args.listen, args.json, printer).await? else {
            return Ok(Exit::Usage);
        };
        server.run(end(&args.listen, stop, parent, printer)).await?;
        Ok(Exit::Done)
    });
    runtime.shutdown_background();
    exit
}

/// Why there is nothing to serve.
#[derive(Debug, thiserror::Error)]
pub(super) enum NothingToServe {
    #[error(transparent)]
    Site(#[from] NoSite),
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl NothingToServe {
    pub(super) fn tell(&self, printer: &Printer) -> Exit {
        let help = match self {
            Self::Site(_) => Some(NoSite::HELP.to_owned()),
            Self::Client(error) => error.help(),
        };
        printer.error(self, help.as_deref());
        Exit::Usage
    }
}

/// A site with the client that was named, or with the one beside it if it is a bundle.
fn served(args: &ServeArgs) -> Result<Served, NothingToServe> {
    let site = args.site.as_path();
    let folder = SiteFolder::new(site);
    let formats = NoSite::formats(&folder, args.format)?;
    let client = args.client.as_deref();
    let client = client.or_else(|| site.join(INDEX).is_file().then_some(site));
    let client = client.map(|it| Client::open(it, &formats)).transpose()?;
    Ok(Served {
        site: folder,
        client: client.map_or_else(OnceLock::new, OnceLock::from),
        reload: !args.listen.no_reload,
    })
}

/// The address is another program's, or not ours to take.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
struct AddressRefused {
    address: SocketAddr,
    source: io::Error,
}

/// Takes the address and says which it is, on the first line of stdout. None if it cannot be had,
/// which was said.
pub(super) async fn start(
    served: Arc<Served>,
    listen: &ListenArgs,
    json: bool,
    printer: &Printer,
) -> io::Result<Option<Server>> {
    let address = SocketAddr::new(listen.address, listen.port);
    let formats = served.site.formats();
    let format = match served.client.get() {
        Some(client) => Some(client.format()),
        None if formats.len() == 1 => formats.first().copied(),
        None => None,
    };
    let site = served.site.root().to_owned();
    let server = match Server::bind(address, served).await {
        Ok(server) => server,
        Err(source) => {
            let error = AddressRefused { address, source };
            printer.error(&error, Some("`--port 0` takes a port that is free"));
            return Ok(None);
        }
    };
    if !address.ip().is_loopback() {
        printer.warning(format_args!(
            "whoever reaches this machine at port {} can read the site: there is no password",
            server.port()?
        ));
    }
    let url = server.url()?;
    if json {
        printer.message_line(&Serving {
            url: &url,
            site: &site,
            format,
        })?;
    } else {
        printer.data(&url)?;
    }
    if listen.open
        && let Err(error) = open::that_detached(&url)
    {
        printer.error(&error, Some("open the address in a browser yourself"));
    }
    Ok(Some(server))
}

/// Waits for a signal, or for the end of the process that started us, which is said.
pub(super) fn end(
    listen: &ListenArgs,
    mut stop: Stop,
    parent: Parent,
    printer: &Printer,
) -> impl Future<Output = ()> + Send + 'static {
    let parent = match listen.outlive_parent {
        true => Parent::Nobody,
        false => parent,
    };
    let say = printer.later();
    async move {
        tokio::select! {
            () = stop.requested().map(drop) => {}
            () = parent.ended() => say.warning(
                "the process that started this server has ended, and so does the server; with \
                 `--outlive-parent` it goes on",
            ),
        }
    }
}

//! A network between two programs on this machine.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Passes connections on to a server as a network does: a connection takes a round trip to open, and
/// each byte arrives half of one after it was sent, however many are on their way. It goes on until
/// the process ends.
pub(super) struct Relay {
    address: SocketAddr,
}

/// How many pieces may be on their way in one direction of a connection; far more than are.
const ON_THE_WAY: usize = 1024;

impl Relay {
    pub(super) fn start(server: SocketAddr, round_trip: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        thread::spawn(move || {
            for client in listener.incoming().filter_map(Result::ok) {
                // To the client it is open at once, so what it says now it would say later.
                let opened = Instant::now() + round_trip;
                thread::spawn(move || {
                    // Who is refused sees the connection end.
                    let _ = pass_on(client, server, opened, round_trip / 2);
                });
            }
        });
        Ok(Self { address })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

fn pass_on(
    client: TcpStream,
    server: SocketAddr,
    opened: Instant,
    delay: Duration,
) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (to_client, from_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || carry(from_server, to_client, opened, delay));
    carry(client, server, opened, delay);
    Ok(())
}

/// Carries one direction of a connection, and its end.
fn carry(mut from: TcpStream, mut to: TcpStream, opened: Instant, delay: Duration) {
    let (send, on_the_way) = mpsc::sync_channel::<(Instant, Vec<u8>)>(ON_THE_WAY);
    thread::spawn(move || {
        for (arrival, bytes) in on_the_way {
            thread::sleep(arrival.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                return;
            }
        }
        // It may have ended from the other side.
        let _ = to.shutdown(Shutdown::Write);
    });
    let mut buffer = vec![0; 1 << 16];
    loop {
        // An end takes as long as a byte.
        let read = from.read(&mut buffer).unwrap_or(0);
        let arrival = Instant::now().max(opened) + delay;
        if send.send((arrival, buffer[..read].to_vec())).is_err() || read == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_arrives_in_order_and_so_does_the_end() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = server.local_addr().unwrap();
        let echo = thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let mut said = Vec::new();
            stream.read_to_end(&mut said).unwrap();
            stream.write_all(&said).unwrap();
        });
        let relay = Relay::start(address, Duration::from_millis(2)).unwrap();
        let mut client = TcpStream::connect(relay.address()).unwrap();
        let said: Vec<u8> = (0..=255).cycle().take(300_000).collect();
        client.write_all(&said).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).unwrap();
        assert!(heard == said);
        echo.join().unwrap();
    }
}

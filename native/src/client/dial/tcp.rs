//! From a host and a port to a connected socket.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use tokio::{net::TcpStream, task::JoinSet};

use super::failure::{DialFailure, Step, io_words};
use crate::net::TcpLiveness;

/// How long one address may take before the next one is tried beside it (RFC 8305, section 5, recommends 250 ms).
const NEXT_ADDRESS_AFTER: Duration = Duration::from_millis(250);

/// The addresses of `host`, in the order to try them. An address needs no resolver.
pub(super) async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, DialFailure> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let unknown = |why: &str| {
        DialFailure::passing(
            Step::Name,
            format!("the name \"{host}\" does not resolve ({why})"),
            "check its spelling, and that this machine's resolver works",
        )
    };
    let found =
        tokio::net::lookup_host((host, port)).await.map_err(|error| unknown(&resolver_words(&error)))?;
    let addresses = interleaved(found.collect());
    if addresses.is_empty() { Err(unknown("it has no address")) } else { Ok(addresses) }
}

/// Connects to whichever address answers first. The next one starts when the one before has failed, or has been
/// silent for a moment, so that one dead address does not eat the whole dial timeout.
pub(super) async fn connect(
    addresses: &[SocketAddr],
    place: &str,
    liveness: TcpLiveness,
) -> Result<TcpStream, DialFailure> {
    let mut rest = addresses.iter().copied();
    let mut attempts = JoinSet::new();
    let mut failures: Vec<(SocketAddr, io::Error)> = Vec::new();
    loop {
        if let Some(address) = rest.next() {
            attempts.spawn(async move { (address, TcpStream::connect(address).await) });
        } else if attempts.is_empty() {
            return Err(all_failed(place, &failures));
        }
        let patience = async {
            if rest.len() == 0 {
                std::future::pending().await
            } else {
                tokio::time::sleep(NEXT_ADDRESS_AFTER).await
            }
        };
        tokio::select! {
            Some(Ok((address, outcome))) = attempts.join_next() => match outcome {
                Ok(socket) => {
                    // Without these options the line is only found dead later; that is no reason not to have it.
                    if let Err(error) = liveness.apply(&socket) {
                        tracing::debug!(%address, %error, "socket options were refused");
                    }
                    return Ok(socket);
                }
                Err(error) => failures.push((address, error)),
            },
            () = patience => {}
        }
    }
}

fn all_failed(place: &str, failures: &[(SocketAddr, io::Error)]) -> DialFailure {
    let told: Vec<String> = failures
        .iter()
        .map(|(address, error)| {
            // An address that was typed need not be told twice.
            let which = if address.to_string() == place { String::new() } else { format!("{address}: ") };
            which + &io_words(error)
        })
        .collect();
    let refused = failures.iter().all(|(_, error)| error.kind() == io::ErrorKind::ConnectionRefused);
    let advice = if refused {
        "nothing listens there: start the server, or check host and port"
    } else {
        "check the address, the network and firewalls on the way"
    };
    DialFailure::passing(Step::Tcp, format!("no TCP connection to {place} ({})", told.join(", ")), advice)
}

/// Families in turn (RFC 8305, section 4), so that a broken IPv6 costs one moment and not one per address.
fn interleaved(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = addresses.first() else { return addresses };
    let first_is_v6 = first.is_ipv6();
    let (ours, others): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|a| a.is_ipv6() == first_is_v6);
    let mut out = Vec::with_capacity(ours.len() + others.len());
    let (mut ours, mut others) = (ours.into_iter(), others.into_iter());
    loop {
        let before = out.len();
        out.extend(ours.next());
        out.extend(others.next());
        if out.len() == before {
            return out;
        }
    }
}

/// `failed to lookup address information: Name or service not known` without its first half.
fn resolver_words(error: &io::Error) -> String {
    let text = error.to_string();
    text.rsplit(": ").next().unwrap_or(&text).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let parse = |list: &[&str]| list.iter().map(|a| a.parse().unwrap()).collect::<Vec<SocketAddr>>();
        assert_eq!(
            interleaved(parse(&["[::1]:1", "[::2]:1", "1.1.1.1:1", "[::3]:1"])),
            parse(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"])
        );
        assert_eq!(interleaved(Vec::new()), Vec::new());
    }

    #[tokio::test]
    async fn an_address_that_refuses_does_not_hide_one_that_answers() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good = listener.local_addr().unwrap();
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let socket = connect(&[closed, good], "test", TcpLiveness::default()).await.unwrap();
        assert_eq!(socket.peer_addr().unwrap(), good);
        let failure = connect(&[closed], "test", TcpLiveness::default()).await.unwrap_err();
        assert_eq!(failure.step, Step::Tcp);
        assert!(failure.to_string().contains("nothing listens"), "{failure}");
    }
}

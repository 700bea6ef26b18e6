//! Who may come in.
//!
//! A server on loopback is open to every page in every tab of the user's browser: a page may dial `ws://127.0.0.1`,
//! a rebound DNS name makes it look same-origin, and a proxy on the same host makes the whole world come from 127.0.0.1.
//! Hence three questions, asked of every request: who is it for (`Host`), who sent it (`Origin`), and did it truly come by loopback.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use http::HeaderMap;
use http::header::{FORWARDED, HOST, HeaderName, ORIGIN, VIA};
use http::uri::Authority;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What the operator said about who may come in. The default lets in who truly came by loopback, nobody else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Door {
    open: bool,
    hosts: Vec<AllowedHost>,
    origins: Vec<String>,
}

/// Why a request was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `Host` is missing, given twice, or not a name.
    #[error("the Host header is missing, repeated or malformed; this is the sender's fault")]
    NoHost,
    /// `Host` names somebody else: a rebound DNS name, or a name the operator has not allowed.
    #[error("this server does not answer for that Host; whoever runs it can say --allow-host NAME")]
    ForeignHost,
    /// `Origin` is a page of somebody else.
    #[error("pages of that Origin may not come in; whoever runs this server can say --allow-origin ORIGIN")]
    ForeignOrigin,
}

impl Refusal {
    /// The word this refusal is counted under.
    pub fn label(self) -> &'static str {
        match self {
            Self::NoHost => "no_host",
            Self::ForeignHost => "foreign_host",
            Self::ForeignOrigin => "foreign_origin",
        }
    }
}

/// A value of `--allow-host` or `--allow-origin` that names nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    /// Not `NAME` or `NAME:PORT`.
    #[error("--allow-host {0}: not a host name; write it as example.com or example.com:8443")]
    Host(String),
    /// Not `scheme://host[:port]`.
    #[error("--allow-origin {0}: not an origin; write it as https://example.com, without a path")]
    Origin(String),
}

impl Door {
    /// Lets everybody in.
    pub fn open() -> Self {
        Self { open: true, ..Self::default() }
    }

    /// Lets in, beside loopback, who asks for one of `hosts` (`name` or `name:port`) or comes from one of `origins`.
    ///
    /// # Errors
    /// A host or an origin that is none.
    pub fn allowing(hosts: &[String], origins: &[String]) -> Result<Self, DoorError> {
        let hosts = hosts
            .iter()
            .map(|host| AllowedHost::parse(host).ok_or_else(|| DoorError::Host(host.clone())))
            .collect::<Result<_, _>>()?;
        let origins = origins
            .iter()
            .map(|origin| match origin_host(origin) {
                Some(_) => Ok(origin.to_ascii_lowercase()),
                None => Err(DoorError::Origin(origin.clone())),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { open: false, hosts, origins })
    }

    /// Whether anybody but loopback could ever come in. A server that listens to the world without this is a mistake.
    pub fn admits_strangers(&self) -> bool {
        self.open || !self.hosts.is_empty() || !self.origins.is_empty()
    }

    /// The verdict on one request. `target_host` is the authority of an absolute request target, which outranks `Host`.
    ///
    /// # Errors
    /// Whoever must stay outside, and why. Where both are foreign, the Host is named.
    pub fn check(
        &self,
        peer: IpAddr,
        headers: &HeaderMap,
        target_host: Option<&Authority>,
    ) -> Result<(), Refusal> {
        if self.open {
            return Ok(());
        }
        let by_loopback = came_by_loopback(peer, headers);
        let host = match target_host {
            Some(authority) => authority.clone(),
            None => only(headers, &HOST).and_then(authority).ok_or(Refusal::NoHost)?,
        };
        let host_is_ours = by_loopback && is_loopback_name(host.host())
            || self.hosts.iter().any(|allowed| allowed.matches(&host));
        if !host_is_ours {
            return Err(Refusal::ForeignHost);
        }
        if !headers.contains_key(ORIGIN) {
            return Ok(());
        }
        let origin = only(headers, &ORIGIN).ok_or(Refusal::ForeignOrigin)?;
        let page = origin_host(origin).ok_or(Refusal::ForeignOrigin)?;
        let origin_is_ours = by_loopback && is_loopback_name(page.host())
            || self.origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
            || self.hosts.iter().any(|allowed| allowed.matches(&page));
        if origin_is_ours { Ok(()) } else { Err(Refusal::ForeignOrigin) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct AllowedHost {
    name: String,
    port: Option<u16>,
}

impl AllowedHost {
    fn parse(text: &str) -> Option<Self> {
        let authority = authority(text)?;
        Some(Self { name: authority.host().to_ascii_lowercase(), port: authority.port_u16() })
    }

    fn matches(&self, authority: &Authority) -> bool {
        self.name.eq_ignore_ascii_case(authority.host())
            && (self.port.is_none() || self.port == authority.port_u16())
    }
}

fn came_by_loopback(peer: IpAddr, headers: &HeaderMap) -> bool {
    let forwarded = [&FORWARDED, &X_FORWARDED_FOR, &VIA].iter().any(|name| headers.contains_key(*name));
    peer.to_canonical().is_loopback() && !forwarded
}

fn is_loopback_name(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        || host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .is_some_and(|ip| ip.parse() == Ok(Ipv6Addr::LOCALHOST))
}

/// The one value of a header, or nothing if it is absent, repeated or not text.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() { None } else { first.to_str().ok() }
}

fn authority(text: &str) -> Option<Authority> {
    let authority = Authority::from_str(text).ok()?;
    // `user@host` is no Host, and reads as whatever its writer wants it to.
    if authority.host().is_empty() || authority.as_str().contains('@') { None } else { Some(authority) }
}

fn origin_host(origin: &str) -> Option<Authority> {
    let (scheme, rest) = origin.split_once("://")?;
    let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    if known { authority(rest) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

    #[test]
    fn loopback_names_come_in_and_others_do_not() {
        let door = Door::default();
        for host in ["localhost", "LocalHost:8080", "127.0.0.1:1", "127.8.9.1", "[::1]:8080", "[::1]"] {
            assert_eq!(verdict(&door, HERE, &[("host", host)]), Ok(()), "{host}");
        }
        for host in ["localhost.evil.com", "evil.com", "127.0.0.1.evil.com", "0x7f.1", "[::2]", "128.0.0.1"] {
            assert_eq!(verdict(&door, HERE, &[("host", host)]), Err(Refusal::ForeignHost), "{host}");
        }
        for host in ["", "localhost@evil.com", "a b", "localhost/"] {
            assert_eq!(verdict(&door, HERE, &[("host", host)]), Err(Refusal::NoHost), "{host}");
        }
        assert_eq!(verdict(&door, HERE, &[]), Err(Refusal::NoHost));
        assert_eq!(
            verdict(&door, HERE, &[("host", "localhost"), ("host", "localhost")]),
            Err(Refusal::NoHost)
        );
    }

    #[test]
    fn an_origin_must_be_of_loopback_too() {
        let door = Door::default();
        for origin in ["http://localhost:8081", "https://127.0.0.1", "http://[::1]:3000"] {
            assert_eq!(
                verdict(&door, HERE, &[("host", "localhost"), ("origin", origin)]),
                Ok(()),
                "{origin}"
            );
        }
        for origin in
            ["http://evil.com", "null", "file://", "", "http://localhost@evil.com", "ftp://localhost"]
        {
            let headers = [("host", "localhost"), ("origin", origin)];
            assert_eq!(verdict(&door, HERE, &headers), Err(Refusal::ForeignOrigin), "{origin}");
        }
        let twice = [("host", "localhost"), ("origin", "http://localhost"), ("origin", "http://evil.com")];
        assert_eq!(verdict(&door, HERE, &twice), Err(Refusal::ForeignOrigin));
    }

    #[test]
    fn what_came_through_a_proxy_did_not_come_by_loopback() {
        for header in ["forwarded", "x-forwarded-for", "via"] {
            let headers = [("host", "localhost"), (header, "x")];
            assert_eq!(verdict(&Door::default(), HERE, &headers), Err(Refusal::ForeignHost), "{header}");
        }
        assert_eq!(verdict(&Door::default(), THERE, &[("host", "localhost")]), Err(Refusal::ForeignHost));
        let mapped = IpAddr::V6(Ipv4Addr::LOCALHOST.to_ipv6_mapped());
        assert_eq!(verdict(&Door::default(), mapped, &[("host", "localhost")]), Ok(()));
    }

    #[test]
    fn allowed_names_come_in_from_anywhere() {
        let door =
            Door::allowing(&["example.com".into(), "a.test:1".into()], &["https://app.test".into()]).unwrap();
        for host in ["example.com", "EXAMPLE.com:8443", "a.test:1"] {
            assert_eq!(verdict(&door, THERE, &[("host", host), ("x-forwarded-for", "x")]), Ok(()), "{host}");
        }
        assert_eq!(verdict(&door, THERE, &[("host", "a.test:2")]), Err(Refusal::ForeignHost));
        for origin in ["https://app.test", "https://example.com"] {
            assert_eq!(
                verdict(&door, THERE, &[("host", "example.com"), ("origin", origin)]),
                Ok(()),
                "{origin}"
            );
        }
        let foreign = [("host", "example.com"), ("origin", "https://app.test.evil.com")];
        assert_eq!(verdict(&door, THERE, &foreign), Err(Refusal::ForeignOrigin));
        assert_eq!(verdict(&Door::open(), THERE, &[]), Ok(()));
    }

    #[test]
    fn an_absolute_target_outranks_the_host_header() {
        let target = Authority::from_static("evil.com");
        let headers = headers(&[("host", "localhost")]);
        assert_eq!(Door::default().check(HERE, &headers, Some(&target)), Err(Refusal::ForeignHost));
    }

    #[test]
    fn nonsense_is_not_allowed() {
        assert!(matches!(Door::allowing(&["http://x".into()], &[]), Err(DoorError::Host(_))));
        assert!(matches!(Door::allowing(&[], &["example.com".into()]), Err(DoorError::Origin(_))));
        assert!(matches!(
            Door::allowing(&[], &["https://example.com/path".into()]),
            Err(DoorError::Origin(_))
        ));
    }

    fn verdict(door: &Door, peer: IpAddr, list: &[(&'static str, &str)]) -> Result<(), Refusal> {
        door.check(peer, &headers(list), None)
    }

    fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }
}

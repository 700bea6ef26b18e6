//! Who comes in, and what for.

use std::{net::IpAddr, time::Duration};

use heartline_core::handshake::{HeadReader, Request};
use http::{HeaderMap, HeaderName, HeaderValue, uri::Authority};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    client::activity::Stream,
    output::escape::excerpt,
    server::guard::{Door, Refusal},
};

/// How long a client may take for its request's head.
const HEAD: Duration = Duration::from_secs(10);
/// How long a client that was refused may take to read why.
const GOODBYE: Duration = Duration::from_secs(1);
/// Where the feed is. Nothing of it goes to the server.
const INSPECT: &str = "/inspect";

/// A request for a WebSocket by somebody who may come in.
pub(crate) struct Asked {
    /// Its head as it came.
    pub(crate) head: Vec<u8>,
    pub(crate) request: Request,
    /// Path and query.
    pub(crate) target: String,
    /// What came behind the head.
    pub(crate) rest: Vec<u8>,
}

/// Why a client is not let in, as an HTTP answer.
#[derive(Debug)]
pub(crate) struct No {
    status: &'static str,
    pub(crate) why: String,
}

impl No {
    pub(crate) fn new(status: &'static str, why: impl Into<String>) -> Self {
        Self { status, why: why.into() }
    }

    /// Tells the client and hangs up.
    pub(crate) async fn tell(&self, stream: &mut dyn Stream) {
        let upgrade = if self.status.starts_with("426") {
            "Upgrade: websocket\r\nConnection: Upgrade, close\r\n"
        } else {
            "Connection: close\r\n"
        };
        let body = format!("heartline relay: {}\n", self.why);
        let answer = format!(
            "HTTP/1.1 {}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n{upgrade}\r\n{body}",
            self.status,
            body.len()
        );
        let goodbye = async {
            stream.write_all(answer.as_bytes()).await?;
            stream.shutdown().await?;
            // Hanging up on bytes that nobody has read would reset the connection, and the answer with it.
            let mut unread = [0; 1024];
            while stream.read(&mut unread).await? > 0 {}
            std::io::Result::Ok(())
        };
        // A client that does not listen has missed it.
        let _ = tokio::time::timeout(GOODBYE, goodbye).await;
    }
}

impl Asked {
    /// Reads a request and judges it.
    ///
    /// # Errors
    /// `None` if the client left without a word, else why it is not let in.
    pub(crate) async fn read(stream: &mut dyn Stream, peer: IpAddr, door: &Door) -> Result<Self, Option<No>> {
        let read = tokio::time::timeout(HEAD, head(stream)).await;
        let (head, rest) = read.unwrap_or_else(|_| {
            let why = format!("no request came within {} s", HEAD.as_secs());
            Err(Some(No::new("408 Request Timeout", why)))
        })?;
        judge(head, rest, peer, door).map_err(Some)
    }

    /// Whether it asks for the feed.
    pub(crate) fn is_for_feed(&self) -> bool {
        self.target.split('?').next() == Some(INSPECT)
    }
}

async fn head(stream: &mut dyn Stream) -> Result<(Vec<u8>, Vec<u8>), Option<No>> {
    let (mut reader, mut piece) = (HeadReader::new(), [0; 4096]);
    loop {
        let count = match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return Err(None),
            Ok(count) => count,
        };
        let mut input = &piece[..count];
        match reader.read(&mut input) {
            Ok(Some(head)) => return Ok((head, input.to_vec())),
            Ok(None) => {}
            Err(fault) => return Err(Some(No::new("400 Bad Request", fault.to_string()))),
        }
    }
}

fn judge(head: Vec<u8>, rest: Vec<u8>, peer: IpAddr, door: &Door) -> Result<Asked, No> {
    let bad = |why: String| No::new("400 Bad Request", why);
    let request = Request::parse(&head).map_err(|fault| bad(excerpt(&fault.to_string(), 200)))?;
    // What one program passes over, the next may take for a Host or an Origin.
    if let Some(line) = request.odd_lines.first() {
        return Err(bad(format!("\"{}\" is no header field", excerpt(line, 80))));
    }
    let headers = headers(&request).ok_or_else(|| bad("a header field holds what none may".to_owned()))?;
    let (authority, target) = target(&request.target)
        .ok_or_else(|| bad(format!("\"{}\" is no path", excerpt(&request.target, 80))))?;
    door.check(peer, &headers, authority.as_ref()).map_err(not_admitted)?;
    let is_handshake = request.method == "GET"
        && request.fields.lists("upgrade", "websocket")
        && request.fields.lists("connection", "upgrade");
    if !is_handshake {
        let why = "this relay carries WebSockets and nothing else: connect with a WebSocket client";
        return Err(No::new("426 Upgrade Required", why));
    }
    Ok(Asked { target: target.to_owned(), head, request: request.clone(), rest })
}

fn not_admitted(refusal: Refusal) -> No {
    let status = match refusal {
        Refusal::NoHost => "400 Bad Request",
        Refusal::ForeignHost => "421 Misdirected Request",
        Refusal::ForeignOrigin => "403 Forbidden",
    };
    No::new(status, refusal.to_string())
}

fn headers(request: &Request) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for field in request.fields.iter() {
        let name = HeaderName::from_bytes(field.name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_bytes(field.value.as_bytes()).ok()?);
    }
    Some(headers)
}

/// The authority of an absolute target, which outranks `Host`; and path and query.
fn target(asked: &str) -> Option<(Option<Authority>, &str)> {
    if asked.starts_with('/') {
        return Some((None, asked));
    }
    let (_, rest) = asked.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let path = if path.starts_with('/') { path } else { "/" };
    Some((Some(authority.parse().ok()?), path))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn judged(first: &str, fields: &str) -> Result<Asked, String> {
        let head = format!("{first} HTTP/1.1\r\n{fields}\r\n");
        judge(head.into_bytes(), Vec::new(), HERE, &Door::default()).map_err(|no| no.status.to_owned())
    }

    const FIELDS: &str = "Host: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n";

    #[test]
    fn handshakes_come_in() {
        let asked = judged("GET /a?b", FIELDS).ok().unwrap();
        assert_eq!((asked.target.as_str(), asked.is_for_feed()), ("/a?b", false));
        assert!(judged("GET /inspect?token=x", FIELDS).ok().unwrap().is_for_feed());
        assert!(!judged("GET /inspector", FIELDS).ok().unwrap().is_for_feed());
        assert_eq!(judged("GET http://localhost:80/x", FIELDS).ok().unwrap().target, "/x");
        assert_eq!(judged("GET ws://localhost", FIELDS).ok().unwrap().target, "/");
    }

    #[test]
    fn whatever_a_page_could_send_without_an_origin_does_not() {
        let told = |first: &str, fields: &str| judged(first, fields).err().unwrap();
        // Forms and images carry no Origin, but cannot ask for an upgrade either.
        assert!(told("GET /", "Host: localhost\r\n").starts_with("426"));
        assert!(told("POST /", FIELDS).starts_with("426"));
        assert!(told("GET /", &format!("{FIELDS}Origin: http://evil.example\r\n")).starts_with("403"));
        assert!(told("GET /", &FIELDS.replace("localhost", "evil.example")).starts_with("421"));
        assert!(told("GET http://evil.example/", FIELDS).starts_with("421"));
        assert!(told("GET *", FIELDS).starts_with("400"));
        assert!(told("GET /", &format!("{FIELDS}Origin : http://evil.example\r\n")).starts_with("400"));
        assert!(told("GET /", &format!("{FIELDS}Via: 1.1 proxy\r\n")).starts_with("421"));
    }
}

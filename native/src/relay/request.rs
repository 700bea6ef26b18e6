//! What becomes of a client's request on its way to the server: as little as was asked for.

use crate::client::dial::{Endpoint, Request};

/// What is changed. All else stays as it came, byte for byte.
pub(crate) struct Rewriting {
    /// Path and query of the server's URL.
    path: String,
    query: Option<String>,
    /// The new `Host`, unless it is kept.
    host: Option<String>,
    origin: Option<String>,
    without_compression: bool,
    /// Headers that take the place of those of the same name.
    additions: Vec<(String, String)>,
}

impl Rewriting {
    pub(crate) fn new(
        endpoint: &Endpoint,
        request: &Request,
        keep_host: bool,
        without_compression: bool,
    ) -> Self {
        let (path, query) = match endpoint.target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (endpoint.target.as_str(), None),
        };
        Self {
            path: path.to_owned(),
            query,
            host: (!keep_host).then(|| endpoint.host_header()),
            origin: request.origin.clone(),
            without_compression,
            additions: request.additions(endpoint),
        }
    }

    /// Whether the server gets something that the client does not have: whoever comes in could use it.
    pub(crate) fn adds_something(&self) -> bool {
        !self.additions.is_empty() || self.query.is_some()
    }

    /// What is asked of the server where the client asks for `asked`: the path of the server's URL alone for `/`, and in front of
    /// any other path; the query of the URL, and behind it the client's.
    pub(crate) fn target(&self, asked: &str) -> String {
        let (path, query) = match asked.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (asked, None),
        };
        let mut target = match path {
            "/" => self.path.clone(),
            path => format!("{}{path}", self.path.trim_end_matches('/')),
        };
        for (number, query) in self.query.as_deref().into_iter().chain(query).enumerate() {
            target.push(if number == 0 { '?' } else { '&' });
            target.push_str(query);
        }
        target
    }

    /// The head as the server gets it. `asked` is path and query of its first line.
    pub(crate) fn apply(&self, head: &[u8], asked: &str) -> Vec<u8> {
        let mut lines = head.split_inclusive(|byte| *byte == b'\n');
        let mut out = Vec::with_capacity(head.len() + 256);
        let first = lines.next().unwrap_or_default();
        push_first(&mut out, first, &self.target(asked));
        let end: &[u8] = if first.ends_with(b"\r\n") { b"\r\n" } else { b"\n" };
        let add = |out: &mut Vec<u8>, name: &str, value: &str| {
            out.extend_from_slice(format!("{name}: {value}").as_bytes());
            out.extend_from_slice(end);
        };
        let (mut keeps, mut had_host, mut had_origin) = (true, false, false);
        for line in lines {
            if line.trim_ascii().is_empty() {
                if let Some(host) = self.host.as_deref().filter(|_| !had_host && !self.adds("host")) {
                    add(&mut out, "Host", host);
                }
                if let Some(origin) = self.origin.as_deref().filter(|_| !had_origin) {
                    add(&mut out, "Origin", origin);
                }
                for (name, value) in &self.additions {
                    add(&mut out, name, value);
                }
                out.extend_from_slice(line);
                break;
            }
            // The rest of a folded field goes where its beginning went.
            if !line.starts_with(b" ") && !line.starts_with(b"\t") {
                let name = name_of(line);
                keeps = !self.adds(&name);
                match (name.as_str(), &self.host, &self.origin) {
                    _ if !keeps => {}
                    ("host", Some(host), _) => {
                        keeps = false;
                        if !std::mem::replace(&mut had_host, true) {
                            add(&mut out, "Host", host);
                        }
                    }
                    ("origin", _, Some(origin)) => {
                        keeps = false;
                        if !std::mem::replace(&mut had_origin, true) {
                            add(&mut out, "Origin", origin);
                        }
                    }
                    ("sec-websocket-extensions", ..) if self.without_compression => {
                        keeps = false;
                        push_without_compression(&mut out, line, end);
                    }
                    _ => {}
                }
            }
            if keeps {
                out.extend_from_slice(line);
            }
        }
        out
    }

    fn adds(&self, name: &str) -> bool {
        self.additions.iter().any(|(added, _)| added.eq_ignore_ascii_case(name))
    }
}

fn name_of(line: &[u8]) -> String {
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    String::from_utf8_lossy(name.trim_ascii()).to_ascii_lowercase()
}

/// `GET /asked HTTP/1.1` with another target.
fn push_first(out: &mut Vec<u8>, line: &[u8], target: &str) {
    let mut blanks = line.iter().enumerate().filter(|(_, byte)| **byte == b' ').map(|(at, _)| at);
    match (blanks.next(), blanks.next_back()) {
        (Some(method), Some(version)) => {
            out.extend_from_slice(&line[..=method]);
            out.extend_from_slice(target.as_bytes());
            out.extend_from_slice(&line[version..]);
        }
        // Whoever reads the head has seen that there are three words.
        _ => out.extend_from_slice(line),
    }
}

/// The other extensions of the line, if there are any.
fn push_without_compression(out: &mut Vec<u8>, line: &[u8], end: &[u8]) {
    let text = String::from_utf8_lossy(line);
    let Some((name, value)) = text.split_once(':') else { return };
    let is_compression = |item: &str| {
        item.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("permessage-deflate")
    };
    let others: Vec<&str> =
        value.split(',').map(str::trim).filter(|item| !item.is_empty() && !is_compression(item)).collect();
    if !others.is_empty() {
        out.extend_from_slice(format!("{name}: {}", others.join(", ")).as_bytes());
        out.extend_from_slice(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewriting(url: &str, prepare: impl FnOnce(&mut Request)) -> Rewriting {
        let mut request = Request::default();
        prepare(&mut request);
        Rewriting::new(&Endpoint::parse(url).unwrap(), &request, false, false)
    }

    fn text(rewriting: &Rewriting, head: &str, asked: &str) -> String {
        String::from_utf8(rewriting.apply(head.as_bytes(), asked)).unwrap()
    }

    const HEAD: &str = "GET /a?b HTTP/1.1\r\nhOst: 127.0.0.1:9\r\nX-Odd:  1 \r\nOrigin: http://localhost\r\n\
        Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-other\r\nCookie: c\r\n d\r\n\r\n";

    #[test]
    fn only_the_host_changes_unless_asked_for() {
        let plain = rewriting("ws://server:81", |_| ());
        assert_eq!(text(&plain, HEAD, "/a?b"), HEAD.replace("hOst: 127.0.0.1:9", "Host: server:81"));
        let kept = Rewriting { host: None, ..plain };
        assert_eq!(text(&kept, HEAD, "/a?b"), HEAD);
        let bare = "GET / HTTP/1.1\nHost: x\n\n";
        assert_eq!(
            text(&rewriting("ws://server", |_| ()), bare, "/"),
            "GET / HTTP/1.1\nHost: server\n\n",
            "line ends stay"
        );
    }

    #[test]
    fn paths_and_queries_are_put_together() {
        for (url, asked, target) in [
            ("ws://h", "/", "/"),
            ("ws://h", "/a/b?c", "/a/b?c"),
            ("ws://h/ws", "/", "/ws"),
            ("ws://h/ws/", "/", "/ws/"),
            ("ws://h/ws/", "/a", "/ws/a"),
            ("ws://h/ws?key=1", "/", "/ws?key=1"),
            ("ws://h/ws?key=1", "/a?b", "/ws/a?key=1&b"),
        ] {
            assert_eq!(rewriting(url, |_| ()).target(asked), target, "{url} {asked}");
        }
    }

    #[test]
    fn what_is_added_takes_the_place_of_what_was_there() {
        let adding = rewriting("ws://ann:pw@server", |request| {
            request.add_header("Cookie: mine").unwrap();
            request.set_origin("https://o").unwrap();
        });
        assert!(adding.adds_something());
        let head = text(&adding, HEAD, "/a?b");
        assert!(!head.contains("Cookie: c\r\n d") && !head.contains("http://localhost"), "{head}");
        for line in ["Cookie: mine", "Origin: https://o", "Authorization: Basic YW5uOnB3", "Host: server"] {
            assert_eq!(head.matches(&format!("\r\n{line}\r\n")).count(), 1, "{line} in {head}");
        }
        assert!(head.ends_with("\r\n\r\n"));
        let without = text(&adding, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "/");
        assert!(without.contains("\r\nOrigin: https://o\r\n"), "{without}");
    }

    #[test]
    fn compression_is_taken_out_and_other_extensions_stay() {
        let plain = Rewriting { without_compression: true, host: None, ..rewriting("ws://h", |_| ()) };
        assert_eq!(
            text(&plain, HEAD, "/a?b"),
            HEAD.replace("permessage-deflate; client_max_window_bits, x-other", "x-other")
        );
        let alone = "GET / HTTP/1.1\r\nSec-WebSocket-Extensions: permessage-deflate\r\nA: b\r\n\r\n";
        assert_eq!(text(&plain, alone, "/"), "GET / HTTP/1.1\r\nA: b\r\n\r\n");
    }
}

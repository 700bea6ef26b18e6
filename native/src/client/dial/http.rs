//! One request and the head of its answer, over a raw stream.
//!
//! The handshake is written by hand rather than by an HTTP library: header names keep their usual spelling (some
//! small servers compare them letter by letter), and the answer can be told in full when it is not the one hoped for.

use std::{
    io,
    time::{Duration, SystemTime},
};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{client::activity::Stream, output::escape::excerpt};

/// Bytes an answer's head may have. Browsers take 256 KiB, servers send under 8 KiB.
const MAX_HEAD: usize = 64 << 10;
/// Headers an answer may have.
const MAX_HEADERS: usize = 128;
/// Bytes of a refusal's body worth reading.
const BODY_READ: usize = 2 << 10;
/// Characters of it worth showing.
const BODY_SHOWN: usize = 200;
/// How long a refusal's body is waited for once its head is there.
const BODY_WAIT: Duration = Duration::from_secs(1);

/// An answer's status line and headers.
#[derive(Debug)]
pub(super) struct Head {
    /// 100 to 999.
    pub(super) status: u16,
    /// The words behind the status, as sent.
    pub(super) reason: String,
    headers: Vec<(String, String)>,
    /// The head as it came.
    pub(super) bytes: Vec<u8>,
    /// What came behind the head: the first frames, or the body.
    pub(super) rest: Vec<u8>,
}

/// Why there is no head.
#[derive(Debug)]
pub(super) enum HeadError {
    /// The stream failed.
    Io(io::Error),
    /// The peer hung up; whether it had said anything.
    Ended {
        /// Some bytes had come.
        after_bytes: bool,
    },
    /// What came is not HTTP. Its first bytes.
    NotHttp(Vec<u8>),
    /// The head is longer than any honest one.
    TooLong,
}

/// Writes `request` and reads up to the end of the answer's head.
pub(super) async fn exchange(stream: &mut dyn Stream, request: &str) -> Result<Head, HeadError> {
    stream.write_all(request.as_bytes()).await.map_err(HeadError::Io)?;
    stream.flush().await.map_err(HeadError::Io)?;
    let mut bytes = Vec::with_capacity(1024);
    loop {
        while let Some(head) = parse(&bytes)? {
            if !head.is_informational() {
                return Ok(head);
            }
            bytes = head.rest;
        }
        if bytes.len() > MAX_HEAD {
            return Err(HeadError::TooLong);
        }
        let count = stream.read_buf(&mut bytes).await.map_err(HeadError::Io)?;
        if count == 0 {
            return Err(HeadError::Ended { after_bytes: !bytes.is_empty() });
        }
    }
}

impl Head {
    /// The first header of that name, in any spelling.
    pub(super) fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.headers(name).next()
    }

    /// Whether a header that is a list of words holds `word`.
    pub(super) fn lists(&self, name: &str, word: &str) -> bool {
        self.headers(name)
            .flat_map(|value| value.split(','))
            .any(|item| item.trim().eq_ignore_ascii_case(word))
    }

    fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether the real answer is still to come (100, 103). 101 is the real one here.
    fn is_informational(&self) -> bool {
        matches!(self.status, 100 | 102..200)
    }

    /// The first part of the body, on one line, escaped. Waits a moment for what is still on its way.
    pub(super) async fn body_excerpt(&mut self, stream: &mut dyn Stream) -> String {
        let length = self.header("content-length").and_then(|value| value.parse::<usize>().ok());
        let wanted = length.unwrap_or(BODY_READ).min(BODY_READ);
        let rest = &mut self.rest;
        let read = async {
            while rest.len() < wanted && !rest.ends_with(b"\r\n0\r\n\r\n") {
                // What is there is told, whatever ends it.
                if !matches!(stream.read_buf(rest).await, Ok(1..)) {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(BODY_WAIT, read).await;
        let body = if self.lists("transfer-encoding", "chunked") {
            unchunked(&self.rest)
        } else {
            self.rest.clone()
        };
        excerpt(&without_markup(&String::from_utf8_lossy(&body)), BODY_SHOWN)
    }

    /// `Retry-After`: a number of seconds, or a date. A date that has passed is no wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let value = self.header("retry-after")?.trim();
        if let Ok(seconds) = value.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let date = httpdate::parse_http_date(value).ok()?;
        Some(date.duration_since(SystemTime::now()).unwrap_or_default())
    }
}

/// The head, once it is complete.
fn parse(bytes: &[u8]) -> Result<Option<Head>, HeadError> {
    let mut space = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut space);
    let not_http = || HeadError::NotHttp(bytes[..bytes.len().min(64)].to_vec());
    let length = match response.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(HeadError::TooLong),
        Err(_) => return Err(not_http()),
    };
    let headers = response.headers.iter();
    let headers =
        headers.map(|h| (h.name.to_owned(), String::from_utf8_lossy(h.value).into_owned())).collect();
    Ok(Some(Head {
        status: response.code.ok_or_else(not_http)?,
        reason: response.reason.unwrap_or_default().to_owned(),
        headers,
        bytes: bytes[..length].to_vec(),
        rest: bytes[length..].to_vec(),
    }))
}

/// The data of as many chunks as are there.
fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Ok(httparse::Status::Complete((start, size))) = httparse::parse_chunk_size(bytes) {
        let Some(data) = bytes.get(start..).filter(|_| size > 0) else { break };
        let size = usize::try_from(size).unwrap_or(usize::MAX).min(data.len());
        out.extend_from_slice(&data[..size]);
        bytes = data.get(size + 2..).unwrap_or_default();
    }
    out
}

/// An HTML error page as its words: without tags, white space joined.
fn without_markup(text: &str) -> String {
    let is_page = text.trim_start().starts_with('<');
    let mut words = String::with_capacity(text.len());
    let mut in_tag = false;
    for c in text.chars() {
        match c {
            '<' if is_page => in_tag = true,
            '>' if is_page => {
                in_tag = false;
                words.push(' ');
            }
            c if !in_tag => words.push(c),
            _ => {}
        }
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Head {
        parse(text.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn a_head_is_read_with_what_follows_it() {
        let head = head(
            "HTTP/1.1 101 Switching\r\nUpgrade: WebSocket\r\nconnection: keep-alive, Upgrade\r\n\r\n\x01x",
        );
        assert_eq!((head.status, head.reason.as_str()), (101, "Switching"));
        assert!(head.lists("Connection", "upgrade") && head.lists("upgrade", "websocket"));
        assert_eq!(head.rest, b"\x01x");
        assert!(parse(b"HTTP/1.1 101 Sw").unwrap().is_none());
        assert!(matches!(parse(b"SSH-2.0-OpenSSH_9\r\n"), Err(HeadError::NotHttp(_))));
    }

    #[test]
    fn bodies_become_words() {
        assert_eq!(unchunked(b"4\r\nnot \r\n9\r\nwebsocket\r\n0\r\n\r\n"), b"not websocket");
        assert_eq!(unchunked(b"ff\r\ncut"), b"cut");
        assert_eq!(without_markup("<html><h1>400 Bad</h1>\n<hr>nginx</html>"), "400 Bad nginx");
        assert_eq!(without_markup("1 < 2"), "1 < 2");
    }

    #[tokio::test]
    async fn an_informational_answer_is_passed_over() {
        let (mut near, mut far) = tokio::io::duplex(1024);
        far.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\ngone").await.unwrap();
        let mut head = exchange(&mut near, "GET").await.unwrap();
        assert_eq!(head.status, 404);
        drop(far);
        assert_eq!(head.body_excerpt(&mut near).await, "gone");
    }
}

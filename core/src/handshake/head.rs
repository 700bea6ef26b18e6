//! What stands in a head.

use super::fields::{Field, Fields};

/// A head whose first line is none of HTTP's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the first line is not one of HTTP: {0:?}")]
pub struct NotHttp(pub String);

/// The head of a request (RFC 9112 section 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`, if it is to become a WebSocket.
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// `HTTP/1.1`.
    pub version: String,
    /// The header fields.
    pub fields: Fields,
    /// Lines that are no header field.
    pub odd_lines: Vec<String>,
}

/// The head of an answer (RFC 9112 section 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// `HTTP/1.1`.
    pub version: String,
    /// 100 to 999.
    pub status: u16,
    /// The words behind the status; often none.
    pub reason: String,
    /// The header fields.
    pub fields: Fields,
    /// Lines that are no header field.
    pub odd_lines: Vec<String>,
}

impl Request {
    /// Reads a head that [`HeadReader`](super::HeadReader) collected.
    ///
    /// # Errors
    /// [`NotHttp`] if the first line is no request line.
    pub fn parse(head: &[u8]) -> Result<Self, NotHttp> {
        let (first, fields, odd_lines) = split(head);
        let words: Vec<&str> = first.split(' ').filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            &[method, target, version] if version.starts_with("HTTP/") => Ok(Self {
                method: method.to_owned(),
                target: target.to_owned(),
                version: version.to_owned(),
                fields,
                odd_lines,
            }),
            _ => Err(NotHttp(first)),
        }
    }

    /// `Sec-WebSocket-Key`.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.fields.get("sec-websocket-key")
    }

    /// The subprotocols offered, the best first.
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        self.fields.items("sec-websocket-protocol")
    }
}

impl Response {
    /// Reads a head that [`HeadReader`](super::HeadReader) collected.
    ///
    /// # Errors
    /// [`NotHttp`] if the first line is no status line.
    pub fn parse(head: &[u8]) -> Result<Self, NotHttp> {
        let (first, fields, odd_lines) = split(head);
        let mut words = first.splitn(3, ' ');
        let version = words.next().filter(|version| version.starts_with("HTTP/"));
        let status =
            words.next().and_then(|status| status.parse().ok()).filter(|status| (100..1000).contains(status));
        match (version, status) {
            (Some(version), Some(status)) => Ok(Self {
                version: version.to_owned(),
                status,
                reason: words.next().unwrap_or_default().trim().to_owned(),
                fields,
                odd_lines,
            }),
            _ => Err(NotHttp(first)),
        }
    }

    /// Whether another head follows: 100, 102 and 103 only announce the answer.
    #[must_use]
    pub const fn is_informational(&self) -> bool {
        self.status < 200 && self.status != 101
    }

    /// Whether a page for people comes instead of a WebSocket.
    #[must_use]
    pub fn is_html(&self) -> bool {
        self.fields.get("content-type").is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"))
    }
}

/// The first line, the fields, and what is neither.
fn split(head: &[u8]) -> (String, Fields, Vec<String>) {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    let first = lines.next().unwrap_or_default().to_owned();
    let (mut fields, mut odd) = (Vec::<Field>::new(), Vec::new());
    for line in lines.filter(|line| !line.is_empty()) {
        let field = line.split_once(':').filter(|(name, _)| is_name(name));
        match (field, fields.last_mut()) {
            (Some((name, value)), _) => {
                fields.push(Field { name: name.to_owned(), value: value.trim().to_owned() });
            }
            // The obsolete folding of RFC 9112 section 5.2: one space instead.
            (None, Some(last)) if line.starts_with([' ', '\t']) => {
                last.value = format!("{} {}", last.value, line.trim()).trim().to_owned();
            }
            (None, _) => odd.push(line.to_owned()),
        }
    }
    (first, Fields(fields), odd)
}

/// A token of RFC 9110 section 5.6.2. White space before the colon is none.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

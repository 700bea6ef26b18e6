//! Collects a head from pieces.

/// Bytes a head may have: no honest one has more, and an endless one takes no more room.
pub const LONGEST_HEAD: usize = 64 << 10;

/// Bytes that are enough to tell HTTP from anything else. The longest method in use is shorter.
const TELLING: usize = 24;

/// Why there is no head.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadFault {
    /// More than [`LONGEST_HEAD`] bytes and no empty line.
    #[error("the head has more than {LONGEST_HEAD} bytes")]
    TooLong,
    /// It does not begin as HTTP does; its first bytes.
    #[error("this is not HTTP but {}", guess(.0))]
    NotHttp(Vec<u8>),
}

/// Collects the bytes of one head, up to and with the empty line. Holds at most [`LONGEST_HEAD`] bytes.
#[derive(Clone, Debug, Default)]
pub struct HeadReader {
    bytes: Vec<u8>,
}

impl HeadReader {
    /// A reader with nothing read.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new() }
    }

    /// Takes what belongs to the head. Once it is whole, what follows stays in `input` and the reader is ready for the
    /// next: after `100 Continue` or `103 Early Hints` another head comes.
    ///
    /// # Errors
    /// [`HeadFault`], as soon as it is certain. Then nothing more can be read as HTTP.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Vec<u8>>, HeadFault> {
        while let Some((&byte, rest)) = input.split_first() {
            *input = rest;
            self.bytes.push(byte);
            if byte == b'\n' && (self.bytes.ends_with(b"\r\n\r\n") || self.bytes.ends_with(b"\n\n")) {
                return Ok(Some(std::mem::take(&mut self.bytes)));
            }
            if self.bytes.len() <= TELLING && !may_be_http(&self.bytes) {
                return Err(HeadFault::NotHttp(std::mem::take(&mut self.bytes)));
            }
            if self.bytes.len() == LONGEST_HEAD {
                return Err(HeadFault::TooLong);
            }
        }
        Ok(None)
    }

    /// What has come of a head that is not whole.
    #[must_use]
    pub fn so_far(&self) -> &[u8] {
        &self.bytes
    }
}

/// Whether bytes can begin a request line or a status line: a word of letters, perhaps a version behind it.
fn may_be_http(bytes: &[u8]) -> bool {
    let word = bytes.split(|byte| *byte == b' ').next().unwrap_or_default();
    let is_method = !word.is_empty() && word.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'-');
    let is_version = b"HTTP/".starts_with(word) || word.starts_with(b"HTTP/");
    is_version || is_method && word.len() < TELLING
}

fn guess(bytes: &[u8]) -> &'static str {
    match bytes {
        // A record of type alert or handshake, version 3.x.
        [21 | 22, 3, ..] | [21 | 22] => "TLS",
        [b'S', b'S', b'H', ..] => "SSH",
        [first, ..] if *first & 0x70 == 0 && *first & 0x8f != 0 && *first >= 0x80 => {
            "perhaps a WebSocket frame"
        }
        _ => "something else",
    }
}

//! Secrets in the messages of a client: `client` and `token` in `hello`, and `token` in `token`.

use std::time::Instant;

use heartline_core::frame::{Header, HeaderReader, Opcode};

use super::{Piece, cut};

/// Bytes of one message that are held back, frame headers and control frames between included. `heartline.v1` has no
/// longer messages.
const HELD: usize = 68 << 10;

/// Follows the frames of a client and holds back each text message until it is whole.
#[derive(Default)]
pub(super) struct Messages {
    reader: HeaderReader,
    /// The frame under way and how much of its payload is to come.
    frame: Option<(Header, u64)>,
    /// The message under way is held back.
    holds: bool,
    held: Vec<u8>,
    /// How many bytes of what is held came when.
    times: Vec<(usize, Instant)>,
    /// Where the payloads of the message lie in what is held, and their masks.
    payloads: Vec<Payload>,
}

struct Payload {
    at: usize,
    length: usize,
    key: [u8; 4],
}

impl Messages {
    /// Takes what passed, and gives what may be seen by now.
    pub(super) fn pass(&mut self, at: Instant, bytes: &[u8], out: &mut Vec<Piece>) {
        let mut input = bytes;
        while !input.is_empty() {
            let before = input;
            let is_done = self.take(&mut input);
            let taken = &before[..before.len() - input.len()];
            self.held.extend_from_slice(taken);
            self.times.push((taken.len(), at));
            if is_done {
                self.frame_ended();
            }
            if !self.holds || self.held.len() > HELD {
                self.holds = false;
                // A header that is not whole yet says nothing about what is behind it.
                if self.frame.is_some() || self.reader.so_far().is_empty() {
                    self.release(out);
                }
            }
        }
    }

    /// Nothing more comes.
    pub(super) fn end(mut self) -> Vec<Piece> {
        let mut out = Vec::new();
        self.release(&mut out);
        out
    }

    /// Takes a header, or payload; `true` at the end of a frame.
    fn take(&mut self, input: &mut &[u8]) -> bool {
        let Some((header, left)) = &mut self.frame else {
            let before = input.len();
            let Some(header) = self.reader.read(input) else { return false };
            self.begin(header, before - input.len());
            return header.length == 0;
        };
        let count = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
        *input = &input[count..];
        *left -= count as u64;
        if let Some(payload) = self.payloads.last_mut().filter(|_| self.holds && !header.opcode.is_control())
        {
            payload.length += count;
        }
        *left == 0
    }

    fn begin(&mut self, header: Header, taken: usize) {
        if header.opcode == Opcode::Text {
            // What is compressed cannot be a `hello`: its server agrees to no compression.
            self.holds = !header.reserved.rsv1() && header.length <= HELD as u64;
            self.payloads.clear();
        } else if header.opcode == Opcode::Binary {
            self.holds = false;
        }
        if self.holds && !header.opcode.is_control() {
            let key = header.masking_key.unwrap_or_default();
            self.payloads.push(Payload { at: self.held.len() + taken, length: 0, key });
        }
        self.frame = Some((header, header.length));
    }

    fn frame_ended(&mut self) {
        let Some((header, _)) = self.frame.take() else { return };
        if header.fin && !header.opcode.is_control() && std::mem::take(&mut self.holds) {
            self.veil();
        }
    }

    fn release(&mut self, out: &mut Vec<Piece>) {
        // What an endless message has shown so far may still be the beginning of a `hello`.
        self.veil();
        out.extend(cut(std::mem::take(&mut self.held), &self.times));
        self.times.clear();
        self.payloads.clear();
    }

    /// Overwrites the secrets of the message that is held.
    fn veil(&mut self) {
        let places = self.payloads.iter().flat_map(|payload| {
            (0..payload.length).map(move |offset| (payload.at + offset, payload.key[offset % 4]))
        });
        let places: Vec<(usize, u8)> = places.collect();
        let text: Vec<u8> = places.iter().map(|(at, key)| self.held[*at] ^ key).collect();
        for secret in secrets(&text) {
            for (at, key) in &places[secret] {
                self.held[*at] = b'*' ^ key;
            }
        }
    }
}

/// Where the secrets of a `hello` or a `token` are; nowhere in any other message. Reads JSON that is cut off, too.
fn secrets(text: &[u8]) -> Vec<std::ops::Range<usize>> {
    let (mut kind, mut secrets, mut key) = (None, Vec::new(), None);
    let mut at = 0;
    while let Some(quote) = text.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'"')) {
        let from = at + quote + 1;
        let to = end_of_string(text, from);
        let inside = text.get(from..to).unwrap_or_default();
        at = to + 1;
        let is_key = text.get(at..).unwrap_or_default().trim_ascii_start().starts_with(b":");
        match key.take() {
            _ if is_key => key = Some(unescaped(inside)),
            Some(name) if name == "type" => kind = Some(unescaped(inside)),
            Some(name) if name == "client" || name == "token" => secrets.push(from..to.min(text.len())),
            Some(_) | None => {}
        }
    }
    match kind.as_deref() {
        // Cut off before it said what it is: rather too little is shown than too much.
        Some("hello" | "token") | None => secrets,
        Some(_) => Vec::new(),
    }
}

/// Where the string that begins at `from` ends: at its closing quote, or with the text.
fn end_of_string(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// A string's text; a key may be written with escapes.
fn unescaped(inside: &[u8]) -> String {
    let quoted = [b"\"", inside, b"\""].concat();
    serde_json::from_slice(&quoted).unwrap_or_else(|_| String::from_utf8_lossy(inside).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        for secret in secrets(text.as_bytes()) {
            bytes[secret].fill(b'*');
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn secrets_are_found_however_they_are_written() {
        for (text, expected) in [
            (r#"{"type":"token","token":"abc"}"#, r#"{"type":"token","token":"***"}"#),
            (r#"{ "token" : "a" , "type" : "hello" }"#, r#"{ "token" : "*" , "type" : "hello" }"#),
            (r#"{"type":"hello","cl\u0069ent":"abc"}"#, r#"{"type":"hello","cl\u0069ent":"***"}"#),
            (r#"{"type":"hello","token":"a","token":"b"}"#, r#"{"type":"hello","token":"*","token":"*"}"#),
            (
                r#"{"type":"hello","name":"token","resume":[]}"#,
                r#"{"type":"hello","name":"token","resume":[]}"#,
            ),
            (r#"{"type":"say","client":"abc"}"#, r#"{"type":"say","client":"abc"}"#),
            (r#"{"client":"ab"#, r#"{"client":"**"#),
            (r#"{"type":"hello","token":null,"n":"x"}"#, r#"{"type":"hello","token":null,"n":"x"}"#),
        ] {
            assert_eq!(shown(text), expected);
        }
    }
}

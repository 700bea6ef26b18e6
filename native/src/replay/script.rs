//! What was said on a recorded line, by whom and when, as something to play from.

use std::time::Duration;

use heartline_core::{
    frame::{Header, HeaderReader, Opcode},
    handshake::{Fields, HeadReader, Request, Response, extensions},
    inspect::{End, Party},
};

use super::ear::{Digest, Ear};
use crate::recording::Line;

/// A line as it was.
#[derive(Debug)]
pub(super) struct Script {
    /// The head of the request.
    pub(super) request: Vec<u8>,
    /// The heads of the answer, with those that only announced it; of a refusal, everything that came.
    pub(super) answer: Vec<u8>,
    pub(super) status: u16,
    /// The answer agreed to permessage-deflate.
    pub(super) is_compressed: bool,
    /// When the answer was there.
    pub(super) opened: Duration,
    /// The frames of both, in the order they came.
    pub(super) moves: Vec<Move>,
    /// How it ended, and when.
    pub(super) end: Option<(Duration, End)>,
}

/// A frame that was sent.
#[derive(Debug)]
pub(super) struct Move {
    /// When its last byte came.
    pub(super) at: Duration,
    pub(super) from: Party,
    pub(super) bytes: Vec<u8>,
    pub(super) opcode: Opcode,
    /// The message it completes.
    pub(super) message: Option<Digest>,
}

impl Script {
    /// Reads the chunks of a line.
    ///
    /// # Errors
    /// Words, if it has no whole handshake.
    pub(super) fn of(line: Line) -> Result<Self, String> {
        let (mut asked, mut answers) = (HeadReader::new(), HeadReader::new());
        let (mut request, mut answer, mut status, mut opened) = (None, Vec::new(), None, Duration::ZERO);
        let mut is_compressed = false;
        let (mut client, mut server) = (Frames::default(), Frames::default());
        let mut moves = Vec::new();
        for chunk in line.chunks {
            let mut input = chunk.bytes.as_slice();
            let wrong =
                |fault: heartline_core::handshake::HeadFault| format!("its handshake is none: {fault}");
            match chunk.from {
                Party::Client if request.is_none() => request = asked.read(&mut input).map_err(wrong)?,
                Party::Server if status.is_none() => {
                    while let Some(head) = answers.read(&mut input).map_err(wrong)? {
                        let response =
                            Response::parse(&head).map_err(|fault| format!("its answer is none: {fault}"))?;
                        answer.extend_from_slice(&head);
                        if !response.is_informational() {
                            status = Some(response.status);
                            opened = chunk.at;
                            is_compressed = response.status == 101 && has_compression(&response.fields);
                            break;
                        }
                    }
                }
                Party::Client | Party::Server => {}
            }
            match (chunk.from, status) {
                (Party::Client, _) => client.read(chunk.from, chunk.at, input, &mut moves),
                (Party::Server, Some(101)) => server.read(chunk.from, chunk.at, input, &mut moves),
                (Party::Server, Some(_)) => answer.extend_from_slice(input),
                (Party::Server, None) => {}
            }
        }
        match (request, status) {
            (Some(request), Some(status)) => {
                Ok(Self { request, answer, status, is_compressed, opened, moves, end: line.end })
            }
            _ => Err("its handshake was not recorded to its end".to_owned()),
        }
    }

    /// Whether there was a line at all.
    pub(super) const fn is_open(&self) -> bool {
        self.status == 101
    }

    /// The messages of one side.
    pub(super) fn messages(&self, from: Party) -> impl Iterator<Item = &Digest> {
        self.moves.iter().filter(move |one| one.from == from).filter_map(|one| one.message.as_ref())
    }

    /// Path and query of the request.
    ///
    /// # Errors
    /// Words, if it was none.
    pub(super) fn target(&self) -> Result<String, String> {
        let request =
            Request::parse(&self.request).map_err(|fault| format!("its request is none: {fault}"))?;
        Ok(request.target)
    }
}

/// Whether permessage-deflate is offered, or agreed to.
pub(super) fn has_compression(fields: &Fields) -> bool {
    extensions(fields).iter().any(|one| one.name.eq_ignore_ascii_case("permessage-deflate"))
}

/// Puts the frames of one side together.
#[derive(Default)]
struct Frames {
    reader: HeaderReader,
    bytes: Vec<u8>,
    /// The frame under way, and how much of it is to come.
    frame: Option<(Header, u64)>,
    ear: Ear,
}

impl Frames {
    fn read(&mut self, from: Party, at: Duration, mut input: &[u8], moves: &mut Vec<Move>) {
        while !input.is_empty() || self.frame.is_some_and(|(_, left)| left == 0) {
            let Some((header, left)) = &mut self.frame else {
                let before = input;
                let header = self.reader.read(&mut input);
                self.bytes.extend_from_slice(&before[..before.len() - input.len()]);
                self.frame = header.map(|header| (header, header.length));
                continue;
            };
            let (taken, rest) = input.split_at(usize::try_from(*left).unwrap_or(usize::MAX).min(input.len()));
            self.bytes.extend_from_slice(taken);
            (input, *left) = (rest, *left - taken.len() as u64);
            if *left == 0 {
                let (opcode, bytes) = (header.opcode, std::mem::take(&mut self.bytes));
                self.frame = None;
                let message = self.ear.hear(&bytes).into_iter().find_map(|heard| heard.message);
                moves.push(Move { at, from, bytes, opcode, message });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Chunk;

    const ASK: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    fn chunk(ms: u64, from: Party, bytes: &[u8]) -> Chunk {
        Chunk { at: Duration::from_millis(ms), from, bytes: bytes.to_vec() }
    }

    fn of(chunks: Vec<Chunk>) -> Result<Script, String> {
        Script::of(Line { chunks, end: None })
    }

    #[test]
    fn frames_are_put_together_whatever_they_came_in() {
        use Party::{Client, Server};
        let script = of(vec![
            chunk(0, Client, &ASK.as_bytes()[..5]),
            chunk(1, Client, &[&ASK.as_bytes()[5..], b"\x81"].concat()),
            chunk(2, Server, b"HTTP/1.1 103 E\r\n\r\nHTTP/1.1 101 S\r\n\r\n\x8a\x00\x01\x01a\x80"),
            chunk(3, Client, b"\x82\x00\x00\x00\x00hi"),
            chunk(4, Server, b"\x01b\x88"),
        ])
        .unwrap();
        assert_eq!(script.answer, b"HTTP/1.1 103 E\r\n\r\nHTTP/1.1 101 S\r\n\r\n");
        let moves: Vec<_> =
            script.moves.iter().map(|one| (one.at.as_millis(), one.from, one.opcode)).collect();
        let expected = [
            (2, Server, Opcode::Pong),
            (2, Server, Opcode::Text),
            (3, Client, Opcode::Text),
            (4, Server, Opcode::Continuation),
        ];
        assert_eq!(moves, expected);
        assert_eq!(script.moves[2].bytes, b"\x81\x82\x00\x00\x00\x00hi");
        assert_eq!((script.messages(Client).count(), script.messages(Server).count()), (1, 1));
    }

    #[test]
    fn a_refusal_is_kept_whole_and_half_a_handshake_is_none() {
        let refused = of(vec![
            chunk(0, Party::Client, ASK.as_bytes()),
            chunk(1, Party::Server, b"HTTP/1.1 404 N\r\n\r\ngo"),
            chunk(2, Party::Server, b"ne"),
        ])
        .unwrap();
        assert_eq!((refused.status, refused.answer.as_slice()), (404, &b"HTTP/1.1 404 N\r\n\r\ngone"[..]));
        assert!(of(vec![chunk(0, Party::Client, ASK.as_bytes())]).unwrap_err().contains("to its end"));
        assert!(of(vec![chunk(0, Party::Client, b"\x16\x03")]).unwrap_err().contains("TLS"));
    }
}

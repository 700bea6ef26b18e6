//! Overwrites secrets in what passes, by as many `*`, so that every length stays true.
//!
//! A head is held back until it is whole, and so is a text message of the client, for a `hello` carries secrets; each
//! piece keeps its own time. What is held is bounded; a message over the bound holds no `hello`.

mod head;
mod message;

use std::time::Instant;

use heartline_core::{frame::Side, handshake::HeadReader};

use self::{head::veil_head, message::Messages};

/// Bytes that passed together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// When.
    pub at: Instant,
    /// The bytes, as far as anybody may see them.
    pub bytes: Vec<u8>,
}

/// What lies over one direction of a connection.
pub struct Veil(State);

enum State {
    Off,
    Head {
        side: Side,
        reader: HeadReader,
        held: Vec<(usize, Instant)>,
    },
    Frames(Messages),
    /// No secret of ours can be in there.
    Open,
}

impl Veil {
    /// Lets everything be seen.
    pub const fn none() -> Self {
        Self(State::Off)
    }

    /// A veil over what `side` sends.
    pub const fn over(side: Side) -> Self {
        Self(State::Head { side, reader: HeadReader::new(), held: Vec::new() })
    }

    /// Takes what passed at `at`, and gives what may be seen by now.
    pub fn pass(&mut self, at: Instant, bytes: &[u8]) -> Vec<Piece> {
        let (mut out, mut input) = (Vec::new(), bytes);
        while !input.is_empty() {
            match &mut self.0 {
                State::Head { side, reader, held } => {
                    let before = input.len();
                    let read = reader.read(&mut input);
                    held.push((before - input.len(), at));
                    match read {
                        Ok(None) => {}
                        Ok(Some(mut head)) => {
                            veil_head(&mut head);
                            out.extend(cut(head, held));
                            self.0 = match side {
                                Side::Client => State::Frames(Messages::default()),
                                Side::Server if out.last().is_some_and(|piece| announces(&piece.bytes)) => {
                                    Self::over(Side::Server).0
                                }
                                Side::Server => State::Open,
                            };
                        }
                        Err(_) => {
                            // Not HTTP, or endless: whatever is in it, nobody needs to see a secret to see that.
                            out.extend(
                                held.drain(..).map(|(count, at)| Piece { at, bytes: vec![b'*'; count] }),
                            );
                            self.0 = State::Open;
                        }
                    }
                }
                State::Frames(messages) => {
                    messages.pass(at, input, &mut out);
                    return out;
                }
                State::Off | State::Open => {
                    out.push(Piece { at, bytes: input.to_vec() });
                    return out;
                }
            }
        }
        out
    }

    /// Nothing more comes: gives what was held back.
    pub fn end(&mut self) -> Vec<Piece> {
        match std::mem::replace(&mut self.0, State::Open) {
            State::Head { reader, held, .. } => {
                let mut head = reader.so_far().to_vec();
                veil_head(&mut head);
                cut(head, &held).collect()
            }
            State::Frames(messages) => messages.end(),
            State::Off | State::Open => Vec::new(),
        }
    }
}

/// Cuts bytes into the pieces they came in.
fn cut(bytes: Vec<u8>, counts: &[(usize, Instant)]) -> impl Iterator<Item = Piece> {
    let mut from = 0;
    let pieces: Vec<Piece> = counts
        .iter()
        .map(|(count, at)| {
            let to = (from + count).min(bytes.len());
            let piece = Piece { at: *at, bytes: bytes[from..to].to_vec() };
            from = to;
            piece
        })
        .collect();
    pieces.into_iter().filter(|piece| !piece.bytes.is_empty())
}

/// Whether a head is an answer that only announces another one.
fn announces(head: &[u8]) -> bool {
    head.starts_with(b"HTTP/1.1 1") && !head.starts_with(b"HTTP/1.1 101")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that may be seen of `parts`, sent one after the other.
    fn seen(side: Side, parts: &[&[u8]]) -> Vec<u8> {
        let (mut veil, now) = (Veil::over(side), Instant::now());
        let mut pieces: Vec<Piece> = parts.iter().flat_map(|part| veil.pass(now, part)).collect();
        pieces.extend(veil.end());
        pieces.into_iter().flat_map(|piece| piece.bytes).collect()
    }

    const HEAD: &[u8] = b"GET /chat?token=abc&x HTTP/1.1\r\nAuthorization: Bearer secret\r\n\r\n";
    const VEILED: &[u8] = b"GET /chat?token=***&* HTTP/1.1\r\nAuthorization: Bearer ******\r\n\r\n";

    fn masked(first: u8, text: &[u8]) -> Vec<u8> {
        let key = [1, 2, 3, 4];
        let mut frame = vec![first, 0x80 | text.len() as u8, 1, 2, 3, 4];
        frame.extend(text.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        frame
    }

    #[test]
    fn a_head_in_any_pieces_shows_no_secret() {
        let expected = VEILED.to_vec();
        assert_eq!(seen(Side::Client, &[HEAD]), expected);
        let single: Vec<&[u8]> = HEAD.chunks(1).collect();
        assert_eq!(seen(Side::Client, &single), expected);
        // Cut off in the middle of the secret.
        let cut = &HEAD[..HEAD.len() - 6];
        assert_eq!(seen(Side::Client, &[cut]), VEILED[..VEILED.len() - 6]);
    }

    #[test]
    fn an_answer_behind_another_is_veiled_too() {
        let answers = b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 101 Web\r\nSet-Cookie: a=b\r\n\r\n\x81\x01a";
        let veiled = b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 101 Web\r\nSet-Cookie: ***\r\n\r\n\x81\x01a";
        assert_eq!(seen(Side::Server, &[answers]), veiled);
    }

    #[test]
    fn a_hello_shows_neither_client_nor_token_whatever_it_is_cut_into() {
        let hello = br#"{"type":"hello","client":"abc","name":"Ada","token":"d\"e"}"#;
        let shown = br#"{"type":"hello","client":"***","name":"Ada","token":"****"}"#;
        let whole = [HEAD, &masked(0x81, hello)].concat();
        let veiled = [VEILED, &masked(0x81, shown)].concat();
        assert_eq!(seen(Side::Client, &[&whole]), veiled);
        let single: Vec<&[u8]> = whole.chunks(1).collect();
        assert_eq!(seen(Side::Client, &single), veiled);
        // In two fragments, cut inside a secret, with a ping between.
        let parts =
            [HEAD, &masked(0x01, &hello[..28]), &masked(0x89, b"hi"), &masked(0x80, &hello[28..])].concat();
        let veiled =
            [VEILED, &masked(0x01, &shown[..28]), &masked(0x89, b"hi"), &masked(0x80, &shown[28..])].concat();
        assert_eq!(seen(Side::Client, &[&parts]), veiled);
    }

    #[test]
    fn other_messages_are_seen_as_they_are() {
        let frames = [
            masked(0x81, br#"{"type":"say","token":"mine"}"#),
            masked(0x82, b"{}"),
            masked(0x81, b"not JSON {"),
        ];
        let whole = [HEAD, &frames.concat()].concat();
        assert_eq!(seen(Side::Client, &[&whole]), [VEILED, &frames.concat()].concat());
    }

    #[test]
    fn what_is_not_http_is_not_shown_in_full() {
        assert_eq!(seen(Side::Client, &[b"\x16\x03\x01rest"]), b"*\x03\x01rest");
    }
}

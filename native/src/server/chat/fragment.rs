//! Messages as frames, none of them large.
//!
//! tungstenite keeps as much room as the largest frame took for as long as the line lives. A list of members takes some kilobytes,
//! once; most of what comes after it takes some hundred bytes.

use std::sync::Arc;

use bytes::Bytes;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// The largest payload of a frame, in bytes.
pub(super) const MOST: usize = 1000;

/// The frame of `text` that begins at byte `from`, and where it ends. The bytes are shared by every line that gets them.
pub(super) fn next(text: &Arc<str>, from: usize) -> (Message, usize) {
    // Between two characters, though RFC 6455 does not ask for that: not every client has read it to its end.
    let to = text.floor_char_boundary(from + MOST);
    let payload = Bytes::from_owner(Shared(Arc::clone(text))).slice(from..to);
    let opcode = OpCode::Data(if from == 0 { Data::Text } else { Data::Continue });
    (Message::Frame(Frame::message(payload, opcode, to == text.len())), to)
}

struct Shared(Arc<str>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(text: &str) -> Vec<Frame> {
        let (text, mut from, mut frames) = (Arc::<str>::from(text), 0, Vec::new());
        loop {
            let (Message::Frame(frame), to) = next(&text, from) else { panic!("it is no frame") };
            frames.push(frame);
            if to == text.len() {
                return frames;
            }
            from = to;
        }
    }

    #[test]
    fn what_is_short_is_one_frame() {
        for text in ["", "hello", &"x".repeat(MOST)] {
            let frames = frames(text);
            assert_eq!(frames.len(), 1);
            assert!(frames[0].header().is_final && frames[0].header().opcode == OpCode::Data(Data::Text));
            assert_eq!(frames[0].payload(), text.as_bytes());
        }
    }

    #[test]
    fn what_is_long_is_cut_between_characters() {
        let text = "漢".repeat(MOST);
        let frames = frames(&text);
        assert_eq!(frames.len(), 4);
        let kinds: Vec<_> =
            frames.iter().map(|frame| (frame.header().opcode, frame.header().is_final)).collect();
        let goes_on = (OpCode::Data(Data::Continue), false);
        let [first, last] = [(OpCode::Data(Data::Text), false), (OpCode::Data(Data::Continue), true)];
        assert_eq!(kinds, [first, goes_on, goes_on, last]);
        let parts: Vec<_> =
            frames.iter().map(|frame| std::str::from_utf8(frame.payload()).unwrap()).collect();
        assert_eq!(parts.concat(), text);
    }
}

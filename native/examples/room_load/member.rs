//! A member of a room that costs next to nothing: it looks only at what it counts.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use heartline_core::wire::{ClientMessage, PROTOCOL, Resume};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A line of somebody who has said hello and is in one room.
pub(crate) struct Member {
    socket: TcpStream,
    buffer: Vec<u8>,
    /// What of the buffer is not looked at yet.
    unread: std::ops::Range<usize>,
}

/// What a member hears, as far as it is counted.
pub(crate) enum Heard {
    /// Of another, or its own: the number at the beginning of the text, and the seq.
    Said { number: usize, seq: u64 },
    /// Its own message of this id is durable.
    Accepted { id: u64 },
    /// It is in, and the room has messages up to here.
    Joined { last: u64 },
    /// Anything else.
    Other,
}

impl Member {
    /// Comes into a room and waits until it is in. With `after` it is told all that came after.
    pub(crate) async fn join(address: SocketAddr, room: &str, after: Option<u64>) -> (Self, u64) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let socket = TcpStream::connect(address).await.unwrap();
        socket.set_nodelay(true).unwrap();
        let mut member = Self { socket, buffer: vec![0; 4096], unread: 0..0 };
        member.shake_hands().await;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let hello = ClientMessage::Hello {
            client: format!("a secret of the load generator {number:020}"),
            dial: 1,
            name: format!("member {number}"),
            token: None,
            resume: vec![Resume { room: room.into(), epoch: None, after }],
        };
        member.tell(&hello).await;
        loop {
            if let Heard::Joined { last } = member.hear().await {
                return (member, last);
            }
        }
    }

    /// Says something that begins with this number.
    pub(crate) async fn say(&mut self, room: &str, id: u64, number: usize) {
        let text = format!("{number:010} and some words, as many as people write at a time");
        self.tell(&ClientMessage::Say { room: room.into(), id, text, style: None }).await;
    }

    /// The next message; pings are answered.
    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            let (start, end) = self.frame().await;
            let text = std::str::from_utf8(&self.buffer[start..end]).expect("the server speaks UTF-8");
            let heard = read(text);
            let ping = text.strip_prefix(r#"{"type":"ping""#).map(|_| field(text, r#""n":"#));
            self.unread.start = end;
            match ping {
                Some(n) => self.tell(&ClientMessage::Pong { n }).await,
                None => return heard,
            }
        }
    }

    /// Where the payload of the next frame lies in the buffer. Of a message in fragments it is the first: what is looked for in such
    /// stands at their beginning.
    async fn frame(&mut self) -> (usize, usize) {
        loop {
            let unread = &self.buffer[self.unread.clone()];
            if let Some((head, payload)) = lengths(unread)
                && unread.len() >= head + payload
            {
                let start = self.unread.start + head;
                match unread[0] {
                    0x81 | 0x01 => return (start, start + payload),
                    0x80 | 0x00 => self.unread.start = start + payload,
                    _ => panic!("no text: {:?}", String::from_utf8_lossy(unread)),
                }
                continue;
            }
            self.fill().await;
        }
    }

    async fn fill(&mut self) {
        self.buffer.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        if self.unread.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let read = self.socket.read(&mut self.buffer[self.unread.end..]).await.unwrap();
        assert_ne!(read, 0, "the server hung up");
        self.unread.end += read;
    }

    async fn tell(&mut self, message: &ClientMessage) {
        let text = message.encode();
        // A mask of zeros is a mask, and leaves the text as it is.
        let mut frame = vec![0x81];
        match text.len() {
            short @ 0..126 => frame.push(0x80 | short as u8),
            long => {
                frame.push(0x80 | 126);
                frame.extend((long as u16).to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.socket.write_all(&frame).await.unwrap();
    }

    async fn shake_hands(&mut self) {
        let request = format!(
            "GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: {PROTOCOL}\r\n\r\n"
        );
        self.socket.write_all(request.as_bytes()).await.unwrap();
        loop {
            self.fill().await;
            let head = &self.buffer[self.unread.clone()];
            if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
                assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(head));
                self.unread.start += end + 4;
                return;
            }
        }
    }
}

fn lengths(frame: &[u8]) -> Option<(usize, usize)> {
    match *frame.get(1)? {
        126 => Some((4, usize::from(u16::from_be_bytes([*frame.get(2)?, *frame.get(3)?])))),
        127 => panic!("the server keeps messages under 64 KiB"),
        short => Some((2, usize::from(short))),
    }
}

fn read(text: &str) -> Heard {
    let kind = text.strip_prefix(r#"{"type":""#).unwrap_or_default();
    if kind.starts_with("said\"") {
        Heard::Said { number: field(text, r#""text":""#) as usize, seq: field(text, r#""seq":"#) }
    } else if kind.starts_with("accepted\"") {
        Heard::Accepted { id: field(text, r#""id":"#) }
    } else if kind.starts_with("joined\"") {
        Heard::Joined { last: field(text, r#""last":"#) }
    } else {
        for bad in ["hold\"", "rejected\"", "error\"", "gap\""] {
            assert!(!kind.starts_with(bad), "the load is not what it should be: {text}");
        }
        Heard::Other
    }
}

/// The number behind the first of these names.
fn field(text: &str, name: &str) -> u64 {
    let at = text.find(name).unwrap_or_else(|| panic!("no {name} in {text}")) + name.len();
    let digits = text[at..].bytes().take_while(u8::is_ascii_digit);
    digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

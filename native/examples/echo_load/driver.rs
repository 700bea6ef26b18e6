//! A client that costs next to nothing: frames made once, replies counted by length.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

/// What is asked of a server.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) lines: usize,
    /// Messages sent before their replies are awaited; 1 is ping-pong.
    pub(crate) window: usize,
    pub(crate) bytes: usize,
}

/// Messages echoed per second.
pub(crate) fn rate(address: SocketAddr, load: Load, time: Duration) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let sockets: Vec<TcpStream> = (0..load.lines).map(|_| dial(address)).collect();
        let mut lines = JoinSet::new();
        let started = Instant::now();
        let end = started + time;
        for socket in sockets {
            lines.spawn(drive(socket, load, end));
        }
        let echoed: u64 = lines.join_all().await.iter().sum();
        echoed as f64 / started.elapsed().as_secs_f64()
    })
}

/// Opens lines and says nothing.
pub(crate) fn idle(address: SocketAddr, lines: usize) -> Vec<TcpStream> {
    let lines: Vec<_> = (0..lines).map(|_| dial(address)).collect();
    settle();
    lines
}

/// Sends one message on each line and reads it back.
pub(crate) fn greet(mut lines: Vec<TcpStream>) -> Vec<TcpStream> {
    let request = frame(16);
    let mut reply = vec![0; reply_length(16)];
    for line in &mut lines {
        line.write_all(&request).unwrap();
        line.read_exact(&mut reply).unwrap();
    }
    settle();
    lines
}

async fn drive(socket: TcpStream, load: Load, end: Instant) -> u64 {
    socket.set_nonblocking(true).unwrap();
    let mut socket = tokio::net::TcpStream::from_std(socket).unwrap();
    let requests = frame(load.bytes).repeat(load.window);
    let mut replies = Replies::new(load);
    let mut echoed = 0;
    while Instant::now() < end {
        let (mut reader, mut writer) = socket.split();
        // Together: a window larger than the sockets' buffers must not wait for itself.
        let (written, ()) = tokio::join!(writer.write_all(&requests), replies.read(&mut reader));
        written.unwrap();
        echoed += load.window as u64;
    }
    echoed
}

/// What came back. Between the replies there may be pings; it is too early in their lives for them to be answered.
struct Replies {
    buffer: Vec<u8>,
    filled: usize,
    length: usize,
    window: usize,
}

const PING: [u8; 2] = [0x89, 0];

impl Replies {
    fn new(load: Load) -> Self {
        let length = reply_length(load.bytes);
        Self { buffer: vec![0; length * load.window + PING.len()], filled: 0, length, window: load.window }
    }

    async fn read(&mut self, reader: &mut tokio::net::tcp::ReadHalf<'_>) {
        let mut missing = self.window;
        while missing > 0 {
            self.filled += match reader.read(&mut self.buffer[self.filled..]).await.unwrap() {
                0 => panic!("the server hung up"),
                read => read,
            };
            let mut at = 0;
            loop {
                let rest = &self.buffer[at..self.filled];
                if rest.starts_with(&PING) {
                    at += PING.len();
                } else if rest.len() >= self.length {
                    assert_eq!(rest[0], 0x82, "not a whole binary message");
                    at += self.length;
                    missing -= 1;
                } else {
                    break;
                }
            }
            self.buffer.copy_within(at..self.filled, 0);
            self.filled -= at;
        }
    }
}

fn dial(address: SocketAddr) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_nodelay(true).unwrap();
    write!(
        socket,
        "GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        socket.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    socket
}

/// A masked binary message.
fn frame(bytes: usize) -> Vec<u8> {
    let mask = [1, 2, 3, 4];
    let mut frame = vec![0x82];
    match bytes {
        0..126 => frame.push(0x80 | bytes as u8),
        126..65536 => {
            frame.push(0x80 | 126);
            frame.extend((bytes as u16).to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend((bytes as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend((0..bytes).map(|index| b'x' ^ mask[index % 4]));
    frame
}

fn reply_length(bytes: usize) -> usize {
    frame(bytes).len() - 4
}

/// Lets the server finish what the last line started.
fn settle() {
    std::thread::sleep(Duration::from_secs(1));
}

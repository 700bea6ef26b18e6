//! A server in this process, and a client that says exactly these bytes.

use std::net::SocketAddr;

use heartline::server::{Config, House};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;

/// A server that lives as long as the test wants.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl TestServer {
    pub(crate) async fn start(config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let house = House::open(config).await.unwrap();
        let task = tokio::spawn(house.serve(listener, async {
            let _ = stopped.await;
        }));
        Self { address, stop: Some(stop), task }
    }

    /// Something else at this address, that is taken for a server.
    pub(crate) fn at(address: SocketAddr) -> Self {
        Self { address, stop: None, task: tokio::spawn(async {}) }
    }

    pub(crate) fn ask_to_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    pub(crate) async fn stopped(self) {
        self.task.await.unwrap();
    }

    /// Connects and says nothing.
    pub(crate) async fn connect(&self) -> Raw {
        let stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Raw { stream }
    }

    /// Sends a request with these header lines and reads the whole answer: status, head in small letters, body.
    pub(crate) async fn ask(&self, request_line: &str, header_lines: &str) -> (u16, String, String) {
        let mut raw = self.connect().await;
        raw.send(format!("{request_line} HTTP/1.1\r\n{header_lines}Connection: close\r\n\r\n").as_bytes())
            .await;
        let (status, head) = raw.head().await;
        (status, head, raw.rest().await)
    }

    /// Sends a handshake with these header lines instead of the usual ones of the same names.
    pub(crate) async fn handshake(&self, path: &str, header_lines: &str) -> (u16, String, Raw) {
        let mut raw = self.connect().await;
        raw.send(handshake(path, header_lines).as_bytes()).await;
        let (status, head) = raw.head().await;
        (status, head, raw)
    }

    /// A line on `/echo`.
    pub(crate) async fn echo(&self) -> Raw {
        let (status, _, raw) = self.handshake("/echo", "").await;
        assert_eq!(status, 101);
        raw
    }

    pub(crate) async fn metrics(&self) -> String {
        self.ask("GET /metrics", "Host: localhost\r\n").await.2
    }

    /// Waits until `/metrics` tells this.
    pub(crate) async fn until_metrics_tell(&self, words: &str) {
        while !self.metrics().await.contains(words) {}
    }
}

/// A handshake; `header_lines` replace those of the same names, and an empty value leaves the header out.
pub(crate) fn handshake(path: &str, header_lines: &str) -> String {
    let usual = [
        "Host: localhost\r\n",
        "Upgrade: websocket\r\n",
        "Connection: Upgrade\r\n",
        "Sec-WebSocket-Version: 13\r\n",
        KEY,
    ];
    let given: Vec<_> = header_lines.split_inclusive("\r\n").collect();
    let name = |line: &str| line.split(':').next().map(str::to_ascii_lowercase);
    let kept = usual.iter().filter(|line| !given.iter().any(|given| name(given) == name(line)));
    let said = given.iter().filter(|line| !line.ends_with(": \r\n"));
    let head: String = kept.chain(said).copied().collect();
    format!("GET {path} HTTP/1.1\r\n{head}\r\n")
}

/// A client of bytes.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
}

impl Raw {
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// A masked frame with this first byte.
    pub(crate) async fn frame(&mut self, first: u8, payload: &[u8]) {
        self.send(&frame(first, payload)).await;
    }

    /// Reads an answer's status and its head, in small letters.
    pub(crate) async fn head(&mut self) -> (u16, String) {
        let head = self.until(b"\r\n\r\n").await.to_ascii_lowercase();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), head)
    }

    /// Reads up to and with these bytes.
    pub(crate) async fn until(&mut self, end: &[u8]) -> String {
        let mut read = Vec::new();
        while !read.ends_with(end) {
            read.push(self.stream.read_u8().await.unwrap());
        }
        String::from_utf8(read).unwrap()
    }

    /// Reads to the end. A reset is no end: whoever hangs up properly sends none.
    pub(crate) async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).await.unwrap();
        String::from_utf8_lossy(&rest).into_owned()
    }

    /// Checks that the end is a reset: whoever leaves a dead line does not wait for what it acknowledges.
    pub(crate) async fn is_reset(&mut self) {
        let end = self.stream.read_u8().await.unwrap_err();
        assert_eq!(end.kind(), std::io::ErrorKind::ConnectionReset);
    }

    /// Reads one frame: its first byte and its payload.
    pub(crate) async fn read(&mut self) -> (u8, Vec<u8>) {
        let first = self.stream.read_u8().await.unwrap();
        let length = match self.stream.read_u8().await.unwrap() {
            126 => self.stream.read_u16().await.unwrap().into(),
            127 => self.stream.read_u64().await.unwrap(),
            masked if masked >= 128 => panic!("a server's frame with a mask"),
            short => short.into(),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut payload).await.unwrap();
        (first, payload)
    }

    /// Reads a close frame and the end behind it.
    pub(crate) async fn closed(&mut self) -> u16 {
        let (first, payload) = self.read().await;
        assert_eq!(first, CLOSE, "{payload:?}");
        assert_eq!(self.rest().await, "");
        u16::from_be_bytes([payload[0], payload[1]])
    }
}

/// A masked frame with this first byte.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..126 => frame.push(0x80 | u8::try_from(short).unwrap()),
        middle @ 126..65536 => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(middle).unwrap().to_be_bytes());
        }
        long => {
            frame.push(0x80 | 127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A clock that stands until it is moved by hand. A paused clock alone jumps ahead whenever nothing is ready, even while
/// bytes are still on their way through the kernel; it does not as long as a blocking task runs.
pub(crate) struct StandingClock {
    _release: std::sync::mpsc::Sender<()>,
}

impl StandingClock {
    /// Needs `start_paused`.
    pub(crate) fn hold() -> Self {
        let (release, released) = std::sync::mpsc::channel();
        tokio::task::spawn_blocking(move || released.recv());
        Self { _release: release }
    }

    pub(crate) async fn advance(&self, seconds: u64) {
        tokio::time::advance(std::time::Duration::from_secs(seconds)).await;
    }
}

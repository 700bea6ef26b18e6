//! A server in this process, and clients of `/chat` that say exactly what a test wants.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use heartline::server::{Config, House};
use heartline_core::wire::{ClientMessage, PROTOCOL, Resume, Said, ServerMessage};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Far more than anything takes on a busy machine; reached only when something hangs.
const HANGS: Duration = Duration::from_secs(30);

/// A server that lives as long as the test wants.
pub(crate) struct Place {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// One line.
pub(crate) struct Peer {
    frames: WebSocketStream<TcpStream>,
}

impl Place {
    pub(crate) async fn open() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let house = House::open(config).await.unwrap();
        let task = tokio::spawn(house.serve(listener, async {
            let _ = stopped.await;
        }));
        Self { address, stop, task }
    }

    /// Asks the server to leave. The handle is done when it has left.
    pub(crate) fn leave(self) -> JoinHandle<()> {
        self.stop.send(()).unwrap();
        self.task
    }

    /// A line that has said nothing yet.
    pub(crate) async fn line(&self) -> Peer {
        Peer::dial(self.address, &[], TcpSocket::new_v4().unwrap()).await.unwrap()
    }

    /// A line with little room on the way, so that a client that does not read is felt early.
    pub(crate) async fn line_with_small_buffer(&self) -> Peer {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        Peer::dial(self.address, &[], socket).await.unwrap()
    }

    /// What a plain request for this path is answered, head and all.
    pub(crate) async fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(HANGS, stream.read_to_string(&mut answer)).await.expect("an answer").unwrap();
        answer
    }

    /// A line whose client has said hello and is in these rooms.
    pub(crate) async fn member(&self, who: &str, rooms: &[&str]) -> Peer {
        self.member_again(who, 1, rooms.iter().map(|room| resume(room, None)).collect()).await
    }

    pub(crate) async fn member_again(&self, who: &str, dial: u64, resume: Vec<Resume>) -> Peer {
        let mut peer = self.line().await;
        let rooms = resume.len();
        peer.tell(&hello(who, dial, resume)).await;
        peer.until(|message| matches!(message, ServerMessage::Welcome { .. })).await;
        for _ in 0..rooms {
            peer.until(|message| matches!(message, ServerMessage::Joined { .. })).await;
        }
        peer
    }
}

impl Peer {
    pub(crate) async fn dial(
        address: SocketAddr,
        headers: &[(&'static str, &str)],
        socket: TcpSocket,
    ) -> Result<Self, Error> {
        let stream = socket.connect(address).await?;
        let mut request = format!("ws://{address}/chat").into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", PROTOCOL.parse().unwrap());
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (frames, _) = client_async(request, stream).await?;
        Ok(Self { frames })
    }

    pub(crate) async fn tell(&mut self, message: &ClientMessage) {
        self.text(&message.encode()).await;
    }

    /// Whether the server still takes something.
    pub(crate) async fn try_tell(&mut self, message: &ClientMessage) -> bool {
        let sent = self.frames.send(Message::text(message.encode()));
        timeout(HANGS, sent).await.expect("the server reads, or is gone").is_ok()
    }

    pub(crate) async fn say(&mut self, room: &str, id: u64, text: &str) {
        self.tell(&ClientMessage::Say { room: room.into(), id, text: text.into(), style: None }).await;
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    pub(crate) async fn send(&mut self, message: Message) {
        timeout(HANGS, self.frames.send(message)).await.expect("the server reads").unwrap();
    }

    /// The next message; pings are answered.
    pub(crate) async fn next(&mut self) -> ServerMessage {
        self.until(|_| true).await
    }

    /// The first message that is what is awaited; what comes before is forgotten.
    pub(crate) async fn until(&mut self, awaited: impl Fn(&ServerMessage) -> bool) -> ServerMessage {
        self.first(|message| awaited(&message).then_some(message)).await
    }

    pub(crate) async fn said(&mut self) -> Said {
        let said = |message| if let ServerMessage::Said(said) = message { Some(said) } else { None };
        self.first(said).await
    }

    /// The close frame; messages before it are forgotten.
    pub(crate) async fn closed(&mut self) -> CloseFrame {
        let closed = async {
            loop {
                if let Message::Close(frame) = self.frame().await {
                    return frame.expect("a close frame with a code");
                }
            }
        };
        timeout(HANGS, closed).await.expect("the server closes the line")
    }

    /// One limit for all of it: pings come for ever on a line on which nothing else does.
    async fn first<T>(&mut self, mut wanted: impl FnMut(ServerMessage) -> Option<T>) -> T {
        let found = async {
            loop {
                let frame = self.frame().await;
                let Message::Text(text) = frame else { panic!("a message was awaited, not {frame:?}") };
                let message = ServerMessage::decode(&text).expect("what a server says can be read");
                if let ServerMessage::Ping { n } = message {
                    self.tell(&ClientMessage::Pong { n }).await;
                } else if let Some(found) = wanted(message) {
                    return found;
                }
            }
        };
        timeout(HANGS, found).await.expect("what is awaited comes")
    }

    async fn frame(&mut self) -> Message {
        self.frames.next().await.expect("the line is open").unwrap()
    }
}

pub(crate) fn hello(who: &str, dial: u64, resume: Vec<Resume>) -> ClientMessage {
    let client = format!("the well kept secret of {who}");
    ClientMessage::Hello { client, dial, name: who.into(), token: None, resume }
}

pub(crate) fn resume(room: &str, after: Option<u64>) -> Resume {
    Resume { room: room.into(), epoch: None, after }
}

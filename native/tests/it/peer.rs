//! Peers made by hand, so that they can do what no library would.

use std::future::Future;

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

pub(crate) const TEXT: u8 = 1;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// A listener that runs a script for each connection, with the connection's number from 1 on.
pub(crate) struct Peer {
    pub(crate) port: u16,
    task: JoinHandle<()>,
}

impl Peer {
    /// Starts it on a free port.
    pub(crate) async fn start<F, S>(script: F) -> Self
    where
        F: Fn(TcpStream, usize) -> S + Send + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            let mut number = 0;
            while let Ok((stream, _)) = listener.accept().await {
                number += 1;
                tokio::spawn(script(stream, number));
            }
        });
        Self { port, task }
    }

    /// One that reads a request and answers with these bytes, then hangs up.
    pub(crate) async fn answering(answer: &'static str) -> Self {
        Self::start(move |mut stream, _| async move {
            read_head(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
            // A reset would overtake the answer: read until the other side is done.
            stream.shutdown().await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
        .await
    }

    /// One that shakes hands and sends back what it gets.
    pub(crate) async fn echoing() -> Self {
        Self::start(|mut stream, _| async move {
            shake_hands(&mut stream).await;
            echo(&mut stream).await;
        })
        .await
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://127.0.0.1:{}/", self.port)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads up to the end of a request's head.
pub(crate) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    try_read_head(stream).await.expect("whoever connects asks for something")
}

/// The same; `None` if whoever connected is gone before.
pub(crate) async fn try_read_head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8(head).unwrap())
}

/// The value of a header in a head.
pub(crate) fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The server's half of the handshake. Gives the request's head.
pub(crate) async fn shake_hands(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> String {
    let head = read_head(stream).await;
    stream.write_all(switching(&head, "").as_bytes()).await.unwrap();
    head
}

/// A right 101, with more headers.
pub(crate) fn switching(head: &str, more: &str) -> String {
    let key = header(head, "Sec-WebSocket-Key").unwrap();
    let accept = derive_accept_key(key.as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{more}\r\n"
    )
}

/// A whole unmasked frame with a short payload.
pub(crate) fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match payload.len() {
        0..126 => frame.push(payload.len() as u8),
        len => {
            frame.push(126);
            frame.extend_from_slice(&u16::try_from(len).unwrap().to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

/// A close frame.
pub(crate) fn close(code: u16, reason: &str) -> Vec<u8> {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(reason.as_bytes());
    frame(CLOSE, &payload)
}

/// The next frame of a client: opcode and payload. `None` if there is no more.
pub(crate) async fn read_frame(stream: &mut (impl AsyncRead + Unpin)) -> Option<(u8, Vec<u8>)> {
    let first = stream.read_u8().await.ok()?;
    let second = stream.read_u8().await.ok()?;
    assert_ne!(second & 0x80, 0, "clients mask");
    let len = match second & 0x7f {
        126 => u64::from(stream.read_u16().await.ok()?),
        127 => stream.read_u64().await.ok()?,
        len => u64::from(len),
    };
    let mut mask = [0; 4];
    stream.read_exact(&mut mask).await.ok()?;
    let mut payload = vec![0; usize::try_from(len).unwrap()];
    stream.read_exact(&mut payload).await.ok()?;
    for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
    Some((first & 0x0f, payload))
}

/// The next short frame of a server: opcode and payload.
pub(crate) async fn read_unmasked(stream: &mut (impl AsyncRead + Unpin)) -> (u8, Vec<u8>) {
    let first = stream.read_u8().await.unwrap();
    let len = stream.read_u8().await.unwrap();
    assert!(len < 126, "servers do not mask, and this one is short");
    let mut payload = vec![0; usize::from(len)];
    stream.read_exact(&mut payload).await.unwrap();
    (first & 0x0f, payload)
}

/// Answers pings, echoes messages, answers a close, until the client is gone.
pub(crate) async fn echo(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    while let Some((opcode, payload)) = read_frame(stream).await {
        let answer = if opcode == PING { PONG } else { opcode };
        if stream.write_all(&frame(answer, &payload)).await.is_err() || opcode == CLOSE {
            return;
        }
    }
}

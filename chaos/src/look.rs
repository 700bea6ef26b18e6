//! Reads a whole history as a client would, without any of a client's patience.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use heartline_core::wire::{ClientMessage, PROTOCOL, Resume, Said, ServerMessage};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// How long the server may be silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many rooms one line may be in.
const ROOMS: usize = 32;

/// What a room holds.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) room: String,
    pub(crate) epoch: String,
    pub(crate) last: u64,
    pub(crate) said: Vec<Said>,
}

/// All there is in these rooms.
pub(crate) async fn look(server: SocketAddr, rooms: &[String]) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for some in rooms.chunks(ROOMS) {
        found.extend(look_at(server, some).await?);
    }
    Ok(found)
}

async fn look_at(server: SocketAddr, rooms: &[String]) -> Result<Vec<Found>> {
    let stream = TcpStream::connect(server).await.context("the server cannot be reached")?;
    let mut request = format!("ws://{server}/chat").into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", PROTOCOL.parse()?);
    let (mut frames, _) = client_async(request, stream).await?;
    let resume = rooms.iter().map(|room| Resume { room: room.clone(), epoch: None, after: Some(0) });
    let hello = ClientMessage::Hello {
        // Each look is somebody else, so that none is the older dial of another.
        client: format!("somebody who only looks {:032x}", fastrand::u128(..)),
        dial: 1,
        name: "looker".into(),
        token: None,
        resume: resume.collect(),
    };
    frames.send(Message::text(hello.encode())).await?;
    let mut found: Vec<Found> = Vec::new();
    while found.len() < rooms.len() || found.iter().any(|found| !found.is_whole()) {
        let frame = timeout(PATIENCE, frames.next()).await.context("the server is silent")?;
        let Message::Text(text) = frame.context("the server hangs up")?? else { continue };
        match ServerMessage::decode(&text) {
            Ok(ServerMessage::Joined { room, epoch, last, .. }) => {
                found.push(Found { room, epoch, last, said: Vec::new() });
            }
            Ok(ServerMessage::Said(said)) => {
                if let Some(found) = found.iter_mut().find(|found| found.room == said.room) {
                    found.said.push(said);
                }
            }
            Ok(ServerMessage::Ping { n }) => {
                frames.send(Message::text(ClientMessage::Pong { n }.encode())).await?;
            }
            Ok(_) => {}
            Err(error) => bail!("the server says what cannot be read: {error}"),
        }
    }
    let _ = frames.close(None).await;
    Ok(found)
}

impl Found {
    fn is_whole(&self) -> bool {
        self.said.last().map_or(0, |said| said.seq) >= self.last
    }
}

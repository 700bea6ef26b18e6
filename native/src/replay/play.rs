//! Playing one side of a line while the other one is alive.

use std::{
    io,
    time::{Duration, Instant},
};

use heartline_core::{
    frame::Opcode,
    inspect::{End, Party},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    ear::{Digest, Ear, Heard},
    script::{Move, Script},
};
use crate::client::activity::Stream;

/// How long the other side may take for its half of the closing handshake.
const GOODBYE: Duration = Duration::from_secs(5);

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Played {
    /// The messages that came, up to as many as are compared.
    pub(super) heard: Vec<Digest>,
    /// How many came in all.
    pub(super) count: u64,
    /// Frames that were not sent, pongs and goodbyes aside: what they waited for did not come.
    pub(super) unsent: usize,
    /// The recorded end was a reset by this side.
    pub(super) resets: bool,
}

/// One side of a script.
pub(super) struct Player<'s> {
    script: &'s Script,
    me: Party,
    /// How long to wait for what does not come; for ever if there is no limit.
    limit: Option<Duration>,
    stream: &'s mut dyn Stream,
    ear: Ear,
    played: Played,
    /// When each message of the other side came.
    came: Vec<Instant>,
    /// The other side has said goodbye, or hung up.
    has_closed: bool,
    has_ended: bool,
}

impl<'s> Player<'s> {
    pub(super) fn new(
        script: &'s Script,
        me: Party,
        limit: Option<Duration>,
        stream: &'s mut dyn Stream,
    ) -> Self {
        Self {
            script,
            me,
            limit,
            stream,
            ear: Ear::default(),
            played: Played::default(),
            came: Vec::new(),
            has_closed: false,
            has_ended: false,
        }
    }

    /// Plays to the end. `rest` came behind the handshake. An error is the line's.
    pub(super) async fn play(mut self, rest: &[u8]) -> io::Result<Played> {
        self.hear(rest).await?;
        // What the time of the next frame is counted from: then, and now.
        let (mut before, mut since) = (self.script.opened, Instant::now());
        let (mut messages, mut said_goodbye) = (0, false);
        let script = self.script;
        let is_own = |one: &&Move| one.from == self.me && !matches!(one.opcode, Opcode::Pong | Opcode::Close);
        self.played.unsent = script.moves.iter().filter(is_own).count();
        for one in &script.moves {
            if one.from != self.me {
                if one.message.is_some() {
                    messages += 1;
                    if !self.hears(messages, one.at.saturating_sub(before)).await? {
                        break;
                    }
                    (before, since) = (one.at, self.came[messages - 1].max(since));
                }
                continue;
            }
            if one.opcode == Opcode::Pong {
                continue;
            }
            let due = since + one.at.saturating_sub(before);
            if !self.listen_until(due).await? {
                break;
            }
            (before, since) = (one.at, due);
            self.stream.write_all(&one.bytes).await?;
            self.stream.flush().await?;
            if one.opcode == Opcode::Close {
                said_goodbye = true;
            } else {
                self.played.unsent -= 1;
            }
        }
        self.end(before, since, said_goodbye).await?;
        Ok(self.played)
    }

    /// Waits until so many messages have come; `false` if they will not.
    async fn hears(&mut self, count: usize, recorded: Duration) -> io::Result<bool> {
        let until = self.limit.map(|limit| Instant::now() + recorded + limit);
        while self.came.len() < count {
            if self.is_over() || !self.listen(until).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Listens until then; `false` if the other side has left before.
    async fn listen_until(&mut self, due: Instant) -> io::Result<bool> {
        while !self.is_over() && self.listen(Some(due)).await? {}
        Ok(!self.is_over())
    }

    const fn is_over(&self) -> bool {
        self.has_closed || self.has_ended
    }

    /// Hears something, or has waited long enough: `false`.
    async fn listen(&mut self, until: Option<Instant>) -> io::Result<bool> {
        let mut piece = [0; 4096];
        let later = async {
            match until {
                Some(until) => tokio::time::sleep_until(until.into()).await,
                None => std::future::pending().await,
            }
        };
        let count = tokio::select! {
            read = self.stream.read(&mut piece) => read?,
            () = later => return Ok(false),
        };
        self.has_ended |= count == 0;
        self.hear(&piece[..count]).await?;
        Ok(true)
    }

    async fn hear(&mut self, bytes: &[u8]) -> io::Result<()> {
        let most = self.script.messages(other(self.me)).count();
        for Heard { opcode, control, message } in self.ear.hear(bytes) {
            if opcode == Opcode::Ping {
                let pong = control_frame(Opcode::Pong, &control, self.me);
                self.stream.write_all(&pong).await?;
                self.stream.flush().await?;
            }
            self.has_closed |= opcode == Opcode::Close;
            if let Some(digest) = message {
                self.played.count += 1;
                // Of more there is nothing to compare with.
                if self.came.len() < most {
                    self.came.push(Instant::now());
                    self.played.heard.push(digest);
                }
            }
        }
        Ok(())
    }

    /// Ends as it was recorded, or because the other side does.
    async fn end(&mut self, before: Duration, since: Instant, said_goodbye: bool) -> io::Result<()> {
        if self.has_closed && !said_goodbye {
            let goodbye = control_frame(Opcode::Close, &[], self.me);
            self.stream.write_all(&goodbye).await?;
        }
        let (at, by_me, resets) = match &self.script.end {
            Some((at, End::Fin { by } | End::Close { by, .. })) => (*at, *by == self.me, false),
            Some((at, End::Reset { by })) => (*at, *by == self.me, true),
            Some((at, _)) => (*at, true, false),
            // The recording ended first.
            None => (before, self.me == Party::Client, false),
        };
        let due = since + at.saturating_sub(before);
        if !self.is_over() && self.played.unsent == 0 {
            let until = match (by_me, self.limit) {
                (true, _) => Some(due),
                (false, Some(limit)) => Some(due + limit),
                (false, None) => None,
            };
            while !self.is_over() && self.listen(until).await? {}
        }
        self.played.resets = by_me && resets && !self.is_over();
        if self.played.resets {
            return Ok(());
        }
        if !said_goodbye && !self.is_over() && self.me == Party::Client && self.script.end.is_none() {
            self.stream.write_all(&control_frame(Opcode::Close, &1000_u16.to_be_bytes(), self.me)).await?;
        }
        if said_goodbye && !self.is_over() && self.me == Party::Client {
            // Its server hangs up first.
            let until = Some(Instant::now() + GOODBYE);
            while !self.has_ended && self.listen(until).await? {}
        }
        self.stream.shutdown().await?;
        let until = Some(Instant::now() + GOODBYE);
        while !self.has_ended && self.listen(until).await? {}
        Ok(())
    }
}

pub(super) const fn other(party: Party) -> Party {
    match party {
        Party::Client => Party::Server,
        Party::Server => Party::Client,
    }
}

/// A control frame; a client's is masked.
fn control_frame(opcode: Opcode, payload: &[u8], from: Party) -> Vec<u8> {
    let payload = &payload[..payload.len().min(125)];
    let mut frame = vec![0x80 | opcode.bits(), payload.len() as u8];
    match from {
        Party::Server => frame.extend_from_slice(payload),
        Party::Client => {
            let key = fastrand::u32(..).to_be_bytes();
            frame[1] |= 0x80;
            frame.extend_from_slice(&key);
            frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        }
    }
    frame
}

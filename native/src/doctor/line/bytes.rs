//! The bytes of a line, in both directions, and how they end.

use std::{
    io,
    time::{Duration, Instant},
};

use heartline_core::{
    close::code,
    doctor::{Fate, How, Life, Sign, Standing},
    frame::{Frame, Opcode},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::{Line, News};
use crate::{client::dial::io_words, doctor::wire};

/// How long the last words of a line are waited for when writing has failed.
const LAST_WORDS: Duration = Duration::from_millis(200);

impl Line {
    pub(super) async fn send(&mut self, opcode: Opcode, payload: &[u8], sign: Sign) -> Option<Fate> {
        let ended = self.write(opcode, payload).await;
        if ended.is_none() {
            self.moved = Instant::now();
            self.marks.add(self.since(self.moved), sign);
        }
        ended
    }

    pub(super) async fn write(&mut self, opcode: Opcode, payload: &[u8]) -> Option<Fate> {
        let begun = Instant::now();
        let frame = wire::frame(opcode, payload);
        let written = async {
            self.stream.write_all(&frame).await?;
            self.stream.flush().await
        };
        match timeout(self.rules.patience, written).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(self.last_words(&error).await),
            // The system takes no more: what was sent before is still on its way.
            Err(_) => Some(self.lost(self.unacknowledged.unwrap_or(begun), Instant::now())),
        }
    }

    /// Writing has failed: what came before that tells more.
    async fn last_words(&mut self, error: &io::Error) -> Fate {
        let mut buffer = [0; 4 << 10];
        loop {
            match timeout(LAST_WORDS, self.stream.read(&mut buffer)).await {
                Ok(Ok(0)) => return self.ended(How::Fin),
                Ok(Ok(count)) => {
                    let mut input = &buffer[..count];
                    while let Some(frame) = self.reader.read(Instant::now(), &mut input) {
                        if let Some(how) = close_frame(&frame) {
                            return self.ended(how);
                        }
                    }
                }
                Ok(Err(error)) => return self.ended(how(&error)),
                Err(_) => return self.ended(how(error)),
            }
        }
    }

    /// Bytes of the server.
    pub(super) async fn take_in(&mut self, mut input: &[u8]) -> Option<Fate> {
        let now = Instant::now();
        if !input.is_empty() {
            (self.heard, self.moved) = (now, now);
        }
        while let Some(frame) = self.reader.read(now, &mut input) {
            if let Some(fate) = self.take_frame(now, &frame).await {
                return Some(fate);
            }
        }
        // A frame that is not whole yet is a sign, too.
        if let Some(underway) = self.reader.underway() {
            self.marks.add(self.since(now), sign_of(underway.header.opcode));
        }
        None
    }

    async fn take_frame(&mut self, now: Instant, frame: &Frame) -> Option<Fate> {
        if let Some(how) = close_frame(frame) {
            let fate = self.ended(how);
            let payload = frame.payload.bytes();
            let answer = wire::frame(Opcode::Close, &payload[..payload.len().min(2)]);
            // The server's code is known; whether it hears ours makes no difference.
            let _ = timeout(LAST_WORDS, self.stream.write_all(&answer)).await;
            return Some(fate);
        }
        if let Some(probe) = self.settle(frame) {
            self.probe = None;
            if probe.is_last {
                return Some(Fate::Stood(Standing { at: self.since(now), proven: true }));
            }
            let sign =
                if frame.header.opcode == Opcode::Pong { Sign::ClientControl } else { Sign::ClientData };
            self.marks.add(self.since(probe.sent), sign);
            // News that finds no room is about a line that goes on anyway.
            let _ = self.news.try_send(News::Alive { silence: probe.silence });
        }
        self.marks.add(self.since(now), sign_of(frame.header.opcode));
        if frame.header.opcode == Opcode::Ping && self.course.life != Life::Mute {
            return self.send(Opcode::Pong, frame.payload.bytes(), Sign::ClientControl).await;
        }
        None
    }

    /// A close frame, and the server's.
    pub(super) async fn say_goodbye(&mut self) {
        let frame = wire::frame(Opcode::Close, &1000_u16.to_be_bytes());
        if self.stream.write_all(&frame).await.is_ok() && self.stream.flush().await.is_ok() {
            let mut buffer = [0; 4 << 10];
            while matches!(self.stream.read(&mut buffer).await, Ok(1..)) {}
        }
    }
}

fn sign_of(opcode: Opcode) -> Sign {
    if opcode.is_control() { Sign::ServerControl } else { Sign::ServerData }
}

fn close_frame(frame: &Frame) -> Option<How> {
    let body = frame.close.as_ref()?;
    Some(How::CloseFrame { code: body.code.unwrap_or(code::NO_STATUS), reason: body.reason.clone() })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum; the rest has good words of its own")]
pub(super) fn how(error: &io::Error) -> How {
    match error.kind() {
        // TLS names an end without its own goodbye so.
        io::ErrorKind::UnexpectedEof => How::Fin,
        io::ErrorKind::ConnectionReset => How::Reset,
        _ => How::Error { why: io_words(error) },
    }
}

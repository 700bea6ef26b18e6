//! A few words with the server: does it speak first, answer pings, send back what it gets.

use std::time::{Duration, Instant};

use heartline_core::{
    doctor::{FirstMessage, ServerPings, Survey},
    frame::{Dissector, Frame, Keep, Kind, Opcode, Side},
    handshake::Deflate,
};
use socket2::Socket;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout_at,
};

use crate::{
    client::activity::Stream,
    doctor::{line::OpenLine, wire},
};

/// How long the server has to say the first word.
const FIRST_WORD: Duration = Duration::from_secs(1);
/// How long an answer is waited for.
const ANSWER: Duration = Duration::from_secs(2);
/// Round trips that are measured of each kind; the median of them is told.
const TIMES: usize = 3;
/// What is kept of a message.
const KEEP: Keep = Keep { frame: 4 << 10, message: 4 << 10, inflated: 4 << 20 };
/// Characters of the first message that are told.
const BEGINNING: usize = 200;

/// A line to talk on.
pub(super) struct Talk {
    stream: Box<dyn Stream>,
    socket: Option<Socket>,
    read_ahead: Vec<u8>,
    opened: Instant,
    reader: Dissector,
    is_over: bool,
    first_message: Option<FirstMessage>,
    /// When the server pinged.
    pings: Vec<Instant>,
}

impl Talk {
    pub(super) fn new(line: OpenLine, deflate: Option<Deflate>) -> Self {
        let mut reader = Dissector::new(Side::Server, KEEP);
        if let Some(deflate) = deflate {
            reader = reader.inflating(deflate.context(Side::Server));
        }
        Self {
            stream: line.stream,
            socket: line.socket,
            read_ahead: line.read_ahead,
            opened: line.opened,
            reader,
            is_over: false,
            first_message: None,
            pings: Vec::new(),
        }
    }

    pub(super) fn socket(&self) -> Option<&Socket> {
        self.socket.as_ref()
    }

    /// All of it. What cannot be found out because the line is over stays open.
    pub(super) async fn whole(&mut self, text: Option<&str>, survey: &mut Survey) {
        self.listen(Instant::now() + FIRST_WORD, |_| false).await;
        if !self.is_over {
            let times = self.ask(Opcode::Ping, b"heartline", is_pong).await;
            survey.answers_ping = (!self.is_over || !times.is_empty()).then_some(!times.is_empty());
            survey.round_trips.ping = median(times);
        }
        if let Some(text) = text.filter(|_| !self.is_over) {
            let comes_back = |frame: &Frame| {
                frame.message.as_ref().is_some_and(|message| message.content.bytes() == text.as_bytes())
            };
            let times = self.ask(Opcode::Text, text.as_bytes(), comes_back).await;
            survey.echoes = Some(!times.is_empty());
            survey.round_trips.echo = median(times);
        }
        survey.first_message = self.first_message.take();
        let gaps = self.pings.windows(2).map(|pair| pair[1] - pair[0]).collect();
        survey.server_pings = (!self.pings.is_empty()).then(|| ServerPings {
            count: u32::try_from(self.pings.len()).unwrap_or(u32::MAX),
            every: median(gaps),
        });
    }

    /// Asks some times, and gives how long each answer took; none after the first that does not come.
    async fn ask(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        is_answer: impl Fn(&Frame) -> bool + Copy,
    ) -> Vec<Duration> {
        let mut times = Vec::new();
        while times.len() < TIMES && !self.is_over {
            let begun = Instant::now();
            self.send(opcode, payload).await;
            match self.listen(begun + ANSWER, is_answer).await {
                Some(at) => times.push(at - begun),
                None => break,
            }
        }
        times
    }

    /// Reads until a frame is the one, or until then.
    async fn listen(&mut self, until: Instant, is_it: impl Fn(&Frame) -> bool) -> Option<Instant> {
        let mut buffer = vec![0; 16 << 10];
        loop {
            let mut came = std::mem::take(&mut self.read_ahead);
            if came.is_empty() {
                match timeout_at(until.into(), self.stream.read(&mut buffer)).await {
                    Ok(Ok(count @ 1..)) => came.extend_from_slice(&buffer[..count]),
                    Ok(Ok(_) | Err(_)) => {
                        self.is_over = true;
                        return None;
                    }
                    Err(_) => return None,
                }
            }
            let now = Instant::now();
            let (mut input, mut found) = (came.as_slice(), None);
            while let Some(frame) = self.reader.read(now, &mut input) {
                self.take(now, &frame).await;
                if found.is_none() && is_it(&frame) {
                    found = Some(now);
                }
            }
            if found.is_some() || self.is_over || now >= until {
                return found;
            }
        }
    }

    async fn take(&mut self, now: Instant, frame: &Frame) {
        if let Some(message) = frame.message.as_ref().filter(|_| self.first_message.is_none()) {
            // After our own words it is an answer, and no first word.
            let after = now - self.opened;
            let content = message.content.bytes();
            let binary = message.kind == Kind::Binary;
            let beginning = if binary {
                content.iter().take(BEGINNING / 2).map(|byte| format!("{byte:02x}")).collect()
            } else {
                message.content.text().chars().take(BEGINNING).collect()
            };
            if after <= FIRST_WORD {
                let bytes = message.content.total();
                self.first_message = Some(FirstMessage { after, binary, bytes, beginning });
            }
        }
        match frame.header.opcode {
            Opcode::Ping => {
                self.pings.push(now);
                self.send(Opcode::Pong, frame.payload.bytes()).await;
            }
            Opcode::Close => self.is_over = true,
            Opcode::Continuation | Opcode::Text | Opcode::Binary | Opcode::Pong | Opcode::Unknown(_) => {}
        }
    }

    async fn send(&mut self, opcode: Opcode, payload: &[u8]) {
        let frame = wire::frame(opcode, payload);
        let written = async {
            self.stream.write_all(&frame).await?;
            self.stream.flush().await
        };
        let until = Instant::now() + ANSWER;
        if !matches!(timeout_at(until.into(), written).await, Ok(Ok(()))) {
            self.is_over = true;
        }
    }

    /// A close frame, and the server's.
    pub(super) async fn goodbye(mut self) {
        if !self.is_over {
            self.send(Opcode::Close, &1000_u16.to_be_bytes()).await;
            self.listen(Instant::now() + FIRST_WORD, |frame| frame.header.opcode == Opcode::Close).await;
        }
    }
}

fn is_pong(frame: &Frame) -> bool {
    frame.header.opcode == Opcode::Pong && frame.payload.bytes() == b"heartline"
}

fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort();
    times.get(times.len() / 2).copied()
}

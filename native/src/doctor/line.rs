//! One line of the watch: one kind of life, and its end seen from below the frames.

mod bytes;
mod probe;

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use heartline_core::{
    doctor::{Ending, FailedDial, Fate, How, Life, Sign, Story, TcpState},
    frame::{Dissector, Keep, Opcode, Side},
};
use socket2::Socket;
use tokio::{
    io::AsyncReadExt,
    sync::{mpsc, watch},
    time::{sleep_until, timeout},
};

use self::{bytes::how, probe::Probe};
use super::{marks::Marks, rules::Rules};
use crate::{client::activity::Stream, tcp_info::tcp_state};

/// How often the system is asked how TCP is.
const LOOK: Duration = Duration::from_millis(200);
/// Bytes of a message that are kept: enough to know our own again.
const KEEP: Keep = Keep { frame: 4 << 10, message: 4 << 10, inflated: 1 << 20 };
/// How long a line that is let go may take to say goodbye.
const GOODBYE: Duration = Duration::from_millis(500);
/// What one line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Course {
    /// Its number, from 1.
    pub(super) number: u32,
    /// Its life.
    pub(super) life: Life,
    /// Probe it once after so long a silence.
    pub(super) rung: Option<Duration>,
}

/// A line that is open.
pub(super) struct OpenLine {
    /// What follows the handshake.
    pub(super) stream: Box<dyn Stream>,
    /// What came right behind it.
    pub(super) read_ahead: Vec<u8>,
    /// A second handle of the socket, to ask how TCP is.
    pub(super) socket: Option<Socket>,
    /// Since when.
    pub(super) opened: Instant,
}

/// What a line tells the watch.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum News {
    /// One has been silent for so long, and a probe was answered.
    Alive {
        /// The silence before the probe.
        silence: Duration,
    },
    /// One has come to its end.
    Over(Box<Story>),
    /// One could not be opened.
    NotOpened(FailedDial),
}

/// A line, and what is known of it so far.
pub(super) struct Line {
    rules: Arc<Rules>,
    course: Course,
    /// What is sent as a message.
    text: Option<String>,
    stream: Box<dyn Stream>,
    socket: Option<Socket>,
    opened: Instant,
    reader: Dissector,
    marks: Marks,
    news: mpsc::Sender<News>,
    /// The last byte of the server, or the opening.
    heard: Instant,
    /// The last byte in either direction, or the opening.
    moved: Instant,
    next_beat: Option<Instant>,
    /// The rung has been tried.
    has_climbed: bool,
    next_look: Instant,
    /// What was sent and wants an answer, the oldest first.
    asked: VecDeque<(u64, Instant)>,
    numbers: u64,
    has_answered: bool,
    probe: Option<Probe>,
    probed: Option<Instant>,
    /// Since when the system waits for an acknowledgement.
    unacknowledged: Option<Instant>,
    /// The last acknowledgement that was seen.
    acknowledged: Instant,
}

impl Line {
    /// A line that has just been opened.
    pub(super) fn new(
        rules: Arc<Rules>,
        course: Course,
        open: OpenLine,
        news: mpsc::Sender<News>,
    ) -> (Self, Vec<u8>) {
        let OpenLine { stream, read_ahead, socket, opened } = open;
        let next_beat = match course.life {
            Life::Pongs | Life::Pings | Life::Data => Some(opened + rules.beat),
            Life::Once => Some(opened),
            Life::Silence | Life::Mute | Life::TcpKeepalive => None,
        };
        let line = Self {
            marks: Marks::new(rules.length),
            text: rules.text(course.number),
            rules,
            course,
            stream,
            socket,
            opened,
            reader: Dissector::new(Side::Server, KEEP),
            news,
            heard: opened,
            moved: opened,
            next_beat,
            has_climbed: false,
            next_look: opened + LOOK,
            asked: VecDeque::new(),
            numbers: 0,
            has_answered: false,
            probe: None,
            probed: None,
            unacknowledged: None,
            acknowledged: opened,
        };
        (line, read_ahead)
    }

    /// Lives until the line ends, or until `ending` is true and a last probe has had its time.
    pub(super) async fn live(mut self, read_ahead: Vec<u8>, mut ending: watch::Receiver<bool>) {
        let mut buffer = vec![0; 16 << 10];
        let mut fate = self.take_in(&read_ahead).await;
        let fate = loop {
            if let Some(fate) = fate {
                break fate;
            }
            let wake = self.wake();
            fate = tokio::select! {
                biased;
                read = self.stream.read(&mut buffer) => match read {
                    Ok(0) => Some(self.ended(How::Fin)),
                    Ok(count) => self.take_in(&buffer[..count]).await,
                    Err(error) => Some(self.ended(how(&error))),
                },
                () = told(&mut ending), if !self.is_ending() => self.begin_last_probe().await,
                () = sleep_until(wake.into()) => self.on_time(Instant::now()).await,
            };
        };
        let stands = matches!(fate, Fate::Stood(_));
        let story = Story {
            number: self.course.number,
            life: self.course.life,
            opened: self.since(self.opened),
            marks: self.marks.take(),
            probed: self.probed.map(|at| self.since(at)),
            fate,
        };
        // A watch that does not listen any more has no use for it.
        let _ = self.news.send(News::Over(Box::new(story))).await;
        if stands {
            let _ = timeout(GOODBYE, self.say_goodbye()).await;
        }
    }

    fn since(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.rules.zero)
    }

    fn ended(&mut self, how: How) -> Fate {
        // What came while a probe waited may be the answer to it.
        self.probed = self.probed.or_else(|| self.probe.map(|probe| probe.sent));
        Fate::Ended(Ending { at: self.since(Instant::now()), how })
    }

    /// The line has been silent since something that was sent at `first`.
    fn lost(&mut self, first: Instant, now: Instant) -> Fate {
        self.probed = Some(first);
        let how = How::Silence { probed: self.since(first), tcp: self.tcp() };
        Fate::Ended(Ending { at: self.since(now), how })
    }

    fn tcp(&self) -> Option<TcpState> {
        self.socket.as_ref().and_then(tcp_state)
    }

    fn is_ending(&self) -> bool {
        self.probe.is_some_and(|probe| probe.is_last)
    }

    fn wake(&self) -> Instant {
        let times = [self.next_beat, self.rung_at(), Some(self.next_look)];
        times.into_iter().flatten().min().unwrap_or(self.next_look)
    }

    /// When the rung is due: after that silence; where the server is never silent for so long, without it.
    fn rung_at(&self) -> Option<Instant> {
        let rung = self.course.rung.filter(|_| !self.has_climbed && !self.is_ending())?;
        Some((self.moved + rung).min(self.opened + rung * 3 / 2))
    }

    async fn on_time(&mut self, now: Instant) -> Option<Fate> {
        if let Some(probe) = self.probe
            && now >= probe.sent + self.rules.patience
        {
            return Some(self.unanswered(probe, now));
        }
        if self.rung_at().is_some_and(|at| now >= at) {
            self.has_climbed = true;
            return self.send_probe(false).await;
        }
        if self.next_beat.is_some_and(|at| now >= at) {
            return self.beat(now).await;
        }
        if now >= self.next_look {
            self.next_look = now + LOOK;
            return self.look(now);
        }
        None
    }

    async fn beat(&mut self, now: Instant) -> Option<Fate> {
        if self.is_ending() {
            self.next_beat = None;
            return None;
        }
        // From now, not from then: a machine that slept does not catch up.
        self.next_beat = (self.course.life != Life::Once).then(|| now + self.rules.beat);
        match self.course.life {
            Life::Pings => {
                let number = self.ask();
                self.send(Opcode::Ping, &number.to_be_bytes(), Sign::ClientControl).await
            }
            Life::Pongs => self.send(Opcode::Pong, b"", Sign::ClientControl).await,
            Life::Data | Life::Once => {
                let text = self.text.clone()?;
                if self.rules.habits.echoes {
                    self.ask();
                }
                self.send(Opcode::Text, text.as_bytes(), Sign::ClientData).await
            }
            Life::Silence | Life::Mute | Life::TcpKeepalive => None,
        }
    }
}

/// Waits until it is time to end. A watch that is gone wants no more lines, either.
pub(super) async fn told(ending: &mut watch::Receiver<bool>) {
    let _ = ending.wait_for(|ending| *ending).await;
}

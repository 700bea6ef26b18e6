//! Asking a line whether it lives, and what its silence means.

use std::time::{Duration, Instant};

use heartline_core::{
    doctor::{Fate, Life, Sign, Standing, TcpState},
    frame::{Frame, Opcode},
};

use super::{LOOK, Line};

/// Unanswered questions that are remembered. Beyond it the newest are forgotten: the first one decides.
const ASKED: usize = 64;

/// A probe that waits for its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Probe {
    pub(super) number: u64,
    pub(super) sent: Instant,
    /// How long nothing had passed before.
    pub(super) silence: Duration,
    /// Nothing comes after it.
    pub(super) is_last: bool,
}

impl Line {
    /// Notes that something was sent that wants an answer, and gives its number.
    pub(super) fn ask(&mut self) -> u64 {
        self.numbers += 1;
        if self.asked.len() < ASKED {
            self.asked.push_back((self.numbers, Instant::now()));
        }
        self.numbers
    }

    pub(super) async fn begin_last_probe(&mut self) -> Option<Fate> {
        self.next_beat = None;
        if let Some(probe) = &mut self.probe {
            probe.is_last = true;
            self.probed = Some(probe.sent);
            return None;
        }
        self.send_probe(true).await
    }

    /// A ping; or where pings are never answered and messages come back, a message.
    pub(super) async fn send_probe(&mut self, is_last: bool) -> Option<Fate> {
        let sent = Instant::now();
        let number = self.ask();
        let silence = sent.saturating_duration_since(self.moved);
        self.probe = Some(Probe { number, sent, silence, is_last });
        if is_last {
            self.probed = Some(sent);
        }
        let habits = self.rules.habits;
        let text = self.text.clone().filter(|_| habits.echoes && !habits.answers_ping);
        let (opcode, payload) = match text {
            Some(text) => (Opcode::Text, text.into_bytes()),
            None => (Opcode::Ping, number.to_be_bytes().to_vec()),
        };
        self.write(opcode, &payload).await
    }

    /// What a frame answers. Gives the probe, if it was that one.
    pub(super) fn settle(&mut self, frame: &Frame) -> Option<Probe> {
        let settled = if frame.header.opcode == Opcode::Pong {
            // Only the last of several pings needs an answer (RFC 6455 section 5.5.3).
            frame.payload.bytes().try_into().ok().map(u64::from_be_bytes).filter(|n| *n <= self.numbers)?
        } else {
            let message = frame.message.as_ref()?;
            let text = self.text.as_ref().filter(|_| self.rules.habits.echoes)?;
            let oldest = self.asked.front().filter(|_| message.content.bytes() == text.as_bytes())?;
            oldest.0
        };
        self.has_answered = true;
        self.asked.retain(|(number, _)| *number > settled);
        self.probe.filter(|probe| probe.number <= settled)
    }

    /// A probe has had its time. Only where answers are to be expected does that mean anything.
    pub(super) fn unanswered(&mut self, probe: Probe, now: Instant) -> Fate {
        let is_stuck = self.tcp().is_some_and(|tcp| tcp.unacknowledged > 0 && tcp.retransmits > 0);
        if !self.has_answered && !self.rules.habits.answers_ping && !is_stuck {
            return Fate::Stood(Standing { at: self.since(now), proven: false });
        }
        // The first that had no answer tells when it began, where answers came before.
        let first = self.asked.front().filter(|_| self.has_answered).map_or(probe.sent, |(_, sent)| *sent);
        self.lost(first, now)
    }

    /// How TCP is, and whether a line that answered before has fallen silent.
    pub(super) fn look(&mut self, now: Instant) -> Option<Fate> {
        if let Some(tcp) = self.tcp() {
            if tcp.unacknowledged == 0 {
                self.unacknowledged = None;
            } else {
                self.unacknowledged.get_or_insert(now);
            }
            self.note_tcp_probe(now, tcp);
        }
        if self.probe.is_some() {
            return None;
        }
        let patience = self.rules.give_up();
        let is_quiet = now >= self.heard + patience;
        if let Some(since) = self.unacknowledged.filter(|since| is_quiet && now >= *since + patience) {
            return Some(self.lost(since, now));
        }
        let first = self.asked.front().map(|(_, sent)| *sent);
        let first = first.filter(|sent| self.has_answered && is_quiet && now >= *sent + patience)?;
        Some(self.lost(first, now))
    }

    /// An acknowledgement that came while nothing was sent answers a keepalive probe of the system.
    fn note_tcp_probe(&mut self, now: Instant, tcp: TcpState) {
        if self.course.life != Life::TcpKeepalive {
            return;
        }
        let Some(at) = now.checked_sub(Duration::from_millis(tcp.last_ack_ms.into())) else { return };
        let is_new = at > self.acknowledged + LOOK / 2;
        if is_new && !self.marks.is_near(self.since(at), LOOK / 2) {
            self.marks.add(self.since(at), Sign::TcpProbe);
        }
        if is_new {
            self.acknowledged = at;
        }
    }
}

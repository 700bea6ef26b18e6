//! The task that owns the rooms. It waits for words, for the history and for time, never for a line.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use heartline_core::close::code;
use heartline_core::room::{Done, ErrandId, FromHub, Hub, HubConfig, LineId, Notice};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::super::history::Desk;
use super::super::shutdown::{Drain, Shutdown};
use super::mailbox::Slot;
use super::meter::Meter;
use super::stopwatch::Stopwatch;
use super::{Note, Waiter};

/// How many words are heard before what they cause goes out.
const AT_ONCE: usize = 64;

/// Where no timer is armed, any moment serves.
const FAR: Duration = Duration::from_secs(3600);

pub(super) async fn run(
    mut words: mpsc::Receiver<Note>,
    mut desk: Desk,
    meter: Arc<Meter>,
    stopwatch: Stopwatch,
    mut shutdown: Shutdown,
) {
    let mut rooms = Keeper {
        hub: Hub::new(HubConfig::default(), fastrand::Rng::new()),
        slots: BTreeMap::new(),
        errands: BTreeMap::new(),
        leaving: false,
        meter,
        stopwatch,
    };
    let mut heard = Vec::with_capacity(AT_ONCE);
    let mut told = Vec::with_capacity(AT_ONCE);
    loop {
        let timer = rooms.hub.poll_timeout().map(|(at, _)| Instant::from_std(at));
        let timer = timer.unwrap_or_else(|| Instant::now() + FAR);
        tokio::select! {
            count = desk.hear(&mut told, AT_ONCE) => {
                if count == 0 {
                    tracing::error!("the history has ended; this is a bug");
                    return;
                }
                let now = Instant::now().into_std();
                for reply in told.drain(..) {
                    rooms.stopwatch.replied(&reply);
                    rooms.hub.handle_reply(now, reply);
                    rooms.settle(&desk);
                }
            }
            count = words.recv_many(&mut heard, AT_ONCE) => {
                if count == 0 {
                    // Every line and the server itself are gone.
                    return;
                }
                for note in heard.drain(..) {
                    rooms.hear(note);
                    rooms.settle(&desk);
                }
            }
            () = sleep_until(timer) => {}
            drain = shutdown.draining(), if !rooms.leaving => rooms.leave(drain),
        }
        // Words that keep coming must not hold up what is due.
        rooms.hub.handle_timeout(Instant::now().into_std());
        rooms.settle(&desk);
        rooms.measure(words.len());
    }
}

struct Keeper {
    hub: Hub,
    slots: BTreeMap<LineId, Slot>,
    errands: BTreeMap<ErrandId, Waiter>,
    leaving: bool,
    meter: Arc<Meter>,
    stopwatch: Stopwatch,
}

impl Keeper {
    fn hear(&mut self, note: Note) {
        match note {
            Note::Opened(line, slot) => {
                if self.leaving {
                    slot.put(leave());
                }
                self.slots.insert(line, slot);
            }
            Note::Said(line, said) => {
                self.hub.handle(Instant::now().into_std(), unix_ms(), line, said);
            }
            Note::Ended(line) => {
                self.slots.remove(&line);
            }
            Note::Errand(id, errand, waiter) => {
                self.errands.insert(id, waiter);
                self.hub.handle_errand(Instant::now().into_std(), id, errand);
            }
        }
    }

    fn leave(&mut self, drain: Drain) {
        self.leaving = true;
        // The last fifth is for the goodbyes themselves.
        self.hub.drain(Instant::now().into_std(), drain.within.mul_f64(0.8));
        for (&line, slot) in &self.slots {
            if !self.hub.knows(line) {
                slot.put(leave());
            }
        }
    }

    /// Hands out what the hub has to say: to the history, to those who have no line, and to lines.
    fn settle(&mut self, desk: &Desk) {
        while let Some(request) = self.hub.poll_request() {
            self.stopwatch.asked(&request);
            desk.ask(request);
        }
        while let Some((id, done)) = self.hub.poll_errand() {
            self.report(id, done);
        }
        while let Some((line, mail)) = self.hub.poll_transmit() {
            if let Some(slot) = self.slots.get(&line)
                && !slot.put(mail)
            {
                self.meter.overflown.increment(1);
                self.slots.remove(&line);
            }
        }
    }

    /// Tells who waits for an errand, if anybody still does.
    fn report(&mut self, id: ErrandId, done: Done) {
        match &done {
            Done::Said { .. } => self.meter.notice(&Notice::Accepted),
            Done::Rejected(code, _) => self.meter.notice(&Notice::Rejected(code.clone())),
            Done::Read(_) | Done::Unavailable => {}
        }
        if let Some(waiter) = self.errands.remove(&id) {
            let _ = waiter.tell.send(done);
        }
    }

    fn measure(&self, words: usize) {
        self.meter.words.set(words as f64);
        self.meter.requests.set(self.hub.underway() as f64);
        self.meter.tally(self.hub.tally());
        self.meter.rooms.set(self.hub.rooms() as f64);
        self.meter.members.set(self.hub.lines() as f64);
    }
}

fn leave() -> FromHub {
    FromHub::Close { code: code::DRAINING, reason: "the server is leaving; come back" }
}

/// The time of day; before 1970 it is 1970.
fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

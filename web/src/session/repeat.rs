//! A message that is sent again and again.

use heartline_core::{line::Message, time::Duration};
use leptos::prelude::*;

use super::echo::EchoSession;
use crate::timer::Timer;

/// The shortest time between two, in milliseconds: the browser's own clock is no finer in a page that is seen.
pub const LEAST_MS: u64 = 10;

/// What is sent on an echo line by itself. Copies are the same.
#[derive(Clone, Copy)]
pub struct Repeat {
    /// Whether there is more to send.
    pub running: RwSignal<bool>,
    /// How many were sent.
    pub sent: RwSignal<u64>,
    /// Why it stopped, where it had to.
    pub stopped: RwSignal<String>,
    plan: StoredValue<Option<Plan>, LocalStorage>,
    timer: StoredValue<Option<Timer>, LocalStorage>,
}

#[derive(Clone)]
struct Plan {
    message: Message,
    every: Duration,
    times: Option<u64>,
}

impl Repeat {
    /// Nothing yet.
    pub fn new(session: EchoSession) -> Self {
        let repeat = Self {
            running: RwSignal::new(false),
            sent: RwSignal::new(0),
            stopped: RwSignal::new(String::new()),
            plan: StoredValue::new_local(None),
            timer: StoredValue::new_local(None),
        };
        repeat.timer.set_value(Some(Timer::new(move || repeat.send(session))));
        repeat
    }

    /// Sends this now, and every so often, until it was sent so many times or is stopped.
    pub fn start(self, message: Message, every: Duration, times: Option<u64>) {
        self.stopped.set(String::new());
        self.sent.set(0);
        self.plan.set_value(Some(Plan { message, every, times }));
        self.running.set(true);
        self.timer.with_value(|timer| timer.iter().for_each(Timer::soon));
    }

    /// Sends no more.
    pub fn stop(self) {
        self.plan.set_value(None);
        self.running.set(false);
    }

    fn send(self, session: EchoSession) {
        // The page may be gone by now.
        let Some(Plan { message, every, times }) = self.plan.try_get_value().flatten() else { return };
        // A full outbox, say, of a line that is away: to go on would only say so again and again.
        if let Err(refused) = session.send(message) {
            self.stopped.set(refused.to_string());
            return self.stop();
        }
        self.sent.update(|sent| *sent += 1);
        if times.is_some_and(|times| self.sent.get_untracked() >= times) {
            return self.stop();
        }
        self.timer.with_value(|timer| timer.iter().for_each(|timer| timer.arm(every)));
    }
}

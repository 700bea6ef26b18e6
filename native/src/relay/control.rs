//! What is in force on the connections: their faults, and who is to be told when those change.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use heartline_core::{
    fault::{Act, Cut, Fault, Faults, MOST_FAULTS, Step, Tally, TooManyFaults, When, Whose},
    frame::Side,
    inspect::{Connection, Count},
};
use tokio::sync::watch;

/// The faults of one open connection.
pub(super) struct Control {
    faults: Mutex<Faults>,
    /// Changes when whoever waits must ask again.
    changes: watch::Sender<u64>,
}

impl Control {
    /// For a connection that opens now.
    pub(super) fn new(standing: &[Fault]) -> Self {
        let now = Instant::now();
        let mut faults = Faults::new(now);
        for fault in standing {
            // As many as one line takes are standing at most.
            let _ = faults.set(now, *fault);
        }
        Self { faults: Mutex::new(faults), changes: watch::Sender::new(0) }
    }

    /// See [`Faults::next`].
    pub(super) fn next(&self, side: Side, arrived: Instant, bytes: &mut [u8]) -> Step {
        let mut faults = self.faults();
        let before = faults.fired();
        let step = faults.next(Instant::now(), side, arrived, bytes);
        if faults.fired() > before {
            self.changed();
        }
        step
    }

    /// See [`Faults::pass_unchanged`].
    pub(super) fn pass_unchanged(&self, side: Side, bytes: &[u8]) -> bool {
        self.faults().pass_unchanged(Instant::now(), side, bytes)
    }

    /// See [`Faults::unseen`].
    pub(super) fn unseen(&self, side: Side) -> u64 {
        self.faults().unseen(side)
    }

    /// See [`Faults::passed_unseen`].
    pub(super) fn passed_unseen(&self, side: Side, count: usize) {
        self.faults().passed_unseen(Instant::now(), side, count as u64);
    }

    /// See [`Faults::length`].
    pub(super) fn length(&self, side: Side) -> u64 {
        self.faults().length(side)
    }

    /// Tells those who wait that something has changed.
    pub(super) fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Changes from now on.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// When something begins by time alone.
    pub(super) fn timeout(&self) -> Option<Instant> {
        self.faults().poll_timeout()
    }

    /// Lets begin what is due, and gives what has begun since it was asked last.
    pub(super) fn fired(&self) -> Vec<Fault> {
        let mut faults = self.faults();
        let before = faults.fired();
        faults.handle_timeout(Instant::now());
        if faults.fired() > before {
            self.changed();
        }
        std::iter::from_fn(|| faults.poll_fired()).collect()
    }

    pub(super) fn closed_first(&self) -> Option<Side> {
        self.faults().closed_first()
    }

    pub(super) fn cut(&self) -> Option<(Whose, Cut)> {
        self.faults().cut()
    }

    pub(super) fn is_between_frames(&self, side: Side) -> bool {
        self.faults().is_between_frames(side)
    }

    pub(super) fn tally(&self, side: Side) -> Tally {
        self.faults().tally(side).clone()
    }

    pub(super) fn count(&self, side: Side) -> Count {
        let tally = self.tally(side);
        Count { frames: tally.frames, bytes: tally.bytes }
    }

    fn set(&self, fault: Fault) -> Result<(), String> {
        self.faults().set(Instant::now(), fault).map_err(|error| error.to_string())?;
        self.changed();
        Ok(())
    }

    fn clear(&self) {
        self.faults().clear();
        self.changed();
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All connections that are open, and the faults that those to come will have.
pub(super) struct Lines(Mutex<Held>);

#[derive(Default)]
struct Held {
    standing: Vec<Fault>,
    open: BTreeMap<u64, Open>,
}

struct Open {
    control: Arc<Control>,
    began: Instant,
    from: String,
}

impl Lines {
    /// Nobody is here yet; whoever comes has these faults.
    pub(super) fn new(standing: Vec<Fault>) -> Self {
        Self(Mutex::new(Held { standing, ..Held::default() }))
    }

    /// A connection has opened. It is held until [`close`](Self::close).
    pub(super) fn open(&self, number: u64, from: &str, began: Instant) -> Arc<Control> {
        let mut held = self.held();
        let control = Arc::new(Control::new(&held.standing));
        let open = Open { control: Arc::clone(&control), began, from: from.to_owned() };
        held.open.insert(number, open);
        control
    }

    pub(super) fn close(&self, number: u64) {
        self.held().open.remove(&number);
    }

    /// Sets a fault on one connection, or on all that are open or come. To cut at once is for those that are open.
    ///
    /// # Errors
    /// Words, if there is no such connection or no room for the fault.
    pub(super) fn set(&self, connection: Option<u64>, fault: Fault) -> Result<(), String> {
        let mut held = self.held();
        match connection {
            Some(number) => held.one(number)?.control.set(fault),
            None => {
                held.standing.retain(|standing| *standing != fault);
                if held.standing.len() >= MOST_FAULTS {
                    return Err(TooManyFaults.to_string());
                }
                if !(matches!(fault.act, Act::Cut(_)) && fault.when == When::Now) {
                    held.standing.push(fault);
                }
                // One that is full already keeps what it has.
                held.open.values().for_each(|open| drop(open.control.set(fault)));
                Ok(())
            }
        }
    }

    /// Takes all faults from one connection, or from all that are open or come.
    ///
    /// # Errors
    /// Words, if there is no such connection.
    pub(super) fn clear(&self, connection: Option<u64>) -> Result<(), String> {
        let mut held = self.held();
        match connection {
            Some(number) => held.one(number)?.control.clear(),
            None => {
                held.standing.clear();
                held.open.values().for_each(|open| open.control.clear());
            }
        }
        Ok(())
    }

    /// How many are open, and how many faults those to come will have.
    pub(super) fn count(&self) -> (usize, usize) {
        let held = self.held();
        (held.open.len(), held.standing.len())
    }

    pub(super) fn standing(&self) -> Vec<String> {
        self.held().standing.iter().map(ToString::to_string).collect()
    }

    /// Those that are open. `seconds` tells a moment as the feed has it.
    pub(super) fn list(&self, seconds: impl Fn(Instant) -> f64) -> Vec<Connection> {
        let held = self.held();
        let connection = |(number, open): (&u64, &Open)| Connection {
            connection: *number,
            t: seconds(open.began),
            from: open.from.clone(),
            faults: open.control.faults().iter().map(|(fault, _)| fault.to_string()).collect(),
        };
        held.open.iter().map(connection).collect()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn one(&self, number: u64) -> Result<&Open, String> {
        self.open.get(&number).ok_or_else(|| format!("no connection #{number} is open"))
    }
}

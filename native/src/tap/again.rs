//! What passed once, shown again: with the times it had, not those of now.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    time::{Duration, Instant, SystemTime},
};

use heartline_core::frame::Side;

use super::{
    anatomy::Anatomy,
    pcap::Pcap,
    trace::{Form, Trace},
};

/// Connections that may be open at one time.
const MOST_OPEN: usize = 10_000;

/// Shows connections of another time. Times are counted from its beginning.
pub struct Again {
    begun: Instant,
    shown: Shown,
    open: BTreeMap<u64, Anatomy>,
    /// Where they went.
    far: String,
    last: Duration,
}

enum Shown {
    Trace(Trace),
    Pcap(Pcap),
}

impl Again {
    /// As a trace, written to `out`. `far` is where the connections went.
    pub fn as_trace(form: Form, out: Box<dyn Write + Send>, far: &str) -> Self {
        let begun = Instant::now();
        Self::new(begun, Shown::Trace(Trace::over(form, out, begun)), far)
    }

    /// As a capture, written to `out`; it began at `date`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn as_pcap(out: Box<dyn Write + Send>, date: SystemTime, far: &str) -> io::Result<Self> {
        let begun = Instant::now();
        Ok(Self::new(begun, Shown::Pcap(Pcap::over(out, (begun, date))?), far))
    }

    fn new(begun: Instant, shown: Shown, far: &str) -> Self {
        Self { begun, shown, open: BTreeMap::new(), far: far.to_owned(), last: Duration::ZERO }
    }

    /// A side has sent bytes.
    ///
    /// # Errors
    /// Words, if more connections are open than one can look at.
    pub fn passed(&mut self, number: u64, side: Side, at: Duration, bytes: &[u8]) -> Result<(), String> {
        self.last = self.last.max(at);
        let at = self.begun + at;
        if !self.open.contains_key(&number) {
            if self.open.len() == MOST_OPEN {
                return Err(format!("more than {MOST_OPEN} connections are open at one time in it"));
            }
            match &self.shown {
                Shown::Trace(trace) => trace.begun(number, at, &self.far),
                Shown::Pcap(pcap) => pcap.begun(number, at),
            }
        }
        let anatomy = self.open.entry(number).or_default();
        match &self.shown {
            Shown::Trace(trace) => anatomy.read(side, at, bytes, &mut |seen| trace.saw(number, &seen)),
            Shown::Pcap(pcap) => pcap.passed(number, side, at, bytes),
        }
        Ok(())
    }

    /// A connection was over; why, in words.
    pub fn ended(&mut self, number: u64, at: Duration, why: &str) {
        let at = self.begun + at;
        let Some(anatomy) = self.open.remove(&number) else { return };
        match &self.shown {
            Shown::Trace(trace) => {
                anatomy.end(at, &mut |seen| trace.saw(number, &seen));
                trace.ended(number, at, Some(why));
            }
            Shown::Pcap(pcap) => pcap.ended(number, at),
        }
    }

    /// There is no more: whatever is still open ends here.
    pub fn finish(&mut self) {
        let open: Vec<u64> = self.open.keys().copied().collect();
        for number in open {
            self.ended(number, self.last, "the recording ends here");
        }
    }
}

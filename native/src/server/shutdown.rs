//! Leaving in good order: one signal that every connection hears.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// Makes the server's connections leave.
#[derive(Debug)]
pub struct ShutdownTrigger {
    stage: watch::Sender<Option<Drain>>,
}

/// What a connection holds to hear of the end. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shutdown {
    stage: watch::Receiver<Option<Drain>>,
}

/// The time in which the server empties itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drain {
    /// When the last line must be gone.
    pub deadline: Instant,
    /// The whole time from the signal to the deadline.
    pub within: Duration,
}

impl Drain {
    /// A moment before the deadline, another one for each caller: lines that all left at once would all come back at once.
    ///
    /// The last fifth is left for the goodbyes themselves.
    pub fn pick_moment(&self) -> Instant {
        let start = self.deadline - self.within;
        start + self.within.mul_f64(fastrand::f64() * 0.8)
    }
}

/// A trigger and what hears it.
pub fn shutdown() -> (ShutdownTrigger, Shutdown) {
    let (sender, receiver) = watch::channel(None);
    (ShutdownTrigger { stage: sender }, Shutdown { stage: receiver })
}

impl ShutdownTrigger {
    /// Tells every connection to be gone within `within` from now.
    pub fn drain(&self, within: Duration) -> Drain {
        let drain = Drain { deadline: Instant::now() + within, within };
        self.stage.send_replace(Some(drain));
        drain
    }
}

impl Shutdown {
    /// Whether the server is leaving.
    pub fn is_draining(&self) -> bool {
        self.stage.borrow().is_some()
    }

    /// Waits until the server leaves. A server that vanished without a word has left at once.
    pub async fn draining(&mut self) -> Drain {
        match self.stage.wait_for(Option::is_some).await.map(|drain| *drain) {
            Ok(Some(drain)) => drain,
            Ok(None) | Err(_) => Drain { deadline: Instant::now(), within: Duration::ZERO },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn everybody_hears_of_it_and_leaves_at_moments_of_their_own() {
        let (trigger, mut early) = shutdown();
        assert!(!early.is_draining());
        let drain = trigger.drain(Duration::from_secs(10));
        let mut late = early.clone();
        assert_eq!(early.draining().await, drain);
        assert_eq!(late.draining().await, drain);
        assert!(late.is_draining());

        let moments: Vec<_> = (0..100).map(|_| drain.pick_moment()).collect();
        assert!(moments.iter().all(|moment| (Instant::now()..drain.deadline).contains(moment)));
        let spread = moments.iter().max().unwrap().duration_since(*moments.iter().min().unwrap());
        assert!(spread > Duration::from_secs(4), "100 lines left within {spread:?}");
    }
}

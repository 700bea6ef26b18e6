//! What is wrong with the disk, in words, and when to try again.

use std::time::{Duration, Instant};

use rusqlite::{Error, ErrorCode};
use tokio::sync::watch;

use super::thread::is_fallen;
use crate::server::history::Health;

/// From the first failure to the first try.
const FIRST: Duration = Duration::from_millis(100);
/// Between two tries at most: a person who has made room waits no longer.
const LONGEST: Duration = Duration::from_secs(2);

/// Whether the engine can write, as far as it knows. Each change is told once.
#[derive(Debug)]
pub(super) struct Trouble {
    health: watch::Sender<Health>,
    now: Option<Now>,
}

#[derive(Debug)]
struct Now {
    why: String,
    wait: Duration,
    again: Instant,
}

impl Trouble {
    /// None so far.
    pub(super) fn none(health: watch::Sender<Health>) -> Self {
        health.send_replace(Health::Ready);
        Self { health, now: None }
    }

    /// Why nothing can be written now.
    pub(super) fn why(&self) -> Option<&str> {
        self.now.as_ref().map(|now| now.why.as_str())
    }

    /// When to try again.
    pub(super) fn again(&self) -> Option<Instant> {
        self.now.as_ref().map(|now| now.again)
    }

    /// It failed, or failed again.
    pub(super) fn begin(&mut self, why: String) {
        let wait = self.now.as_ref().map_or(FIRST, |now| (now.wait * 2).min(LONGEST));
        if self.why() != Some(&why) {
            tracing::error!(why, "the history takes no messages; clients keep theirs until it does");
            self.tell(Health::Unavailable(why.clone()));
        }
        self.now = Some(Now { why, wait, again: Instant::now() + wait });
    }

    /// It works again.
    pub(super) fn end(&mut self) {
        if self.now.take().is_some() {
            tracing::info!("the history takes messages again");
            self.tell(Health::Ready);
        }
    }

    /// A reader that fell while the disk was full is not mended by room on it.
    fn tell(&self, health: Health) {
        self.health.send_if_modified(|told| {
            let may = !is_fallen(told);
            if may {
                *told = health;
            }
            may
        });
    }
}

/// What happened and what helps. Never what was said: constraint messages of SQLite name columns, not values.
pub(super) fn words(error: &Error) -> String {
    let advice = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full; make room",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another program has locked the database; close it there"
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "the database may not be written; check who owns it and how its disk is mounted"
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            "the database is damaged; stop the server and put a copy back"
        }
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => {
            "the disk fails; look into the system's log"
        }
        _ => "the database fails",
    };
    format!("{advice} ({error})")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use tokio::sync::mpsc;

    use super::super::thread;
    use super::*;

    #[test]
    fn a_thread_that_fell_meanwhile_stays_told() {
        let (health, well) = watch::channel(Health::Ready);
        let mut trouble = Trouble::none(health.clone());
        trouble.begin("the disk is full".to_owned());
        assert_eq!(*well.borrow(), Health::Unavailable("the disk is full".to_owned()));
        trouble.end();
        assert_eq!(*well.borrow(), Health::Ready);

        trouble.begin("the disk is full".to_owned());
        let ((ask, asked), (replies, _told)) = (channel(), mpsc::channel(1));
        drop(ask);
        thread::run(&asked, &replies, &health, |_| panic!("a bug"));
        trouble.end();
        assert!(is_fallen(&well.borrow()), "{:?}", *well.borrow());
    }
}

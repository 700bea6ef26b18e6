//! What all connections of a relay share.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use heartline_core::{
    fault::Fault,
    inspect::{Connection, Count, End, FromRelay},
};
use tokio::sync::mpsc;

use super::{control::Lines, feed::Feed, request::Rewriting};
use crate::{client::dial::Dialer, recording::Recorder, server::guard::Door};

pub(super) struct House {
    /// How the server is reached.
    pub(super) dialer: Dialer,
    pub(super) dial_timeout: Duration,
    pub(super) rewriting: Rewriting,
    pub(super) door: Door,
    pub(super) lines: Lines,
    pub(super) feed: Arc<Feed>,
    pub(super) recorder: Option<Arc<Recorder>>,
    /// For whoever sits at the terminal. Bounded: who has news waits until they are taken.
    pub(super) news: mpsc::Sender<News>,
}

/// What is told at the terminal.
pub(super) enum News {
    /// A client was not let in.
    TurnedAway { from: String, why: String },
    /// A line is open.
    Open { number: u64, place: String, took: Duration },
    /// A connection is over, whether it became a line or not.
    Over { number: u64, place: Option<String>, end: End, counts: Option<(Count, Count)>, lasted: Duration },
    /// A fault has begun.
    Fired { number: u64, fault: Fault },
    /// Somebody at the feed did something, or came.
    Feed(String),
}

impl House {
    pub(super) async fn tell(&self, news: News) {
        // Nobody listens when the program is ending.
        let _ = self.news.send(news).await;
    }

    /// Sets a fault, on one connection or on all; gives what was done, in words.
    ///
    /// # Errors
    /// Words on why it cannot be.
    pub(super) fn set(&self, connection: Option<u64>, fault: Fault) -> Result<String, String> {
        self.lines.set(connection, fault)?;
        self.feed.publish(&FromRelay::Fault { connection, text: fault.to_string() });
        Ok(format!("{fault} ({})", whose(connection)))
    }

    /// Takes all faults away, from one connection or from all; gives what was done, in words.
    ///
    /// # Errors
    /// Words on why it cannot be.
    pub(super) fn clear(&self, connection: Option<u64>) -> Result<String, String> {
        self.lines.clear(connection)?;
        self.feed.publish(&FromRelay::Cleared { connection });
        Ok(format!("no faults any more ({})", whose(connection)))
    }

    /// A client came.
    pub(super) fn begun(&self, number: u64, from: &str, at: Instant) {
        let began = self.feed.seconds(at);
        let connection =
            Connection { connection: number, t: began, from: from.to_owned(), faults: Vec::new() };
        self.feed.publish(&FromRelay::Begun(connection));
        if let Some(recorder) = &self.recorder {
            recorder.begun(number, at, from);
        }
    }

    /// A fault has begun.
    pub(super) async fn fired(&self, number: u64, fault: Fault) {
        let t = self.feed.seconds(Instant::now());
        self.feed.publish(&FromRelay::Fired { connection: number, t, text: fault.to_string() });
        self.tell(News::Fired { number, fault }).await;
    }

    /// A connection is over. `place` is where it went, where no news of its opening has said so.
    pub(super) async fn over(
        &self,
        number: u64,
        place: Option<String>,
        end: End,
        counts: Option<(Count, Count)>,
        began: Instant,
    ) {
        let now = Instant::now();
        let (client, server) = counts.unwrap_or_default();
        let t = self.feed.seconds(now);
        self.feed.publish(&FromRelay::Ended { connection: number, t, end: end.clone(), client, server });
        if let Some(recorder) = &self.recorder {
            recorder.ended(number, now, &end);
        }
        self.tell(News::Over { number, place, end, counts, lasted: now - began }).await;
    }
}

fn whose(connection: Option<u64>) -> String {
    connection.map_or_else(|| "all connections".to_owned(), |number| format!("#{number}"))
}

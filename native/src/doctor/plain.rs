//! HTTP's own keep-alive, beside the lines: one connection, one plain request, and how long it is kept after the answer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use heartline_core::doctor::HttpKeepAlive;
use tokio::{io::AsyncReadExt, sync::watch, time::timeout};

use super::line::told;
use crate::client::{
    activity::Activity,
    dial::{Dialer, Progress, Steps},
};

/// Bytes of a body that are read. A longer one may have no end, and its connection is never idle.
const ENOUGH: usize = 1 << 20;

/// What became of the connection, and when it was closed, if it was.
pub(super) type Kept = (HttpKeepAlive, Option<Instant>);

/// Looks until the connection is closed or the watch is over. `None` where a plain request gets no answer, or
/// one without an end.
pub(super) async fn keep_alive(
    dialer: Arc<Dialer>,
    patience: Duration,
    mut ending: watch::Receiver<bool>,
) -> Option<Kept> {
    let (progress, activity, mut steps) = (Progress::default(), Arc::default(), Steps::default());
    let asking = dialer.ask(&progress, &activity as &Arc<Activity>, &mut steps);
    let mut asked = tokio::select! {
        asked = timeout(patience, asking) => asked.ok()?.ok()?,
        () = told(&mut ending) => return None,
    };
    let mut kept = HttpKeepAlive {
        status: asked.status,
        announced: asked.announced,
        refused: asked.refused,
        ..HttpKeepAlive::default()
    };
    // Idle from the last byte of the body on.
    let mut last = Instant::now();
    let mut closed = None;
    let (mut body, mut buffer) = (0, vec![0; 4 << 10]);
    loop {
        tokio::select! {
            read = asked.stream.read(&mut buffer) => match read {
                Ok(count @ 1..) => {
                    body += count;
                    if body > ENOUGH {
                        return None;
                    }
                    last = Instant::now();
                }
                Ok(_) | Err(_) => {
                    closed = Some(Instant::now());
                    kept.closed_after = Some(last.elapsed());
                    break;
                }
            },
            () = told(&mut ending) => break,
        }
    }
    kept.watched = last.elapsed();
    Some((kept, closed))
}

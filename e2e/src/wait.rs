//! Waiting for conditions.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// When a wait has failed. Far beyond what a busy machine needs, for no test is about being quick.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// Looks again and again until `look` brings something; its error says what was seen instead.
///
/// # Panics
/// It did not come: with `what`, and what was seen last.
pub async fn until<T, E: Display>(what: &str, look: impl AsyncFnMut() -> Result<T, E>) -> T {
    within(DEADLINE, what, look).await
}

/// As [`until`], where another deadline is meant.
///
/// # Panics
/// As [`until`].
pub async fn within<T, E: Display>(
    deadline: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    let begun = Instant::now();
    loop {
        match look().await {
            Ok(seen) => return seen,
            Err(instead) if begun.elapsed() >= deadline => {
                panic!("waited {} s in vain for {what}; last seen: {instead}", deadline.as_secs())
            }
            Err(_) => tokio::time::sleep(LOOK).await,
        }
    }
}

//! The engine that forgets with the process.

use heartline_core::room::engine::{self, Memory, MemoryConfig, Reply};

use super::{Counter, Health};

pub(super) async fn run(config: MemoryConfig, mut counter: Counter) {
    let mut memory = Memory::new(config, fastrand::u64(..));
    let mut said: Vec<Reply> = Vec::new();
    counter.health.send_replace(Health::Ready);
    while let Some(request) = counter.requests.recv().await {
        engine::answer(&mut memory, request, |reply| said.push(reply));
        for reply in said.drain(..) {
            // A hub that is gone asks no more either.
            if counter.replies.send(reply).await.is_err() {
                return;
            }
        }
    }
}

//! The engine that forgets with the process.

use heartline::server::history::HistoryConfig;
use heartline_core::room::engine::MemoryConfig;

use super::{Caller, Place, Second, conforms};

struct Memory(MemoryConfig);

impl Place for Memory {
    const LASTS: bool = false;
    const SECOND: Second = Second::Apart;

    async fn new() -> Self {
        Self(MemoryConfig::default())
    }

    async fn small() -> Self {
        Self(MemoryConfig { messages_per_room: Self::FEW, ..MemoryConfig::default() })
    }

    fn config(&self) -> HistoryConfig {
        HistoryConfig::Memory(self.0)
    }

    async fn kill(&mut self, caller: Caller) -> Caller {
        drop(caller);
        Caller::at(self).await
    }
}

conforms!(promises, super::Memory);

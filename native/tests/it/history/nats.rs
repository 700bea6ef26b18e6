//! The engine on a broker: a real `nats-server`, which is killed with the server.

use heartline::server::history::{HistoryConfig, NatsConfig, NatsKeep};
use heartline_chaos::Broker;
use tempfile::TempDir;

use super::{Caller, Place, Second, conforms};

pub(super) struct Nats {
    pub(super) broker: Broker,
    pub(super) config: NatsConfig,
    _dir: TempDir,
}

impl Nats {
    /// One broker.
    pub(super) async fn alone() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let broker = Broker::start(dir.path()).await.unwrap();
        let config = NatsConfig::new(broker.url().parse().unwrap());
        Self { broker, config, _dir: dir }
    }

    /// One that is told more, in the words of its configuration file.
    pub(super) async fn told(config: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let broker = Broker::start_with(dir.path(), config).await.unwrap();
        let config = NatsConfig::new(broker.url().parse().unwrap());
        Self { broker, config, _dir: dir }
    }

    /// Three of them, which keep each message on all.
    pub(super) async fn cluster() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let broker = Broker::start_cluster(dir.path()).await.unwrap();
        let config = NatsConfig { replicas: 3, ..NatsConfig::new(broker.url().parse().unwrap()) };
        Self { broker, config, _dir: dir }
    }
}

impl Place for Nats {
    const LASTS: bool = true;
    const SECOND: Second = Second::Shares;

    async fn new() -> Self {
        Self::alone().await
    }

    async fn small() -> Self {
        let mut place = Self::alone().await;
        place.config.keep = NatsKeep { messages: Some(Self::FEW as u64), ..NatsKeep::default() };
        place
    }

    fn config(&self) -> HistoryConfig {
        HistoryConfig::Nats(self.config.clone())
    }

    async fn kill(&mut self, caller: Caller) -> Caller {
        self.broker.kill(0).await;
        drop(caller);
        self.broker.revive(0).await.unwrap();
        Caller::at(self).await
    }
}

conforms!(promises, super::Nats);

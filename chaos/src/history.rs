//! Where the history of a life lies.

use std::fmt;
use std::str::FromStr;

/// Which history a life is lived with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    /// In the server's memory: when it dies, a new epoch begins.
    Memory,
    /// In a file, which outlives the server.
    Sqlite,
    /// In a file of which only the newest part is kept.
    Trimmed,
    /// On a broker, which two servers share.
    Nats,
    /// On three brokers, which keep each message on all; two servers share them.
    Cluster,
}

impl History {
    /// All there are, by the names that [`FromStr`] reads.
    pub const ALL: [Self; 5] = [Self::Memory, Self::Sqlite, Self::Trimmed, Self::Nats, Self::Cluster];

    /// What is typed for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite => "sqlite",
            Self::Trimmed => "trimmed",
            Self::Nats => "nats",
            Self::Cluster => "cluster",
        }
    }

    /// How many servers have their rooms in it.
    pub const fn servers(self) -> usize {
        match self {
            Self::Memory | Self::Sqlite | Self::Trimmed => 1,
            Self::Nats | Self::Cluster => 2,
        }
    }

    /// How many brokers keep it.
    pub const fn brokers(self) -> usize {
        match self {
            Self::Memory | Self::Sqlite | Self::Trimmed => 0,
            Self::Nats => 1,
            Self::Cluster => 3,
        }
    }
}

impl FromStr for History {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|history| history.name() == name)
            .ok_or_else(|| format!("there is no history \"{name}\"; take one of {known}"))
    }
}

impl fmt::Display for History {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.name())
    }
}

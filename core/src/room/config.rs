use super::bucket::Rate;
use crate::policy::HeartbeatPolicy;
use crate::time::Duration;
use crate::wire::Limits;

/// What rules one connection.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionConfig {
    /// What is announced in `welcome`, and kept to.
    pub limits: Limits,
    /// The server's beat, announced in `welcome` too.
    pub heartbeat: HeartbeatPolicy,
    /// How long a line may be open without `hello`. Default 10 s, as long as a client waits for a dial.
    pub hello_within: Duration,
    /// How fast a client may say something. Default 20 a second, 100 at once: more than `limits.in_flight`, so that an outbox kept
    /// over an outage starts without a hold. Beyond it messages are held.
    pub say: Rate,
    /// How fast anything may come in. Default 100 a second, 400 at once: all a client may have under way. Beyond it messages are
    /// answered with an error, which counts against `errors`.
    pub message: Rate,
    /// How many mistakes a client may make: 20 at once, one in two seconds. Beyond it the line is closed with 4400.
    pub errors: Rate,
    /// How often a client may send what is held before the time has come. Default 3; then 4003.
    pub ignored_holds: u32,
    /// How long the client is asked to wait while the history is not available. Default 1 s.
    pub unavailable_retry: Duration,
    /// With more than this waiting to be written, in bytes, nothing more is read. Default 128 KiB, twice [`HubConfig::window`].
    pub backlog: usize,
    /// How long answers may hold up a close for which there is time. Default 5 s.
    pub close_within: Duration,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            heartbeat: HeartbeatPolicy::default(),
            hello_within: Duration::from_secs(10),
            say: Rate { per_second: 20.0, burst: 100.0 },
            message: Rate { per_second: 100.0, burst: 400.0 },
            errors: Rate { per_second: 0.5, burst: 20.0 },
            ignored_holds: 3,
            unavailable_retry: Duration::from_secs(1),
            backlog: 128 * 1024,
            close_within: Duration::from_secs(5),
        }
    }
}

/// What rules all rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubConfig {
    /// How much may wait to be written to one line before it counts as behind, in bytes. Default 64 KiB: some hundred messages.
    /// A line over it gets no live messages; it reads history as it drains below half of it.
    pub window: usize,
    /// How many messages a first join, or one `history`, brings: `limits.first_page`.
    pub first_page: u32,
    /// How many members are listed by name, at least 1. Default 100; a room with more is told a few names on joining, and then only
    /// the total.
    pub members: usize,
    /// How often a room hears who came and went. Default once a second.
    pub presence_every: Duration,
    /// How long somebody who lost the line still counts as present. Default 10 s: most are back before.
    pub leave_after: Duration,
    /// How many of them are waited for in one room. Default 1,000; beyond it a leave is a leave.
    pub leaving: usize,
    /// When to ask the engine again for what it could not give. Default 1 s.
    pub retry: Duration,
}

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            window: 64 * 1024,
            first_page: Limits::default().first_page,
            members: 100,
            presence_every: Duration::from_secs(1),
            leave_after: Duration::from_secs(10),
            leaving: 1000,
            retry: Duration::from_secs(1),
        }
    }
}

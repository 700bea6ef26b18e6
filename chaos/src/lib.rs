//! Whether nothing is lost when things truly break: real servers, real clients, real sockets, and a ledger.
//!
//! A [`Plan`] is drawn from a seed: who talks, and what breaks when. [`live`] lives it: it starts `heartline serve` as users run
//! it, lets a crowd of clients talk through proxies that cut and stick, kills, freezes and starts again what the plan says, heals
//! everything, waits until everybody stands at the end of every room, and asks the ledger what is wrong. The same seed gives the
//! same plan; the moments at which processes notice are the machine's, so a seed that failed is to be lived more than once.
//! A [`Long`] life is the other way round: so many messages, and one kill in the middle of them.
//!
//! Tests live a few short lives, `cargo xtask chaos` as many as there is time for.

mod broker;
mod client;
mod crowd;
mod disk;
mod figures;
mod history;
mod life;
mod long;
mod look;
mod observer;
mod place;
mod plan;
mod proxy;
mod replicas;
mod server;
mod verdict;

pub use broker::Broker;
pub use figures::{processor_micros, resident_bytes};
pub use history::History;
pub use life::{Setup, live};
pub use long::Long;
pub use plan::{Copying, Plan, Step};
pub use server::Server;
pub use verdict::Verdict;

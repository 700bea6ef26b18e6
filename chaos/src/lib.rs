//! Whether nothing is lost when things truly break: real servers, real clients, real sockets, and a ledger.
//!
//! A [`Plan`] is drawn from a seed: who talks, and what breaks when. [`live`] lives it: it starts `heartline serve` as users run
//! it, lets a crowd of clients talk through proxies that cut and stick, kills, freezes and starts again what the plan says, heals
//! everything, waits until everybody stands at the end of every room, and asks the ledger what is wrong. The same seed gives the
//! same plan; the moments at which processes notice are the machine's, so a seed that failed is to be lived more than once.
//!
//! Tests live a few short lives, `cargo xtask chaos` as many as there is time for.

mod broker;
mod client;
mod crowd;
mod figures;
mod life;
mod look;
mod plan;
mod proxy;
mod server;

pub use broker::Broker;
pub use figures::{processor_micros, resident_bytes};
pub use life::{Setup, Verdict, live};
pub use plan::{History, Plan, Step};
pub use server::Server;

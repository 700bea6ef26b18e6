//! Everything about the core that shows from outside. One binary, so that it links once.
//!
//! In a browser all of it runs in one go, which may take longer than a driver waits for a page's answer by itself: `webdriver.json` says
//! how long it shall.
// Tests say what must be, in their helpers too, and begin at the present moment.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod chat_keeping;
mod chat_keeping_random;
mod chat_own;
mod chat_pair;
mod chat_random;
mod chat_rooms;
mod chat_token;
mod chat_world;
mod doctor;
mod doctor_advice;
mod doctor_hop;
mod doctor_random;
mod doctor_report;
mod echo;
mod fault;
mod frame;
mod frame_close_watch;
mod frame_encode;
mod frame_random;
mod handshake;
mod inspect;
mod ledger_random;
mod ledger_scenarios;
mod ledger_schedule;
mod ledger_world;
mod line_close_codes;
mod line_generations;
mod line_half_open;
mod line_hidden;
mod line_outbox;
mod line_property;
mod line_random_world;
mod line_reconnect;
mod line_sleep;
mod line_slow;
mod line_steps;
mod line_v1;
mod room_elsewhere;
mod room_engine;
mod room_errand;
mod room_gate;
mod room_hub;
mod room_lost;
mod room_meeting;
mod room_random;
mod room_session;
mod room_world;
mod stage;
mod wire;
mod world;

/// Property tests with a seed of their own: the same cases on every machine and on every target, and no file written.
fn fixed(cases: u32) -> proptest::test_runner::Config {
    proptest::test_runner::Config {
        cases: long(cases),
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(0x4865_6172_746c_696e),
        ..proptest::test_runner::Config::default()
    }
}

/// `HEARTLINE_LONG` asks for many more, where there is an environment to ask.
fn long(cases: u32) -> u32 {
    if asked("HEARTLINE_LONG").is_some() { cases * 30 } else { cases }
}

/// What the environment says, where there is one.
fn asked(name: &str) -> Option<String> {
    if cfg!(target_arch = "wasm32") { None } else { std::env::var(name).ok() }
}

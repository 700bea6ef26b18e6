//! The page in a browser, as far as it needs no server: machines, storage, components, sockets that go nowhere.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed; clippy knows only `#[test]` by name"
)]

mod address;
mod badge;
mod chat_view;
mod clocks;
mod command;
mod components;
mod driver;
mod flow;
mod inspection;
mod keep;
mod lifecycle;
mod links;
mod log;
mod log_view;
mod markup;
mod payload;
mod plot;
mod pulse;
mod reading;
mod socket;
mod stage;
mod storage;
mod support;
mod token;
mod writing;

use wasm_bindgen_test::wasm_bindgen_test_configure;

wasm_bindgen_test_configure!(run_in_browser);

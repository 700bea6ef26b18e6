//! The page in a browser, as far as it needs no server: machines, storage, components, sockets that go nowhere.

mod address;
mod badge;
mod clocks;
mod components;
mod driver;
mod flow;
mod lifecycle;
mod markup;
mod payload;
mod plot;
mod socket;
mod storage;
mod support;

use wasm_bindgen_test::wasm_bindgen_test_configure;

wasm_bindgen_test_configure!(run_in_browser);

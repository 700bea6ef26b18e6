//! Heartline's page: a browser shell around the machines of `heartline-core`.
//!
//! The page decides nothing. [`driver`] runs any machine, [`socket`] carries its messages, [`model`] turns its state into
//! plain values to show, [`components`] show them. What others wrote is set as text, never as markup; and there is no
//! inline script or style, so that a strict Content-Security-Policy can forbid both.

pub mod clock;
pub mod components;
pub mod dialer;
pub mod driver;
pub mod file;
pub mod harm;
pub mod identity;
pub mod keep;
pub mod lifecycle;
pub mod listener;
pub mod model;
pub mod notify;
pub mod page;
pub mod server_probe;
pub mod session;
pub mod settings;
pub mod socket;
pub mod storage;
pub mod timer;
pub mod token;

use leptos::prelude::{document, mount_to_body};

/// Shows the page in place of the words that said it was loading.
pub fn start() {
    if let Some(words) = document().get_element_by_id("boot") {
        words.remove();
    }
    mount_to_body(components::app::App);
}

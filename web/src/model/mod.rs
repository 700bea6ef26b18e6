//! What there is to show, as plain values: no browser, no signals, so that all of it can be tried on its own.

pub mod address;
pub mod badge;
pub mod chat_notes;
pub mod chat_view;
pub mod command;
pub mod comment;
pub mod dump;
pub mod echo_view;
pub mod flow;
pub mod hue;
pub mod inspection;
pub mod json;
pub mod links;
pub mod log;
pub mod mention;
pub mod payload;
pub mod plot;
pub mod probes;
pub mod pulse;
pub mod reading;
pub mod recall;
pub mod saved;
pub mod words;

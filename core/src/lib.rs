//! Heartline.

pub mod wire;

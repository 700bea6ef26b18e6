//! Heartline.
fn main() {}

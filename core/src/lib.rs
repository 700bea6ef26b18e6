//! Heartline.

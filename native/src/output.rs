//! What the program says, and how: to people, to pipes, to programs.

pub mod escape;

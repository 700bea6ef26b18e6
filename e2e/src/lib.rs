//! What the end-to-end tests are made of: real servers, browsers and terminals, each with an owner.
//!
//! The tests in `tests/it` run by `cargo xtask test end-to-end`, which builds the page and the program and says where the
//! browsers are. Whatever a test starts ends with the value that owns it, also when the test panics.
//!
//! Nothing here sleeps for a time and hopes: [`wait::until`] asks again until what is awaited is there. Its deadline only
//! ends a test that has failed anyway.

pub mod browser;
mod driver;
pub mod page;
pub mod process;
pub mod relay;
pub mod server;
pub mod terminal;
pub mod wait;
pub mod wire;

pub use browser::{Browser, Kind};
pub use page::Page;
pub use server::Server;
pub use terminal::Terminal;
pub use wire::Wire;

use std::path::PathBuf;
use std::process::Command;

/// The program under test, to be given arguments.
///
/// # Panics
/// Nothing says where it is: the tests were not started by `cargo xtask test`.
pub fn heartline() -> Command {
    Command::new(program("HEARTLINE_BIN"))
}

/// The script of axe-core.
///
/// # Panics
/// Nothing says where it is: the tests were not started by `cargo xtask test`.
pub fn axe() -> String {
    let script = program("AXE");
    std::fs::read_to_string(&script).expect("axe-core can be read")
}

/// The program that the variable names.
///
/// # Panics
/// It names none: the tests were not started by `cargo xtask test`.
fn program(variable: &str) -> PathBuf {
    match std::env::var_os(variable) {
        Some(path) => path.into(),
        None => panic!("{variable} does not say where the program is; run `cargo xtask test end-to-end`"),
    }
}

//! What rustup adds to the toolchain that runs this program.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::store::Store;
use crate::process::{answer, command, logged, on_path};

/// The target of the page.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Whether Rust's standard library for the page is here.
pub(crate) fn has_wasm_target() -> bool {
    let mut rustc = command("rustc");
    rustc.args(["--print", "target-libdir", "--target", WASM_TARGET]);
    answer(rustc).is_some_and(|folder| Path::new(folder.trim()).is_dir())
}

/// Adds Rust's standard library for the page.
pub(crate) fn add_wasm_target(store: &Store) -> Result<()> {
    rustup(&["target", "add", WASM_TARGET], store)
}

/// Whether rustfmt and clippy are here.
pub(crate) fn has_lints() -> bool {
    ["rustfmt", "clippy-driver"].iter().all(|program| {
        let mut command = command(program);
        command.arg("--version");
        answer(command).is_some()
    })
}

/// Adds rustfmt and clippy.
pub(crate) fn add_lints(store: &Store) -> Result<()> {
    rustup(&["component", "add", "rustfmt", "clippy"], store)
}

fn rustup(arguments: &[&str], store: &Store) -> Result<()> {
    if on_path("rustup").is_none() {
        bail!(
            "this Rust is not rustup's, so only its packager can add to it; \
             install what gives `rustup {}`, or rustup itself from https://rustup.rs",
            arguments.join(" ")
        );
    }
    let mut rustup = command("rustup");
    rustup.args(arguments);
    logged(rustup, &store.log(&format!("rustup-{}", arguments[0])), &mut |_| ())
        .with_context(|| format!("`rustup {}` needs the network; try it by hand", arguments.join(" ")))
}

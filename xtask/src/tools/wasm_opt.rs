//! `wasm-opt`, which makes the page smaller: a program on the `PATH`, else from the npm package `binaryen`.
//!
//! Trunk would download one; it is told not to use any, and we run this one on what Trunk made.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::store::Store;
use crate::process::{answer, command, logged, on_path};

const PACKAGE: &str = "binaryen";
const VERSION: &str = "132.0.0";

/// What rustc's wasm may use beyond the first standard. The page is stripped of the section that says so itself.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// A `wasm-opt` that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WasmOpt {
    program: PathBuf,
    /// What it says about itself; another one makes another page.
    pub(crate) version: String,
}

/// A `wasm-opt` that runs, if there is one.
pub(crate) fn find(store: &Store) -> Option<WasmOpt> {
    let stored = program_in(&store.tool(PACKAGE, VERSION));
    [Some(stored), on_path("wasm-opt")].into_iter().flatten().find_map(|program| {
        let mut asked = command(&program);
        asked.arg("--version");
        Some(WasmOpt { version: answer(asked)?.trim().to_owned(), program })
    })
}

/// Whether it could be had, if it is not here.
pub(crate) fn is_to_be_had() -> bool {
    on_path("npm").is_some()
}

/// From npm.
pub(crate) fn install(store: &Store) -> Result<()> {
    store.put(PACKAGE, VERSION, |folder| {
        let mut npm = command("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--prefix"]);
        npm.arg(folder).arg(format!("{PACKAGE}@{VERSION}"));
        logged(npm, &store.log(PACKAGE), &mut |_| ())?;
        let mut asked = command(program_in(folder));
        asked.arg("--version");
        answer(asked).context("npm's wasm-opt does not run; it may want a newer node")?;
        Ok(())
    })
}

impl WasmOpt {
    /// The command that makes `wasm` smaller, in place.
    pub(crate) fn shrink(&self, wasm: &Path) -> Command {
        let mut command = command(&self.program);
        // With -Oz it is smaller by a tenth, and a little larger once it is compressed.
        command.arg("-Os").args(FEATURES).arg(wasm).arg("-o").arg(wasm);
        command
    }
}

fn program_in(folder: &Path) -> PathBuf {
    let name = if cfg!(windows) { "wasm-opt.cmd" } else { "wasm-opt" };
    folder.join("node_modules").join(".bin").join(name)
}

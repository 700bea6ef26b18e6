//! Finding and building the programs of the catalog.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::catalog::{CargoTool, Fits};
use super::store::Store;
use super::version_of;
use crate::process::{cargo, logged, on_path};
use crate::progress::CrateCount;

/// Where a tool is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// On the `PATH` already.
    OnPath,
    /// In this folder of the store.
    Stored(PathBuf),
}

/// Built fast rather than fast themselves: they work for seconds at a time.
const PROFILE: [(&str, &str); 5] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
    ("CARGO_PROFILE_RELEASE_STRIP", "debuginfo"),
];

/// A tool in a version that fits, if it is on the machine and runs.
pub(crate) fn find(tool: CargoTool, version: &str, store: &Store) -> Option<Found> {
    let stored = store.tool(tool.package(), version).join("bin");
    if is_in(&stored, tool, Fits::Exactly, version) {
        return Some(Found::Stored(stored));
    }
    let folder = on_path(tool.programs()[0])?.parent()?.to_owned();
    is_in(&folder, tool, tool.fits(), version).then_some(Found::OnPath)
}

/// Downloads the tool if `cargo binstall` is here and can, else builds it.
pub(crate) fn install(tool: CargoTool, version: &str, store: &Store) -> Result<()> {
    store.put(tool.package(), version, |folder| {
        if download(tool, version, store, folder) {
            return Ok(());
        }
        // Some releases have a lock file that no longer resolves: the second attempt goes without it.
        if build(tool, version, store, folder, true).is_err() {
            build(tool, version, store, folder, false).with_context(|| {
                format!("cargo could not install {}; is there a network, and a C compiler?", tool.package())
            })?;
        }
        if !is_in(&folder.join("bin"), tool, Fits::Exactly, version) {
            bail!("{} {version} was built, yet it does not run", tool.package());
        }
        Ok(())
    })
}

fn is_in(folder: &Path, tool: CargoTool, fits: Fits, version: &str) -> bool {
    let path = |program: &str| folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
    let all_there = tool.programs().iter().all(|program| path(program).is_file());
    all_there && version_of(&path(tool.programs()[0])).is_some_and(|found| fits.judge(&found, version))
}

fn download(tool: CargoTool, version: &str, store: &Store, folder: &Path) -> bool {
    if on_path("cargo-binstall").is_none() {
        return false;
    }
    let mut command = cargo();
    command.args(["binstall", "--no-confirm", "--disable-strategies", "compile", "--root"]).arg(folder);
    command.arg(format!("{}@{version}", tool.package()));
    let log = store.log(&format!("{}-{version}-binstall", tool.package()));
    let downloaded = logged(command, &log, &mut |_| ()).is_ok();
    let whole = downloaded && is_in(&folder.join("bin"), tool, Fits::Exactly, version);
    if !whole {
        println!("      `cargo binstall` could not get it; building it instead");
    }
    whole
}

fn build(tool: CargoTool, version: &str, store: &Store, folder: &Path, locked: bool) -> Result<()> {
    let mut command = cargo();
    command.args([
        "install",
        tool.package(),
        "--version",
        &format!("={version}"),
        "--no-track",
        "--force",
        "--root",
    ]);
    command.arg(folder).arg("--target-dir").arg(store.build_folder()).args(tool.features());
    for program in tool.programs() {
        command.args(["--bin", program]);
    }
    if locked {
        command.arg("--locked");
    }
    command.envs(PROFILE);
    show_progress_bar(&mut command);
    let mut crates = CrateCount::new();
    let log = store.log(&format!("{}-{version}", tool.package()));
    let outcome = logged(command, &log, &mut |line| crates.see(line));
    crates.done();
    outcome
}

/// Its counts are how we know how far cargo is.
fn show_progress_bar(command: &mut Command) {
    command.env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", "80");
    command.env("CARGO_TERM_COLOR", "never");
}

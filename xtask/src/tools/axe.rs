//! axe-core, which finds what keeps people from using a page: one script, from npm.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use super::store::Store;
use super::system;
use crate::process::{command, logged, on_path};

const PACKAGE: &str = "axe-core";
const VERSION: &str = "4.14.1";

/// The script, if it is here.
pub(crate) fn find(store: &Store) -> Option<PathBuf> {
    Some(script_in(&store.tool(PACKAGE, VERSION))).filter(|script| script.is_file())
}

/// From npm, and that from the system's packages if need be.
pub(crate) fn install(store: &Store) -> Result<()> {
    if on_path("npm").is_none() {
        system::install_packages(&["npm"], "install npm, which comes with Node.js, on the PATH", store)?;
    }
    store.put(PACKAGE, VERSION, |folder| {
        let mut npm = command("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--prefix"]);
        npm.arg(folder).arg(format!("{PACKAGE}@{VERSION}"));
        logged(npm, &store.log(PACKAGE), &mut |_| ())?;
        ensure!(script_in(folder).is_file(), "npm's {PACKAGE} {VERSION} has no axe.min.js");
        Ok(())
    })
}

fn script_in(folder: &Path) -> PathBuf {
    folder.join("node_modules").join(PACKAGE).join("axe.min.js")
}

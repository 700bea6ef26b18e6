//! The folder the tools are kept in.
//!
//! `<name>-<version>/` holds one tool, whole: it is filled under another name and renamed when it is done, so what an
//! interrupted installation leaves behind is never taken for the tool. `build/` is cargo's: it stays after a failure,
//! so that the next attempt goes on where this one stopped. `bin/` has links for people.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Names of folders that are being filled begin with this.
const UNFINISHED: &str = ".unfinished-";

/// The folder of what the steps print.
const LOGS: &str = "logs";

/// The folder the tools are kept in.
#[derive(Debug)]
pub(crate) struct Store {
    root: PathBuf,
}

impl Store {
    /// The folder `$HEARTLINE_TOOLS`, else `heartline/tools` in the user's folder for caches. It is made if need be.
    pub(crate) fn open() -> Result<Self> {
        let root = place().context("cannot tell where to keep the tools; set HEARTLINE_TOOLS to a folder")?;
        Self::at(root)
    }

    fn at(root: PathBuf) -> Result<Self> {
        fs::create_dir_all(root.join(LOGS)).with_context(|| {
            format!("cannot make {}; set HEARTLINE_TOOLS to a folder that can be written to", root.display())
        })?;
        Ok(Self { root })
    }

    /// One installation at a time. Waits for whoever is at it; a process that dies lets go.
    pub(crate) fn lock(&self) -> Result<File> {
        let path = self.root.join("lock");
        let lock = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        if lock.try_lock().is_err() {
            println!("      another installation is under way; waiting for it");
            lock.lock().with_context(|| format!("cannot lock {}", path.display()))?;
        }
        self.sweep();
        Ok(lock)
    }

    /// Where a tool is, once it is there.
    pub(crate) fn tool(&self, name: &str, version: &str) -> PathBuf {
        self.root.join(format!("{name}-{version}"))
    }

    /// Lets `fill` make a folder, and puts it in place only if that went well.
    pub(crate) fn put(
        &self,
        name: &str,
        version: &str,
        fill: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<()> {
        let unfinished = self.root.join(format!("{UNFINISHED}{name}-{version}-{}", std::process::id()));
        fs::create_dir_all(&unfinished).with_context(|| format!("cannot make {}", unfinished.display()))?;
        let filled = fill(&unfinished).and_then(|()| {
            let place = self.tool(name, version);
            if place.exists() {
                fs::remove_dir_all(&place).with_context(|| format!("cannot replace {}", place.display()))?;
            }
            fs::rename(&unfinished, &place).with_context(|| format!("cannot make {}", place.display()))
        });
        if filled.is_err() {
            remove(&unfinished);
        }
        filled
    }

    /// Where cargo builds the tools.
    pub(crate) fn build_folder(&self) -> PathBuf {
        self.root.join("build")
    }

    /// Everything is installed: what it was built from may go.
    pub(crate) fn drop_build_folder(&self) {
        remove(&self.build_folder());
    }

    /// Where the output of a step goes.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.root.join(LOGS).join(format!("{name}.log"))
    }

    /// A folder for a person's `PATH`.
    pub(crate) fn bin(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// Makes `bin` lead to the tools that were installed last.
    pub(crate) fn link_tools(&self) {
        let bin = self.bin();
        let _ = fs::create_dir_all(&bin);
        for (program, path) in self.programs() {
            // Only a convenience: whatever we start ourselves gets the true folders.
            let link = bin.join(program);
            let _ = fs::remove_file(&link);
            let _ = symlink(&path, &link);
        }
    }

    /// All programs of all tools, the older installations first.
    fn programs(&self) -> Vec<(std::ffi::OsString, PathBuf)> {
        let mut tools: Vec<PathBuf> = entries(&self.root).into_iter().map(|tool| tool.join("bin")).collect();
        tools.sort_by_key(|tool| fs::metadata(tool).and_then(|facts| facts.modified()).ok());
        let programs = tools.iter().flat_map(|tool| entries(tool));
        programs.filter_map(|path| Some((path.file_name()?.to_owned(), path))).collect()
    }

    /// Clears away what interrupted installations left.
    fn sweep(&self) {
        for path in entries(&self.root) {
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(UNFINISHED)) {
                remove(&path);
            }
        }
    }
}

fn place() -> Option<PathBuf> {
    if let Some(chosen) = set("HEARTLINE_TOOLS") {
        return std::path::absolute(chosen).ok();
    }
    let caches = set("XDG_CACHE_HOME")
        .or_else(|| set("LOCALAPPDATA"))
        .or_else(|| Some(std::env::home_dir()?.join(".cache")));
    Some(caches?.join("heartline").join("tools"))
}

fn set(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default()
}

/// Best effort: what cannot be removed is in nobody's way.
fn remove(folder: &Path) {
    let _ = fs::remove_dir_all(folder);
}

#[cfg(unix)]
fn symlink(to: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(to, link)
}

#[cfg(not(unix))]
fn symlink(to: &Path, link: &Path) -> std::io::Result<()> {
    fs::copy(to, link).map(|_| ())
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    fn store(name: &str) -> Store {
        let root = std::env::temp_dir().join(format!("xtask-store-{name}-{}", std::process::id()));
        remove(&root);
        Store::at(root).expect("a folder for temporary files")
    }

    #[test]
    fn what_was_filled_is_there() {
        let store = store("filled");
        store.put("tool", "1", |folder| Ok(fs::write(folder.join("whole"), "")?)).expect("filling succeeds");
        assert!(store.tool("tool", "1").join("whole").is_file());
        remove(&store.root);
    }

    #[test]
    fn what_failed_half_way_is_not_there() {
        let store = store("failed");
        let outcome = store.put("tool", "1", |folder| {
            fs::write(folder.join("half"), "")?;
            bail!("no more")
        });
        assert!(outcome.is_err());
        assert!(!store.tool("tool", "1").exists());
        assert_eq!(entries(&store.root), [store.root.join(LOGS)]);
        remove(&store.root);
    }

    #[test]
    fn what_a_killed_installation_left_is_swept_away() {
        let store = store("killed");
        let left = store.root.join(format!("{UNFINISHED}tool-1-99"));
        fs::create_dir_all(&left).expect("a folder for temporary files");
        drop(store.lock().expect("nobody else holds it"));
        assert!(!left.exists());
        remove(&store.root);
    }
}

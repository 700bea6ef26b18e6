//! Where things are in this repository.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The repository and the folders that builds write to.
#[derive(Debug, Clone)]
pub(crate) struct Repo {
    root: PathBuf,
    target: PathBuf,
}

impl Repo {
    /// The repository this program was built from.
    pub(crate) fn here() -> Self {
        let root =
            Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the repository");
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
        Self { root: root.to_owned(), target }
    }

    /// The top folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where cargo builds to: `target`, or what `CARGO_TARGET_DIR` says.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// The page as it is embedded in the binary.
    pub(crate) fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// Where the pictures are that the README shows.
    pub(crate) fn pictures(&self) -> PathBuf {
        self.root.join("docs").join("pictures")
    }

    /// The page while it is being made: beside `dist`, so that it can be renamed to it.
    pub(crate) fn unfinished_dist(&self) -> PathBuf {
        self.root.join("dist.unfinished")
    }

    /// The binary that `cargo build --release -p heartline` makes.
    pub(crate) fn heartline(&self) -> PathBuf {
        self.target.join("release").join(format!("heartline{}", std::env::consts::EXE_SUFFIX))
    }

    /// The one version of a package in Cargo.lock.
    pub(crate) fn locked_version(&self, package: &str) -> Result<String> {
        let path = self.root.join("Cargo.lock");
        let lock =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        version_in_lock(&lock, package).with_context(|| {
            format!("{} names no package `{package}`; `cargo update -w` mends it", path.display())
        })
    }
}

fn version_in_lock(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')?;
    Some(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_the_lock_file() {
        let lock = "[[package]]\nname = \"wasm-bindgen-test\"\nversion = \"0.3.1\"\n\n[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.9\"\n";
        assert_eq!(version_in_lock(lock, "wasm-bindgen").as_deref(), Some("0.2.9"));
        assert_eq!(version_in_lock(lock, "wasm"), None);
    }

    #[test]
    fn our_own_lock_file_has_what_we_ask_for() {
        assert!(Repo::here().locked_version("wasm-bindgen").is_ok());
    }
}

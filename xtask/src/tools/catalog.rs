//! The programs that `cargo install` builds for us.

use anyhow::Result;

use crate::repo::Repo;

/// A program that `cargo install` builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CargoTool {
    /// Builds the page.
    Trunk,
    /// Binds wasm to JavaScript, and runs wasm tests.
    WasmBindgen,
    /// Runs the page's tests in browsers.
    WasmPack,
    /// Drives Firefox.
    Geckodriver,
    /// Checks licences and sources of the dependencies.
    CargoDeny,
}

/// Which versions found on the `PATH` will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fits {
    /// This one only.
    Exactly,
    /// Any with the same first two numbers.
    SameMinor,
    /// Whichever it is.
    Any,
}

impl CargoTool {
    /// Its name in the registry.
    pub(crate) fn package(self) -> &'static str {
        match self {
            Self::Trunk => "trunk",
            Self::WasmBindgen => "wasm-bindgen-cli",
            Self::WasmPack => "wasm-pack",
            Self::Geckodriver => "geckodriver",
            Self::CargoDeny => "cargo-deny",
        }
    }

    /// The version that is installed. wasm-bindgen's must be that of the library, to the last number.
    pub(crate) fn version(self, repo: &Repo) -> Result<String> {
        Ok(match self {
            // 0.22.1 asks for a newer Rust than the one that is stable.
            Self::Trunk => "0.21.14".to_owned(),
            Self::WasmBindgen => repo.locked_version("wasm-bindgen")?,
            Self::WasmPack => "0.15.1".to_owned(),
            Self::Geckodriver => "0.37.1".to_owned(),
            Self::CargoDeny => "0.20.2".to_owned(),
        })
    }

    /// The programs it must bring, the one that is asked for its version first.
    pub(crate) fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Trunk => &["trunk"],
            Self::WasmBindgen => &["wasm-bindgen", "wasm-bindgen-test-runner"],
            Self::WasmPack => &["wasm-pack"],
            Self::Geckodriver => &["geckodriver"],
            Self::CargoDeny => &["cargo-deny"],
        }
    }

    /// Features, as `cargo install` takes them.
    pub(crate) fn features(self) -> &'static [&'static str] {
        match self {
            // It finds all its tools here, so it needs no TLS to download any, nor itself.
            Self::Trunk => &["--no-default-features"],
            Self::WasmBindgen | Self::WasmPack | Self::Geckodriver | Self::CargoDeny => &[],
        }
    }

    /// What will do when it is on the machine already.
    pub(crate) fn fits(self) -> Fits {
        match self {
            Self::WasmBindgen => Fits::Exactly,
            Self::Trunk | Self::WasmPack | Self::CargoDeny => Fits::SameMinor,
            Self::Geckodriver => Fits::Any,
        }
    }

    /// How long building it takes on two cores.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Trunk => "3 min",
            Self::WasmBindgen | Self::WasmPack | Self::CargoDeny => "2 min",
            Self::Geckodriver => "1 min",
        }
    }
}

impl Fits {
    /// Whether `found` will do for `wanted`.
    pub(crate) fn judge(self, found: &str, wanted: &str) -> bool {
        match self {
            Self::Exactly => found == wanted,
            Self::SameMinor => minor(found) == minor(wanted),
            Self::Any => true,
        }
    }
}

fn minor(version: &str) -> Vec<&str> {
    version.split('.').take(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_takes_what_it_should() {
        assert!(Fits::Exactly.judge("0.2.130", "0.2.130") && !Fits::Exactly.judge("0.2.13", "0.2.130"));
        assert!(Fits::SameMinor.judge("0.21.9", "0.21.14") && !Fits::SameMinor.judge("0.22.1", "0.21.14"));
        assert!(Fits::Any.judge("1", "2"));
    }
}

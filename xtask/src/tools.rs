//! What the commands need beyond Rust and a C compiler: found where it is, else set up.
//!
//! Cargo's tools, `wasm-opt` and axe-core go to one folder ([`store`]); browsers and the broker come from the system's packages ([`system`]).
//! What is there already, in a version that fits, is left alone, wherever it is.

mod axe;
mod catalog;
mod install;
mod rust;
mod store;
mod system;
mod wasm_opt;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, anyhow};

pub(crate) use self::catalog::CargoTool;
pub(crate) use self::system::{Browser, Companion};

use self::store::Store;
use crate::progress::Progress;
use crate::repo::Repo;

/// Something a command cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// Rust's standard library for the page.
    WasmTarget,
    /// rustfmt and clippy.
    Lints,
    /// A program that `cargo install` builds.
    Cargo(CargoTool),
    /// Makes the page smaller. The one need that may stay unmet.
    WasmOpt,
    /// A browser, with its driver where the system's packages have one.
    Browser(Browser),
    /// A program that tests run beside ours.
    Companion(Companion),
    /// What finds out whether everybody can use the page.
    Axe,
}

impl Need {
    /// All of them.
    pub(crate) const ALL: [Self; 17] = [
        Self::WasmTarget,
        Self::Lints,
        Self::Cargo(CargoTool::WasmBindgen),
        Self::Cargo(CargoTool::Trunk),
        Self::WasmOpt,
        Self::Browser(Browser::Chromium),
        Self::Browser(Browser::Firefox),
        Self::Cargo(CargoTool::Geckodriver),
        Self::Cargo(CargoTool::WasmPack),
        Self::Cargo(CargoTool::CargoDeny),
        Self::Companion(Companion::Broker),
        Self::Companion(Companion::Tshark),
        Self::Companion(Companion::Nginx),
        Self::Companion(Companion::Haproxy),
        Self::Companion(Companion::Ip),
        Self::Companion(Companion::Iptables),
        Self::Axe,
    ];

    /// What the page is built with.
    pub(crate) const PAGE: [Self; 4] =
        [Self::WasmTarget, Self::Cargo(CargoTool::WasmBindgen), Self::Cargo(CargoTool::Trunk), Self::WasmOpt];
}

/// What to do with the rest when one cannot be set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterFailure {
    /// It is no use without this one.
    Stop,
    /// It may be of use on its own.
    GoOn,
}

/// The tools that were found or set up.
#[derive(Debug)]
pub(crate) struct Toolbox {
    repo: Repo,
    store: Store,
    /// Folders that go before the `PATH` of whatever is started.
    folders: BTreeSet<PathBuf>,
    unmet: BTreeMap<Need, String>,
    wasm_opt: Option<wasm_opt::WasmOpt>,
}

impl Toolbox {
    /// A toolbox with nothing in it yet.
    pub(crate) fn open(repo: &Repo) -> Result<Self> {
        let store = Store::open()?;
        Ok(Self {
            repo: repo.clone(),
            store,
            folders: BTreeSet::new(),
            unmet: BTreeMap::new(),
            wasm_opt: None,
        })
    }

    /// Looks for what is needed and returns what is not there, each once, in the order of `needs`.
    pub(crate) fn missing(&mut self, needs: &[Need]) -> Result<Vec<Need>> {
        let mut missing = Vec::new();
        for &need in needs {
            if !missing.contains(&need) && !self.find(need)? {
                missing.push(need);
            }
        }
        Ok(missing)
    }

    /// Sets up what is missing, a step each. What fails is remembered, not returned: see [`Self::require`].
    pub(crate) fn set_up(
        &mut self,
        missing: &[Need],
        progress: &mut Progress,
        after_failure: AfterFailure,
    ) -> Result<()> {
        if missing.is_empty() {
            return Ok(());
        }
        let _alone = self.store.lock()?;
        for &need in missing {
            // Whoever held the lock before may have done it.
            if self.find(need)? {
                progress.step(&format!("{}: there already", self.title(need)), None);
                continue;
            }
            progress.step(&self.title(need), about(need));
            let outcome = self.install(need).and_then(|()| match self.find(need)? {
                true => Ok(()),
                false => Err(anyhow!("it was set up, yet it is not to be found")),
            });
            if let Err(error) = outcome {
                println!("      that failed: {error:#}");
                self.unmet.insert(need, format!("{error:#}"));
                if after_failure == AfterFailure::Stop && self.require(need).is_err() {
                    break;
                }
            }
        }
        if self.unmet.is_empty() {
            self.store.drop_build_folder();
        }
        self.store.link_tools();
        Ok(())
    }

    /// An error if this could not be set up, with the reason.
    pub(crate) fn require(&self, need: Need) -> Result<()> {
        match self.unmet.get(&need) {
            Some(why) if need != Need::WasmOpt => Err(anyhow!("{} failed: {why}", self.title(need))),
            Some(_) | None => Ok(()),
        }
    }

    /// Lets a command find the tools.
    pub(crate) fn equip(&self, command: &mut Command) -> Result<()> {
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let folders = self.folders.iter().cloned().chain(std::env::split_paths(&inherited));
        let path: OsString = std::env::join_paths(folders)?;
        command.env("PATH", path).env("CARGO_TARGET_DIR", self.repo.target()).current_dir(self.repo.root());
        Ok(())
    }

    /// A program among the tools, else on the `PATH`.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let ours = self.folders.iter().map(|folder| folder.join(&file)).find(|path| path.is_file());
        ours.or_else(|| crate::process::on_path(name))
    }

    /// What makes the page smaller, if there is such a thing.
    pub(crate) fn wasm_opt(&self) -> Option<&wasm_opt::WasmOpt> {
        self.wasm_opt.as_ref()
    }

    /// The script of axe-core, if it is here.
    pub(crate) fn axe(&self) -> Option<PathBuf> {
        axe::find(&self.store)
    }

    /// Where a person finds the tools.
    pub(crate) fn bin(&self) -> PathBuf {
        self.store.bin()
    }

    /// Where a step's output goes.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.store.log(name)
    }

    fn find(&mut self, need: Need) -> Result<bool> {
        Ok(match need {
            Need::WasmTarget => rust::has_wasm_target(),
            Need::Lints => rust::has_lints(),
            Need::Cargo(tool) => {
                let Some(found) = install::find(tool, &tool.version(&self.repo)?, &self.store) else {
                    return Ok(false);
                };
                if let install::Found::Stored(folder) = found {
                    self.folders.insert(folder);
                }
                true
            }
            Need::WasmOpt => {
                self.wasm_opt = wasm_opt::find(&self.store);
                // Where there is no npm either, the page does without, and says so.
                self.wasm_opt.is_some() || !wasm_opt::is_to_be_had()
            }
            Need::Browser(browser) => system::find(browser).is_some(),
            Need::Companion(companion) => {
                let found = companion.find();
                self.folders.extend(found.as_deref().and_then(Path::parent).map(Path::to_owned));
                found.is_some()
            }
            Need::Axe => axe::find(&self.store).is_some(),
        })
    }

    fn install(&self, need: Need) -> Result<()> {
        match need {
            Need::WasmTarget => rust::add_wasm_target(&self.store),
            Need::Lints => rust::add_lints(&self.store),
            Need::Cargo(tool) => install::install(tool, &tool.version(&self.repo)?, &self.store),
            Need::WasmOpt => wasm_opt::install(&self.store),
            Need::Browser(browser) => system::install(browser, &self.store),
            Need::Companion(companion) => companion.install(&self.store),
            Need::Axe => axe::install(&self.store),
        }
    }

    fn title(&self, need: Need) -> String {
        match need {
            Need::WasmTarget => "adding Rust's wasm32-unknown-unknown target".to_owned(),
            Need::Lints => "adding rustfmt and clippy".to_owned(),
            Need::Cargo(tool) => {
                let version = tool.version(&self.repo).unwrap_or_default();
                format!("installing {} {version}", tool.package())
            }
            Need::WasmOpt => "installing wasm-opt, which makes the page smaller".to_owned(),
            Need::Browser(browser) => format!("installing {}", browser.packages().join(" and ")),
            Need::Companion(companion) => format!("installing {}", companion.name()),
            Need::Axe => "installing axe-core, which finds what keeps people from using a page".to_owned(),
        }
    }
}

/// On two cores with an ordinary line.
fn about(need: Need) -> Option<&'static str> {
    match need {
        Need::WasmTarget | Need::Lints | Need::WasmOpt | Need::Companion(_) | Need::Axe => None,
        Need::Cargo(tool) => Some(tool.about()),
        Need::Browser(_) => Some("1 min"),
    }
}

/// The second word of what a program answers to `--version`.
fn version_of(program: &Path) -> Option<String> {
    let mut command = crate::process::command(program);
    command.arg("--version");
    let answer = crate::process::answer(command)?;
    Some(answer.split_whitespace().nth(1)?.to_owned())
}

/// A browser's programs, or an error that says what is missing.
pub(crate) fn browser_programs(browser: Browser) -> Result<system::Programs> {
    system::find(browser).ok_or_else(|| anyhow!("there is no {}", browser.packages().join(" and ")))
}

//! The parts of `cargo xtask test`, in the order in which they run: what is quick and fails often comes first.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{cargo, command};
use crate::repo::Repo;
use crate::tools::{Browser, CargoTool, Companion, Need, Toolbox, browser_programs};

/// A part of `cargo xtask test`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// rustfmt.
    Formatting,
    /// clippy, for this machine.
    Clippy,
    /// clippy, for what also runs in a browser.
    ClippyWasm,
    /// rustdoc.
    Docs,
    /// cargo-deny.
    Dependencies,
    /// Tests that run on this machine.
    Native,
    /// Examples in the docs.
    Doctests,
    /// The core's tests, in a browser.
    CoreWasm,
    /// The page's tests in Chromium.
    WebChromium,
    /// The page's tests in Firefox.
    WebFirefox,
    /// The whole, in both browsers and a terminal.
    EndToEnd,
}

impl Part {
    /// All of them, in order.
    pub(crate) const ALL: [Self; 11] = [
        Self::Formatting,
        Self::Clippy,
        Self::ClippyWasm,
        Self::Docs,
        Self::Dependencies,
        Self::Native,
        Self::Doctests,
        Self::CoreWasm,
        Self::WebChromium,
        Self::WebFirefox,
        Self::EndToEnd,
    ];

    /// The part of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }

    /// What a person types to run it alone.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Formatting => "formatting",
            Self::Clippy => "clippy",
            Self::ClippyWasm => "clippy-wasm",
            Self::Docs => "docs",
            Self::Dependencies => "dependencies",
            Self::Native => "native",
            Self::Doctests => "doctests",
            Self::CoreWasm => "core-wasm",
            Self::WebChromium => "web-chromium",
            Self::WebFirefox => "web-firefox",
            Self::EndToEnd => "end-to-end",
        }
    }

    /// What it does.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::Formatting => "the code is laid out as rustfmt does",
            Self::Clippy => "clippy finds nothing, for this machine",
            Self::ClippyWasm => "clippy finds nothing, for the browser",
            Self::Docs => "the docs build without a warning",
            Self::Dependencies => "licences, sources and bans hold",
            Self::Native => "the tests that run on this machine",
            Self::Doctests => "the examples in the docs",
            Self::CoreWasm => "the core's tests again, as wasm in Chromium",
            Self::WebChromium => "the page's tests in Chromium",
            Self::WebFirefox => "the page's tests in Firefox",
            Self::EndToEnd => "server, pages and terminal together",
        }
    }

    /// Whether it is made of tests: none at all is a failure then.
    pub(crate) fn has_tests(self) -> bool {
        match self {
            Self::Formatting | Self::Clippy | Self::ClippyWasm | Self::Docs | Self::Dependencies => false,
            Self::Native
            | Self::Doctests
            | Self::CoreWasm
            | Self::WebChromium
            | Self::WebFirefox
            | Self::EndToEnd => true,
        }
    }

    /// What must be there before it can run.
    pub(crate) fn needs(self) -> &'static [Need] {
        const BINDGEN: Need = Need::Cargo(CargoTool::WasmBindgen);
        const CHROMIUM: Need = Need::Browser(Browser::Chromium);
        const FIREFOX: Need = Need::Browser(Browser::Firefox);
        const GECKODRIVER: Need = Need::Cargo(CargoTool::Geckodriver);
        const WASM_PACK: Need = Need::Cargo(CargoTool::WasmPack);
        match self {
            Self::Formatting | Self::Clippy => &[Need::Lints],
            Self::ClippyWasm => &[Need::Lints, Need::WasmTarget],
            Self::Docs | Self::Doctests => &[],
            Self::Native => {
                const COMPANIONS: [Need; 6] = [
                    Need::Companion(Companion::Broker),
                    Need::Companion(Companion::Tshark),
                    Need::Companion(Companion::Nginx),
                    Need::Companion(Companion::Haproxy),
                    Need::Companion(Companion::Ip),
                    Need::Companion(Companion::Iptables),
                ];
                // The doctor's scenarios with proxies and firewalls are Linux's: elsewhere the first two will do.
                if cfg!(target_os = "linux") { &COMPANIONS } else { COMPANIONS.split_at(2).0 }
            }
            Self::Dependencies => &[Need::Cargo(CargoTool::CargoDeny)],
            Self::CoreWasm => &[Need::WasmTarget, BINDGEN, CHROMIUM],
            Self::WebChromium => &[Need::WasmTarget, BINDGEN, WASM_PACK, CHROMIUM],
            Self::WebFirefox => &[Need::WasmTarget, BINDGEN, WASM_PACK, FIREFOX, GECKODRIVER],
            Self::EndToEnd => {
                const PAGE: [Need; 4] = Need::PAGE;
                &[PAGE[0], PAGE[1], PAGE[2], PAGE[3], CHROMIUM, FIREFOX, GECKODRIVER, Need::Axe]
            }
        }
    }

    /// The command that does it.
    pub(crate) fn command(self, repo: &Repo, tools: &Toolbox) -> Result<Command> {
        let mut command = match self {
            Self::Formatting => cargo_with("fmt --all --check"),
            Self::Clippy => cargo_with("clippy --workspace --all-targets --locked -- --deny warnings"),
            Self::ClippyWasm => cargo_with(
                "clippy --package heartline-core --package heartline-web --all-targets --locked \
                 --target wasm32-unknown-unknown -- --deny warnings",
            ),
            Self::Docs => {
                let mut docs = cargo_with("doc --workspace --no-deps --locked");
                docs.env("RUSTDOCFLAGS", "--deny warnings");
                docs
            }
            Self::Dependencies => {
                let mut deny = tool(tools, "cargo-deny")?;
                // What was published about the crates since needs the network, and is not of this commit.
                deny.args(["--locked", "--workspace", "check", "bans", "licenses", "sources"]);
                deny
            }
            Self::Native => cargo_with(
                "test --workspace --exclude heartline-web --exclude heartline-e2e --lib --bins --tests \
                 --no-fail-fast --locked",
            ),
            Self::Doctests => {
                cargo_with("test --package heartline-core --package heartline --doc --no-fail-fast --locked")
            }
            Self::CoreWasm => {
                let mut core = cargo_with(
                    "test --package heartline-core --target wasm32-unknown-unknown --lib --tests --no-fail-fast --locked",
                );
                core.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner");
                core.env("WASM_BINDGEN_USE_BROWSER", "1").env("CHROMEDRIVER", chromedriver()?);
                core
            }
            Self::WebChromium => wasm_pack(tools, "--chromedriver", &chromedriver()?)?,
            Self::WebFirefox => wasm_pack(tools, "--geckodriver", &geckodriver(tools)?)?,
            Self::EndToEnd => {
                Self::in_browsers("test --package heartline-e2e --no-fail-fast --locked", repo, tools)?
            }
        };
        tools.equip(&mut command)?;
        // Both are given in seconds; the runner's own are too short for a busy machine.
        command.env("WASM_BINDGEN_TEST_TIMEOUT", "1200").env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60");
        Ok(command)
    }

    /// `cargo` with these arguments, told where the program and the browsers are.
    pub(crate) fn in_browsers(arguments: &str, repo: &Repo, tools: &Toolbox) -> Result<Command> {
        let mut command = cargo_with(arguments);
        command.env("HEARTLINE_BIN", repo.heartline());
        command
            .env("CHROMIUM", browser_programs(Browser::Chromium)?.browser)
            .env("CHROMEDRIVER", chromedriver()?);
        command
            .env("FIREFOX", browser_programs(Browser::Firefox)?.browser)
            .env("GECKODRIVER", geckodriver(tools)?);
        command.env("AXE", tools.axe().context("axe-core is gone; run this again to install it")?);
        Ok(command)
    }
}

fn cargo_with(arguments: &str) -> Command {
    let mut command = cargo();
    command.args(arguments.split_whitespace());
    command
}

fn wasm_pack(tools: &Toolbox, driver_flag: &str, driver: &PathBuf) -> Result<Command> {
    let mut command = tool(tools, "wasm-pack")?;
    // `no-install`: what it would download is here, and it should say so if not.
    command.args(["test", "--headless", "--mode", "no-install", driver_flag]).arg(driver);
    command.arg(match driver_flag {
        "--chromedriver" => "--chrome",
        _ => "--firefox",
    });
    command.arg("web");
    Ok(command)
}

fn tool(tools: &Toolbox, name: &str) -> Result<Command> {
    Ok(command(tools.program(name).with_context(|| format!("{name} is gone; run this again to install it"))?))
}

fn chromedriver() -> Result<PathBuf> {
    browser_programs(Browser::Chromium)?
        .driver
        .context("chromedriver is gone; install it, or set CHROMEDRIVER to it")
}

fn geckodriver(tools: &Toolbox) -> Result<PathBuf> {
    tools.program("geckodriver").context("geckodriver is gone; run this again to install it")
}

//! Browsers, and the broker that tests run: from the system's packages.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::store::Store;
use crate::process::{answer, command, logged, on_path};

/// A browser that the page is tested in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Browser {
    /// Or Chrome; with its driver.
    Chromium,
    /// Its driver, geckodriver, is built by cargo.
    Firefox,
}

/// The programs of a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Programs {
    /// The browser itself.
    pub(crate) browser: PathBuf,
    /// Its driver, where it comes with the browser.
    pub(crate) driver: Option<PathBuf>,
}

impl Browser {
    /// What Debian calls it.
    pub(crate) fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Chromium => &["chromium", "chromium-driver"],
            Self::Firefox => &["firefox-esr"],
        }
    }

    /// Names the program may have.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Chromium => {
                &["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"]
            }
            Self::Firefox => &["firefox-esr", "firefox"],
        }
    }

    /// Where it is when it is not on the `PATH`.
    fn usual_places(self) -> &'static [&'static str] {
        match self {
            Self::Chromium => &[
                "/Applications/Chromium.app/Contents/MacOS/Chromium",
                "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            ],
            Self::Firefox => &["/Applications/Firefox.app/Contents/MacOS/firefox"],
        }
    }

    /// The variable that names the program outright.
    fn variable(self) -> &'static str {
        match self {
            Self::Chromium => "CHROMIUM",
            Self::Firefox => "FIREFOX",
        }
    }

    /// For a person on another system than Debian.
    fn by_hand(self) -> &'static str {
        match self {
            Self::Chromium => {
                "install Chromium (or Chrome) and the chromedriver of the same version, both on the PATH, \
                 or set CHROMIUM and CHROMEDRIVER to them"
            }
            Self::Firefox => "install Firefox, on the PATH, or set FIREFOX to it",
        }
    }
}

/// The browser's programs, if all are here.
pub(crate) fn find(browser: Browser) -> Option<Programs> {
    let program = named(browser.variable())
        .or_else(|| browser.names().iter().find_map(|name| on_path(name)))
        .or_else(|| browser.usual_places().iter().map(PathBuf::from).find(|path| path.is_file()))?;
    let driver = match browser {
        Browser::Chromium => Some(named("CHROMEDRIVER").or_else(|| on_path("chromedriver"))?),
        Browser::Firefox => None,
    };
    Some(Programs { browser: program, driver })
}

/// By apt, as root on Debian; elsewhere the error says what a person has to install.
pub(crate) fn install(browser: Browser, store: &Store) -> Result<()> {
    install_packages(browser.packages(), browser.by_hand(), store)
}

/// A program that tests run beside ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Companion {
    /// `nats-server`, which several servers may keep their history on. Debian's package also begins to run it; tests start
    /// their own.
    Broker,
    /// `tshark`, which reads captures as Wireshark does.
    Tshark,
    /// `nginx`, a proxy that the doctor has to know. Debian's package also begins to run it; tests start their own.
    Nginx,
    /// `haproxy`, another one.
    Haproxy,
    /// `ip`, which makes networks of their own.
    Ip,
    /// `iptables`, a firewall in them.
    Iptables,
}

impl Companion {
    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Broker => "nats-server",
            Self::Tshark => "tshark",
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
            Self::Ip => "ip",
            Self::Iptables => "iptables",
        }
    }

    /// What Debian calls its package.
    fn package(self) -> &'static str {
        match self {
            Self::Ip => "iproute2",
            Self::Broker | Self::Tshark | Self::Nginx | Self::Haproxy | Self::Iptables => self.name(),
        }
    }

    /// Where it is. Debian has some where only root looks.
    pub(crate) fn find(self) -> Option<PathBuf> {
        on_path(self.name())
            .or_else(|| Some(Path::new("/usr/sbin").join(self.name())).filter(|path| path.is_file()))
    }

    /// As [`install`].
    pub(crate) fn install(self, store: &Store) -> Result<()> {
        let by_hand = match self {
            Self::Broker => "install nats-server, 2.9 or later, on the PATH",
            Self::Tshark => "install tshark, which comes with Wireshark, on the PATH",
            Self::Nginx => "install nginx on the PATH",
            Self::Haproxy => "install haproxy, 2.4 or later, on the PATH",
            Self::Ip => "install iproute2, so that ip is on the PATH",
            Self::Iptables => "install iptables on the PATH",
        };
        install_packages(&[self.package()], by_hand, store)
    }
}

pub(super) fn install_packages(packages: &[&str], by_hand: &str, store: &Store) -> Result<()> {
    if !is_debian() {
        bail!("this is not Debian, so it is yours to do: {by_hand}");
    }
    if !is_root() {
        bail!("only root may do that: `sudo apt-get install {}`, or {by_hand}", packages.join(" "));
    }
    apt(&["update"], store, "apt-update")?;
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(packages);
    apt(&arguments, store, &format!("apt-{}", packages[0]))
}

fn apt(arguments: &[&str], store: &Store, log: &str) -> Result<()> {
    let mut apt = command("apt-get");
    // Another apt at work is waited for.
    apt.args(["-o", "DPkg::Lock::Timeout=600", "-o", "Dpkg::Use-Pty=0", "--quiet"]).args(arguments);
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    logged(apt, &store.log(log), &mut |_| ())
        .with_context(|| format!("`apt-get {}` did not work; try it by hand", arguments.join(" ")))
}

fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_file())
}

fn is_debian() -> bool {
    on_path("apt-get").is_some()
        && says_debian(&std::fs::read_to_string("/etc/os-release").unwrap_or_default())
}

/// Ubuntu is no Debian here: its browsers are snaps, which drivers cannot start.
fn says_debian(os_release: &str) -> bool {
    let mut ids = os_release.lines().filter_map(|line| line.strip_prefix("ID="));
    ids.any(|id| id.trim_matches('"') == "debian")
}

fn is_root() -> bool {
    let mut id = command("id");
    id.arg("-u");
    answer(id).is_some_and(|user| user.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_says_so_itself() {
        assert!(says_debian("PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n"));
        assert!(!says_debian("ID=ubuntu\nID_LIKE=debian\n"));
        assert!(!says_debian(""));
    }

    #[test]
    fn a_person_is_told_the_programs_by_name() {
        assert!(Browser::Chromium.by_hand().contains("chromedriver"));
        assert!(Browser::Firefox.by_hand().contains("FIREFOX"));
    }
}

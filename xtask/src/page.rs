//! Building the page: Trunk, then `wasm-opt`, then compressing; into `dist/`, in one step at the end.

mod compress;
mod fingerprint;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{cargo, command, live, logged};
use crate::progress::Progress;
use crate::repo::Repo;
use crate::tools::{CargoTool, Need, Toolbox};

/// How many steps [`build`] tells of.
pub(crate) const STEPS: usize = 2;

/// Whether `dist/` holds the page that the present sources and tools make.
pub(crate) fn is_fresh(repo: &Repo, tools: &Toolbox) -> Result<bool> {
    let Ok(stamp) = fs::read_to_string(stamp(repo)) else { return Ok(false) };
    Ok(stamp == stamp_of(sources(repo, tools)?, &repo.dist())?)
}

/// What tells this page from any other.
pub(crate) fn name(repo: &Repo) -> Result<String> {
    let stamp = stamp(repo);
    fs::read_to_string(&stamp).with_context(|| format!("cannot read {}", stamp.display()))
}

/// Builds the page. Until it is whole, `dist/` stays what it was.
pub(crate) fn build(repo: &Repo, tools: &Toolbox, progress: &mut Progress) -> Result<()> {
    for need in Need::PAGE {
        tools.require(need)?;
    }
    let made = repo.unfinished_dist();
    clear(&made)?;
    // As they are now: what is written while it is built may or may not be in it.
    let sources = sources(repo, tools)?;

    let about = (!stamp(repo).is_file()).then_some("2 min");
    progress.step("building the page", about);
    // Trunk is told to stay offline, so that it downloads no tools; what it compiles has to be here then.
    live(equipped(cargo(), tools, &["fetch", "--locked"])?)
        .context("cannot fetch the crates; is there a network?")?;
    live(trunk(tools, &made)?).context("Trunk could not build the page")?;

    progress.step("making the page small", None);
    shrink(tools, &made)?;
    compress::compress_all(&made)?;
    let (raw, brotli) = compress::sizes(&made)?;
    println!("      {} KB, over the wire {} KB", raw.div_ceil(1000), brotli.div_ceil(1000));

    let stamp_text = stamp_of(sources, &made)?;
    replace(&made, &repo.dist())?;
    let stamp = stamp(repo);
    fs::write(&stamp, stamp_text).with_context(|| format!("cannot write {}", stamp.display()))
}

fn trunk(tools: &Toolbox, made: &Path) -> Result<Command> {
    let program = tools.program("trunk").context("trunk is gone; run the command again to install it")?;
    let mut trunk =
        equipped(command(program), tools, &["build", "--release", "--offline", "true", "--locked", "true"])?;
    trunk.arg("--dist").arg(made).args(["--skip-version-check"]);
    // Trunk reads it as a switch of its own and knows no other values than these two.
    if std::env::var_os("NO_COLOR").is_some() {
        trunk.env("NO_COLOR", "true");
    }
    Ok(trunk)
}

fn shrink(tools: &Toolbox, made: &Path) -> Result<()> {
    let Some(wasm_opt) = tools.wasm_opt() else {
        println!(
            "      without wasm-opt the page is a little larger; install npm or binaryen for the small one"
        );
        return Ok(());
    };
    for wasm in files_in(made)?.iter().filter(|path| path.extension().is_some_and(|end| end == "wasm")) {
        if let Err(error) = logged(wasm_opt.shrink(wasm), &tools.log("wasm-opt"), &mut |_| ()) {
            println!("      the page stays a little larger: {error:#}");
        }
    }
    Ok(())
}

fn equipped(mut command: Command, tools: &Toolbox, arguments: &[&str]) -> Result<Command> {
    tools.equip(&mut command)?;
    command.args(arguments);
    Ok(command)
}

fn stamp(repo: &Repo) -> PathBuf {
    repo.target().join("page-built-from")
}

/// Tells what the page is made from, and with what.
fn sources(repo: &Repo, tools: &Toolbox) -> Result<u64> {
    let versions = [
        CargoTool::Trunk.version(repo)?,
        CargoTool::WasmBindgen.version(repo)?,
        tools.wasm_opt().map(|tool| tool.version.clone()).unwrap_or_default(),
    ];
    fingerprint::of_sources(repo, &versions)
}

fn stamp_of(sources: u64, dist: &Path) -> Result<String> {
    Ok(format!("{sources} {}", fingerprint::of_folder(dist)?))
}

/// Puts the folder `new` where `old` is.
fn replace(new: &Path, old: &Path) -> Result<()> {
    clear(old)?;
    fs::rename(new, old).with_context(|| format!("cannot put the page into {}", old.display()))
}

fn clear(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot clear {}", folder.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Every file below a folder, in order.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_in(&path)?);
        } else if path.is_file() {
            files.push(path);
        } else {
            bail!("{} is neither a file nor a folder", path.display());
        }
    }
    files.sort();
    Ok(files)
}

//! What the page was built from, in one number: the same number, the same page.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::files_in;
use crate::process::{answer, command};
use crate::repo::Repo;

/// What decides what the page is, beside what `index.html` names.
const SOURCES: [&str; 11] = [
    "Cargo.toml",
    "Cargo.lock",
    "Trunk.toml",
    "index.html",
    "rust-toolchain.toml",
    ".cargo/config.toml",
    "core/Cargo.toml",
    "core/src",
    "web/Cargo.toml",
    "web/build.rs",
    "web/src",
];

/// The sources of the page, the versions of the tools given, and the compiler.
pub(crate) fn of_sources(repo: &Repo, tools: &[String]) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    tools.hash(&mut hasher);
    compiler().hash(&mut hasher);
    // The flags of the one who builds.
    std::env::var_os("RUSTFLAGS").hash(&mut hasher);
    let index = repo.root().join("index.html");
    let text = fs::read_to_string(&index).with_context(|| format!("cannot read {}", index.display()))?;
    let named = local_files(&text).into_iter().map(|name| repo.root().join(name));
    for source in SOURCES.iter().map(|source| repo.root().join(source)).chain(named) {
        hash_path(&source, repo.root(), &mut hasher)?;
    }
    Ok(hasher.finish())
}

/// All that is in a folder.
pub(crate) fn of_folder(folder: &Path) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    hash_path(folder, folder, &mut hasher)?;
    Ok(hasher.finish())
}

fn hash_path(path: &Path, root: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    let files: Vec<PathBuf> = match (path.is_dir(), path.is_file()) {
        (true, _) => files_in(path)?,
        (_, true) => vec![path.to_owned()],
        (false, false) => vec![],
    };
    for file in files {
        file.strip_prefix(root).unwrap_or(&file).hash(hasher);
        fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?.hash(hasher);
    }
    Ok(())
}

fn compiler() -> Option<String> {
    let mut rustc = command("rustc");
    rustc.arg("-vV");
    answer(rustc)
}

/// What the `href`s and `src`s of a page name.
fn local_files(html: &str) -> Vec<&str> {
    let values = ["href=\"", "src=\""].iter().flat_map(|attribute| html.split(attribute).skip(1));
    values.filter_map(|rest| rest.split('"').next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_a_page_names_are_found() {
        let html = r#"<link data-trunk rel="css" href="web/style.css"><script data-trunk src="web/boot.js"></script>"#;
        assert_eq!(local_files(html), ["web/style.css", "web/boot.js"]);
    }

    #[test]
    fn another_content_or_another_name_is_another_number() {
        let folder = std::env::temp_dir().join(format!("xtask-fingerprint-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for temporary files");
        let mut numbers = Vec::new();
        for (name, content) in [("a", "1"), ("a", "2"), ("b", "2")] {
            fs::write(folder.join(name), content).expect("writes");
            numbers.push(of_folder(&folder).expect("reads"));
            assert_eq!(numbers.last().copied(), of_folder(&folder).ok(), "the same twice");
        }
        numbers.dedup();
        assert_eq!(numbers.len(), 3);
        fs::remove_dir_all(folder).expect("removes");
    }
}

//! Rules of this repository that no compiler and no lint knows.

use std::fs;
use std::path::{Path, PathBuf};

/// A file that is longer has more than one idea in it.
const MOST_LINES: usize = 500;

const CRATES: [&str; 7] = ["core", "ledger", "native", "chaos", "web", "xtask", "e2e"];

#[test]
fn no_file_is_long() {
    for (path, text) in CRATES.iter().flat_map(|name| rust_files(name)) {
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{} has {lines} lines; divide it by its ideas", path.display());
    }
}

#[test]
fn the_core_reads_no_clock() {
    for (path, text) in rust_files("core/src") {
        for clock in ["Instant::now(", "SystemTime::now(", ".elapsed("] {
            // Tests need some point in time to begin at.
            let shipped = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
            let mut code = shipped.filter(|line| !line.trim_start().starts_with("//"));
            let hit = code.find(|line| line.contains(clock));
            assert_eq!(hit, None, "{} reads the clock; take `now` as an argument", path.display());
        }
    }
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not find itself.
    let words = [["TO", "DO"], ["FIX", "ME"], ["#[ig", "nore"]].map(|halves| halves.concat());
    for (path, text) in CRATES.iter().flat_map(|name| rust_files(name)) {
        for word in &words {
            assert!(!text.contains(word), "{} has a `{word}`", path.display());
        }
    }
}

#[test]
fn every_test_of_the_core_also_runs_as_wasm() {
    for (path, text) in rust_files("core") {
        let lets_wasm_run_it = text.contains("use wasm_bindgen_test::wasm_bindgen_test as test;");
        assert!(
            !text.contains("#[test]") || lets_wasm_run_it,
            "{} has tests that wasm does not run; put beside its other `use`s:\n\
             #[cfg(target_arch = \"wasm32\")]\nuse wasm_bindgen_test::wasm_bindgen_test as test;",
            path.display()
        );
    }
}

#[test]
fn every_module_of_the_core_is_on_the_map() {
    let map = read(&root().join("ARCHITECTURE.md"));
    for path in entries(&root().join("core/src")) {
        let name = path.file_stem().expect("it is a file or a folder").to_string_lossy().into_owned();
        let is_on_it = map.contains(&format!("`{name}`")) || map.contains(&format!("`{name}/`"));
        assert!(name == "lib" || is_on_it, "ARCHITECTURE.md says nothing of core's module `{name}`");
    }
}

#[test]
fn the_changelog_tells_of_this_version() {
    let version = env!("CARGO_PKG_VERSION");
    let changelog = read(&root().join("CHANGELOG.md"));
    assert!(changelog.contains(&format!("\n## {version}")), "CHANGELOG.md has no heading for {version}");
}

#[test]
fn browsers_are_started_alike_for_all_tests() {
    let [core, web] = ["core/webdriver.json", "web/webdriver.json"].map(|path| read(&root().join(path)));
    assert_eq!(core, web, "core/webdriver.json and web/webdriver.json have to be the same");
    serde_json::from_str::<serde_json::Value>(&web).expect("it is JSON");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the repository").to_owned()
}

/// Every Rust file below a folder, with what is in it.
fn rust_files(folder: &str) -> Vec<(PathBuf, String)> {
    let mut folders = vec![root().join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = read(&path);
                files.push((path, text));
            }
        }
    }
    assert!(!files.is_empty(), "there is no Rust in {folder}");
    files
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("the folder can be read to its end").path()).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

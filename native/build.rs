//! The page is embedded when this crate is built, so it must be built again when the page is.

fn main() {
    // A folder that is missing would count as changed every time, so there is always one.
    let dist = concat!(env!("CARGO_MANIFEST_DIR"), "/../dist");
    let _ = std::fs::create_dir_all(dist);
    println!("cargo::rerun-if-changed={dist}");
}

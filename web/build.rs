//! Keeps what tools after the linker need to know of the program.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        // The profile `page` strips everything; wasm-bindgen and wasm-opt read here which features they may use.
        println!("cargo:rustc-link-arg=--keep-section=target_features");
    }
}

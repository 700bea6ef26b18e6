//! The program `heartline`. Everything is in the library, except the page: so that a new page makes this file new, and
//! nothing else.

use std::borrow::Cow;
use std::process::ExitCode;

use bytes::Bytes;
use heartline::server::page::Page;
use rust_embed::RustEmbed;

/// What the page's build made: part of a release build, read from the folder by any other.
#[derive(RustEmbed)]
#[folder = "../dist"]
#[allow_missing = true]
struct Dist;

/// `cargo xtask run` names the page here. Files that were not there at the last build would not be missed otherwise.
const _: Option<&str> = option_env!("HEARTLINE_PAGE");

fn main() -> ExitCode {
    let files = Dist::iter().filter_map(|path| {
        let bytes = match Dist::get(&path)?.data {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        Some((path.into_owned(), bytes))
    });
    heartline::run(Page::from_files(files)).into()
}

//! A file that somebody chose, read up to a bound.

use js_sys::{ArrayBuffer, JsString, Uint8Array};
use thiserror::Error;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use crate::model::words;

/// The largest file that is read, in bytes: what a page can hold twice without harm.
pub const LARGEST: usize = 64 << 20;

/// Why there is nothing of a file. It stays as it is, and so does what was written here.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FileError {
    /// It was not read.
    #[error("{name} has {}, and a page takes {} at most; `heartline connect` in a terminal takes more", words::size(*bytes), words::size(LARGEST))]
    TooLarge {
        /// Its name.
        name: String,
        /// How large it is.
        bytes: usize,
    },
    /// It is gone, or may not be read.
    #[error("{0} cannot be read; is it still there?")]
    Unreadable(String),
}

/// What is in it, as UTF-8; what is none is replaced, as browsers do.
///
/// # Errors
/// [`FileError`]
pub async fn text(file: &File) -> Result<String, FileError> {
    check(file)?;
    let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.dyn_into::<JsString>().ok());
    text.map(String::from).ok_or_else(|| FileError::Unreadable(file.name()))
}

/// What is in it.
///
/// # Errors
/// [`FileError`]
pub async fn bytes(file: &File) -> Result<Vec<u8>, FileError> {
    check(file)?;
    let buffer = JsFuture::from(file.array_buffer()).await.ok();
    let buffer = buffer.and_then(|buffer| buffer.dyn_into::<ArrayBuffer>().ok());
    buffer.map(|buffer| Uint8Array::new(&buffer).to_vec()).ok_or_else(|| FileError::Unreadable(file.name()))
}

fn check(file: &File) -> Result<(), FileError> {
    let bytes = file.size() as usize;
    if bytes > LARGEST { Err(FileError::TooLarge { name: file.name(), bytes }) } else { Ok(()) }
}

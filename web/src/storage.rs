//! What the page remembers between visits, in `localStorage`.
//!
//! A browser may forbid storage, and anybody may have written anything into it. Neither stops the page: what cannot be
//! read counts as not there, and is said.

use thiserror::Error;
use web_sys::Storage;

/// The keys. Their prefix keeps them apart from other pages of the same origin.
pub mod key {
    /// The name of the one who chats here.
    pub const NAME: &str = "heartline.name";
    /// The room last joined.
    pub const ROOM: &str = "heartline.room";
    /// The policy, as JSON.
    pub const POLICY: &str = "heartline.policy";
    /// Whether a room was last shown as a timeline or as a stage.
    pub const VIEW: &str = "heartline.view";
    /// How the stage shows what is said, as JSON.
    pub const STAGE: &str = "heartline.stage";
    /// Whether to be told by the system when one is named: `yes` or `no`.
    pub const NOTIFY: &str = "heartline.notify";
    /// Messages that were kept to be sent again, as JSON.
    pub const SAVED: &str = "heartline.saved";
    /// The tab last shown.
    pub const TAB: &str = "heartline.tab";
}

/// Why something was not remembered. Always survived; to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StorageError {
    /// The browser gives this page no storage at all.
    #[error(
        "this browser forbids storage to the page: name, room and policy are forgotten when the tab closes"
    )]
    Forbidden,
    /// The browser has storage but refused to write.
    #[error(
        "the browser's storage refused to write (is it full?): what you set is forgotten when the tab closes"
    )]
    Full,
}

/// The browser's storage, or the fact that there is none.
#[derive(Clone, Debug)]
pub struct Store(Option<Storage>);

impl Store {
    /// Opens this origin's `localStorage`.
    pub fn open() -> Self {
        Self(web_sys::window().and_then(|window| window.local_storage().ok().flatten()))
    }

    /// Whether nothing will be remembered.
    pub fn is_forbidden(&self) -> bool {
        self.0.is_none()
    }

    /// What was last written under `key`; `None` too where storage is forbidden.
    pub fn read(&self, key: &str) -> Option<String> {
        self.0.as_ref()?.get_item(key).ok().flatten()
    }

    /// Remembers `value` under `key`.
    ///
    /// # Errors
    /// [`StorageError`] says why not; the page goes on with what it holds in memory.
    pub fn write(&self, key: &str, value: &str) -> Result<(), StorageError> {
        let storage = self.0.as_ref().ok_or(StorageError::Forbidden)?;
        storage.set_item(key, value).map_err(|_| StorageError::Full)
    }
}

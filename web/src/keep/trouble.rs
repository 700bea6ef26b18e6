use thiserror::Error;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::DomException;

/// Why something is not kept, and what helps. The page goes on without.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Trouble {
    /// One tab at a time holds an identity.
    #[error("another tab chats here already, so this one is somebody new to the server; chat there, or here")]
    Held,
    /// Without locks nobody can tell who holds an identity.
    #[error("browsers keep messages only for pages that come over https or from localhost")]
    Insecure,
    /// The user's settings, or a private window.
    #[error("this browser forbids storage to the page; is the window a private one?")]
    Forbidden,
    /// It may take some time until the other tab is gone.
    #[error("another tab runs an older version of this page; close that one and reload this one")]
    Blocked,
    /// The browser showed an old page of its cache.
    #[error("a newer version of this page keeps the messages now; reload this one")]
    Newer,
    /// Taken away while the page was open.
    #[error(
        "the browser's storage was cleared, or taken over by a newer version of this page; reload this one"
    )]
    Gone,
    /// No answer in time, or more waits than may wait.
    #[error("the browser's storage does not answer in time")]
    Slow,
    /// The disk, or this page's share of it.
    #[error("the browser's storage is full; free some space")]
    Full,
    /// Not what this page wrote. It is left as it is.
    #[error("what was kept here is damaged; clear this site's data to begin anew")]
    Damaged,
    /// Anything else, in the browser's words.
    #[error("the browser's storage failed: {0}")]
    Failed(String),
}

impl Trouble {
    /// What a browser means by what it throws.
    pub(super) fn of(thrown: &JsValue) -> Self {
        let Some(error) = thrown.dyn_ref::<DomException>() else {
            return Self::Failed("it does not say why".to_owned());
        };
        match &*error.name() {
            "QuotaExceededError" => Self::Full,
            "SecurityError" => Self::Forbidden,
            "VersionError" => Self::Newer,
            _ => Self::Failed(error.message()),
        }
    }
}

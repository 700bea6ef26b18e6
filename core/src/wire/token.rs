use std::fmt;

/// The longest token, in bytes. A signed one with a few claims has some hundreds.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// What proves to a server who somebody is. Written out for a log it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken(String);

/// Why a text is no token. Whoever gave it is at fault; the words do not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// Nothing but white space.
    #[error("a token of no characters proves nothing")]
    Empty,
    /// White space within, a control character, or a character beyond ASCII: no header can carry it.
    #[error("a token is one word of visible ASCII characters")]
    NotAWord,
    /// Over the limit.
    #[error("a token may be {MAX_TOKEN_BYTES} bytes long, and this has {bytes}")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
}

impl BearerToken {
    /// A token as somebody wrote or sent it; white space around it is not part of it.
    ///
    /// # Errors
    /// [`TokenFault`].
    pub fn parse(written: &str) -> Result<Self, TokenFault> {
        let token = written.trim();
        if token.is_empty() {
            return Err(TokenFault::Empty);
        }
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenFault::TooLong { bytes: token.len() });
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenFault::NotAWord);
        }
        Ok(Self(token.to_owned()))
    }

    /// As it goes on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(…)")
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_token_is_one_visible_word() {
        assert_eq!(BearerToken::parse(" abc.def\n").unwrap().as_str(), "abc.def");
        for (written, fault) in [
            ("", TokenFault::Empty),
            (" \n", TokenFault::Empty),
            ("a\nb", TokenFault::NotAWord),
            ("pässwort", TokenFault::NotAWord),
            ("a\u{7}b", TokenFault::NotAWord),
        ] {
            assert_eq!(BearerToken::parse(written), Err(fault), "{written:?}");
        }
        let bytes = MAX_TOKEN_BYTES + 1;
        assert_eq!(BearerToken::parse(&"x".repeat(bytes)), Err(TokenFault::TooLong { bytes }));
        assert!(BearerToken::parse(&"x".repeat(MAX_TOKEN_BYTES)).is_ok());
    }

    #[test]
    fn neither_a_token_nor_a_fault_shows_it() {
        assert!(!format!("{:?}", BearerToken::parse("secret")).contains("secret"));
        assert!(!BearerToken::parse("secret word").unwrap_err().to_string().contains("secret"));
    }
}

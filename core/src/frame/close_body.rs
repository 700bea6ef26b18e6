use crate::close::{Dialect, code, may_be_sent, meaning};

use super::violation::Violation;

/// What a close frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseBody {
    /// The code; none in an empty close frame.
    pub code: Option<u16>,
    /// The reason; what is no UTF-8 in it becomes U+FFFD.
    pub reason: String,
}

impl CloseBody {
    /// What the code means, in words. Only the dialect of the line gives the 4000s a meaning.
    #[must_use]
    pub fn meaning(&self, dialect: Dialect) -> &'static str {
        meaning(dialect, self.code.unwrap_or(code::NO_STATUS))
    }

    /// Reads a payload, of which the end may be missing if `is_cut`.
    pub(super) fn read(payload: &[u8], is_cut: bool, violations: &mut Vec<Violation>) -> Self {
        let Some((code, reason)) = payload.split_first_chunk::<2>() else {
            if !payload.is_empty() {
                violations.push(Violation::HalfACloseCode);
            }
            return Self { code: None, reason: String::new() };
        };
        let code = u16::from_be_bytes(*code);
        if !may_be_sent(code) {
            violations.push(Violation::CloseCode(code));
        }
        let is_wrong = |fault: std::str::Utf8Error| fault.error_len().is_some() || !is_cut;
        if std::str::from_utf8(reason).is_err_and(is_wrong) {
            violations.push(Violation::ReasonNotUtf8);
        }
        Self { code: Some(code), reason: String::from_utf8_lossy(reason).into_owned() }
    }
}

//! Close codes: what they mean in plain words, and what to do next.
//!
//! The table is the design's: RFC 6455 section 7.4 and the IANA registry for 1000 to 3999, `heartline.v1` for the
//! 4000s. A page may send only 1000 and 3000 to 4999 with a reason of at most 123 bytes (WHATWG).

/// The codes this project sends or treats by name.
pub mod code {
    /// All is said.
    pub const NORMAL: u16 = 1000;
    /// The server leaves, or the page was navigated away from.
    pub const GOING_AWAY: u16 = 1001;
    /// The peer broke RFC 6455.
    pub const PROTOCOL_ERROR: u16 = 1002;
    /// A kind of data that cannot be accepted, as binary on a text-only endpoint.
    pub const UNSUPPORTED: u16 = 1003;
    /// A close frame without a code; never on the wire.
    pub const NO_STATUS: u16 = 1005;
    /// No close frame at all; never on the wire.
    pub const ABNORMAL: u16 = 1006;
    /// Text that is not UTF-8.
    pub const INVALID_DATA: u16 = 1007;
    /// Against the endpoint's rules.
    pub const POLICY: u16 = 1008;
    /// A message over the limit.
    pub const TOO_BIG: u16 = 1009;
    /// The server failed.
    pub const INTERNAL: u16 = 1011;
    /// A gateway got a bad answer from behind it. Registered after RFC 6455, and unknown to some libraries.
    pub const BAD_GATEWAY: u16 = 1014;
    /// No answer to the heartbeat in time. Come back.
    pub const HEARTBEAT_LOST: u16 = 4000;
    /// Took no byte for too long. Come back.
    pub const WRITE_STALLED: u16 = 4001;
    /// The server drains. Come back, at random within what `draining` said.
    pub const DRAINING: u16 = 4002;
    /// Went on sending in spite of a `hold`. Come back.
    pub const IGNORED_HOLD: u16 = 4003;
    /// The token ran out. Come back with a new one.
    pub const TOKEN_EXPIRED: u16 = 4004;
    /// A message against the wire's rules. Stay away.
    pub const BAD_MESSAGE: u16 = 4400;
    /// Token wrong or missing. Fetch once more; twice in a row is final.
    pub const UNAUTHORIZED: u16 = 4401;
    /// A page of another origin. Stay away.
    pub const FOREIGN_ORIGIN: u16 = 4403;
    /// The server speaks no version of the wire that this client does. Stay away.
    pub const VERSION: u16 = 4406;
    /// An older dial of a client that has a newer one. Stay away.
    pub const OLDER_DIAL: u16 = 4408;
    /// Replaced by a newer dial of the same client. Stay away.
    pub const REPLACED: u16 = 4409;
}

/// Which table applies: the 4000s mean something only where `heartline.v1` was agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Any WebSocket endpoint; text and binary are opaque.
    Plain,
    /// `heartline.v1`.
    V1,
}

/// What a client does after a close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Dial again by the policy.
    ComeBack,
    /// Dial again with a fresh token, once; without a source of tokens, stay away.
    FetchToken,
    /// Dial only when told to.
    StayAway,
}

/// What to do after a close with `code`; an EOF without a close frame is [`code::ABNORMAL`].
#[must_use]
pub const fn next(dialect: Dialect, code: u16) -> Next {
    match (dialect, code) {
        (_, 1001 | 1005 | 1006 | 1011..=1014 | 3008) => Next::ComeBack,
        (Dialect::V1, 4401) => Next::FetchToken,
        (Dialect::V1, 4400 | 4403 | 4406 | 4408 | 4409) => Next::StayAway,
        (_, 1000 | 1002 | 1003 | 1007..=1010 | 1015 | 3000 | 3003) => Next::StayAway,
        (_, 3000..=4999) => Next::ComeBack,
        // 0 to 999 and the unassigned rest of the 1000s and 2000s: a peer that breaks the protocol's rules.
        _ => Next::StayAway,
    }
}

/// What `code` means, in words for people. Only [`Dialect::V1`] lines give the 4000s a meaning.
#[must_use]
pub const fn meaning(dialect: Dialect, code: u16) -> &'static str {
    match (dialect, code) {
        (Dialect::V1, 4000) => "no answer to the heartbeat in time",
        (Dialect::V1, 4001) => "took no byte for too long",
        (Dialect::V1, 4002) => "the server is restarting",
        (Dialect::V1, 4003) => "went on sending after being asked to hold",
        (Dialect::V1, 4004) => "the token ran out",
        (Dialect::V1, 4400) => "a message against the protocol's rules",
        (Dialect::V1, 4401) => "token wrong or missing",
        (Dialect::V1, 4403) => "pages of this origin may not come in",
        (Dialect::V1, 4406) => "no common version of the protocol",
        (Dialect::V1, 4408) => "an older connection of a client that has a newer one",
        (Dialect::V1, 4409) => "replaced by a newer connection of the same client",
        (_, 1000) => "closed normally",
        (_, 1001) => "the other side is going away",
        (_, 1002) => "protocol error",
        (_, 1003) => "a kind of data that is not accepted",
        (_, 1005) => "closed without a code",
        (_, 1006) => "the connection ended without a close frame",
        (_, 1007) => "text that is not UTF-8",
        (_, 1008) => "against the endpoint's rules",
        (_, 1009) => "a message over the limit",
        (_, 1010) => "a required extension is missing",
        (_, 1011) => "the server met an internal error",
        (_, 1012) => "the service restarts",
        (_, 1013) => "the service is busy, try again later",
        (_, 1014) => "a gateway got a bad answer from behind it",
        (_, 1015) => "the TLS handshake failed",
        (_, 3000) => "not authorised",
        (_, 3003) => "forbidden",
        (_, 3008) => "a timeout on the other side",
        (_, 3000..=3999) => "a code registered by some library or framework",
        (_, 4000..=4999) => "a code private to this application",
        _ => "a code the protocol does not allow",
    }
}

/// Whether a close frame may hold `code` (RFC 6455 section 7.4): what the IANA registry has, without what stands for a missing
/// frame or code, and what libraries and applications choose for themselves.
#[must_use]
pub const fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Whether a page may pass `code` to `WebSocket.close()`: 1000 and 3000 to 4999 (WHATWG).
#[must_use]
pub const fn page_may_send(code: u16) -> bool {
    matches!(code, 1000 | 3000..=4999)
}

/// Cuts a close reason to the 123 bytes a close frame has room for (RFC 6455 section 5.5), never inside a character.
#[must_use]
pub fn fit_reason(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(MAX_REASON)]
}

/// A control frame holds 125 bytes, two of which are the code.
const MAX_REASON: usize = 123;

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_table_of_the_design() {
        let come_back = [1001, 1005, 1006, 1011, 1012, 1013, 1014, 3008];
        let stay_away =
            [1000, 1002, 1003, 1007, 1008, 1009, 1010, 1015, 3000, 3003, 0, 999, 1004, 1016, 2999, 5000];
        for dialect in [Dialect::Plain, Dialect::V1] {
            for code in come_back {
                assert_eq!(next(dialect, code), Next::ComeBack, "{code}");
            }
            for code in stay_away {
                assert_eq!(next(dialect, code), Next::StayAway, "{code}");
            }
            for code in [3001, 3999, 4005, 4100, 4999] {
                assert_eq!(next(dialect, code), Next::ComeBack, "{code}");
            }
        }
    }

    #[test]
    fn the_4000s_mean_something_only_on_a_v1_line() {
        for code in 4000..=4004 {
            assert_eq!(next(Dialect::V1, code), Next::ComeBack);
        }
        for code in [4400, 4403, 4406, 4408, 4409] {
            assert_eq!(next(Dialect::V1, code), Next::StayAway);
            assert_eq!(next(Dialect::Plain, code), Next::ComeBack);
        }
        assert_eq!(next(Dialect::V1, 4401), Next::FetchToken);
        assert_eq!(next(Dialect::Plain, 4401), Next::ComeBack);
    }

    #[test]
    fn a_reason_is_cut_between_characters() {
        let reason = "é".repeat(62);
        assert_eq!(fit_reason(&reason).len(), 122);
        assert_eq!(fit_reason("short"), "short");
    }
}

//! Reasons for programs: a fixed word each, and room for words a newer server may use.

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// A word this version does not know.
            Other(String),
        }

        impl $name {
            /// The word on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                match word.as_str() {
                    $($word => Self::$variant,)+
                    _ => Self::Other(word),
                }
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> Self {
                code.as_str().to_owned()
            }
        }
    };
}

codes! {
    /// Why a message will never be taken.
    RejectCode {
        /// The same id came before with other content.
        IdReused = "id_reused",
        /// A repeat of something so old that nobody can tell any more whether it arrived.
        Expired = "expired",
        /// The text is over `limits.text_bytes`.
        TooLong = "too_long",
        /// There is no text.
        Empty = "empty",
        /// Its author is not in that room.
        NotJoined = "not_joined",
        /// The room's name cannot be.
        BadRoom = "bad_room",
        /// Ids begin at 1.
        BadId = "bad_id",
        /// Its author's token does not let it write there.
        Forbidden = "forbidden",
    }
}

codes! {
    /// Why messages are not taken now.
    HoldCode {
        /// The server cannot make anything durable at the moment.
        Unavailable = "unavailable",
        /// This client is too fast, or more than `limits.in_flight` of its messages are unanswered.
        TooFast = "too_fast",
    }
}

codes! {
    /// What the server could not make sense of.
    ErrorCode {
        /// Not a JSON object.
        NotJson = "not_json",
        /// A type of message nobody here knows.
        UnknownType = "unknown_type",
        /// A field is missing or holds what it must not.
        BadField = "bad_field",
        /// The message is over `limits.message_bytes`.
        TooLong = "too_long",
        /// A binary message, where only text is spoken.
        Binary = "binary",
        /// Something came before `hello`, or no `hello` came.
        HelloFirst = "hello_first",
        /// A second `hello` on one line.
        HelloTwice = "hello_twice",
        /// The client secret is too short to be one.
        WeakSecret = "weak_secret",
        /// The name is empty, too long or holds control characters.
        BadName = "bad_name",
        /// The room's name is empty, too long or holds control characters.
        BadRoom = "bad_room",
        /// More than `limits.rooms`.
        TooManyRooms = "too_many_rooms",
        /// The client is not in that room.
        NotJoined = "not_joined",
        /// More asked for than can be answered now; ask again later.
        Busy = "busy",
        /// The client's token does not open that room.
        Forbidden = "forbidden",
        /// A fresh token is none, or is somebody else's; the old one still holds.
        BadToken = "bad_token",
        /// The line will be closed: too much of the above.
        TooManyErrors = "too_many_errors",
    }
}

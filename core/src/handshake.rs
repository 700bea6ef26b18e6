//! The opening handshake as named fields, with a verdict on each half.
//!
//! Like [`frame`](crate::frame) it looks on and refuses nothing: it tells what an endpoint had to object to. A
//! [`HeadReader`] collects the head of one direction; [`Request`] and [`Response`] are what stands in it, and
//! [`outcome()`] says what the two make together: a line, an answer that is none, or a refusal and why.
//!
//! ```
//! use heartline_core::handshake::{Outcome, Request, Response, accept_for, outcome};
//!
//! let request = Request::parse(
//!     b"GET /echo HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
//!       Sec-WebSocket-Key: cHgSMsfxKpnmpXM1KcHPOw==\r\nSec-WebSocket-Version: 13\r\n\r\n",
//! )
//! .expect("it is HTTP");
//! assert!(request.breaches().is_empty());
//! assert_eq!(accept_for("cHgSMsfxKpnmpXM1KcHPOw=="), "eB70U2oE9e8g9MHF5BTL6gjhEGQ=");
//!
//! let answer = b"HTTP/1.1 502 Bad Gateway\r\nServer: nginx\r\n\r\n";
//! let response = Response::parse(answer).expect("it is HTTP");
//! let Outcome::Refused(refusal) = outcome(&request, &response) else { panic!("502 is a refusal") };
//! println!("{}; {}", refusal.cause, refusal.cause.advice());
//! ```

mod accept;
mod breach;
mod evidence;
mod extension;
mod fields;
mod head;
mod outcome;
mod reader;
mod refusal;

pub use accept::{KeyFault, accept_for, check_key};
pub use breach::{AnswerBreach, RequestBreach};
pub use evidence::{Evidence, evidence};
pub use extension::{Deflate, DeflateFault, Extension, extensions};
pub use fields::{Field, Fields};
pub use head::{NotHttp, Request, Response};
pub use outcome::{Agreement, Outcome, outcome};
pub use reader::{HeadFault, HeadReader, LONGEST_HEAD};
pub use refusal::{Cause, Refusal};

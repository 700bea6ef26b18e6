//! `heartline listen`: what is typed, and what it comes to.

use std::path::PathBuf;

use clap::Args;
use heartline_core::line::Message;

use super::{
    GlobalArgs, UsageError,
    connect::{Encoding, MessageArgs},
    look::LookArgs,
    quantity::bytes,
};
use crate::{
    client::{console::ConsoleOptions, listen::Address},
    server::tls,
    tap::Tap,
};

/// The flags of `heartline listen`.
#[derive(Args, Clone, Debug)]
pub struct ListenArgs {
    /// Where: 8080 or :8080 (for this machine only), 0.0.0.0:8080, unix:/path/to/socket. Port 0 takes any
    /// free one and tells which.
    #[arg(value_name = "ADDR", value_parser = Address::parse)]
    pub address: Address,

    /// Send each message back where it came from.
    #[arg(long, help_heading = "Messages")]
    pub echo: bool,
    /// Send this to everybody who comes (repeatable).
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, help_heading = "Messages")]
    pub send: Vec<String>,
    /// What goes in and out.
    #[command(flatten)]
    pub messages: MessageArgs,
    /// Take messages, and lines of input, up to this size.
    #[arg(long, value_name = "BYTES", value_parser = bytes, default_value = "64MiB", help_heading = "Messages")]
    pub max_message: usize,

    /// End when the first guest has left.
    #[arg(long, help_heading = "Guests")]
    pub once: bool,
    /// Speak this subprotocol with those who offer it (repeatable).
    #[arg(long, short = 's', value_name = "NAME", help_heading = "Guests")]
    pub subprotocol: Vec<String>,
    /// Speak TLS with this certificate chain (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_key", help_heading = "Guests")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of --tls-cert (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = "Guests")]
    pub tls_key: Option<PathBuf>,

    /// Who looks on.
    #[command(flatten)]
    pub look: LookArgs,
}

/// What the flags come to.
pub struct ListenConfig {
    /// Where.
    pub address: Address,
    /// The console.
    pub console: ConsoleOptions,
    /// How lines become messages.
    pub encoding: Encoding,
    /// What everybody who comes is sent.
    pub send: Vec<Message>,
    /// Messages go back where they came from.
    pub echo: bool,
    /// End when the first guest has left.
    pub once: bool,
    /// What is spoken.
    pub subprotocols: Vec<String>,
    /// TLS, if any.
    pub tls: Option<tokio_rustls::TlsAcceptor>,
    /// Looks at what passes.
    pub tap: Tap,
    /// The largest message, in bytes.
    pub max_message: usize,
}

impl ListenArgs {
    /// Checks what can be checked before anybody comes.
    ///
    /// # Errors
    /// [`UsageError`] with the flag at fault and what would be right.
    pub fn resolve(self, global: GlobalArgs) -> Result<ListenConfig, UsageError> {
        let encoding = self.messages.encoding();
        let encode = |text: String| {
            encoding.message(text.into_bytes()).map_err(|why| UsageError(format!("--send: {why}")))
        };
        let tls = match self.tls_cert.zip(self.tls_key) {
            Some((cert, key)) => {
                Some(tls::acceptor(&cert, &key).map_err(|error| UsageError(error.to_string()))?)
            }
            None => None,
        };
        Ok(ListenConfig {
            console: self.messages.console(global, self.max_message),
            encoding,
            send: self.send.into_iter().map(encode).collect::<Result<_, _>>()?,
            address: self.address,
            echo: self.echo,
            once: self.once,
            subprotocols: self.subprotocol,
            tls,
            tap: self.look.tap(Vec::new())?,
            max_message: self.max_message,
        })
    }
}

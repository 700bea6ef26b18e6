//! The flags of whoever looks on, for every command that has a line.

use std::{path::PathBuf, sync::Arc};

use clap::Args;

use super::UsageError;
use crate::{
    client::dial::io_words,
    tap::{
        Looker, Tap,
        pcap::Pcap,
        trace::{Form, Trace},
    },
};

/// Who looks at what passes.
#[derive(Args, Clone, Debug)]
pub struct LookArgs {
    /// Write down the handshake and each frame, on standard error; `json`: one object a line. Secrets are overwritten
    /// by `*`.
    #[arg(
        long,
        value_name = "FORM",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text",
        value_enum,
        help_heading = "Looking on"
    )]
    pub trace: Option<Form>,
    /// Write what passes to a capture that Wireshark opens (pcapng), TLS taken off.
    #[arg(long, value_name = "FILE", help_heading = "Looking on")]
    pub pcap: Option<PathBuf>,
    /// Do not overwrite secrets in the trace and the capture.
    #[arg(long, help_heading = "Looking on")]
    pub show_secrets: bool,
}

impl LookArgs {
    /// A tap for what was asked for, and for `lookers` besides.
    ///
    /// # Errors
    /// [`UsageError`] if the capture cannot be written.
    pub fn tap(&self, lookers: Vec<Arc<dyn Looker>>) -> Result<Tap, UsageError> {
        let pcap = self.pcap.as_deref().map(|path| {
            let told =
                |error| UsageError(format!("--pcap: cannot write {}: {}", path.display(), io_words(&error)));
            Pcap::create(path).map_err(told)
        });
        Ok(Tap::with_lookers(self.trace.map(Trace::new), pcap.transpose()?, self.show_secrets, lookers))
    }
}

//! `heartline echo`: what is typed, and what it comes to.

use std::time::Duration;

use clap::Args;
use heartline_core::echo::{ProbeKind, ProbePlan};

use super::{
    GlobalArgs, UsageError,
    connect::{Encoding, MessageArgs},
    line::{LineArgs, ResolvedLine},
    quantity::{bytes, duration},
};
use crate::client::console::ConsoleOptions;

/// The flags of `heartline echo`.
#[derive(Args, Clone, Debug)]
pub struct EchoArgs {
    /// Where to and how.
    #[command(flatten)]
    pub line: LineArgs,
    /// What goes in and out.
    #[command(flatten)]
    pub messages: MessageArgs,
    /// Once the input has ended, give up when no reply has come for this long. With --probe: when a probe is lost.
    #[arg(long, short = 'w', value_name = "TIME", value_parser = duration, default_value = "5s", help_heading = "Messages")]
    pub wait: Duration,

    /// Send numbered probes instead of the input, and print a summary as ping(8) does. No echo at all is exit code 40.
    #[arg(long, help_heading = "Probes")]
    pub probe: bool,
    /// End after so many probes; without it, with Ctrl-C.
    #[arg(long, short = 'n', value_name = "N", requires = "probe", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Probes")]
    pub count: Option<u64>,
    /// The time between two probes.
    #[arg(long, short = 'i', value_name = "TIME", requires = "probe", value_parser = duration, default_value = "1s", help_heading = "Probes")]
    pub interval: Duration,
    /// The size of a probe. What tells it from others takes 20 bytes of binary, 24 and more of text: no probe is smaller.
    #[arg(long, value_name = "BYTES", requires = "probe", value_parser = bytes, default_value = "56", help_heading = "Probes")]
    pub size: usize,
}

/// What the flags come to.
pub struct EchoConfig {
    /// The line.
    pub line: ResolvedLine,
    /// The console.
    pub console: ConsoleOptions,
    /// What goes out.
    pub what: What,
    /// How long to wait for a reply.
    pub wait: Duration,
}

/// What goes out.
pub enum What {
    /// The lines of the input.
    Lines(Encoding),
    /// Numbered probes.
    Probes(ProbePlan),
}

impl EchoArgs {
    /// Checks what can be checked before a dial.
    ///
    /// # Errors
    /// [`UsageError`] with the flag at fault and what would be right.
    pub fn resolve(self, global: GlobalArgs) -> Result<EchoConfig, UsageError> {
        let encoding = self.messages.encoding();
        let mut console = self.messages.console(global, self.line.dial.max_message);
        let what = if self.probe {
            console.no_input = true;
            let kind = if encoding == Encoding::Text { ProbeKind::Text } else { ProbeKind::Binary };
            let (count, interval, size, timeout) = (self.count, self.interval, self.size, self.wait);
            let plan = ProbePlan { count, interval, size, kind, timeout };
            plan.check().map_err(|error| UsageError(error.to_string()))?;
            What::Probes(plan)
        } else {
            What::Lines(encoding)
        };
        Ok(EchoConfig { line: self.line.resolve()?, console, what, wait: self.wait })
    }
}

//! `heartline echo`: what goes out is expected back.

mod lines;
mod probes;
mod summary;

use std::time::Duration;

use heartline_core::{
    echo::Echo,
    line::{Machine as _, State},
};
use serde_json::json;

use self::{lines::Lines, probes::Probes};
use super::{console::Console, driver::Driver, ending::Ending, signals::Interrupts};
use crate::{
    cli::echo::{EchoConfig, What},
    exit_code::ExitCode,
    output::style::Tone,
};

/// How long the closing handshake may take at the end.
const GOODBYE: Duration = Duration::from_secs(3);

/// Runs the command to its end.
pub async fn run(config: EchoConfig) -> Ending {
    let mut console = match Console::open(config.console) {
        Ok(console) => console,
        Err(error) => return Ending::new(ExitCode::Own, format!("the terminal cannot be used: {error}")),
    };
    let interrupts = Interrupts::catch();
    let echo = Echo::new(config.line.config, fastrand::u64(..));
    let driver = Driver::new(echo, console.traced(config.line.dialer));
    let desk = Desk { driver, console };
    match config.what {
        What::Lines(encoding) => Lines::new(desk, encoding, config.wait).run(&interrupts).await,
        What::Probes(plan) => Probes::new(desk, plan).run(&interrupts).await,
    }
}

/// The two ends of the command: the user's and the line's.
struct Desk {
    driver: Driver<Echo>,
    console: Console,
}

impl Desk {
    fn is_open(&self) -> bool {
        matches!(self.driver.machine().line().state(), State::Open | State::Suspect)
    }

    /// Hangs up, and puts the ending where the user looks for it.
    async fn close(mut self, ending: Ending) -> Ending {
        self.driver.with(|echo, now| echo.disconnect(now, 1000, ""));
        self.driver.finish(GOODBYE).await;
        if self.console.is_json() {
            let event = json!({"event": "exit", "code": ending.code.number(), "why": ending.text});
            // The reader may be gone; the exit code is not.
            let _ = self.console.tell(Tone::Info, "", event);
        }
        ending
    }
}

//! Why a chat ends, and what it leaves behind.

use crate::{client::ending::Ending, exit_code::ExitCode};

use super::Session;

impl Session {
    pub(super) fn all_said(&self) -> Ending {
        match self.rejected {
            0 => Ending::fine(),
            n => Ending::new(
                ExitCode::Usage,
                format!("{n} {} not taken", if n == 1 { "message was" } else { "messages were" }),
            ),
        }
    }

    pub(super) fn interrupted(&self) -> Ending {
        Ending::new(ExitCode::Interrupted, self.left_behind().unwrap_or_default())
    }

    /// What was not accepted is not said, however politely the server left.
    pub(super) fn closed(&self, ending: Ending) -> Ending {
        match self.left_behind() {
            Some(words) if ending.code == ExitCode::Fine => {
                Ending::new(ExitCode::ClosedByPeer, format!("{}; {words}", ending.text))
            }
            Some(words) => Ending { text: format!("{}; {words}", ending.text), ..ending },
            None => ending,
        }
    }

    fn left_behind(&self) -> Option<String> {
        let later = self.left_for_later();
        let waiting = self.driver.machine().unsettled() + self.queue.len() - later;
        let were = |count| if count == 1 { "message was" } else { "messages were" };
        let later = (later > 0).then(|| {
            format!(
                "{later} {} not accepted yet and will be sent by the next run with --persist",
                were(later)
            )
        });
        let lost = (waiting > 0)
            .then(|| format!("{waiting} {} not accepted yet and may not have arrived", were(waiting)));
        let parts: Vec<String> = [later, lost].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

//! `heartline connect`: prints what comes, sends what is typed.

use std::{
    io,
    time::{Duration, Instant},
};

use heartline_core::line::{Line, LineEvent, Refused, State};
use serde_json::json;

use super::{
    console::{Console, Typed},
    driver::{Driver, now},
    ending::Ending,
    news,
    queue::Queue,
    signals::Interrupts,
    status::status,
};
use crate::{
    cli::connect::{ConnectConfig, WAIT},
    exit_code::ExitCode,
    output::style::Tone,
};

/// Messages that may wait in the line's outbox before a pipe is read any further.
const AHEAD: usize = 64;
/// Their bytes.
const AHEAD_BYTES: usize = 1 << 20;
/// How long the peer may take for its half of the closing handshake. Ours is on its way by then, whoever waits.
const GOODBYE: Duration = Duration::from_secs(1);

/// Runs the command to its end.
pub async fn run(config: ConnectConfig) -> Ending {
    let mut console = match Console::open(config.console) {
        Ok(console) => console,
        Err(error) => return Ending::new(ExitCode::Own, format!("the terminal cannot be used: {error}")),
    };
    let interrupts = Interrupts::catch();
    let wait = config.wait(console.is_interactive());
    let line = Line::new(config.line.config, fastrand::u64(..));
    let mut session = Session {
        driver: Driver::new(line, console.traced(config.line.dialer)),
        input_open: console.has_input(),
        console,
        encoding: config.encoding,
        queue: Queue::new(config.send),
        count: config.count,
        received: 0,
        wait,
        asked: false,
        lost: false,
        end_at: None,
    };
    let ending = match session.talk(&interrupts).await {
        Ok(ending) => ending,
        Err(error) => Ending::output(&error),
    };
    session.driver.with(|line, now| line.disconnect(now, 1000, ""));
    session.driver.finish(GOODBYE).await;
    session.say_goodbye(ending)
}

struct Session {
    driver: Driver<Line>,
    console: Console,
    encoding: crate::cli::connect::Encoding,
    /// What the outbox has no room for yet.
    queue: Queue,
    input_open: bool,
    count: Option<u64>,
    received: u64,
    wait: Option<Duration>,
    /// Something was sent on this line.
    asked: bool,
    /// A line ended on which something was sent: what should have come for it, comes no more.
    lost: bool,
    /// When to end, once the input is at its end and all is sent.
    end_at: Option<Instant>,
}

impl Session {
    /// Until there is a reason to end. An error is that of standard output.
    async fn talk(&mut self, interrupts: &Interrupts) -> io::Result<Ending> {
        self.driver.with(|line, now| line.connect(now));
        loop {
            self.send_queued()?;
            self.note_all_sent();
            let wants_input = self.input_open && self.wants_input();
            let interactive = self.console.is_interactive();
            if interactive {
                let (tone, text) = status(self.driver.machine(), now());
                self.console.set_status(tone, &text);
            }
            tokio::select! {
                event = self.driver.next() => {
                    if let Some(ending) = self.handle(event)? {
                        return Ok(ending);
                    }
                }
                typed = self.console.typed(), if wants_input || interactive => {
                    if let Some(ending) = self.handle_typed(typed)? {
                        return Ok(ending);
                    }
                }
                () = until(self.end_at) => return Ok(self.waited_enough()),
                () = tokio::time::sleep(Duration::from_secs(1)), if interactive => {}
                () = interrupts.caught() => return Ok(Ending::new(ExitCode::Interrupted, "")),
            }
        }
    }

    fn handle(&mut self, event: LineEvent) -> io::Result<Option<Ending>> {
        news::tell(&mut self.console, &self.driver, &event)?;
        match event {
            LineEvent::Message(message) => {
                self.console.received(&message, "", json!({"event": "message"}))?;
                self.received += 1;
                Ok((self.count == Some(self.received)).then(Ending::fine))
            }
            LineEvent::StateChanged(State::Closed(reason)) => {
                let mut ending = Ending::closed(&reason, self.driver.trouble());
                let unsent = self.queue.len() + self.driver.machine().outbox().len();
                if ending.code == ExitCode::Fine && unsent > 0 {
                    let text = format!("{}; {unsent} messages were not sent", ending.text);
                    ending = Ending::new(ExitCode::ClosedByPeer, text);
                }
                Ok(Some(self.without_all(ending)))
            }
            LineEvent::Ended(end) => {
                self.lost |= std::mem::take(&mut self.asked) && self.count.is_some();
                // Nothing is left to say: a line that ends now need not be dialled again.
                if self.end_at.is_none() && !(self.lost && self.has_sent_all()) {
                    return Ok(None);
                }
                let mut ending = Ending::ended(&end, self.driver.trouble());
                if end.lived.is_some() && ending.code == ExitCode::ClosedByPeer && leaves_in_order(&end) {
                    ending.code = ExitCode::Fine;
                }
                Ok(Some(self.without_all(ending)))
            }
            LineEvent::Sent(_) => {
                self.asked = true;
                Ok(None)
            }
            LineEvent::StateChanged(_)
            | LineEvent::Opened { .. }
            | LineEvent::Server(_)
            | LineEvent::Unreadable { .. }
            | LineEvent::Clamped { .. }
            | LineEvent::RoundTrip(_)
            | LineEvent::Arrived { .. }
            | LineEvent::UnknownFate { .. }
            | LineEvent::Expired(_)
            | LineEvent::TokenWanted => Ok(None),
        }
    }

    fn handle_typed(&mut self, typed: Typed) -> io::Result<Option<Ending>> {
        match typed {
            // At a prompt, Enter alone is a slip; in a pipe, an empty line is an empty message.
            Typed::Line(line) if line.is_empty() && self.console.is_interactive() => Ok(None),
            Typed::Line(line) => match self.encoding.message(line) {
                Ok(message) => {
                    if let Err(full) = self.queue.push(message) {
                        self.console.tell(Tone::Bad, &format!("not sent: {full}"), json!(null))?;
                    }
                    self.send_queued()?;
                    if !self.queue.is_empty() && !self.is_open() {
                        self.console.mention(Tone::Info, "(waits for the line)", json!(null))?;
                    }
                    Ok(None)
                }
                Err(why) if self.console.is_interactive() => {
                    self.console.tell(Tone::Bad, why, json!(null))?;
                    Ok(None)
                }
                Err(why) => Ok(Some(Ending::new(ExitCode::Usage, format!("a line of the input: {why}")))),
            },
            // Who leaves the prompt does not wait for a line to come back.
            Typed::End if self.console.is_interactive() && !self.is_open() => {
                let unsent = self.queue.len() + self.driver.machine().outbox().len();
                let lost = Ending::new(
                    ExitCode::LineLost,
                    format!("there is no line, and {unsent} messages were not sent"),
                );
                Ok(Some(if unsent == 0 { Ending::fine() } else { lost }))
            }
            Typed::End => {
                self.input_open = false;
                Ok(None)
            }
            Typed::Interrupted => Ok(Some(Ending::new(ExitCode::Interrupted, ""))),
            Typed::Unreadable(why) => {
                Ok(Some(Ending::new(ExitCode::Usage, format!("standard input: {why}"))))
            }
        }
    }

    /// Moves what waits into the outbox, as far as there is room: as much comes out of it as the line takes.
    fn send_queued(&mut self) -> io::Result<()> {
        while let Some(message) = self.queue.pop() {
            match self.driver.with(|line, now| line.send(now, message.clone())) {
                Ok(_) => {
                    self.console.sent(&message, "")?;
                    if !self.is_open() {
                        self.console.mention(Tone::Info, "(waits for the line)", json!(null))?;
                    }
                }
                Err(Refused::TooMany { .. } | Refused::TooMuch { .. }) => {
                    self.queue.put_back(message);
                    return Ok(());
                }
                Err(refused) => self.console.tell(
                    Tone::Bad,
                    &format!("not sent: {refused}"),
                    json!({"event": "refused", "why": refused.to_string()}),
                )?,
            }
        }
        Ok(())
    }

    fn is_open(&self) -> bool {
        matches!(self.driver.machine().state(), State::Open | State::Suspect)
    }

    /// Whether a pipe may be read further: what it brought before is on its way.
    fn wants_input(&self) -> bool {
        let outbox = self.driver.machine().outbox();
        self.queue.is_empty() && outbox.len() < AHEAD && outbox.bytes() < AHEAD_BYTES
    }

    /// Whether nothing more will be sent.
    fn has_sent_all(&self) -> bool {
        !self.input_open && self.queue.is_empty() && self.driver.machine().outbox().is_empty()
    }

    /// Starts the last wait when nothing more will be sent. Whoever waits for a number of messages, and asked for some of
    /// them on a line that is lost, does not wait for ever.
    fn note_all_sent(&mut self) {
        if self.end_at.is_none() && self.is_open() && self.has_sent_all() {
            let wait = self.wait.or(if self.lost { Some(WAIT) } else { None });
            self.end_at = wait.map(|wait| now() + wait);
        }
    }

    fn waited_enough(&self) -> Ending {
        self.without_all(Ending::fine())
    }

    /// An ending that would be fine is not, if messages that were asked for are missing.
    fn without_all(&self, ending: Ending) -> Ending {
        let Some(count) = self.count.filter(|count| self.received < *count) else { return ending };
        let missing = format!("only {} of {count} messages came", self.received);
        let code = if ending.code == ExitCode::Fine { ExitCode::NoReply } else { ending.code };
        match ending.text.as_str() {
            "" => Ending::new(code, missing),
            why if matches!(code, ExitCode::NoReply | ExitCode::LineLost | ExitCode::ClosedByPeer) => {
                Ending::new(code, format!("{missing}: {why}"))
            }
            // There never was a line.
            _ => ending,
        }
    }

    /// Gives the terminal back, and puts the ending where the user looks for it.
    fn say_goodbye(mut self, ending: Ending) -> Ending {
        if self.console.is_json() {
            let event = json!({"event": "exit", "code": ending.code.number(), "why": ending.text});
            // The reader may be gone; the exit code is not.
            let _ = self.console.tell(Tone::Info, "", event);
        }
        ending
    }
}

/// Whether the peer left as one does who has nothing more to say.
fn leaves_in_order(end: &heartline_core::line::LineEnd) -> bool {
    use heartline_core::{
        close::code::{GOING_AWAY, NO_STATUS},
        line::{Cause, Ended},
    };
    matches!(end.cause, Cause::Peer(Ended::Code { code: GOING_AWAY | NO_STATUS, .. }))
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

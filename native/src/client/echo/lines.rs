//! The free form: a line in, a line out.

use std::{
    io,
    time::{Duration, Instant},
};

use heartline_core::{
    echo::Event,
    line::{LineEvent, Machine as _, Message, Refused, State},
};
use serde_json::json;

use super::Desk;
use crate::{
    cli::connect::Encoding,
    client::{
        console::Typed,
        driver::{now, until},
        ending::Ending,
        news,
        queue::Queue,
        signals::Interrupts,
        status::{millis, status},
    },
    exit_code::ExitCode,
    output::style::Tone,
};

/// Messages that may wait in the line's outbox before a pipe is read any further.
const AHEAD: usize = 64;

pub(super) struct Lines {
    desk: Desk,
    encoding: Encoding,
    wait: Duration,
    /// What there is no room for yet: one line of a pipe, or what is pasted.
    queue: Queue,
    input_open: bool,
    asked: u64,
    answered: u64,
    /// Their line ended before the reply came.
    unanswered: u64,
    /// When there was last a reason to expect a reply soon.
    hopeful_since: Instant,
}

impl Lines {
    pub(super) fn new(desk: Desk, encoding: Encoding, wait: Duration) -> Self {
        Self {
            input_open: desk.console.has_input(),
            desk,
            encoding,
            wait,
            queue: Queue::default(),
            asked: 0,
            answered: 0,
            unanswered: 0,
            hopeful_since: now(),
        }
    }

    pub(super) async fn run(mut self, interrupts: &Interrupts) -> Ending {
        let ending = self.talk(interrupts).await.unwrap_or_else(|error| Ending::output(&error));
        self.desk.close(ending).await
    }

    /// Until there is a reason to end. An error is that of standard output.
    async fn talk(&mut self, interrupts: &Interrupts) -> io::Result<Ending> {
        self.desk.driver.with(|echo, now| echo.connect(now));
        loop {
            self.send_queued()?;
            if !self.input_open && self.queue.is_empty() && self.waiting() == 0 && self.ready_to_end() {
                return Ok(self.all_in());
            }
            let (tone, text) = status(self.desk.driver.machine().line(), now());
            self.desk.console.set_status(tone, &text);
            let interactive = self.desk.console.is_interactive();
            let wants_input = self.input_open && (interactive || self.wants_input());
            let deadline = self.deadline();
            tokio::select! {
                event = self.desk.driver.next() => {
                    if let Some(ending) = self.handle(event)? {
                        return Ok(ending);
                    }
                }
                typed = self.desk.console.typed(), if wants_input => {
                    if let Some(ending) = self.handle_typed(typed)? {
                        return Ok(ending);
                    }
                }
                () = until(deadline) => return Ok(self.no_reply()),
                () = tokio::time::sleep(Duration::from_secs(1)), if interactive => {}
                () = interrupts.caught() => return Ok(Ending::new(ExitCode::Interrupted, "")),
            }
        }
    }

    fn handle(&mut self, event: Event) -> io::Result<Option<Ending>> {
        match event {
            Event::Echoed { message, round_trip, changed, out_of_order, corrects, .. } => {
                self.hopeful_since = now();
                if !corrects {
                    self.answered += 1;
                }
                let ms = round_trip.as_secs_f64() * 1e3;
                let event =
                    json!({"event": "reply", "ms": ms, "changed": changed, "out_of_order": out_of_order});
                self.desk.console.received(&message, &format!("{} ", millis(round_trip)), event)?;
                if changed {
                    self.note("this is not what was sent")?;
                }
                if out_of_order {
                    self.note("this came before the reply to an earlier message")?;
                }
                Ok(None)
            }
            Event::Unasked(message) => {
                self.unasked(&message)?;
                Ok(None)
            }
            Event::Unanswered(ids) => {
                self.unanswered += ids.len() as u64;
                Ok(None)
            }
            Event::Line(event) => self.handle_line(event),
            Event::ProbeSent { .. }
            | Event::ProbeBack { .. }
            | Event::ProbeRepeated { .. }
            | Event::ProbeLost { .. }
            | Event::ProbesUnknown { .. }
            | Event::RunOver => Ok(None),
        }
    }

    fn handle_line(&mut self, event: LineEvent) -> io::Result<Option<Ending>> {
        news::tell(&mut self.desk.console, &self.desk.driver, &event)?;
        match event {
            LineEvent::StateChanged(State::Closed(reason)) => {
                let ending = Ending::closed(&reason, self.desk.driver.trouble());
                let missing = self.missing();
                if ending.code != ExitCode::Fine || missing == 0 {
                    return Ok(Some(ending));
                }
                let text = format!("{}; {}", ending.text, self.missing_in_words());
                Ok(Some(Ending::new(ExitCode::NoReply, text)))
            }
            LineEvent::Opened { .. } | LineEvent::Sent(_) => {
                self.hopeful_since = now();
                Ok(None)
            }
            LineEvent::Expired(expired) => {
                self.unanswered += expired.len() as u64;
                Ok(None)
            }
            LineEvent::StateChanged(_)
            | LineEvent::Message(_)
            | LineEvent::Server(_)
            | LineEvent::Unreadable { .. }
            | LineEvent::Clamped { .. }
            | LineEvent::RoundTrip(_)
            | LineEvent::Arrived { .. }
            | LineEvent::UnknownFate { .. }
            | LineEvent::TokenWanted
            | LineEvent::Ended(_) => Ok(None),
        }
    }

    fn handle_typed(&mut self, typed: Typed) -> io::Result<Option<Ending>> {
        match typed {
            // At a prompt, Enter alone is a slip; in a pipe, an empty line is an empty message.
            Typed::Line(line) if line.is_empty() && self.desk.console.is_interactive() => Ok(None),
            Typed::Line(line) => match self.encoding.message(line) {
                Ok(message) => {
                    if let Err(full) = self.queue.push(message) {
                        self.desk.console.tell(Tone::Bad, &format!("not sent: {full}"), json!(null))?;
                    }
                    Ok(None)
                }
                Err(why) if self.desk.console.is_interactive() => {
                    self.desk.console.tell(Tone::Bad, why, json!(null))?;
                    Ok(None)
                }
                Err(why) => Ok(Some(Ending::new(ExitCode::Usage, format!("a line of the input: {why}")))),
            },
            Typed::End => {
                self.input_open = false;
                self.hopeful_since = now();
                Ok(None)
            }
            Typed::Interrupted => Ok(Some(Ending::new(ExitCode::Interrupted, ""))),
            Typed::Unreadable(why) => {
                Ok(Some(Ending::new(ExitCode::Usage, format!("standard input: {why}"))))
            }
        }
    }

    fn send_queued(&mut self) -> io::Result<()> {
        while let Some(message) = self.queue.pop() {
            let Desk { driver, console } = &mut self.desk;
            match driver.with(|echo, now| echo.send(now, message.clone())) {
                Ok(_) => {
                    self.asked += 1;
                    console.sent(&message, "")?;
                }
                Err(Refused::TooMany { .. } | Refused::TooMuch { .. }) => {
                    self.queue.put_back(message);
                    return Ok(());
                }
                Err(refused) => console.tell(
                    Tone::Bad,
                    &format!("not sent: {refused}"),
                    json!({"event": "refused", "why": refused.to_string()}),
                )?,
            }
        }
        Ok(())
    }

    /// Whether a pipe may be read further: what it brought before is on its way.
    fn wants_input(&self) -> bool {
        self.queue.is_empty() && self.desk.driver.machine().line().outbox().len() < AHEAD
    }

    /// When to give up: nothing more can go out, and no reply has come for so long. A dial has a patience of its own.
    fn deadline(&self) -> Option<Instant> {
        let echo = self.desk.driver.machine();
        let idle = !self.input_open || !self.queue.is_empty();
        let first_dial = !self.desk.is_open() && echo.line().last_end().is_none();
        (idle && self.waiting() > 0 && !first_dial).then(|| self.hopeful_since + self.wait)
    }

    /// Without a single message the line still has to have been there once.
    fn ready_to_end(&self) -> bool {
        self.asked > 0 || self.desk.is_open()
    }

    /// Replies that may still come.
    fn waiting(&self) -> u64 {
        self.asked - self.answered - self.unanswered
    }

    fn missing(&self) -> u64 {
        self.asked + self.queue.len() as u64 - self.answered
    }

    fn all_in(&self) -> Ending {
        if self.unanswered == 0 {
            return Ending::fine();
        }
        let end = self.desk.driver.machine().line().last_end();
        let why = end.map_or_else(|| "the line ended before they came".to_owned(), ToString::to_string);
        Ending::new(ExitCode::NoReply, format!("{}: {why}", self.missing_in_words()))
    }

    fn no_reply(&self) -> Ending {
        let waited = self.wait.as_secs_f64();
        Ending::new(ExitCode::NoReply, format!("no reply for {waited} s; {}", self.missing_in_words()))
    }

    fn missing_in_words(&self) -> String {
        format!("{} of {} replies are missing", self.missing(), self.asked + self.queue.len() as u64)
    }

    fn note(&mut self, text: &str) -> io::Result<()> {
        self.desk.console.tell(Tone::Warning, text, json!(null))
    }

    /// A message that answers nothing. Standard output of a pipe is for replies alone.
    fn unasked(&mut self, message: &Message) -> io::Result<()> {
        let console = &mut self.desk.console;
        if console.is_json() || console.is_interactive() {
            return console.received(message, "unasked ", json!({"event": "unasked"}));
        }
        let text = match message {
            Message::Text(text) => format!("unasked: {}", crate::output::escape::excerpt(text, 200)),
            Message::Binary(bytes) => format!("unasked: {} bytes of binary", bytes.len()),
        };
        console.tell(Tone::Warning, &text, json!(null))
    }
}

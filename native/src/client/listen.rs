//! `heartline listen`: the other end of `connect`. Prints what comes, sends what is typed, to one guest or to all.

mod address;
mod guest;
mod verb;

use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

use heartline_core::{close::code, line::Message};
use serde_json::{Value, json};
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    task::JoinSet,
};

pub use self::address::Address;
pub(crate) use self::address::{Accepted, Listener};
use self::{
    guest::{House, Outgoing, Report},
    verb::{To, Verb},
};
use super::{
    console::{Console, Typed},
    ending::Ending,
    signals::Interrupts,
};
use crate::{cli::listen::ListenConfig, exit_code::ExitCode, output::style::Tone};

/// Reports that may wait; then guests are read no further.
const REPORTS: usize = 256;
/// Connections at one time; the rest wait in the kernel's queue.
const MOST_GUESTS: usize = 1000;
/// How long guests may take to say goodbye at the end.
const GOODBYE: Duration = Duration::from_secs(2);

/// Runs the command to its end.
pub async fn run(config: ListenConfig) -> Ending {
    let listener = match config.address.bind().await {
        Ok(listener) => listener,
        Err(why) => return Ending::new(ExitCode::Own, why),
    };
    let mut console = match Console::open(config.console) {
        Ok(console) => console,
        Err(error) => return Ending::new(ExitCode::Own, format!("the terminal cannot be used: {error}")),
    };
    console.show_trace_of(&config.tap);
    let interrupts = Interrupts::catch();
    let url = listener.url(config.tls.is_some());
    let house = House {
        tls: config.tls,
        subprotocols: config.subprotocols,
        max_message: config.max_message,
        echo: config.echo,
        tap: config.tap,
    };
    let mut hall = Hall {
        input_open: console.has_input(),
        console,
        encoding: config.encoding,
        send: config.send,
        once: config.once,
        guests: BTreeMap::new(),
        to: To::All,
        house: Arc::new(house),
        tasks: JoinSet::new(),
        came: 0,
    };
    let ending = match hall.receive(&listener, &url, &interrupts).await {
        Ok(ending) => ending,
        Err(error) => Ending::output(&error),
    };
    hall.part().await;
    if hall.console.is_json() {
        let event = json!({"event": "exit", "code": ending.code.number(), "why": ending.text});
        // The reader may be gone; the exit code is not.
        let _ = hall.console.tell(Tone::Info, "", event);
    }
    ending
}

/// Everybody who is here, and the one at the console.
struct Hall {
    console: Console,
    encoding: crate::cli::connect::Encoding,
    send: Vec<Message>,
    once: bool,
    input_open: bool,
    guests: BTreeMap<u64, mpsc::Sender<Outgoing>>,
    /// Whom typed lines are for.
    to: To,
    house: Arc<House>,
    tasks: JoinSet<()>,
    came: u64,
}

impl Hall {
    /// Until there is a reason to end. An error is that of standard output.
    async fn receive(
        &mut self,
        listener: &Listener,
        url: &str,
        interrupts: &Interrupts,
    ) -> io::Result<Ending> {
        let (reporter, mut reports) = mpsc::channel(REPORTS);
        self.console.tell(
            Tone::Good,
            &format!("listening on {url}"),
            json!({"event": "listening", "url": url}),
        )?;
        loop {
            self.show_status();
            let may_type = self.console.is_interactive() || (self.input_open && self.has_room());
            tokio::select! {
                accepted = listener.accept(), if self.tasks.len() < MOST_GUESTS => match accepted {
                    Ok((stream, from)) => {
                        self.came += 1;
                        tracing::debug!(number = self.came, from, "a connection");
                        let house = Arc::clone(&self.house);
                        self.tasks.spawn(guest::serve(self.came, stream, from, house, reporter.clone()));
                    }
                    Err(error) => {
                        self.console.tell(Tone::Warning, &format!("cannot accept a guest: {error}"), Value::Null)?;
                        // Usually too many open files: somebody has to leave first.
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
                Some((number, report)) = reports.recv() => {
                    if let Some(ending) = self.handle(number, report)? {
                        return Ok(ending);
                    }
                }
                Some(_) = self.tasks.join_next() => {}
                typed = self.console.typed(), if may_type => {
                    if let Some(ending) = self.handle_typed(typed)? {
                        return Ok(ending);
                    }
                }
                () = interrupts.caught() => return Ok(Ending::new(ExitCode::Interrupted, "")),
            }
        }
    }

    fn handle(&mut self, number: u64, report: Report) -> io::Result<Option<Ending>> {
        match report {
            Report::Came { path, subprotocol, outgoing } => {
                let speaking =
                    subprotocol.as_ref().map(|name| format!(", speaking {name}")).unwrap_or_default();
                let event =
                    json!({"event": "came", "guest": number, "path": path, "subprotocol": subprotocol});
                self.console.tell(Tone::Good, &format!("#{number} came to {path}{speaking}"), event)?;
                for message in &self.send {
                    // The queue is new and empty; more greetings than it holds are cut.
                    let _ = outgoing.try_send(Outgoing::Message(message.clone()));
                }
                self.guests.insert(number, outgoing);
                Ok(None)
            }
            Report::Message(message) => {
                let event = json!({"event": "message", "guest": number});
                self.console.received(&message, &format!("#{number} "), event)?;
                Ok(None)
            }
            Report::Left { code, why } => {
                self.guests.remove(&number);
                if self.to == To::One(number) {
                    self.to = To::All;
                }
                let event = json!({"event": "left", "guest": number, "code": code, "why": why});
                self.console.tell(Tone::Info, &format!("#{number} left: {why}"), event)?;
                Ok(self.once.then(Ending::fine))
            }
            Report::Refused(why) => {
                let event = json!({"event": "refused", "guest": number, "why": why});
                self.console.mention(Tone::Warning, &format!("#{number} did not come in: {why}"), event)?;
                Ok(None)
            }
        }
    }

    fn handle_typed(&mut self, typed: Typed) -> io::Result<Option<Ending>> {
        match typed {
            Typed::Line(line) if self.console.is_interactive() => {
                match verb::read(&String::from_utf8_lossy(&line)) {
                    Ok(verb) => self.obey(verb).map(|()| None),
                    Err(why) => self.console.tell(Tone::Bad, &why, Value::Null).map(|()| None),
                }
            }
            Typed::Line(line) => self.say(To::All, line),
            Typed::End if self.console.is_interactive() => Ok(Some(Ending::fine())),
            // What was in the pipe is sent; guests may go on talking.
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

    fn obey(&mut self, verb: Verb) -> io::Result<()> {
        match verb {
            Verb::Nothing => Ok(()),
            Verb::Say(text) => self.say(self.to, text.into_bytes()).map(drop),
            Verb::Address(To::One(number)) if !self.guests.contains_key(&number) => self.unknown(number),
            Verb::Address(to) => {
                self.to = to;
                Ok(())
            }
            Verb::Who => {
                let numbers: Vec<String> = self.guests.keys().map(|number| format!("#{number}")).collect();
                let text = if numbers.is_empty() { "nobody is here".to_owned() } else { numbers.join(" ") };
                self.console.tell(Tone::Info, &text, Value::Null)
            }
            Verb::Close { guest, code, reason } => match self.guests.get(&guest) {
                Some(outgoing) => {
                    if outgoing.try_send(Outgoing::Close(code, reason)).is_err() {
                        let text = format!("#{guest} takes nothing any more");
                        return self.console.tell(Tone::Warning, &text, Value::Null);
                    }
                    Ok(())
                }
                None => self.unknown(guest),
            },
            Verb::Help => self.console.tell(Tone::Info, verb::HELP, Value::Null),
        }
    }

    /// Sends a line to whom it is for.
    fn say(&mut self, to: To, line: Vec<u8>) -> io::Result<Option<Ending>> {
        let message = match self.encoding.message(line) {
            Ok(message) => message,
            Err(why) if self.console.is_interactive() => {
                self.console.tell(Tone::Bad, why, Value::Null)?;
                return Ok(None);
            }
            Err(why) => return Ok(Some(Ending::new(ExitCode::Usage, format!("a line of the input: {why}")))),
        };
        if self.guests.is_empty() {
            self.console.tell(Tone::Warning, "nobody is here to read this", Value::Null)?;
            return Ok(None);
        }
        let whom = match to {
            To::All => String::new(),
            To::One(number) => format!("#{number} "),
        };
        self.console.sent(&message, &whom)?;
        for (number, outgoing) in &self.guests {
            if to.includes(*number)
                && let Err(TrySendError::Full(_)) = outgoing.try_send(Outgoing::Message(message.clone()))
            {
                let text = format!("#{number} reads too slowly: this message was not sent to it");
                self.console.tell(Tone::Warning, &text, json!({"event": "skipped", "guest": number}))?;
            }
        }
        Ok(None)
    }

    /// Whether a line of the pipe has somebody to go to, with room for all.
    fn has_room(&self) -> bool {
        !self.guests.is_empty() && self.guests.values().all(|outgoing| outgoing.capacity() > 0)
    }

    fn unknown(&mut self, number: u64) -> io::Result<()> {
        self.console.tell(Tone::Bad, &format!("there is no #{number}; /who tells who is here"), Value::Null)
    }

    fn show_status(&mut self) {
        let count = self.guests.len();
        let (tone, here) = match count {
            0 => (Tone::Info, "○ nobody here".to_owned()),
            1 => (Tone::Good, "● 1 guest".to_owned()),
            _ => (Tone::Good, format!("● {count} guests")),
        };
        let text = match self.to {
            To::One(number) => format!("{here}, to #{number}"),
            To::All => here,
        };
        self.console.set_status(tone, &text);
    }

    /// Says goodbye to everybody who is still here.
    async fn part(&mut self) {
        for outgoing in self.guests.values() {
            // A guest with a full queue is not waited for.
            let _ = outgoing.try_send(Outgoing::Close(code::GOING_AWAY, "listener is leaving".to_owned()));
        }
        self.guests.clear();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(GOODBYE, all).await;
    }
}

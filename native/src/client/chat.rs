//! `heartline chat`: a room in the terminal.

mod endings;
mod identity;
pub(crate) mod keep;
mod keeping;
mod prompt;
mod show;

use std::{
    collections::{BTreeSet, VecDeque},
    io,
    time::{Duration, Instant},
};

use heartline_core::{
    chat::{Chat, ChatConfig as Application, Delivery, Event, OwnMessage, RoomEvent, SayError},
    line::{LineEvent, State},
};
use serde_json::json;

use self::{keep::Keeper, prompt::Command};
use super::{
    console::{Console, Typed},
    driver::{Driver, now, until},
    ending::Ending,
    news,
    signals::Interrupts,
};
use crate::{
    cli::chat::ChatConfig,
    exit_code::ExitCode,
    output::{escape::escaped, style::Tone},
};

/// Own messages that may wait before a pipe is read any further.
const AHEAD: usize = 128;
/// How long the closing handshake may take at the end.
const GOODBYE: Duration = Duration::from_secs(3);

/// Runs the command to its end.
pub async fn run(config: ChatConfig) -> Ending {
    let opened = match keeping::open(&config) {
        Ok(opened) => opened,
        Err(why) => return Ending::new(ExitCode::Own, why),
    };
    let mut console = match Console::open(config.console) {
        Ok(console) => console,
        Err(error) => return Ending::new(ExitCode::Own, format!("the terminal cannot be used: {error}")),
    };
    let interrupts = Interrupts::catch();
    let application = Application {
        line: config.line.config,
        identity: opened.identity,
        name: config.name,
        token: config.token,
    };
    let mut chat = match Chat::new(application, fastrand::u64(..)) {
        Ok(chat) => chat,
        Err(fault) => return Ending::new(ExitCode::Usage, format!("--name cannot be that: {fault}")),
    };
    if opened.keeper.is_some() {
        chat.keep(now(), opened.stored);
    }
    if let Err(error) = keeping::tell(&mut console, opened.warning.as_deref(), chat.unsettled()) {
        return Ending::output(&error);
    }
    if let Err(error) = chat.join(now(), &config.room) {
        return Ending::new(ExitCode::Usage, format!("--room: {error}"));
    }
    let session = Session {
        driver: Driver::new(chat, console.traced(config.line.dialer)),
        input_open: console.has_input(),
        listening: !console.has_input(),
        console,
        room: config.room,
        wait: config.wait,
        queue: VecDeque::new(),
        keeper: opened.keeper,
        not_kept: BTreeSet::new(),
        rejected: 0,
        live: false,
        all_said_at: None,
    };
    session.run(&interrupts).await
}

struct Session {
    driver: Driver<Chat>,
    console: Console,
    room: String,
    wait: Duration,
    /// What there is no room for yet: a line of a pipe.
    queue: VecDeque<String>,
    /// Stores what is written; `None` where nothing outlives the run.
    keeper: Option<Keeper>,
    /// The unsettled messages that are not stored, by room and number.
    not_kept: BTreeSet<(String, u64)>,
    input_open: bool,
    /// There never was input: stay.
    listening: bool,
    rejected: u64,
    /// All that was there when we came in has been told.
    live: bool,
    /// Since when nothing more is to be said.
    all_said_at: Option<Instant>,
}

impl Session {
    async fn run(mut self, interrupts: &Interrupts) -> Ending {
        let ending = match self.talk(interrupts).await {
            Ok(ending) => ending,
            Err(error) => Ending::output(&error),
        };
        self.driver.with(|chat, now| chat.disconnect(now, 1000, ""));
        self.driver.finish(GOODBYE).await;
        self.stop_keeping(GOODBYE).await;
        if self.console.is_json() {
            let event = json!({"event": "exit", "code": ending.code.number(), "why": ending.text});
            // The reader may be gone; the exit code is not.
            let _ = self.console.tell(Tone::Info, "", event);
        }
        ending
    }

    /// Until there is a reason to end. An error is that of standard output.
    async fn talk(&mut self, interrupts: &Interrupts) -> io::Result<Ending> {
        self.driver.with(|chat, now| chat.connect(now));
        loop {
            if let Some(ending) = self.say_queued()? {
                return Ok(ending);
            }
            self.note_all_said();
            let (tone, text) = prompt::status(self.driver.machine(), now());
            self.console.set_status(tone, &text);
            let interactive = self.console.is_interactive();
            let wants_input = self.input_open && (interactive || self.wants_input());
            tokio::select! {
                event = self.driver.next() => {
                    if let Some(ending) = self.handle(event)? {
                        return Ok(ending);
                    }
                }
                answer = keeping::answered(self.keeper.as_mut()) => self.take_answer(answer)?,
                typed = self.console.typed(), if wants_input => {
                    if let Some(ending) = self.handle_typed(typed)? {
                        return Ok(ending);
                    }
                }
                () = until(self.all_said_at.map(|at| at + self.wait)) => return Ok(self.all_said()),
                () = tokio::time::sleep(Duration::from_secs(1)), if interactive => {}
                () = interrupts.caught() => return Ok(self.interrupted()),
            }
        }
    }

    fn handle(&mut self, event: Event) -> io::Result<Option<Ending>> {
        match event {
            Event::Line(event) => {
                news::tell(&mut self.console, &self.driver, &event)?;
                if let LineEvent::StateChanged(State::Closed(reason)) = event {
                    return Ok(Some(self.closed(Ending::closed(&reason, self.driver.trouble()))));
                }
            }
            Event::Room { room, what } => return self.handle_room(&room, what),
            Event::Welcome { you, session } => {
                self.console.tell(
                    Tone::Info,
                    "",
                    json!({"event": "welcome", "you": you, "session": session}),
                )?;
            }
            Event::Draining { within } => {
                let ms = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
                let text = "the server is about to restart; this comes back by itself";
                self.console.tell(Tone::Info, text, json!({"event": "draining", "within_ms": ms}))?;
            }
            Event::ServerError { code, why, room } => {
                let text = format!("the server says: {} ({})", escaped(&why), escaped(code.as_str()));
                let event = json!({"event": "server_error", "code": code.as_str(), "why": why, "room": room});
                self.console.tell(Tone::Bad, &text, event)?;
            }
            Event::Keep(keep) => self.keep(keep)?,
            Event::TokenEnds { .. } => self.driver.renew_token(),
            Event::Odd { room, what } => {
                let text = format!("the server said what cannot be: {}", escaped(&what));
                self.console.mention(
                    Tone::Warning,
                    &text,
                    json!({"event": "odd", "room": room, "what": what}),
                )?;
            }
        }
        Ok(None)
    }

    fn handle_room(&mut self, room: &str, what: RoomEvent) -> io::Result<Option<Ending>> {
        self.note_kept(room, &what);
        let here = room == self.room;
        if let (RoomEvent::Refused { code, why }, true) = (&what, here) {
            let text = format!(
                "the server does not let you into \"{room}\": {} ({})",
                escaped(why),
                escaped(code.as_str())
            );
            return Ok(Some(Ending::new(ExitCode::Usage, text)));
        }
        if let RoomEvent::Own(OwnMessage { delivery: Delivery::Rejected(_), id, .. }) = &what {
            self.rejected += 1;
            let (room, id) = (room.to_owned(), *id);
            self.driver.with(|chat, _| chat.dismiss(&room, id));
        }
        match what {
            RoomEvent::Joined { .. } if here => self.live = false,
            RoomEvent::CaughtUp if here => self.live = true,
            RoomEvent::Joined { .. }
            | RoomEvent::CaughtUp
            | RoomEvent::Refused { .. }
            | RoomEvent::Left { .. }
            | RoomEvent::Entry { .. }
            | RoomEvent::Healing { .. }
            | RoomEvent::Page { .. }
            | RoomEvent::Members { .. }
            | RoomEvent::Own(_)
            | RoomEvent::NotKept { .. } => {}
        }
        // In another room we are only for what an earlier run left there.
        if here || matches!(what, RoomEvent::Own(_) | RoomEvent::NotKept { .. }) {
            show::room_event(&mut self.console, self.driver.machine(), room, &what, self.live)?;
        }
        Ok(None)
    }

    fn handle_typed(&mut self, typed: Typed) -> io::Result<Option<Ending>> {
        match typed {
            Typed::Line(line) => match String::from_utf8(line) {
                Ok(line) if self.console.is_interactive() => return self.obey(Command::read(line)),
                // A message has words: an empty line is none.
                Ok(line) if line.trim().is_empty() => {}
                Ok(line) => self.queue.push_back(line),
                Err(_) => {
                    return Ok(Some(Ending::new(
                        ExitCode::Usage,
                        "a line of the input is not UTF-8, which messages are",
                    )));
                }
            },
            Typed::End => {
                self.input_open = false;
                self.all_said_at = None;
            }
            Typed::Interrupted => return Ok(Some(self.interrupted())),
            Typed::Unreadable(why) => {
                return Ok(Some(Ending::new(ExitCode::Usage, format!("standard input: {why}"))));
            }
        }
        Ok(None)
    }

    fn obey(&mut self, command: Command) -> io::Result<Option<Ending>> {
        match command {
            Command::Nothing => {}
            Command::Say(text) => self.queue.push_back(text),
            Command::Who => show::members(&mut self.console, self.driver.machine(), &self.room)?,
            Command::More => {
                let room = self.room.clone();
                if let Err(error) = self.driver.with(|chat, now| chat.history(now, &room, prompt::PAGE)) {
                    self.console.tell(Tone::Info, &error.to_string(), json!(null))?;
                }
            }
            Command::Quit => self.input_open = false,
            Command::Help => {
                for line in prompt::HELP {
                    self.console.tell(Tone::Info, line, json!(null))?;
                }
            }
            Command::Unknown(word) => {
                let text = format!(
                    "/{} is no command: /help tells which there are; // at the beginning says a /",
                    escaped(&word)
                );
                self.console.tell(Tone::Bad, &text, json!(null))?;
            }
        }
        Ok(None)
    }

    /// Hands over what waits, as far as there is room.
    fn say_queued(&mut self) -> io::Result<Option<Ending>> {
        while let Some(text) = self.queue.pop_front() {
            let room = self.room.clone();
            let said = self.driver.with(|chat, now| chat.say(now, &room, &text, None));
            let (interactive, json) = (self.console.is_interactive(), self.console.is_json());
            match said {
                Ok(_) => {}
                Err(SayError::Full(_)) if !interactive => {
                    self.queue.push_front(text);
                    return Ok(None);
                }
                Err(error) => {
                    self.rejected += 1;
                    let (code, why) = (code(&error), error.to_string());
                    let event = json!({
                        "event": "own", "room": room, "text": text, "state": "rejected", "code": code, "why": why,
                    });
                    let words = if json { String::new() } else { format!("not sent: {error}") };
                    self.console.tell(Tone::Bad, &words, event)?;
                }
            }
        }
        Ok(None)
    }

    /// Whether a pipe may be read further: what it brought before is on its way.
    fn wants_input(&self) -> bool {
        self.queue.is_empty() && self.driver.machine().unsettled() < AHEAD
    }

    /// Starts the last wait when nothing more will be said and all there was is here.
    fn note_all_said(&mut self) {
        let chat = self.driver.machine();
        let settled = !self.input_open && !self.listening && self.queue.is_empty() && chat.unsettled() == 0;
        let there = chat.room(&self.room).is_some_and(|room| room.is_caught_up() && room.accepted_are_back());
        if settled && there && self.all_said_at.is_none() {
            self.all_said_at = Some(now());
        }
    }
}

fn code(error: &SayError) -> &'static str {
    match error {
        SayError::NotInRoom => "not_joined",
        SayError::Empty => "empty",
        SayError::TooLong { .. } => "too_long",
        SayError::Full(_) => "full",
    }
}

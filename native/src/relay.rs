//! `heartline relay`: between any client and any server, so that the line under test stays the user's line.
//!
//! The request goes on as it came but for what was asked for, the answer and all frames as they are. Beside the bytes
//! stand those who look on (the [`tap`](crate::tap), the feed at `/inspect`, a [recording](crate::recording)), and the faults that
//! [`heartline_core::fault`] decides about.

mod carry;
mod control;
pub(crate) mod entrance;
mod feed;
mod handshake;
mod house;
mod line;
mod onlooker;
mod part;
pub(crate) mod request;
mod seen;
#[cfg_attr(not(target_os = "linux"), path = "relay/no_splice.rs")]
mod splice;
mod talk;
mod verb;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use heartline_core::{
    fault::When,
    inspect::{Count, End},
};
use serde_json::Value;
use tokio::{sync::mpsc, task::JoinSet};

use self::{
    control::Lines,
    feed::Feed,
    house::{House, News},
    verb::Verb,
};
use crate::{
    cli::relay::RelayConfig,
    client::{
        console::{Console, Typed},
        dial::{Transport, io_words},
        ending::Ending,
        listen::Listener,
        signals::Interrupts,
    },
    exit_code::ExitCode,
    output::style::Tone,
    recording::{Recorder, Secrets},
    server::listen::raise_file_limit,
    tap::Looker,
};

/// News that may wait to be shown; then the connections they are about wait.
const NEWS: usize = 256;
/// Connections at one time; the rest wait in the kernel's queue.
const MOST_CONNECTIONS: usize = 1000;
/// How long accepting rests when the system has no socket to give.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(100);

/// Runs the command to its end.
pub async fn run(mut config: RelayConfig) -> Ending {
    // Before any file is made anew: another relay may be writing to it.
    let listener = match config.address.bind().await {
        Ok(listener) => listener,
        Err(why) => return Ending::new(ExitCode::Own, why),
    };
    if !listener.is_local() && !config.door.admits_strangers() {
        let why = "other machines can reach this address; say who may come in: --allow-host NAME, --allow-origin \
                   ORIGIN, or --open for everybody";
        return Ending::new(ExitCode::Usage, why);
    }
    if listener.address().is_some_and(|here| leads_to(&config.dialer.endpoint.transport, here)) {
        let why = "--to is the address of this relay itself: give the server's";
        return Ending::new(ExitCode::Usage, why);
    }
    // Four descriptors for each connection, and some more where payloads are large.
    let _ = raise_file_limit();
    let feed = match Feed::new() {
        Ok(feed) => Arc::new(feed),
        Err(why) => return Ending::new(ExitCode::Own, why),
    };
    let mut lookers: Vec<Arc<dyn Looker>> = vec![Arc::clone(&feed) as Arc<dyn Looker>];
    let recorder = match record(&config) {
        Ok(recorder) => recorder,
        Err(why) => return Ending::new(ExitCode::Usage, why),
    };
    lookers.extend(recorder.clone().map(|recorder| recorder as Arc<dyn Looker>));
    config.dialer.tap = match config.look.tap(lookers) {
        Ok(tap) => tap,
        Err(error) => return Ending::new(ExitCode::Usage, error.to_string()),
    };
    let mut console = match Console::open(config.console) {
        Ok(console) => console,
        Err(error) => return Ending::new(ExitCode::Own, format!("the terminal cannot be used: {error}")),
    };
    let interrupts = Interrupts::catch();
    let (teller, news) = mpsc::channel(NEWS);
    let house = House {
        dialer: console.traced(config.dialer),
        dial_timeout: config.dial_timeout,
        rewriting: config.rewriting,
        door: config.door,
        lines: Lines::new(config.faults),
        feed,
        recorder,
        news: teller,
    };
    let mut hall = Hall {
        input_open: console.has_input(),
        console,
        house: Arc::new(house),
        news,
        tasks: JoinSet::new(),
        came: 0,
    };
    match hall.receive(&listener, &interrupts).await {
        Ok(ending) => ending,
        Err(error) => Ending::output(&error),
    }
}

/// Whether that is this relay itself, as far as its spelling tells: each connection would bring another.
fn leads_to(to: &Transport, here: SocketAddr) -> bool {
    let Transport::Tcp { host, port } = to else { return false };
    let is_us = host.parse::<IpAddr>().map_or_else(
        |_| host.eq_ignore_ascii_case("localhost"),
        |ip| ip == here.ip() || ip.is_loopback() && (here.ip().is_loopback() || here.ip().is_unspecified()),
    );
    *port == here.port() && is_us
}

fn record(config: &RelayConfig) -> Result<Option<Arc<Recorder>>, String> {
    let Some(path) = &config.record else { return Ok(None) };
    let secrets = if config.look.show_secrets { Secrets::Shown } else { Secrets::Overwritten };
    let recorder = Recorder::create(path, &config.dialer.endpoint.to_string(), secrets);
    let recorder = recorder.map_err(|error| {
        format!(
            "--record: cannot write {}: {}; choose a file in a folder that is yours",
            path.display(),
            io_words(&error)
        )
    })?;
    Ok(Some(Arc::new(recorder)))
}

/// All connections, and the one at the terminal.
struct Hall {
    console: Console,
    input_open: bool,
    house: Arc<House>,
    news: mpsc::Receiver<News>,
    tasks: JoinSet<()>,
    came: u64,
}

impl Hall {
    /// Until there is a reason to end. An error is that of standard output.
    async fn receive(&mut self, listener: &Listener, interrupts: &Interrupts) -> io::Result<Ending> {
        let (url, to) = (listener.url(false), &self.house.dialer.endpoint);
        self.say(Tone::Good, &format!("relaying {url} to {to}"))?;
        let feed = match url.starts_with("ws://") {
            true => format!("{url}inspect"),
            false => format!("{url}:/inspect"),
        };
        let token = self.house.feed.token().to_owned();
        self.say(Tone::Info, &format!("what passes, for pages and programs: {feed}?token={token}"))?;
        for fault in self.house.lines.standing() {
            self.say(Tone::Warning, &format!("each connection: {fault}"))?;
        }
        if self.console.is_interactive() {
            self.say(Tone::Info, "? tells the keys that let something go wrong")?;
        }
        loop {
            self.show_status();
            tokio::select! {
                accepted = listener.admit(), if self.tasks.len() < MOST_CONNECTIONS => match accepted {
                    Ok(accepted) => {
                        self.came += 1;
                        self.tasks.spawn(line::serve(self.came, accepted, Arc::clone(&self.house)));
                    }
                    Err(error) => {
                        // Usually too many open files: somebody has to leave first.
                        self.say(Tone::Warning, &format!("cannot accept a connection: {error}"))?;
                        tokio::time::sleep(OUT_OF_SOCKETS).await;
                    }
                },
                Some(news) = self.news.recv() => self.show(news)?,
                Some(_) = self.tasks.join_next() => {}
                typed = self.console.typed(), if self.input_open => {
                    if let Some(ending) = self.handle(typed)? {
                        return Ok(ending);
                    }
                }
                () = interrupts.caught() => return Ok(Ending::new(ExitCode::Interrupted, "")),
            }
        }
    }

    fn show(&mut self, news: News) -> io::Result<()> {
        match news {
            News::TurnedAway { from, why } => {
                self.say(Tone::Warning, &format!("{from} was not let in: {why}"))
            }
            News::Open { number, place, took } => {
                self.say(Tone::Good, &format!("#{number} {place}: open after {} ms", took.as_millis()))
            }
            News::Over { number, place, end, counts, lasted } => {
                let place = place.map_or_else(String::new, |place| format!(" {place}"));
                let after = format!("over after {:.1} s", lasted.as_secs_f64());
                let counts = counts.map_or_else(String::new, counted);
                let tone = if matches!(end, End::Close { .. }) { Tone::Info } else { Tone::Warning };
                self.say(tone, &format!("#{number}{place}: {after}: {end}{counts}"))
            }
            // Of what begins at once it was told that it was set.
            News::Fired { fault, .. } if fault.when == When::Now => Ok(()),
            News::Fired { number, fault } => {
                self.say(Tone::Warning, &format!("#{number}: {fault} has begun"))
            }
            News::Feed(what) => self.say(Tone::Info, &what),
        }
    }

    fn handle(&mut self, typed: Typed) -> io::Result<Option<Ending>> {
        match typed {
            Typed::Line(line) => {
                let done = match verb::read(&String::from_utf8_lossy(&line)) {
                    Ok(Verb::Nothing) => return Ok(None),
                    Ok(Verb::Help) => Ok(verb::HELP.to_owned()),
                    Ok(Verb::List) => Ok(self.list()),
                    Ok(Verb::Set(connection, fault)) => self.house.set(connection, fault),
                    Ok(Verb::Clear(connection)) => self.house.clear(connection),
                    Err(why) => Err(why),
                };
                match done {
                    Ok(done) => self.say(Tone::Info, &done)?,
                    Err(why) => self.say(Tone::Bad, &why)?,
                }
                Ok(None)
            }
            Typed::End if self.console.is_interactive() => Ok(Some(Ending::fine())),
            // What was in the pipe is done; the lines go on.
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

    fn list(&self) -> String {
        let one = |connection: heartline_core::inspect::Connection| {
            let faults = connection.faults.join(", ");
            let with = if faults.is_empty() { faults } else { format!(" ({faults})") };
            format!("#{} {}{with}", connection.connection, connection.from)
        };
        let lines: Vec<String> =
            self.house.lines.list(|at| self.house.feed.seconds(at)).into_iter().map(one).collect();
        if lines.is_empty() { "no connection is open".to_owned() } else { lines.join("; ") }
    }

    fn show_status(&mut self) {
        let (open, faults) = self.house.lines.count();
        let lines = match open {
            0 => "○ no connection".to_owned(),
            1 => "● 1 connection".to_owned(),
            _ => format!("● {open} connections"),
        };
        match faults {
            0 => self.console.set_status(Tone::Good, &lines),
            1 => self.console.set_status(Tone::Warning, &format!("{lines}, 1 fault")),
            _ => self.console.set_status(Tone::Warning, &format!("{lines}, {faults} faults")),
        }
    }

    fn say(&mut self, tone: Tone, text: &str) -> io::Result<()> {
        self.console.tell(tone, text, Value::Null)
    }
}

fn counted((client, server): (Count, Count)) -> String {
    let of = |count: Count| {
        let frames = if count.frames == 1 { "frame" } else { "frames" };
        format!("{} {frames}, {} B", count.frames, count.bytes)
    };
    format!("; from the client {}, from the server {}", of(client), of(server))
}

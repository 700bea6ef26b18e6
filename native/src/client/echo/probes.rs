//! Numbered probes, told as ping(8) tells them.

use std::io;

use heartline_core::{
    echo::{Event, ProbeKind, ProbePlan},
    line::{LineEvent, State},
};
use serde_json::{Value, json};

use super::{Desk, summary};
use crate::{
    client::{ending::Ending, news, signals::Interrupts, status::millis},
    exit_code::ExitCode,
    output::style::Tone,
};

pub(super) struct Probes {
    desk: Desk,
    plan: ProbePlan,
}

impl Probes {
    pub(super) fn new(desk: Desk, plan: ProbePlan) -> Self {
        Self { desk, plan }
    }

    pub(super) async fn run(mut self, interrupts: &Interrupts) -> Ending {
        let ending = match self.probe(interrupts).await {
            Ok(ending) => ending,
            Err(error) => Ending::output(&error),
        };
        self.desk.close(ending).await
    }

    async fn probe(&mut self, interrupts: &Interrupts) -> io::Result<Ending> {
        let kind = match self.plan.kind {
            ProbeKind::Text => "text",
            ProbeKind::Binary => "binary",
        };
        let place = self.desk.driver.dialer().endpoint.to_string();
        let least = ProbePlan::least(self.plan.kind);
        let size = match self.plan.size {
            size if size < least => format!("{least} bytes of {kind} (a probe has no fewer)"),
            size => format!("{size} bytes of {kind}"),
        };
        self.print(Tone::Info, &format!("probing {place} with {size}"))?;
        let plan = self.plan.clone();
        let started = self.desk.driver.with(|echo, now| {
            let started = echo.start(now, plan);
            echo.connect(now);
            started
        });
        if let Err(error) = started {
            return Ok(Ending::new(ExitCode::Usage, error.to_string()));
        }
        loop {
            tokio::select! {
                event = self.desk.driver.next() => {
                    if let Some(ending) = self.handle(event)? {
                        return Ok(ending);
                    }
                }
                () = interrupts.caught() => return self.over(ExitCode::Interrupted),
            }
        }
    }

    fn handle(&mut self, event: Event) -> io::Result<Option<Ending>> {
        match event {
            Event::ProbeBack { number, round_trip, changed, out_of_order, late } => {
                let ms = round_trip.as_secs_f64() * 1e3;
                let flags = [
                    (changed, ", changed on the way"),
                    (out_of_order, ", out of order"),
                    (late, ", after it was given up"),
                ];
                let mut text = format!("probe {number}: {}", millis(round_trip));
                flags.iter().filter(|(set, _)| *set).for_each(|(_, words)| text.push_str(words));
                let tone = if changed || out_of_order || late { Tone::Warning } else { Tone::Received };
                let event = json!({
                    "event": "probe", "number": number, "ms": ms,
                    "changed": changed, "out_of_order": out_of_order, "late": late,
                });
                self.say(tone, &text, event)?;
            }
            Event::ProbeRepeated { number } => {
                let event = json!({"event": "probe_repeated", "number": number});
                self.say(Tone::Warning, &format!("probe {number}: came back once more"), event)?;
            }
            Event::ProbeLost { number } => {
                let waited = self.plan.timeout.as_secs_f64();
                let event = json!({"event": "probe_lost", "number": number});
                self.say(Tone::Bad, &format!("probe {number}: not back within {waited} s"), event)?;
            }
            Event::ProbesUnknown { count } => {
                let event = json!({"event": "probes_unknown", "count": count});
                self.say(
                    Tone::Warning,
                    &format!("the line ended with {count} under way: their fate is unknown"),
                    event,
                )?;
            }
            Event::RunOver => return self.over(ExitCode::Fine).map(Some),
            Event::Unasked(_) => {
                self.say(
                    Tone::Warning,
                    "a message came that is no echo of ours",
                    json!({"event": "unasked"}),
                )?;
            }
            Event::Line(event) => return self.handle_line(&event),
            Event::ProbeSent { .. } | Event::Echoed { .. } | Event::Unanswered(_) => {}
        }
        Ok(None)
    }

    fn handle_line(&mut self, event: &LineEvent) -> io::Result<Option<Ending>> {
        news::tell(&mut self.desk.console, &self.desk.driver, event)?;
        let LineEvent::StateChanged(State::Closed(reason)) = event else { return Ok(None) };
        let ending = Ending::closed(reason, self.desk.driver.trouble());
        if self.desk.driver.machine().report().is_some_and(|report| report.sent > 0) {
            self.summary()?;
        }
        // A server that closes in the middle of a run cuts it short, however politely.
        let code = if ending.code == ExitCode::Fine { ExitCode::ClosedByPeer } else { ending.code };
        Ok(Some(Ending { code, ..ending }))
    }

    /// The run is over, by itself or by Ctrl-C, which is how one without a count ends.
    fn over(&mut self, code: ExitCode) -> io::Result<Ending> {
        self.summary()?;
        let report = self.desk.driver.machine().report().cloned().unwrap_or_default();
        if report.sent > 0 && report.received() == 0 {
            let text = format!("none of {} probes came back", report.sent);
            return Ok(Ending::new(ExitCode::NoReply, text));
        }
        let code = if report.sent > 0 && self.plan.count.is_none() { ExitCode::Fine } else { code };
        Ok(Ending::new(code, ""))
    }

    fn summary(&mut self) -> io::Result<()> {
        let Some(report) = self.desk.driver.machine().report().cloned() else { return Ok(()) };
        if self.desk.console.is_json() {
            return self.desk.console.tell(Tone::Info, "", summary::event(&report));
        }
        let place = self.desk.driver.dialer().endpoint.to_string();
        self.print(Tone::Info, &format!("--- {place} ---"))?;
        for line in summary::lines(&report) {
            self.desk.console.print(Tone::Received, &line)?;
        }
        Ok(())
    }

    fn say(&mut self, tone: Tone, text: &str, event: Value) -> io::Result<()> {
        if self.desk.console.is_json() {
            return self.desk.console.tell(tone, "", event);
        }
        self.print(tone, text)
    }

    fn print(&mut self, tone: Tone, text: &str) -> io::Result<()> {
        self.desk.console.print(tone, text)
    }
}

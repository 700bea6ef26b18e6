//! The curve of round trips, as numbers an SVG can draw.

use heartline_core::time::Duration;

/// Width of the drawing, in its own units.
pub const WIDTH: f64 = 600.0;
/// Height of the drawing, in its own units.
pub const HEIGHT: f64 = 140.0;
/// How many of the latest probes are drawn.
pub const SHOWN: usize = 120;

/// What became of one probe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// It has not come back yet.
    Waiting,
    /// It came back after this long.
    Back(Duration),
    /// It did not come back in time.
    Lost,
    /// The line ended while it was under way.
    Unknown,
}

/// A drawing of probes, the oldest at the left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plot {
    /// Where each answered probe is, as `(x, y)`.
    pub dots: Vec<(f64, f64)>,
    /// Where the lost ones are, as `x`.
    pub lost: Vec<f64>,
    /// The stretches of answered probes between lost ones, each as the `points` of a polyline.
    pub lines: Vec<String>,
    /// What the upper edge stands for, in milliseconds; the lower edge is 0.
    pub top_ms: f64,
}

impl Plot {
    /// Draws the last [`SHOWN`] of `outcomes`.
    pub fn of(outcomes: &[Outcome]) -> Self {
        let shown = &outcomes[outcomes.len().saturating_sub(SHOWN)..];
        let slowest = shown.iter().filter_map(round_trip_ms).fold(0.0, f64::max);
        let top_ms = round_up(slowest);
        let step = WIDTH / (shown.len().max(20) as f64);

        let mut plot = Self { top_ms, ..Self::default() };
        let mut line = String::new();
        for (index, outcome) in shown.iter().enumerate() {
            let x = (index as f64 + 0.5) * step;
            match outcome {
                Outcome::Back(round_trip) => {
                    let y = HEIGHT - round_trip.as_secs_f64() * 1000.0 / top_ms * HEIGHT;
                    plot.dots.push((x, y));
                    push_point(&mut line, x, y);
                }
                Outcome::Lost => {
                    plot.lost.push(x);
                    plot.end_line(&mut line);
                }
                // The curve has a hole where nothing can be said.
                Outcome::Unknown => plot.end_line(&mut line),
                Outcome::Waiting => {}
            }
        }
        plot.end_line(&mut line);
        plot
    }

    fn end_line(&mut self, line: &mut String) {
        if !line.is_empty() {
            self.lines.push(std::mem::take(line));
        }
    }
}

/// The next 1, 2 or 5 times a power of ten, so that the scale holds still while single values dance.
fn round_up(ms: f64) -> f64 {
    let mut decade = 0.1;
    loop {
        for step in [1.0, 2.0, 5.0] {
            if decade * step >= ms {
                return decade * step;
            }
        }
        // Round trips end at the machines' own deadlines; beyond that the scale is of no use.
        if decade > 1e9 {
            return ms;
        }
        decade *= 10.0;
    }
}

fn round_trip_ms(outcome: &Outcome) -> Option<f64> {
    match outcome {
        Outcome::Back(round_trip) => Some(round_trip.as_secs_f64() * 1000.0),
        Outcome::Waiting | Outcome::Lost | Outcome::Unknown => None,
    }
}

fn push_point(line: &mut String, x: f64, y: f64) {
    if !line.is_empty() {
        line.push(' ');
    }
    // Tenths of a unit are finer than any screen.
    for (value, end) in [(x, ","), (y, "")] {
        line.push_str(&((value * 10.0).round() / 10.0).to_string());
        line.push_str(end);
    }
}

//! What became of the probes: for people, and for programs.

use std::time::Duration;

use heartline_core::echo::Report;
use serde_json::{Value, json};

use crate::client::status::millis;

/// Two or three lines as ping(8) prints them: counts, what else there was, round trips.
pub(super) fn lines(report: &Report) -> Vec<String> {
    let loss = report.loss().unwrap_or(0.0) * 100.0;
    let mut counts =
        format!("{} sent, {} received, {} lost ({loss:.1}%)", report.sent, report.received(), report.lost);
    let others = [
        (report.changed, "changed on the way"),
        (report.duplicated, "duplicated"),
        (report.out_of_order, "out of order"),
        (report.late, "late"),
        (report.unknown, "unknown, the line ended"),
        (report.waiting, "still under way"),
        (report.foreign, "not ours"),
    ];
    for (count, what) in others.into_iter().filter(|(count, _)| *count > 0) {
        counts.push_str(&format!(", {count} {what}"));
    }
    let times = &report.round_trips;
    let (Some(min), Some(median), Some(p99), Some(max)) =
        (times.min(), times.median(), times.percentile(99.0), times.max())
    else {
        return vec![counts];
    };
    let [min, median, p99, max] = [min, median, p99, max].map(millis);
    let jitter = times.jitter().map(|jitter| format!(", jitter {}", millis(jitter))).unwrap_or_default();
    vec![counts, format!("round trip: min {min}, median {median}, p99 {p99}, max {max}{jitter}")]
}

/// The same as one JSON event; times in milliseconds, `null` where there are none.
pub(super) fn event(report: &Report) -> Value {
    let times = &report.round_trips;
    json!({
        "event": "summary",
        "sent": report.sent,
        "received": report.received(),
        "intact": report.intact,
        "changed": report.changed,
        "lost": report.lost,
        "unknown": report.unknown,
        "waiting": report.waiting,
        "duplicated": report.duplicated,
        "out_of_order": report.out_of_order,
        "late": report.late,
        "foreign": report.foreign,
        "min_ms": ms(times.min()),
        "mean_ms": ms(times.mean()),
        "median_ms": ms(times.median()),
        "p99_ms": ms(times.percentile(99.0)),
        "max_ms": ms(times.max()),
        "jitter_ms": ms(times.jitter()),
    })
}

fn ms(time: Option<Duration>) -> Option<f64> {
    time.map(|time| time.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_says_only_what_there_was() {
        let mut report = Report { sent: 3, intact: 2, lost: 1, ..Report::default() };
        assert_eq!(lines(&report), ["3 sent, 2 received, 1 lost (33.3%)"]);
        report.duplicated = 1;
        report.round_trips.record(Duration::from_millis(10));
        report.round_trips.record(Duration::from_millis(30));
        assert_eq!(
            lines(&report),
            [
                "3 sent, 2 received, 1 lost (33.3%), 1 duplicated",
                "round trip: min 10.0 ms, median 10.0 ms, p99 30.0 ms, max 30.0 ms, jitter 20.0 ms"
            ]
        );
        assert_eq!(event(&report)["max_ms"], 30.0);
        assert_eq!(event(&Report::default())["max_ms"], Value::Null);
    }
}

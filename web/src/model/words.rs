//! Times and sizes in few words.

use heartline_core::time::Duration;

/// A round trip: `0.4 ms`, `12 ms`, `1.25 s`.
pub fn round_trip(duration: Duration) -> String {
    let micros = duration.as_micros();
    match micros {
        0..10_000 => decimal(micros, 1_000, 1, " ms"),
        10_000..1_000_000 => [&(micros / 1_000).to_string(), " ms"].concat(),
        _ => decimal(micros, 1_000_000, 2, " s"),
    }
}

/// A stretch of time a person reads: `0 s`, `45 s`, `3 min 20 s`, `2 h 5 min`.
pub fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let two = |major: u64, major_unit: &str, minor: u64, minor_unit: &str| {
        let mut words = [&major.to_string(), major_unit].concat();
        if minor > 0 {
            words.push_str(&[" ", &minor.to_string(), minor_unit].concat());
        }
        words
    };
    match seconds {
        0..60 => [&seconds.to_string(), " s"].concat(),
        60..3_600 => two(minutes, " min", seconds % 60, " s"),
        3_600..86_400 => two(hours, " h", minutes, " min"),
        _ => two(days, " d", hours, " h"),
    }
}

/// A size: `12 bytes`, `1 byte`, `64.0 KiB`.
pub fn size(bytes: usize) -> String {
    match bytes {
        1 => "1 byte".to_owned(),
        0..10_000 => [&bytes.to_string(), " bytes"].concat(),
        _ => decimal(bytes as u128, 1_024, 1, " KiB"),
    }
}

/// `value / unit` with a fixed number of decimals, cut off.
fn decimal(value: u128, unit: u128, decimals: u32, suffix: &str) -> String {
    let scale = 10_u128.pow(decimals);
    let scaled = value * scale / unit;
    let fraction = (scaled % scale).to_string();
    let zeros = "0".repeat(decimals as usize - fraction.len());
    [&(scaled / scale).to_string(), ".", &zeros, &fraction, suffix].concat()
}

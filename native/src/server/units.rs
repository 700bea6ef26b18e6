//! Times and sizes as people write them in flags.

use std::time::Duration;

/// `25s`, `500ms`, `10m`, `1h`; a bare number means seconds.
///
/// # Errors
/// Words for the one who typed it.
pub fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let unit = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("{unit:?} is no unit of time; write 500ms, 25s, 10m or 1h")),
    };
    let number: f64 = number.parse().map_err(|_| "write a time as 500ms, 25s, 10m or 1h".to_owned())?;
    Duration::try_from_secs_f64(number * unit).map_err(|_| "this time is out of range".to_owned())
}

/// `65536`, `64K`, `16M`: bytes, in powers of 1024.
///
/// # Errors
/// Words for the one who typed it.
pub fn size(text: &str) -> Result<usize, String> {
    let (number, unit) = split(text);
    let unit = match unit {
        "" | "B" => 1,
        "k" | "K" | "KiB" => 1 << 10,
        "m" | "M" | "MiB" => 1 << 20,
        _ => return Err(format!("{unit:?} is no unit of size; write 65536, 64K or 16M")),
    };
    let number: usize = number.parse().map_err(|_| "write a size as 65536, 64K or 16M".to_owned())?;
    number.checked_mul(unit).ok_or_else(|| "this size is out of range".to_owned())
}

fn split(text: &str) -> (&str, &str) {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_read_as_written() {
        assert_eq!(duration("25s"), Ok(Duration::from_secs(25)));
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1h"), Ok(Duration::from_secs(3600)));
        assert_eq!(size("64K"), Ok(65536));
        assert_eq!(size("16M"), Ok(16 << 20));
        assert_eq!(size("10"), Ok(10));
        for nonsense in ["", "s", "-1s", "1 day", "1e9h", "99999999999999999999999h"] {
            assert!(duration(nonsense).is_err(), "{nonsense}");
        }
        for nonsense in ["", "K", "-1", "1.5M", "99999999999999M"] {
            assert!(size(nonsense).is_err(), "{nonsense}");
        }
    }
}

//! Times and sizes as people type them.

use std::time::Duration;

/// `2`, `0.5`, `250ms`, `1.5s`, `2m`, `1h`, `30d`. A number alone is seconds.
///
/// # Errors
/// Words for clap to show.
pub fn duration(typed: &str) -> Result<Duration, String> {
    let (number, unit) = split_unit(typed);
    let factor = match unit {
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return Err(format!("\"{unit}\" is no unit of time: ms, s, m, h and d are")),
    };
    let number: f64 = number
        .parse()
        .map_err(|_| "a number of seconds is expected, such as 2 or 0.5 or 250ms".to_owned())?;
    Duration::try_from_secs_f64(number * factor).map_err(|_| "this is no length of time".to_owned())
}

/// `65536`, `64k`, `64KiB`, `10MB`. `k` and `Ki` mean 1024; only `kB`, `MB` and `GB` are decimal.
///
/// # Errors
/// Words for clap to show.
pub fn bytes(typed: &str) -> Result<usize, String> {
    let (number, unit) = split_unit(typed);
    let factor: usize = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "ki" | "kib" => 1 << 10,
        "m" | "mi" | "mib" => 1 << 20,
        "g" | "gi" | "gib" => 1 << 30,
        "kb" => 1000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return Err(format!("\"{unit}\" is no unit of size: k, M, G, KiB, MiB, GiB, kB, MB and GB are")),
    };
    let number: usize =
        number.parse().map_err(|_| "a number of bytes is expected, such as 65536 or 64k".to_owned())?;
    number.checked_mul(factor).ok_or_else(|| "this is more than there is".to_owned())
}

fn split_unit(typed: &str) -> (&str, &str) {
    let typed = typed.trim();
    let at = typed.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(typed.len());
    (typed[..at].trim_end(), &typed[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let ms = |typed: &str| duration(typed).map(|time| time.as_millis());
        assert_eq!(
            (ms("2"), ms("0.5"), ms("250ms"), ms("1.5 s"), ms("2m"), ms("30d")),
            (Ok(2000), Ok(500), Ok(250), Ok(1500), Ok(120_000), Ok(2_592_000_000))
        );
        for wrong in ["", "x", "-1", "1w", "1e30", "nan", "inf"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(
            (bytes("17"), bytes("64k"), bytes("1MiB"), bytes("2 MB")),
            (Ok(17), Ok(65536), Ok(1 << 20), Ok(2_000_000))
        );
        for wrong in ["", "-1", "1.5", "1T", "99999999999999999999", "18446744073709551615k"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}

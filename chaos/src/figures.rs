//! What the kernel says of another process.

use anyhow::{Context, Result};

/// What a process holds in memory now, in bytes.
///
/// # Errors
/// There is no such process, or no `/proc`.
pub fn resident_bytes(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS in its status")?;
    let kib: u64 = line.split_whitespace().nth(1).context("an empty VmRSS")?.parse()?;
    Ok(kib * 1024)
}

/// Processor time a process has used so far, in microseconds.
///
/// # Errors
/// There is no such process, or no `/proc`.
pub fn processor_micros(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // Its name stands in brackets and may hold anything.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // User and system time, in hundredths of a second.
    let ticks = |index: usize| -> Result<f64> { Ok(fields.get(index).context("a short stat")?.parse()?) };
    Ok((ticks(11)? + ticks(12)?) * 10_000.0)
}

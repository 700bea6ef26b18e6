//! The colour somebody is known by.

/// How many there are; the style sheet has them as `hue-0` and so on, readable on its grounds.
pub const HUES: usize = 8;

const CLASSES: [&str; HUES] = ["hue-0", "hue-1", "hue-2", "hue-3", "hue-4", "hue-5", "hue-6", "hue-7"];

/// The class of whoever is `from`: the same on every page, for it comes of who they are, and not of what they are called.
pub fn class(from: &str) -> &'static str {
    // FNV-1a: spreads short words well, and is five lines of nobody's secret.
    let hash =
        from.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    CLASSES[hash as usize % HUES]
}

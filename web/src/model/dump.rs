//! Bytes as an analyser prints them: where, in hexadecimal, as characters.

use super::payload::to_hex;

/// How many bytes stand in a row.
const ROW: usize = 16;

/// A row of a dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where its first byte is, in four hexadecimal digits.
    pub at: String,
    /// Its bytes.
    pub hex: String,
    /// The same as ASCII; `·` for what cannot be printed.
    pub text: String,
}

/// All rows.
pub fn dump(bytes: &[u8]) -> Vec<Row> {
    let rows = bytes.chunks(ROW).enumerate();
    rows.map(|(row, bytes)| {
        let printed = |byte: &u8| match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '·',
        };
        let at = to_hex(&((row * ROW) as u16).to_be_bytes()).replace(' ', "");
        Row { at, hex: to_hex(bytes), text: bytes.iter().map(printed).collect() }
    })
    .collect()
}

//! Frames of a client by hand: nothing is sent that was not asked for, and nothing is answered behind one's back.

use heartline_core::frame::Opcode;

/// A whole frame, masked as a client's must be (RFC 6455 section 5.3). Payloads over 64 KiB are nobody's here: they are cut.
pub(super) fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let payload = &payload[..payload.len().min(usize::from(u16::MAX))];
    let mut frame = vec![0x80 | opcode.bits()];
    match u8::try_from(payload.len()) {
        Ok(short @ 0..=125) => frame.push(0x80 | short),
        _ => {
            frame.push(0x80 | 126);
            // Cut above.
            frame.extend_from_slice(&u16::try_from(payload.len()).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    let key: [u8; 4] = fastrand::u32(..).to_be_bytes();
    frame.extend_from_slice(&key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

#[cfg(test)]
mod tests {
    use heartline_core::{
        frame::{Dissector, Keep, Side},
        time::Instant,
    };

    use super::*;

    #[test]
    fn what_is_written_is_read_without_a_violation() {
        for (opcode, length) in
            [(Opcode::Ping, 8), (Opcode::Text, 125), (Opcode::Text, 126), (Opcode::Binary, 9000)]
        {
            let payload = vec![b'x'; length];
            let bytes = frame(opcode, &payload);
            let mut reader = Dissector::new(Side::Client, Keep::default());
            let mut input = bytes.as_slice();
            let read = reader.read(Instant::now(), &mut input).unwrap();
            assert_eq!((read.header.opcode, read.payload.bytes()), (opcode, payload.as_slice()));
            assert!(read.violations.is_empty() && input.is_empty());
        }
    }
}

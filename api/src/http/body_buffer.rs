//! Buffers the part of a body that has arrived.

use bytes::{Bytes, BytesMut};

/// The size in bytes of the sections that a body is kept in. A single growing buffer would take up to twice the bytes
/// that have arrived. While it moves, it would take both its old and its new place. Sections take what was counted, and
/// the memory of one body can be reused for the next.
const SECTION: usize = 16 * 1024;

/// The bytes of a body that have arrived.
#[derive(Debug, Default)]
pub struct BodyBuffer {
    full: Vec<Bytes>,
    last: BytesMut,
}

impl BodyBuffer {
    /// Copies a piece, so that the buffer it arrived in can be freed.
    pub fn add(&mut self, mut piece: &[u8]) {
        while !piece.is_empty() {
            if self.last.len() == self.last.capacity() {
                let full = std::mem::replace(&mut self.last, BytesMut::with_capacity(SECTION));
                if !full.is_empty() {
                    self.full.push(full.freeze());
                }
            }
            let room = self.last.capacity() - self.last.len();
            let (now, later) = piece.split_at(piece.len().min(room));
            self.last.extend_from_slice(now);
            piece = later;
        }
    }

    /// Returns all bytes in one piece.
    pub fn whole(self) -> Bytes {
        if self.full.is_empty() {
            return self.last.freeze();
        }
        let length = self.full.iter().map(Bytes::len).sum::<usize>() + self.last.len();
        let mut whole = BytesMut::with_capacity(length);
        for section in self.full {
            whole.extend_from_slice(&section);
        }
        whole.extend_from_slice(&self.last);
        whole.freeze()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_keep_their_order_and_waste_at_most_a_section(
            lengths in prop::collection::vec(0..3 * SECTION, 0..8),
        ) {
            let all: Vec<u8> = (0..=u8::MAX).cycle().take(lengths.iter().sum()).collect();
            let (mut kept, mut from) = (BodyBuffer::default(), 0);
            for length in lengths {
                kept.add(&all[from..from + length]);
                from += length;
            }
            let held = kept.full.iter().map(Bytes::len).sum::<usize>() + kept.last.capacity();
            prop_assert!(held <= all.len() + SECTION);
            prop_assert_eq!(kept.whole(), all);
        }
    }
}

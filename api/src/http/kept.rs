//! What is kept of a body while the rest of it is on its way.

use bytes::{Bytes, BytesMut};

/// Bodies are kept in sections of so many bytes. One buffer that grows would hold up to twice what has arrived, and
/// while it moves both its old and its new place; sections take what was counted, and what one body gives back fits
/// the next.
const SECTION: usize = 16 * 1024;

/// The bytes of a body, as they come.
#[derive(Debug, Default)]
pub struct Kept {
    full: Vec<Bytes>,
    last: BytesMut,
}

impl Kept {
    /// Keeps a copy of a piece, so that nothing of what it arrived in stays.
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

    /// Everything that was added, in one.
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
        fn what_was_added_comes_out_in_order_and_takes_a_section_more_at_most(
            lengths in prop::collection::vec(0..3 * SECTION, 0..8),
        ) {
            let all: Vec<u8> = (0..=u8::MAX).cycle().take(lengths.iter().sum()).collect();
            let (mut kept, mut from) = (Kept::default(), 0);
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

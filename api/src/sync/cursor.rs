//! Cursors of feeds.

use async_graphql::connection::CursorType;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::MemberId;
use uuid::Uuid;

use super::model::Position;

/// The id of feeds, which distinguishes their cursors from those of lists.
const FEED: u8 = 60;

impl CursorType for Position {
    type Error = &'static str;

    fn decode_cursor(text: &str) -> Result<Self, Self::Error> {
        const FAULT: &str = "not a cursor of a feed";
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| FAULT)?;
        let bytes: [u8; 33] = bytes.try_into().map_err(|_| FAULT)?;
        let (member, numbers) = bytes[1..].split_at(16);
        let (seq, began_at) = numbers.split_at(8);
        let number = |bytes: &[u8]| {
            let number = i64::from_be_bytes(bytes.try_into().map_err(|_| FAULT)?);
            (number >= 0).then_some(number).ok_or(FAULT)
        };
        if bytes[0] != FEED {
            return Err(FAULT);
        }
        Ok(Self {
            member: MemberId(Uuid::from_slice(member).map_err(|_| FAULT)?),
            seq: number(seq)?,
            began_at: number(began_at)?,
        })
    }

    fn encode_cursor(&self) -> String {
        let mut bytes = vec![FEED];
        bytes.extend(self.member.0.as_bytes());
        bytes.extend(self.seq.to_be_bytes());
        bytes.extend(self.began_at.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_round_trips_and_others_are_refused() {
        let position = Position {
            member: MemberId(Uuid::from_u128(7)),
            seq: 300,
            began_at: i64::MAX,
        };
        let text = position.encode_cursor();
        assert_eq!(Position::decode_cursor(&text), Ok(position));
        let negative = Position {
            seq: -1,
            ..position
        }
        .encode_cursor();
        // The first letter encodes the list id.
        let of_another_list = text.replacen('P', "B", 1);
        for refused in ["", "AAAA", &text[1..], &negative, &of_another_list] {
            assert!(Position::decode_cursor(refused).is_err(), "{refused}");
        }
    }
}

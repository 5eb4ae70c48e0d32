//! Keyset pagination, with cursors that know their list.

use async_graphql::connection::CursorType;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

/// The size of a page if the app does not give one.
pub const PAGE: u64 = 20;
/// The most items that a page may have.
pub const MAX_PAGE: u64 = 100;

/// A position in a list that is sorted by `key`, then by `id`. `LIST` tells lists apart, so that one list refuses the
/// cursors of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor<const LIST: u8> {
    /// The sort key: microseconds for an instant, days since the common era for a date, or a position.
    pub key: i64,
    /// Tells equal keys apart.
    pub id: Uuid,
}

impl<const LIST: u8> CursorType for Cursor<LIST> {
    type Error = &'static str;

    fn decode_cursor(text: &str) -> Result<Self, Self::Error> {
        const FAULT: &str = "not a cursor of this list";
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| FAULT)?;
        let bytes: [u8; 25] = bytes.try_into().map_err(|_| FAULT)?;
        let (list, rest) = bytes.split_first().ok_or(FAULT)?;
        let (key, id) = rest.split_at(8);
        if *list != LIST {
            return Err(FAULT);
        }
        Ok(Self {
            key: i64::from_be_bytes(key.try_into().map_err(|_| FAULT)?),
            id: Uuid::from_slice(id).map_err(|_| FAULT)?,
        })
    }

    fn encode_cursor(&self) -> String {
        let mut bytes = vec![LIST];
        bytes.extend(self.key.to_be_bytes());
        bytes.extend(self.id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// The page that a store fetches. Stores fetch up to `limit + 1` rows, so that the connection can tell whether there
/// are more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<const LIST: u8> {
    /// Only items after this position.
    pub after: Option<Cursor<LIST>>,
    /// Only items before this position.
    pub before: Option<Cursor<LIST>>,
    /// The most items.
    pub limit: u64,
    /// Whether to fetch from the back of the list.
    pub backward: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let cursor = Cursor::<1> {
            key: -5,
            id: Uuid::from_u128(9),
        };
        let text = cursor.encode_cursor();
        assert_eq!(Cursor::<1>::decode_cursor(&text), Ok(cursor));
        assert!(Cursor::<2>::decode_cursor(&text).is_err());
        assert!(Cursor::<1>::decode_cursor("AAAA").is_err());
    }
}

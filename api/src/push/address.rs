//! Addresses of push providers.

use entity::device::AddressKind;

use crate::keys;
use crate::problem::{Problem, ProblemCode};

/// The most bytes of an address. Real ones have a few hundred at most.
const MAX_ADDRESS: usize = 4096;

/// The address of a device at a push provider. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    kind: AddressKind,
    value: String,
}

impl Address {
    /// Checks `input.address`: 1 to 4,096 printable ASCII characters without spaces.
    pub fn parse(kind: AddressKind, value: &str) -> Result<Self, Problem> {
        let value = printable("address", value, MAX_ADDRESS)?;
        Ok(Self { kind, value })
    }

    /// Creates an address that was checked when it was stored.
    pub(crate) const fn stored(kind: AddressKind, value: String) -> Self {
        Self { kind, value }
    }

    /// Returns the kind of address.
    pub const fn kind(&self) -> AddressKind {
        self.kind
    }

    /// Returns the address itself. Only the provider may see it.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Returns a key for comparisons: SHA-256 of kind and address, in hexadecimal.
    pub fn key(&self) -> String {
        use std::fmt::Write as _;
        let kind = match self.kind {
            AddressKind::FcmFid => "fcm_fid",
            AddressKind::FcmToken => "fcm_token",
        };
        let digest = keys::sha256(format!("{kind}\0{}", self.value).as_bytes());
        digest.iter().fold(String::new(), |mut key, byte| {
            let _ = write!(key, "{byte:02x}");
            key
        })
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Address")
    }
}

/// Checks a text that an app sends about itself: printable ASCII without spaces.
pub(crate) fn printable(field: &str, value: &str, most: usize) -> Result<String, Problem> {
    if value.is_empty() {
        let message = "This is needed.";
        return Err(Problem::field(field, ProblemCode::Required, message));
    }
    if value.len() > most {
        let message = format!("At most {most} characters.");
        return Err(Problem::field(field, ProblemCode::TooLong, message).limit(most));
    }
    if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = "Only visible ASCII characters, without spaces.";
        return Err(Problem::field(field, ProblemCode::Invalid, message));
    }
    Ok(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_bounded_and_hidden_from_debug() {
        let parse = |text: &str| Address::parse(AddressKind::FcmFid, text);
        let address = parse("dQw4w9WgXcQ").unwrap();
        assert_eq!(format!("{address:?}"), "Address");
        assert_eq!(parse(&"x".repeat(4096)).unwrap().value().len(), 4096);
        let code = |text: &str| parse(text).unwrap_err().code;
        assert_eq!(code(&"x".repeat(4097)), ProblemCode::TooLong);
        assert_eq!(code(""), ProblemCode::Required);
        for unprintable in ["a b", "a\n", "é", "a\u{7f}"] {
            assert_eq!(code(unprintable), ProblemCode::Invalid);
        }
    }

    #[test]
    fn equal_texts_of_different_kinds_have_different_keys() {
        let key = |kind| Address::parse(kind, "abc").unwrap().key();
        assert_eq!(key(AddressKind::FcmFid), key(AddressKind::FcmFid));
        assert_ne!(key(AddressKind::FcmFid), key(AddressKind::FcmToken));
        assert_eq!(key(AddressKind::FcmToken).len(), 64);
    }
}

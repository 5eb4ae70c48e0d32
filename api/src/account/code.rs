//! Mailed codes: eight digits that only the server can make and only the mailbox shows.
//!
//! A code is derived from the id of what it is for, so that nothing that opens an account stands in
//! the database, and a letter that has to be sent again carries the same one.

use std::fmt;

use entity::{AccountCodeId, SignUpId, account_code};

use crate::keys::{Keys, Purpose, same};
use crate::problem::{Problem, ProblemCode};

/// Wrong guesses a code survives; with the fifth it is dead. One code is so guessed with a chance of
/// 1 in 20 million.
pub(super) const GUESSES: i32 = 5;

const DIGITS: usize = 8;
const COUNT: u64 = 100_000_000;

/// A code. Shown in two halves, which are easier to carry from one window to another.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Code(String);

impl Code {
    /// The code of a sign-up.
    pub fn of_sign_up(keys: &Keys, id: SignUpId) -> Self {
        Self::derive(keys, b"sign up", id.0.as_bytes())
    }

    /// The code of something else an account is mailed.
    pub fn of(keys: &Keys, id: AccountCodeId, purpose: account_code::Purpose) -> Self {
        let label: &[u8] = match purpose {
            account_code::Purpose::ResetPassphrase => b"reset passphrase",
            account_code::Purpose::ChangeEmail => b"change email",
        };
        Self::derive(keys, label, id.0.as_bytes())
    }

    fn derive(keys: &Keys, label: &[u8], id: &[u8]) -> Self {
        let mac = keys.mac(Purpose::Code, &[label, id]);
        let word = mac.first_chunk().copied().unwrap_or_default();
        // The bias towards small codes is below 10⁻¹¹.
        let number = u64::from_be_bytes(word) % COUNT;
        Self(format!("{number:0DIGITS$}"))
    }

    /// Reads a code from `input.<field>`, however it was spaced.
    pub fn parse(field: &str, text: &str) -> Result<Self, Problem> {
        let digits: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .take(DIGITS + 1)
            .collect();
        if digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Ok(Self(digits));
        }
        let message = "A code has eight digits.";
        Err(Problem::field(field, ProblemCode::Invalid, message))
    }

    /// Whether two are the same, in a time that does not depend on where they differ.
    pub fn is(&self, other: &Self) -> bool {
        same(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (left, right) = self.0.split_at(DIGITS / 2);
        write!(f, "{left} {right}")
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_code_is_read_as_it_was_shown_and_belongs_to_its_purpose() {
        let keys = Keys::derive(&"0123456789abcdef0123456789abcdef".into());
        let id = Uuid::from_u128(1);
        let reset = Code::of(&keys, id.into(), account_code::Purpose::ResetPassphrase);
        let change = Code::of(&keys, id.into(), account_code::Purpose::ChangeEmail);
        let sign_up = Code::of_sign_up(&keys, id.into());
        assert!(Code::parse("code", &reset.to_string()).unwrap().is(&reset));
        assert!(!reset.is(&change) && !reset.is(&sign_up) && !change.is(&sign_up));
    }

    #[test]
    fn spaces_and_hyphens_make_no_difference_and_other_things_do() {
        let read = |text| Code::parse("code", text).map(|code| code.to_string());
        assert_eq!(read(" 0123-4567\n").unwrap(), "0123 4567");
        for not_a_code in ["", "1234567", "123456789", "1234567a", "١٢٣٤٥٦٧٨"] {
            assert!(read(not_a_code).is_err(), "{not_a_code}");
        }
    }
}

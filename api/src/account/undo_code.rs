//! The code that undoes a change of e-mail address, for an owner who is no longer signed in.
//!
//! An attacker who took over the account knows its address, and would use up a short code's guesses before the owner
//! could enter it. This code is long enough to need no limit on guesses: it has 80 bits, which only the server can
//! compute and only the mailbox receives.

use std::fmt;

use entity::email_change;

use crate::keys::{Keys, Purpose, same};
use crate::problem::{Problem, ProblemCode};

/// Crockford's base 32: no letter can be taken for a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 16;

/// A code, in four groups of four.
#[derive(Clone, PartialEq, Eq)]
pub struct UndoCode(String);

impl UndoCode {
    /// Derives the code of a change.
    pub fn of(keys: &Keys, change: &email_change::Model) -> Self {
        let parts: [&[u8]; 3] = [
            b"undo email change",
            change.id.0.as_bytes(),
            change.old_email_key.as_bytes(),
        ];
        let mac = keys.mac(Purpose::Code, &parts);
        // No bias: 32 divides 256.
        let digits = mac[..LENGTH].iter();
        let digits = digits.map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
        Self(digits.collect())
    }

    /// Reads a code from `input.<field>`, and ignores spaces, hyphens and case.
    pub fn parse(field: &str, text: &str) -> Result<Self, Problem> {
        let digits: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .take(LENGTH + 1)
            .map(|c| match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                c => c,
            })
            .collect();
        let is_known = |byte: u8| ALPHABET.contains(&byte);
        if digits.len() == LENGTH && digits.bytes().all(is_known) {
            return Ok(Self(digits));
        }
        let message = "This code has sixteen letters and digits.";
        Err(Problem::field(field, ProblemCode::Invalid, message))
    }

    /// Compares two codes in constant time.
    pub fn is(&self, other: &Self) -> bool {
        same(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl fmt::Display for UndoCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (left, right) = self.0.split_at(LENGTH / 2);
        let ((a, b), (c, d)) = (left.split_at(LENGTH / 4), right.split_at(LENGTH / 4));
        write!(out, "{a}-{b}-{c}-{d}")
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_displayed_code_parses_and_matches_only_its_change() {
        let keys = Keys::derive(&"0123456789abcdef0123456789abcdef".into());
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let change = |id, old: &str| email_change::Model {
            id: Uuid::from_u128(id).into(),
            member_id: Uuid::from_u128(7).into(),
            old_email_key: old.to_owned(),
            new_email: "mike@example.net".to_owned(),
            confirmed_at: at,
            due_at: at,
            dropped_at: None,
            done_at: None,
        };
        let code = UndoCode::of(&keys, &change(1, "mike@example.org"));
        let typed = code.to_string().to_lowercase().replace('-', " ");
        let typed = typed.replace('0', "o").replace('1', "l");
        assert!(UndoCode::parse("code", &typed).unwrap().is(&code));
        for other in [change(2, "mike@example.org"), change(1, "paul@example.org")] {
            assert!(!UndoCode::of(&keys, &other).is(&code));
        }
    }

    #[test]
    fn malformed_codes_are_refused() {
        for text in [
            "",
            "0123456789ABCDE",
            "0123456789ABCDEFG",
            "0123456789ABCDEU",
        ] {
            assert!(UndoCode::parse("code", text).is_err(), "{text}");
        }
    }
}

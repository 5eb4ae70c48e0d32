//! Mailed codes: eight digits that only the server can compute and only the mailbox receives.
//!
//! A code is derived from the row of its request: the id, the recipient, and when the request was made. So the
//! database holds nothing that opens an account, a letter that is sent again carries the same code, and no later
//! request gets the same code, whatever its id (OWASP ASVS 5.0, 6.6.2).

use std::fmt;

use entity::{account_code, pending_sign_up};

use crate::keys::{Keys, Purpose, same};
use crate::problem::{Problem, ProblemCode};

/// The guesses that a code allows; the fifth wrong one invalidates it. The chance to guess one code is therefore 1 in
/// 20 million.
pub(super) const GUESSES: i32 = 5;

const DIGITS: usize = 8;
const COUNT: u64 = 100_000_000;

/// A code. It is displayed in two halves, which are easier to copy from one window to another.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// Derives the code of a sign-up.
    ///
    /// The app chooses the id, so the code is bound to the address and the instant.
    pub fn of_sign_up(keys: &Keys, sign_up: &pending_sign_up::Model) -> Self {
        let made = sign_up.created_at.timestamp_micros().to_be_bytes();
        let parts: [&[u8]; 4] = [
            b"sign up",
            sign_up.id.0.as_bytes(),
            sign_up.email_key.as_bytes(),
            &made,
        ];
        Self::derive(keys, &parts)
    }

    /// Derives the code of a passphrase reset or of a change of e-mail address.
    pub fn of(keys: &Keys, code: &account_code::Model) -> Self {
        let label: &[u8] = match code.purpose {
            account_code::Purpose::ResetPassphrase => b"reset passphrase",
            account_code::Purpose::ChangeEmail => b"change email",
        };
        let made = code.created_at.timestamp_micros().to_be_bytes();
        let parts: [&[u8]; 5] = [
            label,
            code.id.0.as_bytes(),
            code.member_id.0.as_bytes(),
            code.new_email.as_deref().unwrap_or_default().as_bytes(),
            &made,
        ];
        Self::derive(keys, &parts)
    }

    fn derive(keys: &Keys, parts: &[&[u8]]) -> Self {
        let mac = keys.mac(Purpose::Code, parts);
        let word = mac.first_chunk().copied().unwrap_or_default();
        // The bias towards small codes is below 10⁻¹¹.
        let number = u64::from_be_bytes(word) % COUNT;
        Self(format!("{number:0DIGITS$}"))
    }

    /// Reads a code from `input.<field>`, and ignores spaces and hyphens.
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

    /// Compares two codes in constant time.
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
    use chrono::{DateTime, TimeDelta};
    use entity::MemberId;
    use uuid::Uuid;

    use super::*;

    fn keys() -> Keys {
        Keys::derive(&"0123456789abcdef0123456789abcdef".into())
    }

    fn sign_up() -> pending_sign_up::Model {
        pending_sign_up::Model {
            id: Uuid::from_u128(1).into(),
            email: "Mike@example.org".into(),
            email_key: "mike@example.org".into(),
            passphrase_hash: String::new(),
            handle: "mike".into(),
            time_zone: "Europe/London".into(),
            country: "GB".into(),
            locale: "en".into(),
            terms_version: "1".into(),
            adult_stated_at: DateTime::UNIX_EPOCH,
            attempts: 0,
            created_at: DateTime::UNIX_EPOCH,
            expires_at: DateTime::UNIX_EPOCH,
            session_id: None,
            verified_at: None,
        }
    }

    fn account_code(purpose: account_code::Purpose) -> account_code::Model {
        account_code::Model {
            id: Uuid::from_u128(1).into(),
            member_id: MemberId(Uuid::from_u128(2)),
            purpose,
            new_email: None,
            request_id: None,
            attempts: 0,
            created_at: DateTime::UNIX_EPOCH,
            expires_at: DateTime::UNIX_EPOCH,
            used_at: None,
        }
    }

    #[test]
    fn a_displayed_code_parses_and_matches_only_its_purpose() {
        let keys = keys();
        let of = |purpose| Code::of(&keys, &account_code(purpose));
        let reset = of(account_code::Purpose::ResetPassphrase);
        let change = of(account_code::Purpose::ChangeEmail);
        let sign_up = Code::of_sign_up(&keys, &sign_up());
        assert!(Code::parse("code", &reset.to_string()).unwrap().is(&reset));
        assert!(!reset.is(&change) && !reset.is(&sign_up) && !change.is(&sign_up));
    }

    #[test]
    fn each_request_has_its_own_code() {
        let keys = keys();
        let later = DateTime::UNIX_EPOCH + TimeDelta::microseconds(1);
        let (first, mut address, mut instant) = (sign_up(), sign_up(), sign_up());
        address.email_key = "paul@example.org".into();
        instant.created_at = later;
        let code = Code::of_sign_up(&keys, &first);
        assert!(code.is(&Code::of_sign_up(&keys, &first.clone())));
        for other in [address, instant] {
            assert!(!code.is(&Code::of_sign_up(&keys, &other)), "{other:?}");
        }

        let first = account_code(account_code::Purpose::ChangeEmail);
        let (mut member, mut address, mut instant) = (first.clone(), first.clone(), first.clone());
        member.member_id = MemberId(Uuid::from_u128(3));
        address.new_email = Some("paul@example.org".into());
        instant.created_at = later;
        for other in [member, address, instant] {
            assert!(
                !Code::of(&keys, &first).is(&Code::of(&keys, &other)),
                "{other:?}"
            );
        }
    }

    #[test]
    fn spaces_and_hyphens_are_ignored_and_other_characters_refused() {
        let read = |text| Code::parse("code", text).map(|code| code.to_string());
        assert_eq!(read(" 0123-4567\n").unwrap(), "0123 4567");
        for not_a_code in ["", "1234567", "123456789", "1234567a", "١٢٣٤٥٦٧٨"] {
            assert!(read(not_a_code).is_err(), "{not_a_code}");
        }
    }
}

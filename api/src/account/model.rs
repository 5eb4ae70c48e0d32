//! What a person types, read into forms that cannot be wrong.

use secrecy::{ExposeSecret as _, SecretString};
use unicode_normalization::UnicodeNormalization as _;

pub use super::email::Email;
use crate::problem::{Problem, ProblemCode};
use crate::text::{Lines, TextForm};

/// A passphrase, composed alike whatever keyboard it was typed on (Unicode NFC).
#[derive(Clone)]
pub(super) struct Passphrase(SecretString);

const PASSPHRASE_MIN: usize = 10;
const PASSPHRASE_MAX: usize = 128;

impl Passphrase {
    /// Reads a new one: 10 to 128 characters. How soon it would be guessed is asked elsewhere.
    pub fn chosen(field: &str, text: String) -> Result<Self, Problem> {
        let passphrase = Self::given(field, text)?;
        if passphrase.expose().chars().count() < PASSPHRASE_MIN {
            let message = "A passphrase has at least 10 characters; a few words make a good one.";
            let problem = Problem::field(field, ProblemCode::TooShort, message);
            return Err(problem.limit(PASSPHRASE_MIN));
        }
        Ok(passphrase)
    }

    /// Reads one that is to be compared.
    pub fn given(field: &str, text: String) -> Result<Self, Problem> {
        let text = SecretString::from(text);
        // Bounds the work of composing it, too.
        if text.expose_secret().chars().nth(PASSPHRASE_MAX).is_some() {
            let message = "A passphrase has at most 128 characters.";
            return Err(Problem::field(field, ProblemCode::TooLong, message).limit(PASSPHRASE_MAX));
        }
        if text.expose_secret().is_empty() {
            let message = "The passphrase is needed.";
            return Err(Problem::field(field, ProblemCode::Required, message));
        }
        let composed: String = text.expose_secret().nfc().collect();
        Ok(Self(composed.into()))
    }

    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The problem that it would be guessed too soon.
    pub fn weak(field: &str) -> Problem {
        let message = "This would be guessed too soon: take a few words that have nothing to do with each \
             other, or with you.";
        Problem::field(field, ProblemCode::WeakPassphrase, message)
    }
}

/// What a member calls one of his devices: 1 to 64 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DeviceName(String);

impl DeviceName {
    pub fn parse(field: &str, text: &str) -> Result<Self, Problem> {
        let form = TextForm {
            max: 64,
            lines: Lines::One,
        };
        let problem = |code| {
            let message = "A device's name has 1 to 64 characters, such as iPhone 15.";
            Problem::field(field, code, message)
        };
        let read = form
            .read(field, text)
            .map_err(|refused| problem(refused.code))?;
        read.map(Self).ok_or_else(|| problem(ProblemCode::Required))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The statement "I am 18 or over".
pub(super) fn adult(field: &str, stated: bool) -> Result<(), Problem> {
    if stated {
        return Ok(());
    }
    let message = "Belay is for men of 18 and over.";
    Err(Problem::field(
        field,
        ProblemCode::AdultStatementRequired,
        message,
    ))
}

/// The terms a member accepts, which must be those in force.
pub(super) fn terms(field: &str, accepted: &str, in_force: &str) -> Result<(), Problem> {
    if accepted == in_force {
        return Ok(());
    }
    let message = "There are newer terms: show those, and ask again.";
    Err(Problem::field(field, ProblemCode::TermsOutdated, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<T>(parsed: Result<T, Problem>) -> Option<ProblemCode> {
        parsed.err().map(|problem| problem.code)
    }

    #[test]
    fn a_passphrase_has_ten_to_128_characters() {
        let chosen = |text: String| code(Passphrase::chosen("passphrase", text));
        assert_eq!(chosen("é".repeat(9)), Some(ProblemCode::TooShort));
        assert_eq!(chosen("é".repeat(10)), None);
        assert_eq!(chosen("é".repeat(128)), None);
        assert_eq!(chosen("é".repeat(129)), Some(ProblemCode::TooLong));
        assert_eq!(chosen(String::new()), Some(ProblemCode::Required));
    }

    #[test]
    fn a_passphrase_is_the_same_from_every_keyboard() {
        let given = |text: &str| Passphrase::given("passphrase", text.to_owned()).unwrap();
        assert_eq!(given("caf\u{e9}").expose(), given("cafe\u{301}").expose());
    }

    #[test]
    fn a_device_has_a_name() {
        assert_eq!(
            code(DeviceName::parse("deviceName", " \n ")),
            Some(ProblemCode::Required)
        );
        // A line break in one line is a blank, as in every text.
        assert_eq!(
            DeviceName::parse("deviceName", "a\nb").unwrap().as_str(),
            "a b"
        );
        assert_eq!(
            code(DeviceName::parse("deviceName", &"x".repeat(65))),
            Some(ProblemCode::TooLong)
        );
        assert_eq!(
            DeviceName::parse("deviceName", " Pixel 9 ")
                .unwrap()
                .as_str(),
            "Pixel 9"
        );
    }
}

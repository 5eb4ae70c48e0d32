//! Members' input, parsed into types that cannot be invalid.

pub use super::email::Email;
use crate::problem::{Problem, ProblemCode};
use crate::text::{Lines, TextForm};

/// A member's name for one of his devices: 1 to 64 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceName(String);

impl DeviceName {
    /// Reads the name from the input field `field`.
    ///
    /// # Errors
    /// If it is empty, too long, or has characters that cannot be shown.
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

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Requires the statement "I am 18 or over".
pub fn adult(field: &str, stated: bool) -> Result<(), Problem> {
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

/// Checks that the accepted terms are those in force.
pub fn terms(field: &str, accepted: &str, in_force: &str) -> Result<(), Problem> {
    if accepted == in_force {
        return Ok(());
    }
    let message = "There are newer terms. Show them, and send this again.";
    Err(Problem::field(field, ProblemCode::TermsOutdated, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<T>(parsed: Result<T, Problem>) -> Option<ProblemCode> {
        parsed.err().map(|problem| problem.code)
    }

    #[test]
    fn a_device_name_is_required_and_bounded() {
        assert_eq!(
            code(DeviceName::parse("deviceName", " \n ")),
            Some(ProblemCode::Required)
        );
        // A line break becomes a space, as in every text of one line.
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

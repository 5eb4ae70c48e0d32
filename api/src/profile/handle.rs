//! Handles: the names that members go by.

use unicode_normalization::UnicodeNormalization as _;
use unicode_security::confusable_detection::skeleton;
use unicode_security::{GeneralSecurityProfile as _, MixedScript as _};

use super::reserved;
use crate::problem::{Problem, ProblemCode};

/// A handle: 3 to 24 letters, digits, hyphens, underscores or dots of one script, starting with a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle {
    text: String,
    key: String,
    seen_key: String,
}

/// The fewest and the most characters of a handle.
const SHORTEST: usize = 3;
const LONGEST: usize = 24;
const FORM: &str =
    "A handle has 3 to 24 letters, digits, hyphens, underscores or dots, and starts with a letter.";
impl Handle {
    /// Reads a handle from `input.<field>`.
    pub fn parse(field: &str, text: &str) -> Result<Self, Problem> {
        let text: String = text.trim().nfc().collect();
        let length = text.chars().count();
        if length < SHORTEST {
            return Err(Problem::field(field, ProblemCode::TooShort, FORM).limit(SHORTEST));
        }
        if length > LONGEST {
            return Err(Problem::field(field, ProblemCode::TooLong, FORM).limit(LONGEST));
        }
        let starts_well = text.chars().next().is_some_and(char::is_alphabetic);
        let allowed = |c: char| {
            matches!(c, '-' | '_' | '.') || (c.is_alphanumeric() && c.identifier_allowed())
        };
        if !starts_well || !text.chars().all(allowed) {
            return Err(Problem::field(field, ProblemCode::Invalid, FORM));
        }
        if !text.as_str().is_single_script() {
            let message = "A handle is written in one script, so that none looks like another.";
            return Err(Problem::field(field, ProblemCode::Invalid, message));
        }
        let handle = Self::of(text);
        if reserved::is_reserved(handle.as_str()) {
            return Err(Self::taken(field));
        }
        Ok(handle)
    }

    /// Wraps a handle that somebody already has, without checking today's rules.
    pub fn of(text: String) -> Self {
        Self {
            key: fold(&text.to_lowercase()),
            seen_key: fold(&text),
            text,
        }
    }

    /// Returns the handle as its owner writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the key that is compared. Two handles that differ only in case, punctuation or look-alike letters have
    /// the same key (the skeleton of Unicode Technical Standard 39 §4).
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the keys that no two handles may share: how the handle looks in lower case, and how it looks as
    /// written. A capital I looks like a small l, so that `giIbert` looks like `gilbert`. The keys are sorted, so that
    /// all transactions lock them in one order.
    pub fn keys(&self) -> Vec<String> {
        let mut keys = vec![self.key.clone(), self.seen_key.clone()];
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Returns the problem that somebody else has the handle.
    pub fn taken(field: &str) -> Problem {
        let message = "Somebody already has this handle, or one that looks the same.";
        Problem::field(field, ProblemCode::Taken, message)
    }
}

/// Returns how a text looks, without case and punctuation.
pub(super) fn fold(text: &str) -> String {
    // Twice: a skeleton may have capitals, and lower-case letters have skeletons of their own.
    let once: String = skeleton(text).collect();
    let folded = once.to_lowercase();
    skeleton(&folded).filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> String {
        Handle::parse("handle", text).unwrap().key().to_owned()
    }

    #[test]
    fn case_punctuation_and_lookalikes_do_not_distinguish_handles() {
        assert_eq!(key("Mike_T"), key("mike.t"));
        assert_eq!(key("rnike"), key("mike"));
        assert_eq!(key("paul1"), key("paull"));
        // Cyrillic letters only, which look Latin.
        assert_eq!(key("асе"), key("ace"));
        assert_ne!(key("mike"), key("mick"));
    }

    #[test]
    fn lookalikes_match_in_either_case() {
        let keys = |text: &str| Handle::parse("handle", text).unwrap().keys();
        let alike = |one, other| keys(one).iter().any(|key| keys(other).contains(key));
        assert!(alike("giIbert", "gilbert") && alike("GiIbert", "GILBERT"));
        assert!(alike("Ian", "lan") && alike("IAN", "ian"));
        assert!(!alike("ian", "lan") && !alike("mike", "mick"));
    }

    #[test]
    fn invalid_handles_are_refused_with_their_field() {
        for (text, code) in [
            ("ab", ProblemCode::TooShort),
            ("a-very-long-handle-indeed-sir", ProblemCode::TooLong),
            ("1mike", ProblemCode::Invalid),
            ("mike tyson", ProblemCode::Invalid),
            ("mіke", ProblemCode::Invalid),
            ("Support", ProblemCode::Taken),
            ("BeIay", ProblemCode::Taken),
            ("belay-support", ProblemCode::Taken),
        ] {
            let problem = Handle::parse("handle", text).unwrap_err();
            assert_eq!(problem.code, code, "{text}");
            assert_eq!(problem.path, ["input", "handle"]);
        }
    }
}

//! Languages.

use oxilangtag::LanguageTag;

use crate::problem::{Problem, ProblemCode};

/// A language by its BCP 47 tag (RFC 5646), in canonical case: `en`, `pt-BR`, `zh-Hant`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language(String);

/// No real tag is longer.
const MAX_LENGTH: usize = 35;

impl Language {
    /// Reads a tag in any case from `input.<field>`.
    pub fn parse(field: &str, tag: &str) -> Result<Self, Problem> {
        LanguageTag::parse_and_normalize(tag)
            .ok()
            .filter(|tag| {
                tag.len() <= MAX_LENGTH && (2..=3).contains(&tag.primary_language().len())
            })
            .map(|tag| Self(tag.into_inner()))
            .ok_or_else(|| {
                let message = "A language is a BCP 47 tag, such as en or pt-BR.";
                Problem::field(field, ProblemCode::Invalid, message)
            })
    }

    /// The tag.
    pub fn tag(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_put_into_their_canonical_case() {
        assert_eq!(Language::parse("locale", "PT-br").unwrap().tag(), "pt-BR");
        for not_a_tag in ["", "english", "en_GB", "x-private", "e"] {
            assert!(Language::parse("locale", not_a_tag).is_err(), "{not_a_tag}");
        }
    }
}

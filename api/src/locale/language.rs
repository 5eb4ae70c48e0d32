//! Languages.

use oxilangtag::LanguageTag;

use crate::problem::{Problem, ProblemCode};

/// A language by its BCP 47 tag (RFC 5646), in canonical case: `en`, `pt-BR`, `zh-Hant`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language(String);

/// No real tag is longer.
const MAX_LENGTH: usize = 35;

impl Language {
    /// Parses a tag in any case from `input.<field>`. Accepts the locales of phones and of POSIX: `en_US`,
    /// `zh-Hant_HK`, `de_DE.UTF-8`, `ar_EG@calendar=islamic`.
    pub fn parse(field: &str, tag: &str) -> Result<Self, Problem> {
        let tag = tag.split(['.', '@']).next().unwrap_or_default();
        LanguageTag::parse_and_normalize(&tag.replace('_', "-"))
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

    /// Returns the tag.
    pub fn tag(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_locales_are_accepted_as_languages() {
        for (locale, tag) in [
            ("en_US", "en-US"),
            ("zh-Hant_HK", "zh-Hant-HK"),
            ("de_DE.UTF-8", "de-DE"),
            ("ar_EG@calendar=islamic", "ar-EG"),
        ] {
            assert_eq!(Language::parse("locale", locale).unwrap().tag(), tag);
        }
    }

    #[test]
    fn tags_get_their_canonical_case() {
        assert_eq!(Language::parse("locale", "PT-br").unwrap().tag(), "pt-BR");
        for not_a_tag in ["", "english", "_GB", "en__GB", "x-private", "e", "@en", "C"] {
            assert!(Language::parse("locale", not_a_tag).is_err(), "{not_a_tag}");
        }
    }
}

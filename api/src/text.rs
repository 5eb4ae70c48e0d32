//! What people write, made fit to be kept: one form for what looks the same, and nothing in it that
//! cannot be seen but changes what is.

use unicode_normalization::UnicodeNormalization as _;

use crate::problem::{Problem, ProblemCode};

/// Whether a text may have more than one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// One line.
    One,
    /// Line breaks are kept, as `\n`.
    Many,
}

/// What a text of one field may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextForm {
    /// The most characters (Unicode scalar values after normalisation) it may have.
    pub max: usize,
    /// Its lines.
    pub lines: Lines,
}

impl TextForm {
    /// Reads a text from `input.<field>`: trimmed, in Normalization Form C (Unicode Standard Annex 15),
    /// with line breaks as `\n`; none when nothing of it can be seen.
    pub fn read(self, field: &str, text: &str) -> Result<Option<String>, Problem> {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text: String = text.trim().nfc().collect();
        if text.chars().all(unseen) {
            return Ok(None);
        }
        if text.chars().any(|c| self.refuses(c)) {
            let message = match self.lines {
                Lines::One => "This is one line of text, without control characters.",
                Lines::Many => "This is text without control characters; line breaks are welcome.",
            };
            return Err(Problem::field(field, ProblemCode::Invalid, message));
        }
        if text.chars().count() > self.max {
            let message = format!("This has at most {} characters.", self.max);
            return Err(Problem::field(field, ProblemCode::TooLong, message).limit(self.max));
        }
        Ok(Some(text))
    }

    /// As [`Self::read`], for a text that must be there.
    pub fn require(self, field: &str, text: &str) -> Result<String, Problem> {
        self.read(field, text)?.ok_or_else(|| required(field))
    }

    fn refuses(self, c: char) -> bool {
        match c {
            '\n' => self.lines == Lines::One,
            // Separators of lines that most programs do not break at; overrides, which show letters in
            // another order than they are read in (embeddings and isolates have honest uses); and
            // noncharacters, which are never to be exchanged (Unicode Standard §23.7).
            '\u{2028}' | '\u{2029}' | '\u{202D}' | '\u{202E}' | '\u{FDD0}'..='\u{FDEF}' => true,
            c => c.is_control() || u32::from(c) & 0xFFFE == 0xFFFE,
        }
    }
}

/// The problem that something must be there.
pub fn required(field: &str) -> Problem {
    Problem::field(field, ProblemCode::Required, "This is needed.")
}

fn unseen(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{AD}' | '\u{115F}' | '\u{1160}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
                | '\u{FEFF}' | '\u{FFA0}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: TextForm = TextForm {
        max: 5,
        lines: Lines::One,
    };
    const STORY: TextForm = TextForm {
        max: 9,
        lines: Lines::Many,
    };

    #[test]
    fn what_looks_the_same_is_kept_the_same() {
        let composed = LINE.read("name", "  Jose\u{301}\u{a0}");
        assert_eq!(composed, Ok(Some("José".to_owned())));
        let lines = STORY.read("story", "a\r\nb\rc\n");
        assert_eq!(lines, Ok(Some("a\nb\nc".to_owned())));
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert!(LINE.read("name", "ééééé").is_ok());
        let problem = LINE.read("name", "éééééé").unwrap_err();
        assert_eq!(problem.code, ProblemCode::TooLong);
        assert_eq!(problem.path, ["input", "name"]);
    }

    #[test]
    fn what_cannot_be_seen_is_nothing() {
        for blank in ["", " \n ", "\u{200B}\u{2060}", "\u{3164}"] {
            assert_eq!(STORY.read("story", blank), Ok(None), "{blank:?}");
        }
        let problem = LINE.require("name", "\u{FEFF}").unwrap_err();
        assert_eq!(problem.code, ProblemCode::Required);
    }

    #[test]
    fn what_changes_a_text_unseen_is_refused() {
        for hidden in [
            "a\0b",
            "a\u{7}b",
            "a\tb",
            "a\u{202E}b",
            "a\u{2028}b",
            "a\u{FFFE}b",
        ] {
            let problem = STORY.read("story", hidden).unwrap_err();
            assert_eq!(problem.code, ProblemCode::Invalid, "{hidden:?}");
        }
        assert!(LINE.read("name", "a\nb").is_err());
        // A family, and the flag of Scotland.
        assert!(
            STORY
                .read("story", "👨\u{200D}👧 🏴\u{E0067}\u{E0062}\u{E0073}")
                .is_ok()
        );
    }
}

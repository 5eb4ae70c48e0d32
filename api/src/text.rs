//! Normalises the texts that people write: one form for texts that look the same, and nothing invisible in them that
//! changes their display. No text is refused for a character in it.

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

/// The form of a text field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextForm {
    /// The most characters, counted as Unicode scalar values after normalisation.
    pub max: usize,
    /// Whether it may have several lines.
    pub lines: Lines,
}

impl TextForm {
    /// Reads a text from `input.<field>`: in Normalization Form C (Unicode Standard Annex 15), trimmed, and without
    /// characters that cannot be stored, see [`cleaned`]. Returns `None` if no character is visible. Only a text that
    /// is too long is refused: an odd character never costs people their words.
    pub fn read(self, field: &str, text: &str) -> Result<Option<String>, Problem> {
        let text = cleaned(text, self.lines);
        let text: String = text.trim().nfc().collect();
        if text.chars().all(unseen) {
            return Ok(None);
        }
        if text.chars().count() > self.max {
            let message = format!("This has at most {} characters.", self.max);
            return Err(Problem::field(field, ProblemCode::TooLong, message).limit(self.max));
        }
        Ok(Some(text))
    }

    /// As [`Self::read`], for a required text.
    pub fn require(self, field: &str, text: &str) -> Result<String, Problem> {
        self.read(field, text)?.ok_or_else(|| required(field))
    }
}

/// Replaces characters that keyboards, word processors and web pages put into a text. A tab becomes a blank. A line
/// break (Unicode Standard Annex 14: CR, LF, NEL, VT, FF, U+2028, U+2029) becomes `\n`, or a blank in a single-line
/// text. Other control characters and noncharacters (Unicode Standard §23.7) are dropped. So are overrides of the
/// reading direction, which show letters in another order than they are read in. Embeddings and isolates have honest
/// uses, and stay.
fn cleaned(text: &str, lines: Lines) -> String {
    let text = text.replace("\r\n", "\n");
    let mut out = String::with_capacity(text.len());
    let (mut open, mut isolates) = (Vec::new(), 0_usize);
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                // A paragraph ends everything that was opened in it (Unicode Standard Annex 9).
                open.clear();
                isolates = 0;
                out.push(match lines {
                    Lines::One => ' ',
                    Lines::Many => '\n',
                });
            }
            '\t' => out.push(' '),
            '\u{202D}' | '\u{202E}' => open.push(Opened::Override),
            '\u{202A}' | '\u{202B}' => {
                open.push(Opened::Embedding);
                out.push(c);
            }
            '\u{2066}'..='\u{2068}' => {
                open.push(Opened::Isolate);
                isolates += 1;
                out.push(c);
            }
            '\u{2069}' => {
                // Search only if an isolate is open. Its entries are removed with it, so no entry is searched twice.
                if isolates > 0
                    && let Some(at) = open.iter().rposition(|it| *it == Opened::Isolate)
                {
                    open.truncate(at);
                    isolates -= 1;
                }
                out.push(c);
            }
            // The end of an override is dropped with it. Otherwise it would end the embedding around it.
            '\u{202C}' => match open.last() {
                Some(Opened::Override) => {
                    open.pop();
                }
                Some(Opened::Embedding) => {
                    open.pop();
                    out.push(c);
                }
                Some(Opened::Isolate) | None => out.push(c),
            },
            c if c.is_control() || is_noncharacter(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// A character that changes the reading direction until it is closed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opened {
    Embedding,
    Override,
    Isolate,
}

fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{FDD0}'..='\u{FDEF}') || u32::from(c) & 0xFFFE == 0xFFFE
}

/// Returns the problem that the field is required.
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
    fn composition_and_line_breaks_are_normalised() {
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
    fn invisible_text_counts_as_empty() {
        for blank in ["", " \n ", "\u{200B}\u{2060}", "\u{3164}"] {
            assert_eq!(STORY.read("story", blank), Ok(None), "{blank:?}");
        }
        let problem = LINE.require("name", "\u{FEFF}").unwrap_err();
        assert_eq!(problem.code, ProblemCode::Required);
    }

    #[test]
    fn unsupported_characters_are_replaced_or_dropped_and_the_rest_is_kept() {
        let kept = |text: &str| STORY.read("story", text).unwrap().unwrap();
        assert_eq!(kept("a\tb"), "a b");
        for line_break in [
            "\r\n", "\r", "\u{B}", "\u{C}", "\u{85}", "\u{2028}", "\u{2029}",
        ] {
            let text = format!("a{line_break}b");
            assert_eq!(kept(&text), "a\nb", "{line_break:?}");
            assert_eq!(LINE.read("name", &text), Ok(Some("a b".to_owned())));
        }
        for dropped in [
            "\0",
            "\u{7}",
            "\u{7F}",
            "\u{9F}",
            "\u{FFFE}",
            "\u{FDD0}",
            "\u{10FFFF}",
        ] {
            assert_eq!(kept(&format!("a{dropped}b")), "ab", "{dropped:?}");
        }
        // Dropped characters do not count, and do not protect adjacent blanks from trimming.
        assert_eq!(
            LINE.read("name", "\0 \tabcde\0 "),
            Ok(Some("abcde".to_owned()))
        );
        assert_eq!(STORY.read("story", "\0\t\u{2028}"), Ok(None));
        // A family, and the flag of Scotland.
        let seen = "👨\u{200D}👧 🏴\u{E0067}\u{E0062}\u{E0073}";
        assert_eq!(kept(seen), seen);
    }

    #[test]
    fn a_direction_override_is_removed_with_its_terminator() {
        let kept = |text: &str| STORY.read("story", text).unwrap().unwrap();
        assert_eq!(kept("a\u{202E}b"), "ab");
        assert_eq!(kept("a\u{202E}b\u{202C}c"), "abc");
        // The surrounding embedding keeps its terminator.
        let around = "\u{202B}a\u{202D}b\u{202C}c\u{202C}d";
        assert_eq!(kept(around), "\u{202B}abc\u{202C}d");
        // A terminator inside an isolate does not close an override outside. A line break closes everything.
        assert_eq!(
            kept("\u{202E}\u{2067}a\u{202C}\u{2069}"),
            "\u{2067}a\u{202C}\u{2069}"
        );
        assert_eq!(kept("\u{202E}a\nb\u{202C}c"), "a\nb\u{202C}c");
    }

    #[test]
    fn reading_is_idempotent() {
        for text in [
            "a\t\u{2028}b\0",
            "\u{202B}a\u{202D}b\u{202C}",
            "e\0\u{301}",
            "\r\0\nb",
        ] {
            let once = STORY.read("story", text).unwrap().unwrap();
            assert_eq!(
                STORY.read("story", &once),
                Ok(Some(once.clone())),
                "{text:?}"
            );
        }
    }
}

//! Checks the text of a document before it is parsed. The parser recurses for every nested bracket and would overflow
//! the stack, which ends the process.

use super::Limits;
use super::refusal::{Measure, TooMuch};

pub(super) const QUOTE: u8 = b'"';
pub(super) const BLOCK: &[u8] = b"\"\"\"";

/// Refuses a text that is unsafe to parse: too long, or with too many nested brackets. Limits that can be counted here
/// are checked too, without parsing: a colon outside of round brackets is an alias.
pub fn scan(text: &str, limits: &Limits) -> Result<(), TooMuch> {
    Measure::DocumentBytes.check(text.len(), limits.document_bytes)?;
    let (mut words, mut open, mut deepest, mut longest_name) = (0_usize, 0_usize, 0, 0);
    let (mut round, mut aliases, mut directives) = (0_usize, 0, 0);
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let (mut token, mut is_word) = (1, true);
        match byte {
            // The parser stops at a closing bracket of the wrong kind, so the kinds need not be told apart.
            b'{' | b'(' | b'[' => {
                open += 1;
                deepest = deepest.max(open);
                round += usize::from(byte == b'(');
            }
            b'}' | b')' | b']' => {
                (open, is_word) = (open.saturating_sub(1), false);
                round = round.saturating_sub(usize::from(byte == b')'));
            }
            b':' if round == 0 => (aliases, is_word) = (aliases + 1, false),
            b'@' => (directives, is_word) = (directives + 1, false),
            b'#' => token = until(rest, |byte| matches!(byte, b'\n' | b'\r')),
            // An unclosed block string is refused here, because the parser would search for its end again and again.
            QUOTE if rest.starts_with(BLOCK) => {
                token = block_string(rest).ok_or(TooMuch::UnclosedString)?;
            }
            QUOTE => token = 1 + string(behind),
            b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                token = until(rest, |byte| !byte.is_ascii_alphanumeric() && byte != b'_');
                longest_name = longest_name.max(token);
            }
            // Such a byte means nothing without a word beside it.
            _ => is_word = false,
        }
        words += usize::from(is_word);
        rest = rest.get(token..).unwrap_or_default();
    }
    Measure::Aliases.check(aliases, limits.aliases)?;
    Measure::Directives.check(directives, limits.directives)?;
    Measure::Words.check(words, limits.words)?;
    Measure::Nesting.check(deepest, limits.nesting)?;
    Measure::NameBytes.check(longest_name, limits.name_bytes)
}

pub(super) fn until(text: &[u8], end: impl Fn(u8) -> bool) -> usize {
    text.iter()
        .position(|byte| end(*byte))
        .unwrap_or(text.len())
}

/// Returns the length of a string without its opening quote. An unclosed string ends with its line, where the parser
/// stops.
pub(super) fn string(text: &[u8]) -> usize {
    let mut escaped = false;
    let end = text.iter().position(|byte| {
        let ends = !escaped && *byte == QUOTE || matches!(byte, b'\n' | b'\r');
        escaped = !escaped && *byte == b'\\';
        ends
    });
    end.map_or(text.len(), |end| end + 1)
}

/// Returns the length of a block string (GraphQL §2.9.4), or `None` if it is not closed. Only `\"""` is an escape in
/// it.
pub(super) fn block_string(text: &[u8]) -> Option<usize> {
    let mut at = BLOCK.len();
    loop {
        let rest = text.get(at..)?;
        if rest.starts_with(BLOCK) {
            return Some(at + BLOCK.len());
        }
        let escape = rest.first()? == &b'\\' && rest[1..].starts_with(BLOCK);
        at += if escape { 1 + BLOCK.len() } else { 1 };
    }
}

//! Rewrites what the parser does not support, and refuses what it wrongly accepts. The library's grammar is fixed, so
//! the text is changed into words that it knows.
//!
//! - Characters beyond the first plane may be escaped in two ways (GraphQL §2.9.4): `\u{1F600}`, and as a pair of
//!   surrogates. The escapes are replaced with the characters.
//! - Operations, fragments and variables may have descriptions, which have no meaning here. They are blanked out, so
//!   that the positions in errors stay right.
//! - Ignored tokens may stand within the type of a variable, and between `on` and a type. They are blanked out or moved
//!   behind the type.
//! - The parser accepts an input field given twice (§5.6.3), empty brackets and a fragment named `on`. They are
//!   refused.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;

use super::refusal::TooMuch;
use super::scan::{BLOCK, QUOTE, block_string, string, until};

/// Stands in `before` for a string that is a default value. No token begins with a space.
const VALUE: u8 = b' ';

/// Returns the text for the parser.
pub fn rewrite(text: &str) -> Result<Cow<'_, str>, TooMuch> {
    let mut rewriter = Rewriter {
        text,
        written: String::new(),
        copied: 0,
        open: 0,
        round: 0,
        objects: Vec::new(),
        before: b' ',
        word: "",
        last: "",
        is_variable: false,
    };
    let mut at = 0;
    while let Some(rest) = text.as_bytes().get(at..).filter(|rest| !rest.is_empty()) {
        at += rewriter.token(at, rest)?;
    }
    Ok(rewriter.finish())
}

struct Rewriter<'a> {
    text: &'a str,
    written: String,
    /// The text before this position is in `written`.
    copied: usize,
    /// The number of open brackets of all kinds; `round` counts the round ones.
    open: usize,
    round: usize,
    /// For each open curly bracket the field names so far, if it is an input object.
    objects: Vec<Option<HashSet<&'a str>>>,
    /// The first byte of the last significant token.
    before: u8,
    /// The last word outside of all brackets.
    word: &'a str,
    /// The last word, if it is the last token.
    last: &'a str,
    /// Whether the last token is the name of a variable.
    is_variable: bool,
}

impl<'a> Rewriter<'a> {
    /// Takes the token at `at`. Returns its length.
    fn token(&mut self, at: usize, rest: &[u8]) -> Result<usize, TooMuch> {
        let byte = rest.first().copied().unwrap_or_default();
        let length = match byte {
            b'#' => {
                let length = comment(rest);
                if self.last == "on" {
                    self.put(at, length, &" ".repeat(length));
                }
                return Ok(length);
            }
            b':' if self.is_variable && self.open == 1 => 1 + self.type_of_variable(at + 1),
            QUOTE if rest.starts_with(BLOCK) => {
                let length = block_string(rest).ok_or(TooMuch::UnclosedString)?;
                self.text(at, length, false);
                length
            }
            QUOTE => {
                let length = 1 + string(&rest[1..]);
                self.text(at, length, true);
                length
            }
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                let length = until(rest, |byte| !byte.is_ascii_alphanumeric() && byte != b'_');
                self.name(at, length)?;
                length
            }
            b'(' | b'[' | b'{' => {
                self.opens(byte, &rest[1..])?;
                1
            }
            b')' | b']' | b'}' => {
                self.open = self.open.saturating_sub(1);
                self.round = self.round.saturating_sub(usize::from(byte == b')'));
                if byte == b'}' {
                    self.objects.pop();
                }
                1
            }
            _ if is_ignored(byte) => return Ok(1),
            _ => 1,
        };
        if !is_name(byte) {
            self.last = "";
        }
        self.is_variable = self.before == b'$' && is_name(byte);
        let is_default = self.before == b'=';
        // A string that is a value must not make the next string look like part of it.
        self.before = if is_default && byte == QUOTE {
            VALUE
        } else {
            byte
        };
        Ok(length)
    }

    /// Takes the type that begins at `at`, and writes it without the ignored tokens. Returns its length.
    fn type_of_variable(&mut self, at: usize) -> usize {
        let text = self.text;
        let rest = &text.as_bytes()[at..];
        let Some(begin) = ignorable(rest) else {
            return 0;
        };
        let (mut end, mut ty, mut ignored) = (begin, String::new(), String::new());
        while let Some(skipped) = ignorable(&rest[end..]) {
            let token = &rest[end + skipped..];
            let length = match token.first() {
                Some(b'[' | b']' | b'!') => 1,
                Some(byte) if is_name(*byte) => {
                    until(token, |byte| !is_name(byte) && !byte.is_ascii_digit())
                }
                _ => break,
            };
            let from = at + end;
            ignored.push_str(&blank(&text[from..from + skipped]));
            ty.push_str(&text[from + skipped..from + skipped + length]);
            end += skipped + length;
        }
        if !ignored.is_empty() {
            self.put(at + begin, end - begin, &(ty + &ignored));
        }
        end
    }

    fn opens(&mut self, byte: u8, behind: &[u8]) -> Result<(), TooMuch> {
        if byte == b'(' && next(behind) == Some(b')') {
            return Err(TooMuch::Unreadable("empty round brackets"));
        }
        self.open += 1;
        self.round += usize::from(byte == b'(');
        if byte == b'{' {
            self.objects.push((self.round > 0).then(HashSet::new));
        }
        Ok(())
    }

    fn name(&mut self, at: usize, length: usize) -> Result<(), TooMuch> {
        let (name, behind) = (
            &self.text[at..at + length],
            &self.text.as_bytes()[at + length..],
        );
        if self.open == 0 {
            if self.word == "fragment" && name == "on" {
                return Err(TooMuch::Unreadable("a fragment must not be named on"));
            }
            self.word = name;
        }
        self.last = name;
        if let Some(Some(names)) = self.objects.last_mut()
            && self.before != b':'
            && next(behind) == Some(b':')
            && !names.insert(name)
        {
            return Err(TooMuch::InputFieldTwice(name.to_owned()));
        }
        Ok(())
    }

    fn text(&mut self, at: usize, length: usize, has_escapes: bool) {
        let (whole, behind) = (
            &self.text[at..at + length],
            &self.text.as_bytes()[at + length..],
        );
        let next = next(behind);
        let describes_definition =
            self.open == 0 && next.is_some_and(|byte| byte.is_ascii_alphabetic());
        let describes_variable =
            self.open == 1 && self.round == 1 && self.before != b'=' && next == Some(b'$');
        if (describes_definition || describes_variable) && self.before != QUOTE {
            self.put(at, length, &blank(whole));
        } else if has_escapes && whole.contains("\\u") {
            self.put(at, length, &unescaped(whole));
        }
    }

    /// Replaces a token with another text.
    fn put(&mut self, at: usize, length: usize, instead: &str) {
        self.written.push_str(&self.text[self.copied..at]);
        self.written.push_str(instead);
        self.copied = at + length;
    }

    fn finish(mut self) -> Cow<'a, str> {
        if self.copied == 0 {
            return Cow::Borrowed(self.text);
        }
        self.written.push_str(&self.text[self.copied..]);
        Cow::Owned(self.written)
    }
}

/// Whether the grammar ignores this byte. The byte order mark takes three bytes.
const fn is_ignored(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b',' | b'\t' | b'\n' | b'\r' | 0xef | 0xbb | 0xbf
    )
}

const fn is_name(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphabetic()
}

/// Returns as many spaces, in as many lines.
fn blank(text: &str) -> String {
    let blank = |byte: &u8| match byte {
        b'\n' | b'\r' => char::from(*byte),
        _ => ' ',
    };
    text.as_bytes().iter().map(blank).collect()
}

fn comment(text: &[u8]) -> usize {
    until(text, |byte| matches!(byte, b'\n' | b'\r'))
}

/// Returns the length of the ignored text before the next token, or `None` if there is no further token.
fn ignorable(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        at += match *rest.first()? {
            b'#' => comment(rest),
            byte if is_ignored(byte) => 1,
            _ => return Some(at),
        };
    }
}

/// Returns the first byte of the next token.
fn next(text: &[u8]) -> Option<u8> {
    text.get(ignorable(text)?).copied()
}

/// Rewrites the escapes that the grammar does not know. An escape that stands for no character stays, so that the
/// parser refuses it.
fn unescaped(text: &str) -> String {
    let (mut written, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('\\') {
        written.push_str(&rest[..at]);
        rest = &rest[at..];
        let (length, character) = escape(rest);
        match character {
            Some(character @ ('"' | '\\')) => written.extend(['\\', character]),
            Some(character) if character.is_control() => {
                // Writing into a string cannot fail.
                let _ = write!(written, "\\u{:04x}", u32::from(character));
            }
            Some(character) => written.push(character),
            None => written.push_str(rest.get(..length).unwrap_or(rest)),
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    written.push_str(rest);
    written
}

/// Returns the length of the escape at the beginning of a text, and its character if the grammar does not know the
/// escape.
fn escape(text: &str) -> (usize, Option<char>) {
    if let Some(braced) = text.strip_prefix("\\u{") {
        let Some(end) = braced.find('}') else {
            return (2, None);
        };
        let digits = braced[..end].trim_start_matches('0');
        let code = if end > 0 && digits.is_empty() {
            Some(0)
        } else {
            hex(digits).filter(|_| digits.len() <= 6)
        };
        return (end + 4, code.and_then(char::from_u32));
    }
    let unit = |text: &str| hex(text.strip_prefix("\\u")?.get(..4)?);
    if let Some(high @ 0xd800..0xdc00) = unit(text)
        && let Some(low @ 0xdc00..0xe000) = text.get(6..).and_then(unit)
    {
        let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        return (12, char::from_u32(code));
    }
    // Any other escape has at least two characters; the second may be a backslash.
    let second = text[1..].chars().next().map_or(0, char::len_utf8);
    (1 + second, None)
}

fn hex(digits: &str) -> Option<u32> {
    let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_unknown_to_the_parser_become_their_characters() {
        for (text, expected) in [
            (r#"{ a(b: "\uD83D\uDE00") }"#, "{ a(b: \"😀\") }"),
            (r#"{ a(b: "\u{1F600}!") }"#, "{ a(b: \"😀!\") }"),
            (
                r#"{ a(b: "\u{00022}\u{5C}\u{a}") }"#,
                r#"{ a(b: "\"\\\u000a") }"#,
            ),
            (
                r#"{ a(b: "\\u{1F600} \u00e9") }"#,
                r#"{ a(b: "\\u{1F600} \u00e9") }"#,
            ),
            (r#"{ a(b: "\uD83D") }"#, r#"{ a(b: "\uD83D") }"#),
            (r#"{ a(b: "\u{D83D}") }"#, r#"{ a(b: "\u{D83D}") }"#),
            (r#"{ a(b: "\u{110000}") }"#, r#"{ a(b: "\u{110000}") }"#),
            (
                r#"{ a(b: """\u{1F600}""") }"#,
                r#"{ a(b: """\u{1F600}""") }"#,
            ),
        ] {
            assert_eq!(rewrite(text).unwrap(), expected);
        }
    }

    #[test]
    fn descriptions_are_blanked_out() {
        let text = "\"\"\"\nIt \"asks\".\n\"\"\"\nquery A(\"who\" $a: ID = \"x\" \"\"\"how\"\"\" $b: Int) { a(b: \"c\") }";
        let plain =
            "   \n          \n   \nquery A(      $a: ID = \"x\"           $b: Int) { a(b: \"c\") }";
        assert_eq!(rewrite(text).unwrap(), plain);
        for kept in [
            "{ a } \"x\"",
            "\"x\" { a }",
            "query($a: ID = \"x\" $b: ID) { a }",
        ] {
            assert_eq!(rewrite(kept).unwrap(), kept);
        }
    }

    #[test]
    fn ignored_tokens_within_and_before_types_parse() {
        for (text, expected) in [
            (
                "query($a: [ID!]! = 1, $b:Int) { a }",
                "query($a: [ID!]! = 1, $b:Int) { a }",
            ),
            (
                "query($a : [ ID ! ] ! $b: Int) { a }",
                "query($a : [ID!]!      $b: Int) { a }",
            ),
            (
                "query($a: [#x\nID]) { a(b: [ 1 ]) }",
                "query($a: [ID]   \n) { a(b: [ 1 ]) }",
            ),
            ("{ ... on#x\nA { a } }", "{ ... on  \nA { a } }"),
            ("{ a(b: $c) d#x\n }", "{ a(b: $c) d#x\n }"),
        ] {
            let rewritten = rewrite(text).unwrap();
            let squeezed = |text: &str| text.replace(' ', "");
            assert_eq!(squeezed(&rewritten), squeezed(expected), "{rewritten}");
            assert!(
                async_graphql::parser::parse_query(&*rewritten).is_ok(),
                "{rewritten}"
            );
        }
    }

    #[test]
    fn faults_that_the_parser_misses_are_refused() {
        let twice = |text: &str| matches!(rewrite(text), Err(TooMuch::InputFieldTwice(_)));
        assert!(twice("{ a(b: { c: 1, c: 2 }) }"));
        assert!(twice("{ a(b: [{ c: 1 }, { d: { e: 1 }, d: 2 }]) }"));
        assert!(twice("query($a: A = { b: 1, b: 1 }) { a }"));
        assert!(!twice(
            "{ a(b: { c: { c: c } d: [{ c: 1 }, { c: 1 }] }) { c: a c: a } }"
        ));
        let unreadable = |text: &str| matches!(rewrite(text), Err(TooMuch::Unreadable(_)));
        assert!(unreadable("query A( ) { a }") && unreadable("{ a(#\n) }"));
        assert!(unreadable("{ a } fragment on on Query { a }"));
        assert!(!unreadable("{ a(on: 1) on } fragment a on Query { on }"));
    }
}

//! The parser can safely parse every document that passes [`scan`].

use super::*;
use crate::http::guard::scan;

const QUOTES: &str = "\"\"\"";

/// Returns whether the text parses on a quarter of a worker's stack.
fn parses(text: &str) -> bool {
    let text = text.to_owned();
    let small = std::thread::Builder::new().stack_size(1024 * 1024);
    let parsing = small.spawn(move || parse_query(text).is_ok()).unwrap();
    parsing.join().expect("the stack was large enough")
}

#[test]
fn the_deepest_accepted_document_parses_on_a_small_stack() {
    let shapes = [
        ("", "{a", "", "}"),
        ("{a(b:", "[", "", "])}"),
        ("{a(b:", "{c:", "1", "})}"),
        ("{a(b:", "[{c:", "1", "}])}"),
        ("{a@b(c:", "[", "", "])}"),
        ("query($a:", "[", "Int", "]){a}"),
        ("query($a:A=", "{b:", "1", "}){a}"),
        ("", "{...on A", "{a}", "}"),
    ];
    for (head, open, middle, tail) in shapes {
        let (close, tail) = tail.split_at(open.matches(['{', '(', '[']).count());
        let nested = |levels| {
            let (open, close) = (open.repeat(levels), close.repeat(levels));
            format!("{head}{open}{middle}{close}{tail}")
        };
        let passes = |levels: &usize| scan(&nested(*levels), &Limits::STANDARD).is_ok();
        let deepest = (1..100).take_while(passes).last().unwrap();
        assert!(parses(&nested(deepest)), "{head}{open}");
        // Unclosed brackets too.
        parses(&format!("{head}{}", open.repeat(deepest)));
        let refused = scan(&format!("{head}{}", open.repeat(1_900)), &Limits::STANDARD);
        assert!(matches!(
            exceeded(refused).0,
            Measure::Nesting | Measure::Words
        ));
    }
}

#[test]
fn brackets_in_strings_and_comments_do_not_count() {
    let deep = "[".repeat(40);
    let shut = "]".repeat(40);
    let escaped = format!("\\{QUOTES}");
    for harmless in [
        format!("{{a(b:\"{deep}\")}}"),
        format!("{{a(b:\"\\\"{deep}\")}}"),
        format!("{{a(b:\"\\\\\" c:\"{deep}\")}}"),
        format!("{{a(b:{QUOTES}{deep}\" \"\" {escaped} \\ \n {QUOTES})}}"),
        format!("{{a #\" {deep} {QUOTES}\r}}"),
    ] {
        assert_eq!(scan(&harmless, &Limits::STANDARD), Ok(()), "{harmless}");
        assert!(parses(&harmless), "{harmless}");
    }
    for real in [
        format!("{{a(b:\"\" c:{deep}{shut})}}"),
        format!("{{a(b:\"\\\\\" c:{deep}{shut} d:\"\")}}"),
        format!("{{a(b:{QUOTES}{escaped}{QUOTES} c:{deep}{shut})}}"),
        format!("{{a(b:\"#\" c:{deep}{shut})}}"),
        format!("{{a#\"\n(c:{deep}{shut})}}"),
        format!("{{a#\"\r(c:{deep}{shut})}}"),
    ] {
        assert!(parses(&real), "{real}");
        let refused = exceeded(scan(&real, &Limits::STANDARD));
        assert_eq!(refused, (Measure::Nesting, 42), "{real}");
    }
}

#[test]
fn an_unclosed_string_is_refused() {
    // The parser would search for the closing quotes from each opening, to the end of the text.
    let text = format!("{{a(b:[\"{}", "\\\"\"\"\"\" ".repeat(2_000));
    let refused = scan(&text, &Limits::STANDARD);
    assert_eq!(refused, Err(TooMuch::UnclosedString));
    assert_eq!(TooMuch::UnclosedString.code(), Code::ParseFailed);
}

#[test]
fn bytes_words_and_names_are_limited() {
    let most = 32 * 1024;
    let text = |length: usize| format!("{{a#{}}}", "x".repeat(length - 4));
    assert_eq!(scan(&text(most), &Limits::STANDARD), Ok(()));
    let refused = exceeded(scan(&text(most + 1), &Limits::STANDARD));
    assert_eq!(refused, (Measure::DocumentBytes, most as u64 + 1));
    let words = |words: usize| format!("{{{}}}", "a ".repeat(words - 1));
    assert_eq!(scan(&words(3_000), &Limits::STANDARD), Ok(()));
    for unit in ["a ", "#\n", "[]", "\"\" ", "...a ", "(a:b)", "$a ", "1 "] {
        let text = unit.repeat(3_001);
        assert_eq!(exceeded(scan(&text, &Limits::STANDARD)).0, Measure::Words);
    }
    let name = format!("{{ {} }}", "a".repeat(129));
    let refused = exceeded(scan(&name, &Limits::STANDARD));
    assert_eq!(refused, (Measure::NameBytes, 129));
}

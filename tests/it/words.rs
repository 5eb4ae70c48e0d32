//! No shame, no pressure: words that the service never uses in any text for members.

use chrono::{DateTime, TimeDelta};
use entity::notification::Kind;
use entity::pact_nudge::Template;
use entity::{NotificationId, emotion, life_context, topic};
use sea_orm::{EntityTrait as _, Iterable as _};
use support::{TestApp, both, sources};
use uuid::Uuid;

/// Words and phrases. A word stands for every form that begins with it.
const FORBIDDEN: [&str; 12] = [
    "broken",
    "failed",
    "lost",
    "only you",
    "streak",
    "loser",
    "asham",
    "guilt",
    "lazy",
    "give up",
    "you should",
    "hurry",
];

/// Words that would reveal the purpose of the service to somebody who sees the screen.
const PURPOSE: [&str; 12] = [
    "health", "mental", "men's", "support", "peer", "therap", "depress", "anxi", "addict",
    "trauma", "circle", "mood",
];

/// Files whose texts go to operators, to logs, or nowhere.
const OPERATORS: [&str; 11] = [
    "cli",
    "config",
    "db",
    "dev",
    "error.rs",
    "http/errors.rs",
    "jobs",
    "mail/mod.rs",
    "mail/smtp.rs",
    "security.rs",
    "worker",
];

/// Returns those of `words` that the text contains.
fn words_in<'a>(text: &str, words: &'a [&str]) -> Vec<&'a str> {
    // A code in capitals is for programs.
    let is_code = |word: &str| word.contains('_') && !word.contains(char::is_lowercase);
    let shown: Vec<&str> = text
        .split_whitespace()
        .filter(|word| !is_code(word))
        .collect();
    let spaced: String = shown
        .join(" ")
        .to_lowercase()
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '\'' {
                c
            } else {
                ' '
            }
        })
        .collect();
    let spaced = format!(
        " {} ",
        spaced.split_whitespace().collect::<Vec<_>>().join(" ")
    );
    let found = words
        .iter()
        .filter(|word| spaced.contains(&format!(" {word}")));
    found.copied().collect()
}

#[test]
fn forbidden_words_are_found_as_words() {
    assert_eq!(
        words_in("Your STREAKS are (lost)!", &FORBIDDEN),
        ["lost", "streak"]
    );
    assert_eq!(words_in("only\n    you can", &FORBIDDEN), ["only you"]);
    assert_eq!(
        words_in("Unbroken, in a week of blossoms", &FORBIDDEN),
        [""; 0]
    );
}

#[test]
fn the_schema_has_no_forbidden_words() {
    for (number, line) in (1..).zip(api::schema::sdl().lines()) {
        assert_eq!(words_in(line, &FORBIDDEN), [""; 0], "line {number}: {line}");
    }
}

#[test]
fn no_push_has_forbidden_words_or_reveals_the_purpose() {
    let now = DateTime::from_timestamp(1_773_144_000, 0).unwrap();
    for kind in Kind::iter() {
        let id = NotificationId(Uuid::from_u128(1));
        let push = api::push::message::render(id, kind, now, now + TimeDelta::hours(1));
        for text in [push.title.text, push.body.text] {
            assert_eq!(words_in(text, &FORBIDDEN), [""; 0], "{text}");
            assert_eq!(words_in(text, &PURPOSE), [""; 0], "{text}");
        }
        let kind = push.category.channel();
        assert_eq!(words_in(kind, &PURPOSE), [""; 0], "{kind}");
    }
}

#[test]
fn nudge_templates_have_no_forbidden_words_and_are_in_the_schema() {
    let sdl = api::schema::sdl();
    for template in Template::iter() {
        let text = api::pact::model::text(template);
        assert_eq!(words_in(text, &FORBIDDEN), [""; 0], "{text}");
        assert!(sdl.contains(&format!("\"{text}\", in English.")), "{text}");
    }
}

#[both]
async fn no_vocabulary_has_forbidden_words(app: TestApp) {
    let db = app.database().connect().await;
    let mut texts = Vec::new();
    for row in topic::Entity::find().all(&db).await.unwrap() {
        texts.extend([row.name, row.description]);
    }
    for row in life_context::Entity::find().all(&db).await.unwrap() {
        texts.push(row.name);
    }
    for row in emotion::Entity::find().all(&db).await.unwrap() {
        texts.extend([row.name, row.definition]);
    }
    assert!(texts.len() > 150, "{texts:?}");
    for text in texts {
        assert_eq!(words_in(&text, &FORBIDDEN), [""; 0], "{text}");
    }
}

/// Messages, letters and phrases are literals in the source code, so this test covers new ones as well.
#[test]
fn no_text_for_members_has_forbidden_words() {
    let mut read = 0;
    for source in sources() {
        let mut places = OPERATORS.iter();
        if places.any(|place| source.path.starts_with(place)) {
            continue;
        }
        for text in literals(&source.text) {
            read += 1;
            let place = source.path.display();
            assert_eq!(words_in(&text, &FORBIDDEN), [""; 0], "{place}: {text}");
        }
    }
    assert!(read > 500, "{read}");
}

/// Returns the string literals of a source file, without those of comments and tests.
fn literals(file: &str) -> Vec<String> {
    let program = file.split("#[cfg(test)]").next().unwrap_or_default();
    let program: Vec<&str> = program
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let program = program.join("\n");
    let mut literals = Vec::new();
    let mut rest = program.as_str();
    while let Some(at) = rest.find('"') {
        // The character literal of a quotation mark begins no string.
        let quoted = rest[..at].ends_with('\'') && rest[at + 1..].starts_with('\'');
        rest = &rest[at + 1..];
        if quoted {
            continue;
        }
        let mut literal = String::new();
        let mut end = rest.len();
        let mut escaped = false;
        for (index, c) in rest.char_indices() {
            match c {
                '"' if !escaped => {
                    end = index;
                    break;
                }
                '\\' if !escaped => escaped = true,
                // After a backslash at the end of a line, the literal continues in the next line.
                c => {
                    escaped = false;
                    literal.push(c);
                }
            }
        }
        literals.push(literal);
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    literals
}

#[test]
fn literals_are_found_and_nothing_else() {
    let file = "/// \"No\".\nlet c = '\"'; say(\"one\\\n    two \\\"three\\\"\");\n#[cfg(test)]\nsay(\"four\");";
    let found: Vec<_> = literals(file)
        .iter()
        .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(found, ["one two \"three\""]);
}

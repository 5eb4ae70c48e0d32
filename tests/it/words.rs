//! No shame, no pressure: what the service never says to anybody, wherever it says something.

use chrono::{DateTime, TimeDelta};
use entity::notification::Kind;
use entity::pact_nudge::Template;
use entity::{NotificationId, emotion, life_context, topic};
use sea_orm::{EntityTrait as _, Iterable as _};
use support::{TestApp, both, sources};
use uuid::Uuid;

/// Words and phrases; of a word every form that begins with it.
const NEVER: [&str; 12] = [
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

/// What would tell somebody who looks over a shoulder what the service is about.
const PURPOSE: [&str; 12] = [
    "health", "mental", "men's", "support", "peer", "therap", "depress", "anxi", "addict",
    "trauma", "circle", "mood",
];

/// Files whose words go to operators, to logs, or nowhere.
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

fn said<'a>(text: &str, words: &'a [&str]) -> Vec<&'a str> {
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
fn they_are_found_as_words() {
    assert_eq!(said("Your STREAKS are (lost)!", &NEVER), ["lost", "streak"]);
    assert_eq!(said("only\n    you can", &NEVER), ["only you"]);
    assert_eq!(said("Unbroken, in a week of blossoms", &NEVER), [""; 0]);
}

#[test]
fn the_schema_does_not_say_them() {
    for (number, line) in (1..).zip(api::schema::sdl().lines()) {
        assert_eq!(said(line, &NEVER), [""; 0], "line {number}: {line}");
    }
}

#[test]
fn no_nudge_says_them_or_what_the_service_is_about() {
    let now = DateTime::from_timestamp(1_773_144_000, 0).unwrap();
    for kind in Kind::iter() {
        let id = NotificationId(Uuid::from_u128(1));
        let nudge = api::push::message::render(id, kind, now, now + TimeDelta::hours(1));
        for text in [nudge.title.text, nudge.body.text] {
            assert_eq!(said(text, &NEVER), [""; 0], "{text}");
            assert_eq!(said(text, &PURPOSE), [""; 0], "{text}");
        }
        let kind = nudge.category.channel();
        assert_eq!(said(kind, &PURPOSE), [""; 0], "{kind}");
    }
}

#[test]
fn no_word_between_partners_says_them_and_the_schema_says_what_they_are() {
    let sdl = api::schema::sdl();
    for template in Template::iter() {
        let text = api::pact::model::text(template);
        assert_eq!(said(text, &NEVER), [""; 0], "{text}");
        assert!(sdl.contains(&format!("\"{text}\", in English.")), "{text}");
    }
}

#[both]
async fn no_vocabulary_says_them(app: TestApp) {
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
        assert_eq!(said(&text, &NEVER), [""; 0], "{text}");
    }
}

/// Messages of refusals, letters and phrases all stand as they are said in the program's text, so that a new
/// one is read here before anybody else reads it.
#[test]
fn nothing_that_the_program_can_say_to_a_member_says_them() {
    let mut read = 0;
    for source in sources() {
        let mut places = OPERATORS.iter();
        if places.any(|place| source.path.starts_with(place)) {
            continue;
        }
        for text in literals(&source.text) {
            read += 1;
            let place = source.path.display();
            assert_eq!(said(&text, &NEVER), [""; 0], "{place}: {text}");
        }
    }
    assert!(read > 500, "{read}");
}

/// The string literals of a file's program text: not those of its comments and its tests.
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
        // The character '"' begins no literal.
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
                // Behind a backslash at the end of a line the literal goes on in the next.
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
fn literals_are_told_from_everything_else() {
    let file = "/// \"No\".\nlet c = '\"'; say(\"one\\\n    two \\\"three\\\"\");\n#[cfg(test)]\nsay(\"four\");";
    let found: Vec<_> = literals(file)
        .iter()
        .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(found, ["one two \"three\""]);
}

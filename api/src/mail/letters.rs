//! The texts of the letters.

use chrono::{DateTime, Utc};
use entity::CircleId;

use super::Letter;

const GOOD_BYE: &str = "The people at Belay";

fn letter(to: &str, subject: &str, paragraphs: &[&str]) -> Letter {
    let mut text = String::from("Hello,\n\n");
    for paragraph in paragraphs {
        text.push_str(paragraph);
        text.push_str("\n\n");
    }
    text.push_str(GOOD_BYE);
    text.push('\n');
    Letter {
        to: to.to_owned(),
        subject: subject.to_owned(),
        text,
    }
}

fn good_for(minutes: i64) -> String {
    match minutes {
        ..=1 => "It is good for a minute, and works once.".to_owned(),
        minutes => format!("It is good for {minutes} minutes, and works once."),
    }
}

/// The code that proves the address of a sign-up.
pub fn sign_up_code(to: &str, code: &str, minutes: i64) -> Letter {
    letter(
        to,
        "Your Belay code",
        &[
            "good to have you with us. To finish signing up, enter this code in the app:",
            &format!("    {code}"),
            &good_for(minutes),
            "Was it not you? Then somebody mistyped his address, and there is nothing to do: without \
             the code no account is made.",
        ],
    )
}

/// Somebody tried to sign up with the address of an account.
pub fn sign_up_known(to: &str) -> Letter {
    letter(
        to,
        "Your Belay account",
        &[
            "somebody, perhaps you, has just tried to sign up with this address. You already have an \
             account: simply sign in.",
            "If you do not remember your passphrase, choose \"I forgot my passphrase\" in the app, and \
             we will send you a code for a new one.",
            "Was it not you? Then there is nothing to do. Your account is unchanged, and whoever tried \
             has not been told that it exists.",
        ],
    )
}

/// The code for a new passphrase.
pub fn passphrase_reset(to: &str, code: &str, minutes: i64) -> Letter {
    letter(
        to,
        "Your Belay code",
        &[
            "to choose a new passphrase, enter this code in the app:",
            &format!("    {code}"),
            &good_for(minutes),
            "Was it not you? Then there is nothing to do: your passphrase stays as it is. Give the code \
             to nobody, not even to us.",
        ],
    )
}

/// The code that proves an account's new address.
pub fn email_change_code(to: &str, code: &str, minutes: i64) -> Letter {
    letter(
        to,
        "Your Belay code",
        &[
            "to use this address for your account from now on, enter this code in the app:",
            &format!("    {code}"),
            &good_for(minutes),
            "Was it not you? Then somebody mistyped his address, and there is nothing to do: without \
             the code nothing changes.",
        ],
    )
}

/// Somebody tried to move his account to the address of another.
pub fn email_change_known(to: &str) -> Letter {
    letter(
        to,
        "Your Belay account",
        &[
            "somebody, perhaps you, has just asked to use this address for another account. It already \
             has one: simply sign in with it.",
            "If you do not remember its passphrase, choose \"I forgot my passphrase\" in the app, and we \
             will send you a code for a new one.",
            "Was it not you? Then there is nothing to do. Your account is unchanged, and whoever asked \
             has not been told that it exists.",
        ],
    )
}

/// The passphrase was changed.
pub fn passphrase_changed(to: &str) -> Letter {
    letter(
        to,
        "Your Belay account",
        &[
            "your passphrase has just been changed, and every other device was signed out.",
            "Was it not you? Then choose \"I forgot my passphrase\" in the app now: it signs everybody \
             out and gives you a new one.",
        ],
    )
}

/// The account will get another address. The letter goes to the old one, which can still stop it.
pub fn email_change_undo(to: &str, code: &str, due_at: DateTime<Utc>) -> Letter {
    let from = due_at.format("%-d %B %Y, %H:%M");
    letter(
        to,
        "Your Belay account",
        &[
            &format!(
                "somebody who is signed in to your account, perhaps you, has moved it to another e-mail address. The \
                 new address counts from {from} UTC. Until then everything stays as it is, and letters go here."
            ),
            "Was it not you? Then keep this address: choose \"Keep my e-mail address\" in the app, whether or not you \
             are signed in, and enter this code:",
            &format!("    {code}"),
            "After that choose \"I forgot my passphrase\": it signs everybody out and gives you a new one.",
        ],
    )
}

/// The account keeps its address after all.
pub fn email_change_dropped(to: &str) -> Letter {
    letter(
        to,
        "Your Belay account",
        &[
            "your account was to move to another e-mail address, and stays with this one after all.",
            "Was it not you who wanted to move it? Then choose \"I forgot my passphrase\" in the app now: it signs \
             everybody out and gives you a new one. Was it not you who kept it? Then ask for the move again.",
        ],
    )
}

/// The account has this address from now on.
pub fn email_is_here(to: &str) -> Letter {
    letter(
        to,
        "Your Belay account",
        &[
            "from now on you sign in with this address, and letters about your account go here.",
            "Was it not you? Then answer this letter, and a person will look into it.",
        ],
    )
}

/// Somebody signed in.
pub fn signed_in(to: &str) -> Letter {
    letter(
        to,
        "Your Belay account",
        &[
            "your account has just been signed in to. If that was you, there is nothing to do. The app lists the \
             devices that are signed in.",
            "Was it not you? Then choose \"I forgot my passphrase\" in the app now: it signs everybody out and gives \
             you a new one.",
        ],
    )
}

/// For the operators: a circle has no facilitator.
pub fn circle_without_facilitator(to: &str, circle: CircleId) -> Letter {
    letter(
        to,
        "Belay: something needs your attention",
        &[
            "a circle has no facilitator any more, and nobody in it may become one. Until somebody runs it, nobody \
             can be invited into it, and no meeting of it can be changed.",
            "Make somebody a facilitator if need be, and have him run it:",
            &format!(
                "    belay member role EMAIL facilitator\n    belay circle appoint {circle} MEMBER_ID"
            ),
        ],
    )
}

/// A device that received this member's notifications receives another member's now.
pub fn push_address_taken(to: &str) -> Letter {
    letter(
        to,
        "Your Belay account",
        &[
            "somebody has signed in with another account on a device that got your notifications. It now gets the \
             notifications of that account instead. This happens when two people share a phone.",
            "Was it not you, or somebody you share it with? Then sign in on your phone again, and your notifications \
             come back. The app lists the devices that are signed in.",
        ],
    )
}

/// The account has another address from now on. The letter goes to the old one.
pub fn email_changed(to: &str) -> Letter {
    letter(
        to,
        "Your Belay account",
        &[
            "your account has just been moved to another e-mail address, and this one is free again.",
            "Was it not you? Then answer this letter at once, and a person will look into it.",
        ],
    )
}

/// The account will be deleted on a day.
pub fn deletion_requested(to: &str, due_at: DateTime<Utc>) -> Letter {
    let until = due_at.format("%-d %B %Y, %H:%M");
    letter(
        to,
        "Your Belay account",
        &[
            "as you asked, your account will be deleted. From now on nobody sees you there.",
            &format!(
                "Until {until} UTC you can have it back as it was: sign in and choose \"Keep my account\". After \
                 that everything is deleted for good."
            ),
            "Was it not you? Then sign in, keep your account, and change your passphrase.",
            "Thank you for the time you spent with us. The door stays open.",
        ],
    )
}

/// The account stays.
pub fn deletion_undone(to: &str) -> Letter {
    letter(
        to,
        "Your Belay account",
        &[
            "your account stays, just as it was. Good to have you with us.",
            "Was it not you? Then choose \"I forgot my passphrase\" in the app now: it signs everybody \
             out and gives you a new one.",
        ],
    )
}

/// A copied refresh token was used.
pub fn session_stolen(to: &str) -> Letter {
    letter(
        to,
        "Your Belay account",
        &[
            "one of your devices was signed out, because a copy of what keeps it signed in was used \
             somewhere. This can happen when a phone is restored from a backup: then just sign in again.",
            "If that does not sound like you, change your passphrase in the app: it signs every other \
             device out.",
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_773_144_000, 0).unwrap()
    }

    fn member_letters() -> Vec<Letter> {
        let to = "mike@example.org";
        vec![
            sign_up_code(to, "1234 5678", 30),
            sign_up_known(to),
            passphrase_reset(to, "1234 5678", 1),
            email_change_code(to, "1234 5678", 30),
            email_change_known(to),
            passphrase_changed(to),
            email_changed(to),
            email_change_undo(to, "ABCD-1234-EFGH-5678", noon()),
            email_change_dropped(to),
            email_is_here(to),
            signed_in(to),
            push_address_taken(to),
            deletion_requested(to, noon()),
            deletion_undone(to),
            session_stolen(to),
        ]
    }

    #[test]
    fn the_letters_match_their_snapshot() {
        let mut letters = member_letters();
        let circle = CircleId(uuid::Uuid::from_u128(7));
        letters.push(circle_without_facilitator("operators@example.org", circle));
        let written = letters.iter().map(|letter| {
            let Letter { to, subject, text } = letter;
            format!("To: {to}\nSubject: {subject}\n\n{text}")
        });
        let written: Vec<_> = written.collect();
        insta::assert_snapshot!("letters", written.join("\n----\n\n"));
    }

    #[test]
    fn a_subject_names_the_service_and_hides_code_and_purpose() {
        for letter in member_letters() {
            let subject = letter.subject;
            assert!(
                ["Your Belay code", "Your Belay account"].contains(&subject.as_str()),
                "{subject}"
            );
        }
    }

    #[test]
    fn every_letter_says_what_to_do_if_it_was_not_you_and_shames_nobody() {
        for letter in member_letters() {
            let text = letter.text.to_lowercase();
            assert!(
                text.contains("was it not you") || text.contains("does not sound like you"),
                "{text}"
            );
            for word in [
                "broken", "failed", "lost", "only you", "health", "men's", "support", "therap",
                "depress", "anxiety", "addict",
            ] {
                assert!(!text.contains(word), "{word} in {text}");
            }
        }
    }

    #[test]
    fn the_deletion_letter_names_the_last_day() {
        let letter = deletion_requested("mike@example.org", noon());
        assert!(
            letter
                .text
                .contains("Until 10 March 2026, 12:00 UTC you can have it back")
        );
    }
}

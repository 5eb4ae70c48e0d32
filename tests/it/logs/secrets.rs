//! What must not be in a log.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// The length of a part that reveals a secret as well as the whole does.
const PART: usize = 12;

/// The secrets of a run, each with a description.
#[derive(Default)]
pub struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    /// Adds a secret. The same one may be added again.
    pub fn add(&mut self, what: &'static str, secret: &str) {
        assert!(secret.len() > 2, "{what} is too short to look for");
        self.0.push((what, secret.to_lowercase()));
    }

    /// Adds every part of a long secret that would reveal it.
    pub fn add_in_parts(&mut self, what: &'static str, secret: &str) {
        for start in (0..secret.len().saturating_sub(PART)).step_by(PART / 2) {
            self.add(what, &secret[start..start + PART]);
        }
    }

    /// Adds an access token: its claims and its signature, in any part.
    pub fn add_access_token(&mut self, token: &str) {
        let (_algorithm, rest) = token.split_once('.').unwrap();
        self.add_in_parts("an access token", rest);
    }

    /// Adds a refresh token, the secret in it and its seal, as bytes may be written.
    pub fn add_refresh_token(&mut self, token: &str) {
        self.add_in_parts("a refresh token", token);
        let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
        let session_and_generation = 16 + 4;
        for part in [
            &bytes[session_and_generation..session_and_generation + 32],
            &bytes[session_and_generation + 32..],
        ] {
            let mut hex = String::new();
            for byte in part {
                write!(hex, "{byte:02x}").unwrap();
            }
            self.add("a part of a refresh token", &hex);
            self.add("a part of a refresh token", &URL_SAFE_NO_PAD.encode(part));
            self.add("a part of a refresh token", &STANDARD.encode(part));
            self.add("a part of a refresh token", &format!("{part:?}"));
        }
    }

    /// Adds an e-mail address: as a whole, and what stands before the @.
    pub fn add_email(&mut self, email: &str) {
        self.add("an e-mail address", email);
        self.add("an e-mail address", email.split_once('@').unwrap().0);
    }

    /// Adds a mailed code, in one word and as the letter spaces it.
    pub fn add_code(&mut self, code: &str) {
        self.add("a code", code);
        let (first, second) = code.split_at(4);
        self.add("a code", &format!("{first} {second}"));
    }

    /// Fails if any of the secrets is in the log, in upper or lower case.
    pub fn are_not_in(&self, log: &str) {
        assert!(self.0.len() > 100, "little was said");
        let log = log.to_lowercase();
        for (what, secret) in &self.0 {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "it tells {what}: {secret}");
        }
    }
}

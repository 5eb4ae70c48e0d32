//! The letters that the service of a test has mailed.

use api::dev_outbox::Sent;

use crate::TestApp;

/// A letter as its recipient sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The subject line.
    pub subject: String,
    /// The body, as plain text.
    pub text: String,
}

impl Mail {
    /// Returns the code: the eight digits on a line of their own. Returns `None` if there is no code.
    pub fn code(&self) -> Option<String> {
        self.text
            .lines()
            .map(|line| line.split_whitespace().collect::<String>())
            .find(|line| line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

impl TestApp {
    /// Returns all letters mailed to this address so far, oldest first.
    pub fn mail_to(&self, address: &str) -> Vec<Mail> {
        let mails = self.outbox().into_iter().filter_map(|sent| match sent {
            Sent::Mail {
                to, subject, text, ..
            } if to.eq_ignore_ascii_case(address) => Some(Mail { subject, text }),
            _ => None,
        });
        mails.collect()
    }

    /// Runs the worker. Returns the newest code mailed to this address.
    pub async fn mailed_code(&self, address: &str) -> String {
        self.drain().await;
        let letters = self.mail_to(address);
        assert!(!letters.is_empty(), "nothing was mailed to {address}");
        // A notice about the account may be newer than the letter with the code.
        let newest = letters.iter().rev().find_map(Mail::code);
        newest.expect("a letter has a code")
    }
}

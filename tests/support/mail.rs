//! The letters a test's service has mailed.

use api::dev_outbox::Sent;

use crate::TestApp;

/// A letter, as its receiver sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The subject line.
    pub subject: String,
    /// The text.
    pub text: String,
}

impl Mail {
    /// The eight digits on a line of their own; none in a letter without a code.
    pub fn code(&self) -> Option<String> {
        self.text
            .lines()
            .map(|line| line.split_whitespace().collect::<String>())
            .find(|line| line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

impl TestApp {
    /// Everything mailed to an address so far, oldest first.
    pub fn mail_to(&self, address: &str) -> Vec<Mail> {
        let mails = self.outbox().into_iter().filter_map(|sent| match sent {
            Sent::Mail {
                to, subject, text, ..
            } if to.eq_ignore_ascii_case(address) => Some(Mail { subject, text }),
            _ => None,
        });
        mails.collect()
    }

    /// Has the worker do its work, and reads the code of the newest letter to an address.
    pub async fn mailed_code(&self, address: &str) -> String {
        self.drain().await;
        let letters = self.mail_to(address);
        assert!(!letters.is_empty(), "nothing was mailed to {address}");
        // What is told about the account may have come behind it.
        let newest = letters.iter().rev().find_map(Mail::code);
        newest.expect("a code in a letter")
    }
}

//! E-mail addresses (RFC 5321): as their owners write them, and in the form that is compared.

use email_address::{EmailAddress, Options};
use unicode_normalization::UnicodeNormalization as _;

use crate::mail::address::{ascii_domain, unicode_domain};
use crate::problem::{Problem, ProblemCode};

/// An e-mail address.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    text: String,
    typed_key: String,
    key: String,
}

/// The greatest length of an address: RFC 5321 §4.5.3.1.3, without the angle brackets.
const EMAIL_BYTES: usize = 254;
/// Providers that ignore dots before the @.
const DOTLESS: [&str; 2] = ["gmail.com", "googlemail.com"];

impl Email {
    /// Reads an address from `input.<field>` that may have an account already. Accepts kinds of addresses that are no
    /// longer accepted for new accounts.
    pub fn parse(field: &str, text: &str) -> Result<Self, Problem> {
        let text: String = text.trim().nfc().collect();
        if text.is_empty() {
            let message = "An e-mail address is needed.";
            return Err(Problem::field(field, ProblemCode::Required, message));
        }
        if text.len() > EMAIL_BYTES {
            let message = "An e-mail address has at most 254 characters.";
            return Err(Problem::field(field, ProblemCode::TooLong, message));
        }
        let options = Options::default()
            .with_required_tld()
            .without_display_text()
            .without_domain_literal();
        let well_formed = EmailAddress::parse_with_options(&text, options).is_ok()
            && !text.chars().any(char::is_control);
        if !well_formed {
            return Err(Self::invalid(field));
        }
        let typed_key: String = text.to_lowercase().nfc().collect();
        let key = with_domain(&typed_key, |domain| {
            ascii_domain(domain).map(std::borrow::Cow::into_owned)
        });
        Ok(Self {
            key: key.unwrap_or_else(|| typed_key.clone()),
            text,
            typed_key,
        })
    }

    /// Reads an address from `input.<field>` that an account is to get: letters must be able to reach it. `utf8` says
    /// whether the mail server accepts characters outside ASCII before the @ (SMTPUTF8, RFC 6531).
    pub fn to_be_proved(field: &str, text: &str, utf8: bool) -> Result<Self, Problem> {
        let email = Self::parse(field, text)?;
        let Some((local, domain)) = email.text.rsplit_once('@') else {
            return Err(Self::invalid(field));
        };
        let top = ascii_domain(domain).and_then(|ascii| Some(ascii.rsplit_once('.')?.1.to_owned()));
        // RFC 5321 allows a quoted part before the @, but no provider uses it. A domain whose last label is not
        // alphabetic is an IP address.
        let is_name = |top: &str| {
            top.starts_with("xn--") || top.bytes().all(|letter| letter.is_ascii_alphabetic())
        };
        if local.starts_with('"') || !top.is_some_and(|top| is_name(&top)) {
            return Err(Self::invalid(field));
        }
        if !local.is_ascii() && !utf8 {
            let message = "We cannot send mail to an address with such characters before the @: \
                 use another address.";
            return Err(Problem::field(field, ProblemCode::Invalid, message));
        }
        Ok(email)
    }

    fn invalid(field: &str) -> Problem {
        let message = "An e-mail address looks like name@example.org.";
        Problem::field(field, ProblemCode::Invalid, message)
    }

    /// Returns the address as its owner writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the form that is compared: lower case, with the domain in ASCII. By RFC 5321 §2.4 the part before the @
    /// may differ in case alone, but no provider gives two people such addresses.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the address in lower case, with the domain as it was typed. Finds an account whichever form its key
    /// has.
    pub fn typed_key(&self) -> &str {
        &self.typed_key
    }

    /// Returns the key without a sub-address, so that many addresses of one mailbox count as one.
    pub fn mailbox(&self) -> String {
        let Some((local, domain)) = self.key.rsplit_once('@') else {
            return self.key.clone();
        };
        let main = local.split('+').next().filter(|main| !main.is_empty());
        let main = main.unwrap_or(local);
        if DOTLESS.contains(&domain) {
            return format!("{}@{}", main.replace('.', ""), DOTLESS[0]);
        }
        format!("{main}@{domain}")
    }
}

/// Returns the forms in which the key of an address may be stored: as it is, with the domain in ASCII, and with the
/// domain in Unicode, as earlier releases stored it.
pub(super) fn forms(key: &str) -> [String; 3] {
    let in_ascii = with_domain(key, |domain| {
        ascii_domain(domain).map(std::borrow::Cow::into_owned)
    });
    let in_unicode = with_domain(key, |domain| Some(unicode_domain(domain).into_owned()));
    let or_same = |form: Option<String>| form.unwrap_or_else(|| key.to_owned());
    [key.to_owned(), or_same(in_ascii), or_same(in_unicode)]
}

fn with_domain(key: &str, form: impl FnOnce(&str) -> Option<String>) -> Option<String> {
    let (local, domain) = key.rsplit_once('@')?;
    Some(format!("{local}@{}", form(domain)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<T>(parsed: Result<T, Problem>) -> Option<ProblemCode> {
        parsed.err().map(|problem| problem.code)
    }

    fn read(text: &str) -> Email {
        Email::parse("email", text).unwrap_or_else(|_| panic!("{text}"))
    }

    #[test]
    fn addresses_compare_without_case_and_unicode_composition() {
        let key = |text| read(text).key().to_owned();
        assert_eq!(key(" Mike@Example.ORG "), "mike@example.org");
        assert_eq!(key("ren\u{e9}@example.org"), key("rene\u{301}@EXAMPLE.org"));
        assert_ne!(key("mike+a@example.org"), key("mike@example.org"));
    }

    #[test]
    fn domains_compare_in_their_ascii_form() {
        let one = read("Uwe@Ex\u{e4}mple.de");
        assert_eq!(one.as_str(), "Uwe@Ex\u{e4}mple.de");
        assert_eq!(one.key(), "uwe@xn--exmple-cua.de");
        assert_eq!(one.key(), read("uwe@XN--exmple-CUA.de").key());
        let old = "uwe@ex\u{e4}mple.de".to_owned();
        for typed in ["uwe@ex\u{e4}mple.de", "uwe@xn--exmple-cua.de"] {
            assert!(forms(read(typed).typed_key()).contains(&old), "{typed}");
        }
    }

    #[test]
    fn aliases_share_a_mailbox() {
        let mailbox = |text| read(text).mailbox();
        assert_eq!(mailbox("Mike+news@example.org"), "mike@example.org");
        assert_eq!(
            mailbox("m.i.k.e+a@gmail.com"),
            mailbox("mike@googlemail.com")
        );
        assert_ne!(mailbox("m.ike@example.org"), mailbox("mike@example.org"));
        assert_eq!(mailbox("+mike@example.org"), "+mike@example.org");
    }

    #[test]
    fn invalid_addresses_are_refused() {
        let long = format!("{}@{}.org", "a".repeat(64), "b".repeat(200));
        for (text, expected) in [
            ("  ", ProblemCode::Required),
            ("mike", ProblemCode::Invalid),
            ("mike@localhost", ProblemCode::Invalid),
            ("mike@[192.0.2.1]", ProblemCode::Invalid),
            ("Mike <mike@example.org>", ProblemCode::Invalid),
            (
                "mike@example.org\r\nBcc: all@example.org",
                ProblemCode::Invalid,
            ),
            (&long, ProblemCode::TooLong),
        ] {
            assert_eq!(code(Email::parse("email", text)), Some(expected), "{text}");
        }
    }

    #[test]
    fn undeliverable_addresses_are_refused() {
        let proved = |text, utf8| code(Email::to_be_proved("email", text, utf8));
        for text in [
            "\"a b\"@example.org",
            "\"ab\"@example.org",
            "x@127.0.0.1",
            "x@1.2.3.4",
            "x@example.123",
            "x@0x7f.0x1",
            "x@ex_ample.org",
            "x@xn--a.org",
        ] {
            assert_eq!(proved(text, true), Some(ProblemCode::Invalid), "{text}");
        }
        assert_eq!(
            proved("ren\u{e9}@example.org", false),
            Some(ProblemCode::Invalid)
        );
        for (text, utf8) in [
            ("ren\u{e9}@example.org", true),
            ("mike+a@example.org", false),
            ("uwe@ex\u{e4}mple.de", false),
            (
                "ivan@\u{43f}\u{43e}\u{447}\u{442}\u{430}.\u{440}\u{444}",
                false,
            ),
            ("o'neil@my-domain.co.uk", false),
        ] {
            assert_eq!(proved(text, utf8), None, "{text}");
        }
    }
}

//! Addresses as mail servers write them: the domain in the ASCII form of IDNA (UTS #46, RFC 5890).

use std::borrow::Cow;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

/// Returns a domain in its ASCII form in lower case, or `None` if it is not a domain of the DNS.
pub fn ascii_domain(domain: &str) -> Option<Cow<'_, str>> {
    let (deny, hyphens) = (AsciiDenyList::STD3, Hyphens::CheckFirstLast);
    Uts46::new()
        .to_ascii(domain.as_bytes(), deny, hyphens, DnsLength::Verify)
        .ok()
}

/// Returns a domain in Unicode, as people write it.
pub fn unicode_domain(domain: &str) -> Cow<'_, str> {
    let (deny, hyphens) = (AsciiDenyList::STD3, Hyphens::CheckFirstLast);
    Uts46::new().to_unicode(domain.as_bytes(), deny, hyphens).0
}

/// Returns the address to send to, with its domain in ASCII. A domain without an ASCII form stays as it is.
pub fn sendable(address: &str) -> String {
    let ascii = address
        .rsplit_once('@')
        .and_then(|(local, domain)| Some(format!("{local}@{}", ascii_domain(domain)?)));
    ascii.unwrap_or_else(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_goes_to_the_ascii_form_of_a_domain() {
        assert_eq!(sendable("Uwe@ex\u{e4}mple.de"), "Uwe@xn--exmple-cua.de");
        assert_eq!(sendable("mike@Example.org"), "mike@example.org");
        assert_eq!(sendable("no address"), "no address");
        assert_eq!(unicode_domain("xn--exmple-cua.de"), "ex\u{e4}mple.de");
        assert_eq!(ascii_domain("under_score.org"), None);
        assert_eq!(ascii_domain("xn--a.org"), None);
    }
}

//! Editions of the IANA time zone database, such as `2026f`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// An edition. The later of two is the greater.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version(String);

/// The text is not an edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAVersion;

impl Version {
    /// The edition as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An edition before all others, for data that do not name theirs.
    pub(super) fn oldest() -> Self {
        Self("1970a".to_owned())
    }

    fn parts(&self) -> (&str, usize, &str) {
        let (year, letters) = self.0.split_at(4);
        // After `2026z` comes `2026za`.
        (year, letters.len(), letters)
    }
}

impl FromStr for Version {
    type Err = NotAVersion;

    /// Parses the edition at the beginning of `text`, which may be longer (`2026f-1`).
    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let year = text.bytes().take_while(u8::is_ascii_digit).count();
        let rest = text.get(year..).unwrap_or_default();
        let letters = rest.bytes().take_while(u8::is_ascii_lowercase).count();
        let ends = rest.as_bytes().get(letters);
        let over = ends.is_none_or(|byte| !byte.is_ascii_alphanumeric());
        if year == 4 && (1..=3).contains(&letters) && over {
            Ok(Self(text[..year + letters].to_owned()))
        } else {
            Err(NotAVersion)
        }
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editions_are_ordered_and_other_texts_refused() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        let order = ["2025b", "2025c", "2026a", "2026z", "2026za", "2027a"];
        assert!(order.map(version).is_sorted_by(|one, next| one < next));
        assert_eq!(version("2026f-1-gabcdef").as_str(), "2026f");
        for other in ["", "2026", "26f", "2026F", "f2026", "2026fz9", "20261a"] {
            assert_eq!(other.parse::<Version>(), Err(NotAVersion), "{other}");
        }
    }
}

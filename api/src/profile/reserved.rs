//! Reserved handles, which nobody may take. `reserved_handles.txt` lists them.

use std::sync::LazyLock;

use super::handle::fold;

/// The list, folded as handles are.
struct Reserved {
    anywhere: Vec<String>,
    words: Vec<String>,
}

static RESERVED: LazyLock<Reserved> = LazyLock::new(|| read(include_str!("reserved_handles.txt")));

fn read(list: &str) -> Reserved {
    let mut reserved = Reserved {
        anywhere: Vec::new(),
        words: Vec::new(),
    };
    let mut anywhere = false;
    for line in list.lines().map(str::trim) {
        match line {
            "[anywhere]" => anywhere = true,
            "[word]" => anywhere = false,
            "" => {}
            _ if line.starts_with('#') => {}
            _ if anywhere => reserved.anywhere.push(fold(line)),
            _ => reserved.words.push(fold(line)),
        }
    }
    reserved
}

/// Whether a handle could be taken for the service's own, or for an official helper's. Checks it as written and in
/// lower case.
pub(super) fn is_reserved(handle: &str) -> bool {
    [handle.to_owned(), handle.to_lowercase()]
        .iter()
        .any(|text| RESERVED.holds(text))
}

impl Reserved {
    fn holds(&self, text: &str) -> bool {
        let whole = fold(text);
        self.anywhere.iter().any(|part| whole.contains(part))
            || self.is_word(text)
            || words(text).iter().any(|word| self.is_word(word))
    }

    /// Whether a text is a word of the list, alone or followed by an s, digits or both.
    fn is_word(&self, text: &str) -> bool {
        let bare = text.trim_end_matches(|c: char| c.is_ascii_digit() || !c.is_alphanumeric());
        let one = bare.strip_suffix(['s', 'S']).unwrap_or(bare);
        [text, bare, one]
            .iter()
            .any(|form| self.words.contains(&fold(form)))
    }
}

/// Splits a handle into words: at punctuation, and where a capital follows a lower-case letter.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in text.chars() {
        let begins = c.is_uppercase() && before.is_lowercase();
        if (begins || !c.is_alphanumeric()) && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(c);
        }
        before = c;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn official_sounding_handles_are_reserved_in_every_spelling() {
        for handle in [
            "belay",
            "BeIay",
            "be1ay",
            "belay-support",
            "Moderators",
            "m0derator",
            "adminbob",
            "the.admins",
            "samaritans",
            "Samaritans-UK",
            "SarnaritansUK",
            "crisis_line",
            "CrisisText",
            "support",
            "SupportTeam",
            "team.support2",
            "police99",
            "andysmanclub",
            "Andys.Man.Club",
            "telefon-seelsorge",
            "therapist_tom",
            "doctor-dan",
        ] {
            assert!(is_reserved(handle), "{handle}");
        }
    }

    #[test]
    fn ordinary_handles_are_not_reserved() {
        for handle in [
            "mike",
            "Ian",
            "gilbert",
            "supportive-dave",
            "calmriver",
            "helpfulhal",
            "shoutingsam",
            "rooted",
            "modest.mark",
            "steamtrain",
            "guidofromrome",
            "nightshift42",
            "bobby",
        ] {
            assert!(!is_reserved(handle), "{handle}");
        }
    }
}

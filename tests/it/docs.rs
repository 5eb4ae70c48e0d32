//! The lists in the documentation are complete.

use std::collections::BTreeSet;

use api::push::message::render;
use entity::NotificationId;
use entity::notification::Kind;
use sea_orm::Iterable as _;
use support::{Schema, sources};

const LIMITS: &str = include_str!("../../docs/limits.md");
const APPS: &str = include_str!("../../docs/apps.md");
const OPERATIONS: &str = include_str!("../../docs/operations.md");

/// The first cells of a table's rows that are code.
fn listed(text: &str) -> BTreeSet<&str> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| Some(row.split_once('`')?.0))
        .collect()
}

#[tokio::test]
async fn every_mutation_has_a_row_with_its_limits() {
    let schema = Schema::introspect().await;
    let mutations = schema.root_fields().filter(|(root, _)| *root == "Mutation");
    let mutations: BTreeSet<_> = mutations
        .map(|(_, field)| field["name"].as_str().unwrap())
        .collect();
    assert_eq!(listed(LIMITS), mutations);
}

#[test]
fn every_push_phrase_is_documented_for_apps() {
    let now = chrono::DateTime::from_timestamp(1_773_144_000, 0).unwrap();
    for kind in Kind::iter() {
        let rendered = render(NotificationId(uuid::Uuid::nil()), kind, now, now);
        let row = format!(
            "| `{}` | `{}` | {} |",
            rendered.body.key,
            rendered.category.channel(),
            rendered.body.text
        );
        assert!(APPS.contains(&row), "{row}");
    }
}

/// A chapter of a text, from its heading to the next.
fn chapter<'a>(text: &'a str, heading: &str) -> &'a str {
    let (_, rest) = text.split_once(&format!("\n## {heading}\n")).unwrap();
    rest.split("\n## ").next().unwrap()
}

#[test]
fn every_metric_is_documented_for_operators() {
    let text: String = sources().into_iter().map(|source| source.text).collect();
    let macros = ["counter!(", "gauge!(", "histogram!("];
    let calls = macros.iter().flat_map(|call| text.split(call).skip(1));
    let names = calls.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
    let names: BTreeSet<&str> = names.filter(|name| name.starts_with("belay_")).collect();
    assert!(names.len() > 30, "{names:?}");
    assert_eq!(listed(chapter(OPERATIONS, "Metrics")), names);
    let alerts = chapter(OPERATIONS, "Alerts");
    let alerts = alerts.split('`').filter(|word| word.starts_with("belay_"));
    for name in alerts {
        assert!(names.contains(name), "{name}");
    }
}

#[test]
fn every_time_limit_is_in_the_table_with_its_default() {
    let (mut section, mut rows) = ("", BTreeSet::new());
    for line in api::config::DEFAULTS.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        } else if let Some((key, value)) = line.split_once(" = ")
            && key.ends_with("seconds")
        {
            rows.insert(format!("| `{section}.{key}` | {value} |"));
        }
    }
    let times = chapter(OPERATIONS, "Times");
    for row in &rows {
        assert!(times.contains(row), "{row}");
    }
    assert_eq!(listed(times).len(), rows.len());
}

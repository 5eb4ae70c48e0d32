//! What the documentation lists is what there is.

use std::collections::BTreeSet;

use api::push::message::render;
use entity::NotificationId;
use entity::notification::Kind;
use sea_orm::Iterable as _;
use support::Schema;

const LIMITS: &str = include_str!("../../docs/limits.md");
const APPS: &str = include_str!("../../docs/apps.md");

/// The first cells of the rows of a table, where they are code.
fn listed(text: &str) -> BTreeSet<&str> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| Some(row.split_once('`')?.0))
        .collect()
}

#[tokio::test]
async fn every_mutation_has_a_row_that_says_its_limits() {
    let schema = Schema::introspect().await;
    let mutations = schema.root_fields().filter(|(root, _)| *root == "Mutation");
    let mutations: BTreeSet<_> = mutations
        .map(|(_, field)| field["name"].as_str().unwrap())
        .collect();
    assert_eq!(listed(LIMITS), mutations);
}

#[test]
fn every_phrase_of_a_push_is_told_to_app_makers() {
    let now = chrono::DateTime::from_timestamp(1_773_144_000, 0).unwrap();
    for kind in Kind::iter() {
        let nudge = render(NotificationId(uuid::Uuid::nil()), kind, now, now);
        let row = format!(
            "| `{}` | `{}` | {} |",
            nudge.body.key,
            nudge.category.channel(),
            nudge.body.text
        );
        assert!(APPS.contains(&row), "{row}");
    }
}

//! The table that each entity describes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, IdenStatic, Iterable};

use super::shape::{Shape, column_fact};

/// An entity without its type.
struct Table {
    name: &'static str,
    columns: Shape,
    rows: fn(&DatabaseConnection) -> BoxFuture<'_, Vec<String>>,
}

fn table<E>(entity: E) -> Table
where
    E: EntityTrait<Model: Debug>,
{
    let name = entity.table_name();
    Table {
        name,
        columns: E::Column::iter()
            .map(|column| column_fact(name, column.as_str(), column.def().is_null()))
            .collect(),
        rows: |db| {
            async move {
                let rows = E::find().all(db).await.unwrap();
                rows.iter().map(|row| format!("{row:?}")).collect()
            }
            .boxed()
        },
    }
}

/// All entities. If one is missing here, `tables_and_entities_agree` fails.
fn all() -> Vec<Table> {
    vec![
        table(entity::account::Entity),
        table(entity::account_code::Entity),
        table(entity::announced_secrets::Entity),
        table(entity::email_change::Entity),
        table(entity::cadence_change::Entity),
        table(entity::change::Entity),
        table(entity::change_feed::Entity),
        table(entity::check_in::Entity),
        table(entity::check_in_reminder::Entity),
        table(entity::circle::Entity),
        table(entity::circle_invitation::Entity),
        table(entity::circle_membership::Entity),
        table(entity::commitment::Entity),
        table(entity::commitment_day::Entity),
        table(entity::consent::Entity),
        table(entity::device::Entity),
        table(entity::emotion::Entity),
        table(entity::handle_claim::Entity),
        table(entity::job::Entity),
        table(entity::ladder::Entity),
        table(entity::ladder_rung::Entity),
        table(entity::ladder_telling::Entity),
        table(entity::life_context::Entity),
        table(entity::meeting::Entity),
        table(entity::meeting_change::Entity),
        table(entity::meeting_occurrence::Entity),
        table(entity::member::Entity),
        table(entity::member_language::Entity),
        table(entity::member_life_context::Entity),
        table(entity::member_topic::Entity),
        table(entity::network_member::Entity),
        table(entity::notification::Entity),
        table(entity::pact::Entity),
        table(entity::pact_nudge::Entity),
        table(entity::pact_side::Entity),
        table(entity::past_day_terms::Entity),
        table(entity::pause::Entity),
        table(entity::peering::Entity),
        table(entity::pending_sign_up::Entity),
        table(entity::persisted_document::Entity),
        table(entity::progress::Entity),
        table(entity::push_delivery::Entity),
        table(entity::push_tally::Entity),
        table(entity::quiet_hours::Entity),
        table(entity::rate_limit::Entity),
        table(entity::received_words::Entity),
        table(entity::rsvp::Entity),
        table(entity::schema_step::Entity),
        table(entity::secret_check::Entity),
        table(entity::session::Entity),
        table(entity::superseded_terms::Entity),
        table(entity::topic::Entity),
        table(entity::used_sign_up_id::Entity),
        table(entity::zone_data::Entity),
    ]
}

/// The columns of all entities.
pub fn columns() -> Shape {
    all().into_iter().flat_map(|table| table.columns).collect()
}

/// Reads the rows of every table, by its name. This also checks that each column has the type of its entity.
pub async fn rows(db: &DatabaseConnection) -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut rows = BTreeMap::new();
    for table in all() {
        rows.insert(table.name, (table.rows)(db).await.into_iter().collect());
    }
    rows
}

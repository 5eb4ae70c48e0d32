//! The lists of a profile in the database: its topics, languages and life contexts.
//!
//! A profile is read in one statement that gathers each list into one text. Otherwise it would take four statements,
//! or a product of rows. Slugs, language tags and the names of enumerations contain neither spaces nor colons.

use chrono::{DateTime, Utc};
use entity::MemberId;
use entity::member_life_context::{self, Column as ContextColumn};
use entity::member_topic::{self, Column as TopicColumn, Stance, Visibility};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveEnum as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _,
};

use crate::error::Fault;
use crate::tx::Tx;

/// SQL for the topics of the surrounding statement's member.
pub(super) const TOPICS: &str = "(SELECT string_agg(t.topic || ':' || t.stance || ':' || \
    t.visibility, ' ') FROM member_topic t WHERE t.member_id = member.id)";
/// SQL for the member's languages, each after its position.
pub(super) const LANGUAGES: &str = "(SELECT string_agg(CAST(l.position AS text) || ':' || l.tag, ' ') \
    FROM member_language l WHERE l.member_id = member.id)";
/// SQL for the member's life contexts.
pub(super) const LIFE_CONTEXTS: &str = "(SELECT string_agg(c.life_context, ' ') \
    FROM member_life_context c WHERE c.member_id = member.id)";

/// A topic on a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TopicRow {
    pub topic: String,
    pub stance: Stance,
    pub visibility: Visibility,
}

/// Parses [`TOPICS`], in no order.
pub(super) fn topics(gathered: Option<&str>) -> Result<Vec<TopicRow>, Fault> {
    words(gathered).map(topic).collect()
}

fn topic(word: &str) -> Result<TopicRow, Fault> {
    let mut parts = word.splitn(3, ':').map(str::to_owned);
    let (Some(topic), Some(stance), Some(visibility)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(Fault::Broken("a gathered topic has three parts"));
    };
    Ok(TopicRow {
        topic,
        stance: Stance::try_from_value(&stance)?,
        visibility: Visibility::try_from_value(&visibility)?,
    })
}

/// Parses [`LANGUAGES`], in the order of their positions.
pub(super) fn languages(gathered: Option<&str>) -> Vec<String> {
    let mut placed: Vec<(u32, &str)> = words(gathered)
        .filter_map(|word| word.split_once(':'))
        .filter_map(|(place, tag)| Some((place.parse().ok()?, tag)))
        .collect();
    placed.sort_unstable();
    placed.into_iter().map(|(_, tag)| tag.to_owned()).collect()
}

/// Parses [`LIFE_CONTEXTS`], in no order.
pub(super) fn slugs(gathered: Option<&str>) -> Vec<String> {
    words(gathered).map(str::to_owned).collect()
}

fn words(gathered: Option<&str>) -> impl Iterator<Item = &str> {
    gathered.unwrap_or_default().split_ascii_whitespace()
}

/// Adds a topic to a profile, or changes it there.
pub(super) async fn put_topic(
    tx: &Tx,
    member: MemberId,
    row: &TopicRow,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let changed = OnConflict::columns([TopicColumn::MemberId, TopicColumn::Topic])
        .update_columns([TopicColumn::Stance, TopicColumn::Visibility])
        .to_owned();
    let row = member_topic::ActiveModel {
        member_id: Set(member),
        topic: Set(row.topic.clone()),
        stance: Set(row.stance),
        visibility: Set(row.visibility),
        created_at: Set(now),
    };
    let written = member_topic::Entity::insert(row)
        .on_conflict(changed)
        .exec_without_returning(tx)
        .await?;
    (written == 1)
        .then_some(())
        .ok_or(Fault::Broken("a topic is put on a profile once"))
}

/// Removes a topic from a profile. Returns `false` if it is not there.
pub(super) async fn delete_topic(tx: &Tx, member: MemberId, topic: &str) -> Result<bool, Fault> {
    let gone = member_topic::Entity::delete_many()
        .filter(TopicColumn::MemberId.eq(member))
        .filter(TopicColumn::Topic.eq(topic))
        .exec(tx)
        .await?;
    Ok(gone.rows_affected > 0)
}

/// Replaces a member's life contexts. Returns `false` if nothing changed.
pub(super) async fn replace_life_contexts(
    tx: &Tx,
    member: MemberId,
    slugs: &[String],
) -> Result<bool, Fault> {
    let others = member_life_context::Entity::delete_many()
        .filter(ContextColumn::MemberId.eq(member))
        .filter(ContextColumn::LifeContext.is_not_in(slugs))
        .exec(tx)
        .await?;
    let rows = slugs.iter().map(|slug| member_life_context::ActiveModel {
        member_id: Set(member),
        life_context: Set(slug.clone()),
    });
    let there = OnConflict::columns([ContextColumn::MemberId, ContextColumn::LifeContext])
        .do_nothing()
        .to_owned();
    let added = member_life_context::Entity::insert_many(rows)
        .on_conflict(there)
        .exec_without_returning(tx)
        .await?;
    Ok(others.rows_affected + added > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aggregated_rows_are_parsed() {
        let read = topics(Some(
            "grief:come_through:members prison:living_with:private",
        ))
        .unwrap();
        let grief = TopicRow {
            topic: "grief".to_owned(),
            stance: Stance::ComeThrough,
            visibility: Visibility::Members,
        };
        assert_eq!((read.len(), &read[0]), (2, &grief));
        assert_eq!(topics(None).unwrap(), []);
        assert!(topics(Some("grief:members")).is_err());
        assert_eq!(
            languages(Some("10:cy 2:en-GB 0:pt-BR")),
            ["pt-BR", "en-GB", "cy"]
        );
    }
}

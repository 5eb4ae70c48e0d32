//! Queries on profiles.

use chrono::{DateTime, NaiveTime, Utc};
use entity::member::{self, Column, Entity};
use entity::{MemberId, life_context, member_language, quiet_hours, topic};
use sea_orm::sea_query::{Expr, ExprTrait as _, LockType, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, JoinType,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, RelationTrait as _, Select, SqlErr,
};

use super::lists::{self, TopicRow};
use super::model::{DAY_START_HOUR, FieldVisibility, Fields};
use super::service::NewMember;
use super::{Availability, ContactModes};
use crate::days::QuietHours;
use crate::error::Fault;
use crate::tx::{Rank, Tx};
use crate::visibility::{relations, visible};
use crate::vocabulary::profile::{LifeContext, Topic};

/// A profile with its lists, read by one statement.
pub(super) struct Found {
    pub id: MemberId,
    pub fields: Fields,
    pub version: i32,
    pub joined_at: DateTime<Utc>,
    pub shares_circle: bool,
    pub is_partner: bool,
    pub has_proposal: bool,
    pub topics: Vec<TopicRow>,
    pub life_contexts: Vec<String>,
}

#[derive(sea_orm::FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    member: member::Model,
    shares_circle: bool,
    is_partner: bool,
    has_proposal: bool,
    topics: Option<String>,
    languages: Option<String>,
    life_contexts: Option<String>,
}

/// Returns the profiles among `ids` that are visible to the viewer, in no order. A hidden profile is visible to its
/// owner alone.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    ids: &[MemberId],
    now: DateTime<Utc>,
) -> Result<Vec<Found>, Fault> {
    let shares = relations::share_a_circle(viewer, Expr::col((Entity, Column::Id)));
    let partner = relations::are_partners(viewer, &Expr::col((Entity, Column::Id)));
    let proposal = relations::proposal_waits(viewer, &Expr::col((Entity, Column::Id)), now);
    let invites = relations::invites(viewer, Expr::col((Entity, Column::Id)), now);
    let rows = Entity::find()
        .expr_as(shares, "shares_circle")
        .expr_as(partner, "is_partner")
        .expr_as(proposal.or(invites), "has_proposal")
        .expr_as(Expr::cust(lists::TOPICS), "topics")
        .expr_as(Expr::cust(lists::LANGUAGES), "languages")
        .expr_as(Expr::cust(lists::LIFE_CONTEXTS), "life_contexts")
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(visible(viewer, Expr::col((Entity, Column::Id))))
        .into_model::<Row>()
        .all(db)
        .await?;
    rows.into_iter().map(found).collect()
}

fn found(row: Row) -> Result<Found, Fault> {
    let member = row.member;
    Ok(Found {
        id: member.id,
        version: member.version,
        joined_at: member.created_at,
        shares_circle: row.shares_circle,
        is_partner: row.is_partner,
        has_proposal: row.has_proposal,
        topics: lists::topics(row.topics.as_deref())?,
        life_contexts: lists::slugs(row.life_contexts.as_deref()),
        fields: Fields {
            handle: member.handle,
            handle_key: member.handle_key,
            bio: member.bio,
            story: member.story,
            age_band: member.age_band,
            country: member.country,
            region: member.region,
            visibility: FieldVisibility {
                bio: member.bio_visibility,
                story: member.story_visibility,
                age_band: member.age_band_visibility,
                region: member.region_visibility,
                life_contexts: member.life_contexts_visibility,
            },
            time_zone: member.time_zone,
            day_start_hour: member.day_start_hour,
            mail_language: member.locale,
            contact_modes: ContactModes::from_bits(member.contact_modes),
            reply_pace: member.reply_pace,
            availability: Availability::from_bits(member.availability),
            languages: lists::languages(row.languages.as_deref()),
        },
    })
}

/// Adds the row of a new member. Returns `false` if somebody else has his handle.
pub(super) async fn insert(tx: &Tx, new: &NewMember, now: DateTime<Utc>) -> Result<bool, Fault> {
    let visibility = FieldVisibility::default();
    let row = member::ActiveModel {
        id: Set(new.id),
        handle: Set(new.handle.as_str().to_owned()),
        handle_key: Set(new.handle.key().to_owned()),
        bio: Set(None),
        story: Set(None),
        age_band: Set(None),
        country: Set(new.country.code().to_owned()),
        region: Set(None),
        bio_visibility: Set(visibility.bio),
        story_visibility: Set(visibility.story),
        age_band_visibility: Set(visibility.age_band),
        region_visibility: Set(visibility.region),
        life_contexts_visibility: Set(visibility.life_contexts),
        time_zone: Set(new.time_zone.name().to_owned()),
        day_start_hour: Set(DAY_START_HOUR),
        locale: Set(new.locale.tag().to_owned()),
        contact_modes: Set(0),
        reply_pace: Set(None),
        availability: Set(0),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        hidden_at: Set(None),
    };
    let taken = OnConflict::column(Column::HandleKey)
        .do_nothing()
        .to_owned();
    let inserted = Entity::insert(row)
        .on_conflict(taken)
        .exec_without_returning(tx)
        .await?;
    Ok(inserted == 1)
}

/// Locks a member `FOR NO KEY UPDATE`, so that other changes of his profile wait until the transaction ends. Returns
/// `false` if there is no such member. Read the profile after this statement, not in it: a locking statement that
/// waited sees the current row, but the lists as they were when it began to wait.
pub(super) async fn lock_profile(tx: &Tx, member: MemberId) -> Result<bool, Fault> {
    tx.lock_members(&[member]);
    let id: Option<MemberId> = Entity::find_by_id(member)
        .select_only()
        .column(Column::Id)
        // Weaker than `FOR UPDATE`: rows that refer to the member can still be written.
        .lock(LockType::NoKeyUpdate)
        .into_tuple()
        .one(tx)
        .await?;
    Ok(id.is_some())
}

/// Locks these members `FOR NO KEY UPDATE`, in the order of their ids, so that transactions do not deadlock.
pub(super) async fn lock_members(tx: &Tx, members: &[MemberId]) -> Result<(), Fault> {
    if !tx.lock_members(members) {
        return Ok(());
    }
    let _: Vec<MemberId> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.is_in(members.iter().copied()))
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_tuple()
        .all(tx)
        .await?;
    Ok(())
}

/// Writes the fields of a profile over the version that was read. Returns `false` if somebody else has the handle; the
/// transaction must then be undone.
pub(super) async fn update(
    tx: &Tx,
    read: &Found,
    fields: &Fields,
    now: DateTime<Utc>,
) -> Result<bool, Fault> {
    let updated = Entity::update_many()
        .set(member::ActiveModel {
            handle: Set(fields.handle.clone()),
            handle_key: Set(fields.handle_key.clone()),
            bio: Set(fields.bio.clone()),
            story: Set(fields.story.clone()),
            age_band: Set(fields.age_band),
            country: Set(fields.country.clone()),
            region: Set(fields.region.clone()),
            bio_visibility: Set(fields.visibility.bio),
            story_visibility: Set(fields.visibility.story),
            age_band_visibility: Set(fields.visibility.age_band),
            region_visibility: Set(fields.visibility.region),
            life_contexts_visibility: Set(fields.visibility.life_contexts),
            time_zone: Set(fields.time_zone.clone()),
            day_start_hour: Set(fields.day_start_hour),
            locale: Set(fields.mail_language.clone()),
            contact_modes: Set(fields.contact_modes.bits()),
            reply_pace: Set(fields.reply_pace),
            availability: Set(fields.availability.bits()),
            version: Set(read.version + 1),
            updated_at: Set(now),
            ..member::ActiveModel::default()
        })
        .filter(Column::Id.eq(read.id))
        .filter(Column::Version.eq(read.version))
        .exec(tx)
        .await;
    match updated {
        Ok(updated) if updated.rows_affected == 1 => {}
        Ok(_) => return Err(Fault::Broken("a locked profile keeps its version")),
        // The handle is the only unique column that is written.
        Err(fault) => {
            return match fault.sql_err() {
                Some(SqlErr::UniqueConstraintViolation(_)) => Ok(false),
                _ => Err(fault.into()),
            };
        }
    }
    if fields.languages != read.fields.languages {
        replace_languages(tx, read.id, &fields.languages).await?;
    }
    Ok(true)
}

async fn replace_languages(tx: &Tx, member: MemberId, tags: &[String]) -> Result<(), Fault> {
    member_language::Entity::delete_many()
        .filter(member_language::Column::MemberId.eq(member))
        .exec(tx)
        .await?;
    let rows = (0..)
        .zip(tags)
        .map(|(position, tag)| member_language::ActiveModel {
            member_id: Set(member),
            tag: Set(tag.clone()),
            position: Set(position),
        });
    member_language::Entity::insert_many(rows)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Hides a member from now on, or shows him again.
pub(super) async fn set_hidden_at(
    tx: &Tx,
    member: MemberId,
    at: Option<DateTime<Utc>>,
) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::HiddenAt, Expr::value(at))
        .filter(Column::Id.eq(member))
        .exec(tx)
        .await?;
    Ok(())
}

/// Returns the handles of these members.
pub(super) async fn handles(
    db: &impl ConnectionTrait,
    members: &[MemberId],
) -> Result<Vec<(MemberId, String)>, Fault> {
    let found = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Handle])
        .filter(Column::Id.is_in(members.iter().copied()));
    Ok(found.into_tuple().all(db).await?)
}

/// Returns a member's time zone, and the hour at which his days begin.
pub(super) async fn day_terms(
    db: &impl ConnectionTrait,
    member: MemberId,
) -> Result<Option<(String, i32)>, Fault> {
    Ok(terms_of(member).into_tuple().one(db).await?)
}

/// As [`day_terms`], locked `FOR SHARE` until the transaction ends.
pub(super) async fn lock_day_terms(
    tx: &Tx,
    member: MemberId,
) -> Result<Option<(String, i32)>, Fault> {
    tx.lock(Rank::Member);
    let held = terms_of(member).lock_shared();
    Ok(held.into_tuple().one(tx).await?)
}

fn terms_of(member: MemberId) -> Select<Entity> {
    Entity::find_by_id(member)
        .select_only()
        .columns([Column::TimeZone, Column::DayStartHour])
}

/// What the notification pipeline needs to know about a member.
pub(super) struct NotificationContext {
    pub member: MemberId,
    pub time_zone: String,
    pub day_start_hour: i32,
    pub hidden_at: Option<DateTime<Utc>>,
    /// `None` if he never set any.
    pub quiet: Option<QuietHours>,
}

/// Returns the contexts of these members, in one statement.
pub(super) async fn contexts(
    db: &impl ConnectionTrait,
    members: &[MemberId],
) -> Result<Vec<NotificationContext>, Fault> {
    type Row = (
        MemberId,
        String,
        i32,
        Option<DateTime<Utc>>,
        Option<bool>,
        Option<NaiveTime>,
        Option<NaiveTime>,
    );
    if members.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = Entity::find()
        .select_only()
        .columns([
            Column::Id,
            Column::TimeZone,
            Column::DayStartHour,
            Column::HiddenAt,
        ])
        .column(quiet_hours::Column::Enabled)
        .column(quiet_hours::Column::FromTime)
        .column(quiet_hours::Column::UntilTime)
        .join_rev(JoinType::LeftJoin, quiet_hours::Relation::Member.def())
        .filter(Column::Id.is_in(members.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    let contexts = rows.into_iter().map(
        |(member, time_zone, day_start_hour, hidden_at, enabled, from, until)| {
            let set = enabled.zip(from).zip(until);
            NotificationContext {
                member,
                time_zone,
                day_start_hour,
                hidden_at,
                quiet: set
                    .and_then(|((enabled, from), until)| QuietHours::new(enabled, from, until)),
            }
        },
    );
    Ok(contexts.collect())
}

/// Returns every topic of the vocabulary, in order.
pub(super) async fn topics(db: &impl ConnectionTrait) -> Result<Vec<Topic>, Fault> {
    let rows = topic::Entity::find()
        .order_by_asc(topic::Column::Position)
        .order_by_asc(topic::Column::Slug)
        .all(db)
        .await?;
    let topics = rows.into_iter().map(|row| Topic {
        slug: row.slug,
        name: row.name,
        description: row.description,
    });
    Ok(topics.collect())
}

/// Returns every life context of the vocabulary, in order.
pub(super) async fn life_contexts(db: &impl ConnectionTrait) -> Result<Vec<LifeContext>, Fault> {
    let rows = life_context::Entity::find()
        .order_by_asc(life_context::Column::Position)
        .order_by_asc(life_context::Column::Slug)
        .all(db)
        .await?;
    let contexts = rows.into_iter().map(|row| LifeContext {
        slug: row.slug,
        name: row.name,
    });
    Ok(contexts.collect())
}

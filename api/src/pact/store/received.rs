//! Queries and updates of received words, which members no longer see elsewhere.

use chrono::{DateTime, Utc};
use entity::received_words::{ActiveModel, Column, Entity, Kind, Model};
use entity::{MemberId, ReceivedId, pact_nudge, pact_side};
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _,
    PaginatorTrait as _, QueryFilter as _, Select,
};
use uuid::Uuid;

use super::nudges::content_of;
use super::{Held, wish};
use crate::app::App;
use crate::db::Sorted;
use crate::error::Fault;
use crate::pact::model::{KEPT_FOR, NudgeContent, Received};
use crate::page::Page;
use crate::tx::Tx;

/// Identifies the cursors of received words.
pub const RECEIVED: u8 = 77;

/// How many rows one statement writes at most: each takes fourteen of the 32,766 variables that SQLite allows.
const ROWS_AT_ONCE: usize = 1000;

/// Something that one partner received from the other.
#[derive(Clone, Debug)]
pub(in crate::pact) struct Source {
    /// The receiver.
    pub to: MemberId,
    /// What kind of words they are.
    pub kind: Kind,
    /// The id of the nudge or the pact.
    pub id: Uuid,
    /// Distinguishes several wishes of the same pact.
    pub no: i64,
    /// The words; `None` for a proposal without words, or if they cannot be decrypted.
    pub content: Option<NudgeContent>,
    /// When they were received.
    pub at: DateTime<Utc>,
}

/// Fetches everything that the two partners of a pact received from each other through it. Two statements.
pub(in crate::pact) async fn of_pact(
    app: &App,
    tx: &Tx,
    held: &Held,
) -> Result<Vec<Source>, Fault> {
    let pact = &held.pact;
    let mut sources = Vec::new();
    let nudges = pact_nudge::Entity::find().filter(pact_nudge::Column::PactId.eq(pact.id));
    for row in nudges.all(tx).await? {
        let (to, id, at) = (row.to_member, row.id.0, row.created_at);
        // Words that cannot be decrypted must not prevent a member from leaving.
        let content = content_of(app, &row).ok();
        sources.push(Source {
            to,
            kind: Kind::Nudge,
            id,
            no: 0,
            content,
            at,
        });
    }
    let sides = pact_side::Entity::find().filter(pact_side::Column::PactId.eq(pact.id));
    for row in sides.all(tx).await? {
        let key = (row.pact_id, row.member_id);
        let wish = wish(app, key, row.nudge_wish, row.nudge_wish_sealed);
        let (kind, at) = match pact.accepted_at {
            Some(_) if wish.is_none() => continue,
            Some(_) => (Kind::Wish, row.updated_at),
            None => (Kind::Proposal, pact.created_at),
        };
        sources.push(Source {
            to: held.partner_of(row.member_id),
            kind,
            id: pact.id.0,
            no: row.updated_at.timestamp_micros(),
            content: wish.map(NudgeContent::Words),
            at,
        });
    }
    Ok(sources)
}

fn words_of<'a>(part: &'a [u8], row: (&'a MemberId, &'a ReceivedId)) -> [&'a [u8]; 3] {
    [part, row.0.0.as_bytes(), row.1.0.as_bytes()]
}

const WORDS: &[u8] = b"received words";
const HANDLE: &[u8] = b"received handle";

/// Stores words for their receivers, with the senders' present handles. Words that are stored already keep the time at
/// which they ended.
pub(in crate::pact) async fn keep(
    app: &App,
    tx: &Tx,
    held: &Held,
    sources: Vec<Source>,
    handle: impl Fn(MemberId) -> String,
    (ended_at, while_hidden): (DateTime<Utc>, bool),
) -> Result<(), Fault> {
    let row = |source: Source| {
        let (id, sender): (ReceivedId, MemberId) = (app.ids.next(), held.partner_of(source.to));
        let seal = |part: &[u8], text: &str| {
            let what = words_of(part, (&source.to, &id));
            app.keys.at_rest().seal(&app.entropy, &what, text)
        };
        let (words, template) = match &source.content {
            Some(NudgeContent::Words(words)) => {
                let words = words.text().ok().map(|words| seal(WORDS, words));
                (words.transpose()?, None)
            }
            Some(NudgeContent::Template(template)) => (None, Some(*template)),
            None => (None, None),
        };
        let sender_handle = seal(HANDLE, &handle(sender))?;
        Ok(ActiveModel {
            id: Set(id),
            member_id: Set(source.to),
            kind: Set(source.kind),
            source_id: Set(source.id),
            source_no: Set(source.no),
            pact_id: Set(held.pact.id),
            peering_id: Set(held.pact.peering_id),
            sender_id: Set(sender),
            sender_handle: Set(sender_handle),
            words: Set(words),
            template: Set(template),
            received_at: Set(source.at),
            ended_at: Set(ended_at),
            while_hidden: Set(while_hidden),
        })
    };
    let rows: Result<Vec<_>, Fault> = sources.into_iter().map(row).collect();
    let same = [
        Column::MemberId,
        Column::Kind,
        Column::SourceId,
        Column::SourceNo,
    ];
    let again = OnConflict::columns(same)
        .update_column(Column::WhileHidden)
        .to_owned();
    for chunk in rows?.chunks(ROWS_AT_ONCE) {
        Entity::insert_many(chunk.to_vec())
            .on_conflict(again.clone())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Deletes the words that were kept only because a member, as sender or receiver, was hidden: after he is shown again
/// they are visible where they were.
pub(in crate::pact) async fn forget_hidden(tx: &Tx, member: MemberId) -> Result<(), Fault> {
    let from_or_to = Condition::any()
        .add(Column::SenderId.eq(member))
        .add(Column::MemberId.eq(member));
    Entity::delete_many()
        .filter(from_or_to)
        // SQL text without a bound value, so that the partial index is used.
        .filter(Expr::cust("\"received_words\".\"while_hidden\""))
        .exec(tx)
        .await?;
    Ok(())
}

fn of_member(member: MemberId, now: DateTime<Utc>) -> Select<Entity> {
    Entity::find()
        .filter(Column::MemberId.eq(member))
        .filter(Column::EndedAt.gt(now - KEPT_FOR))
}

fn opened(app: &App, row: &Model) -> Received {
    let read = |part: &[u8], sealed: &[u8]| {
        let what = words_of(part, (&row.member_id, &row.id));
        app.keys.at_rest().read(&what, sealed.to_vec())
    };
    let content = match (row.template, &row.words) {
        (Some(template), _) => Some(NudgeContent::Template(template)),
        (None, Some(words)) => Some(NudgeContent::Words(read(WORDS, words))),
        (None, None) => None,
    };
    Received {
        id: row.id,
        kind: row.kind,
        content,
        sender: row.sender_id,
        sender_handle: read(HANDLE, &row.sender_handle),
        source: row.source_id,
        pact: row.pact_id,
        peering: row.peering_id,
        received_at: row.received_at,
        ended_at: row.ended_at,
    }
}

/// Fetches the given received words that are a member's, in no particular order.
pub(in crate::pact) async fn received_by_ids(
    app: &App,
    member: MemberId,
    now: DateTime<Utc>,
    ids: &[ReceivedId],
) -> Result<Vec<Received>, Fault> {
    let query = of_member(member, now).filter(Column::Id.is_in(ids.iter().copied()));
    let rows = query.all(app.db.pool()).await?.into_iter();
    Ok(rows.map(|row| opened(app, &row)).collect())
}

/// Fetches up to `limit + 1` words that a member received, the latest first; in reverse for a backward page.
pub(in crate::pact) async fn list_received(
    app: &App,
    member: MemberId,
    now: DateTime<Utc>,
    page: &Page<RECEIVED>,
) -> Result<Vec<Received>, Fault> {
    let sorted = Sorted::by_instant(Column::ReceivedAt, Column::Id);
    let rows = sorted.page(of_member(member, now), page);
    let rows = rows.all(app.db.pool()).await?.into_iter();
    Ok(rows.map(|row| opened(app, &row)).collect())
}

/// Counts the words that a member received.
pub(in crate::pact) async fn count_received(
    db: &impl ConnectionTrait,
    member: MemberId,
    now: DateTime<Utc>,
) -> Result<u64, Fault> {
    Ok(of_member(member, now).count(db).await?)
}

/// Deletes up to `limit` received words that were kept long enough. Returns how many.
pub(in crate::pact) async fn remove_received(
    tx: &Tx,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<u64, Fault> {
    let over = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Column::EndedAt.lte(now - KEPT_FOR))
        .limit(limit)
        .take();
    let removed = Entity::delete_many()
        .filter(Column::Id.in_subquery(over))
        .exec(tx)
        .await?;
    Ok(removed.rows_affected)
}

//! Queries of pacts and their sides.

use chrono::{DateTime, Utc};
use entity::pact::{self, Column, Entity, Model, State};
use entity::pact_side::{self, NudgeStyle, Sharing};
use entity::{MemberId, PactId, PeeringId, peering};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, JoinType, PaginatorTrait as _,
    QueryFilter as _, QuerySelect as _, QueryTrait, RelationTrait as _, Select,
};

use super::{agreed, open, unanswered, wish};
use crate::app::App;
use crate::db::Sorted;
use crate::error::Fault;
use crate::matching;
use crate::pact::model::{self, GivenSince, Pact, Side, Terms};
use crate::page::Page;
use crate::tx::Tx;

/// Identifies the cursors of the viewer's pacts.
pub const MY_PACTS: u8 = 71;

/// A pact and its two partners.
#[derive(Clone, Debug, PartialEq, Eq, sea_orm::FromQueryResult)]
pub(in crate::pact) struct Held {
    #[sea_orm(nested)]
    pub pact: Model,
    pub lower_id: MemberId,
    pub higher_id: MemberId,
}

impl Held {
    /// Returns the partner of `one`, who is one of the two.
    pub fn partner_of(&self, one: MemberId) -> MemberId {
        matching::model::Pair::of(self.lower_id, self.higher_id).partner_of(one)
    }
}

#[derive(sea_orm::FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    held: Held,
    own_sharing: Option<Sharing>,
    own_until: Option<DateTime<Utc>>,
    own_style: Option<NudgeStyle>,
    own_wish: Option<String>,
    own_sealed: Option<Vec<u8>>,
    own_woken: Option<bool>,
    their_sharing: Option<Sharing>,
    their_until: Option<DateTime<Utc>>,
    their_style: Option<NudgeStyle>,
    their_wish: Option<String>,
    their_sealed: Option<Vec<u8>>,
    mood_since: Option<DateTime<Utc>>,
    words_since: Option<DateTime<Utc>>,
    their_woken: Option<bool>,
}

fn with_both() -> Select<Entity> {
    Entity::find()
        .join(JoinType::InnerJoin, pact::Relation::Peering.def())
        .column(peering::Column::LowerId)
        .column(peering::Column::HigherId)
}

/// Selects the pacts of a member with his present partners whom he can see, in any state.
fn with_partners(member: MemberId) -> Select<Entity> {
    with_both().filter(matching::service::is_active_for(member))
}

/// Selects the pacts that are visible to a member: active ones, and open proposals that he has not declined.
fn visible_to(member: MemberId, now: DateTime<Utc>) -> Select<Entity> {
    let not_his_no = Condition::any()
        .add(Column::State.eq(State::Proposed))
        .add(Column::ProposedBy.eq(member));
    let waits = Condition::all()
        .add(unanswered())
        .add(Column::ExpiresAt.gt(now))
        .add(not_his_no);
    with_partners(member).filter(Condition::any().add(going_on(now)).add(waits))
}

fn going_on(now: DateTime<Utc>) -> Condition {
    Condition::all().add(agreed()).add(
        Condition::any()
            .add(Column::EndsAt.is_null())
            .add(Column::EndsAt.gt(now)),
    )
}

/// Adds the columns of both sides to a query.
fn with_sides(mut select: Select<Entity>, viewer: MemberId) -> Select<Entity> {
    for (alias, names) in [
        (
            "own",
            [
                "own_sharing",
                "own_until",
                "own_style",
                "own_wish",
                "own_sealed",
                "own_woken",
            ],
        ),
        (
            "theirs",
            [
                "their_sharing",
                "their_until",
                "their_style",
                "their_wish",
                "their_sealed",
                "their_woken",
            ],
        ),
    ] {
        let whose = Expr::col((alias, pact_side::Column::MemberId));
        let whose = if alias == "own" {
            whose.eq(viewer)
        } else {
            whose.ne(viewer)
        };
        let of_pact = Expr::col((alias, pact_side::Column::PactId));
        QueryTrait::query(&mut select).join_as(
            JoinType::LeftJoin,
            pact_side::Entity,
            alias,
            of_pact.equals((Entity, Column::Id)).and(whose),
        );
        let columns = [
            pact_side::Column::Sharing,
            pact_side::Column::AgreedUntil,
            pact_side::Column::NudgeStyle,
            pact_side::Column::NudgeWish,
            pact_side::Column::NudgeWishSealed,
            pact_side::Column::CanBeWoken,
        ];
        for (column, name) in columns.into_iter().zip(names) {
            select = select.expr_as(Expr::col((alias, column)), name);
        }
    }
    for (details, name) in [
        ("('mood', 'words')", "mood_since"),
        ("('words')", "words_since"),
    ] {
        select = select.expr_as(given_since(details), name);
    }
    select
}

/// Since when the partner has shared at least this level without interruption: the start of the latest consent of such
/// a level that does not directly follow another one. Needs both sides of the pact, and so finds something only for
/// pacts that both agreed to.
fn given_since(details: &str) -> Expr {
    let sql = format!(
        "(SELECT c.given_at FROM consent c WHERE c.member_id = theirs.member_id AND c.other_member_id = own.member_id \
            AND c.purpose = 'pact_sharing' AND c.detail IN {details} AND NOT EXISTS ( \
                SELECT 1 FROM consent b WHERE b.member_id = c.member_id AND b.other_member_id = c.other_member_id \
                AND b.purpose = c.purpose AND b.detail IN {details} AND b.withdrawn_at = c.given_at AND b.id <> c.id) \
            ORDER BY c.given_at DESC LIMIT 1)"
    );
    Expr::cust(sql)
}

/// Builds one partner's side from its columns, or `None` if he has none.
fn side(
    app: &App,
    (pact, member): (PactId, MemberId),
    (sharing, until, style): (Option<Sharing>, Option<DateTime<Utc>>, Option<NudgeStyle>),
    (clear, sealed): (Option<String>, Option<Vec<u8>>),
    woken: Option<bool>,
) -> Option<Side> {
    Some(Side {
        terms: Terms {
            sharing: sharing?,
            style: style?,
            wish: wish(app, (pact, member), clear, sealed),
            can_be_woken: woken?,
        },
        until,
    })
}

fn seen_by(app: &App, viewer: MemberId, row: Row, now: DateTime<Utc>) -> Option<Pact> {
    let pact = &row.held.pact;
    let state = model::shown(viewer, pact, now)?;
    let partner = row.held.partner_of(viewer);
    let own = side(
        app,
        (pact.id, viewer),
        (row.own_sharing, row.own_until, row.own_style),
        (row.own_wish, row.own_sealed),
        row.own_woken,
    );
    let theirs = side(
        app,
        (pact.id, partner),
        (row.their_sharing, row.their_until, row.their_style),
        (row.their_wish, row.their_sealed),
        row.their_woken,
    );
    Some(Pact {
        id: pact.id,
        peering: pact.peering_id,
        partner,
        state,
        proposed_by_viewer: pact.proposed_by == viewer,
        own: own.map(|side| side.effective(now)),
        theirs: theirs.map(|side| side.effective(now)),
        given_since: GivenSince {
            mood: row.mood_since,
            words: row.words_since,
        },
        ends_on: pact.ends_on,
        expires_at: pact.expires_at,
        created_at: pact.created_at,
        since: pact.accepted_at,
        version: pact.version,
    })
}

async fn all(
    app: &App,
    viewer: MemberId,
    now: DateTime<Utc>,
    select: Select<Entity>,
) -> Result<Vec<Pact>, Fault> {
    let rows = with_sides(select, viewer)
        .into_model::<Row>()
        .all(app.db.pool())
        .await?;
    let seen = rows.into_iter();
    Ok(seen
        .filter_map(|row| seen_by(app, viewer, row, now))
        .collect())
}

/// Fetches the given pacts that are visible to the viewer, in no particular order.
pub(in crate::pact) async fn by_ids(
    app: &App,
    viewer: MemberId,
    now: DateTime<Utc>,
    ids: &[PactId],
) -> Result<Vec<Pact>, Fault> {
    let query = visible_to(viewer, now).filter(Column::Id.is_in(ids.iter().copied()));
    all(app, viewer, now, query).await
}

/// Fetches up to `limit + 1` of the viewer's pacts, the last proposed first; in reverse for a backward page.
pub(in crate::pact) async fn list(
    app: &App,
    viewer: MemberId,
    now: DateTime<Utc>,
    page: &Page<MY_PACTS>,
) -> Result<Vec<Pact>, Fault> {
    let sorted = Sorted::by_instant(Column::CreatedAt, Column::Id);
    all(app, viewer, now, sorted.page(visible_to(viewer, now), page)).await
}

/// Counts the pacts that are visible to a member.
pub(in crate::pact) async fn count(
    db: &impl ConnectionTrait,
    member: MemberId,
    now: DateTime<Utc>,
) -> Result<u64, Fault> {
    Ok(visible_to(member, now).count(db).await?)
}

/// Finds a pact in any state, even if the two are no longer partners. Returns `None` if the member is not one of the
/// two, or does not see the other.
pub(in crate::pact) async fn of_member(
    tx: &Tx,
    member: MemberId,
    id: PactId,
) -> Result<Option<Held>, Fault> {
    let found = with_both()
        .filter(matching::service::is_with_visible_partner(member))
        .filter(Column::Id.eq(id));
    Ok(found.into_model::<Held>().one(tx).await?)
}

/// Finds the pact with this id, whoever proposed it.
pub(in crate::pact) async fn sent_before(tx: &Tx, id: PactId) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id(id).one(tx).await?)
}

/// Finds the pact of a peering that is not over.
pub(in crate::pact) async fn open_of_peering(
    tx: &Tx,
    peering: PeeringId,
) -> Result<Option<Model>, Fault> {
    let found = Entity::find()
        .filter(Column::PeeringId.eq(peering))
        .filter(open());
    Ok(found.one(tx).await?)
}

/// Fetches a member's pacts that are not over, even if the partner is hidden.
pub(in crate::pact) async fn open_of(tx: &Tx, member: MemberId) -> Result<Vec<Held>, Fault> {
    let of_member = Condition::any()
        .add(peering::Column::LowerId.eq(member))
        .add(peering::Column::HigherId.eq(member));
    let found = with_both().filter(of_member).filter(open());
    Ok(found.into_model::<Held>().all(tx).await?)
}

/// Reads one partner's side of a pact, or `None` if he has none.
pub(in crate::pact) async fn side_of(
    app: &App,
    tx: &Tx,
    pact: PactId,
    member: MemberId,
) -> Result<Option<Side>, Fault> {
    let row = pact_side::Entity::find_by_id((pact, member))
        .one(tx)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(side(
        app,
        (pact, member),
        (Some(row.sharing), row.agreed_until, Some(row.nudge_style)),
        (row.nudge_wish, row.nudge_wish_sealed),
        Some(row.can_be_woken),
    ))
}

/// Selects a member's active pacts in which the time he agreed to share is not over, joined with his own side.
fn given_by(owner: MemberId, now: DateTime<Utc>) -> Select<Entity> {
    let his = Expr::col((pact_side::Entity, pact_side::Column::MemberId)).eq(owner);
    let mut select = with_partners(owner).filter(going_on(now));
    QueryTrait::query(&mut select).join(
        JoinType::InnerJoin,
        pact_side::Entity,
        Expr::col((pact_side::Entity, pact_side::Column::PactId))
            .equals((Entity, Column::Id))
            .and(his),
    );
    let agreed_for = Condition::any()
        .add(pact_side::Column::AgreedUntil.is_null())
        .add(pact_side::Column::AgreedUntil.gt(now));
    select.filter(agreed_for)
}

/// Fetches the active pacts in which a member shares something.
pub(in crate::pact) async fn shared_with(
    db: &impl ConnectionTrait,
    owner: MemberId,
    now: DateTime<Utc>,
) -> Result<Vec<Held>, Fault> {
    let found = given_by(owner, now).filter(pact_side::Column::Sharing.ne(Sharing::Nothing));
    Ok(found.into_model::<Held>().all(db).await?)
}

/// Fetches the active pacts in which a member shares his words.
pub(in crate::pact) async fn words_with(
    db: &impl ConnectionTrait,
    owner: MemberId,
    now: DateTime<Utc>,
) -> Result<Vec<Held>, Fault> {
    let found = given_by(owner, now).filter(pact_side::Column::Sharing.eq(Sharing::Words));
    Ok(found.into_model::<Held>().all(db).await?)
}

/// Returns the given members who let their partner wake them, with the given active pacts. The pairs are not matched:
/// may also return other combinations of the given pacts and members.
pub(in crate::pact) async fn can_be_woken(
    db: &impl ConnectionTrait,
    pacts: &[PactId],
    members: &[MemberId],
) -> Result<Vec<(PactId, MemberId)>, Fault> {
    let sides = pact_side::Entity::find()
        .select_only()
        .columns([pact_side::Column::PactId, pact_side::Column::MemberId])
        .join(JoinType::InnerJoin, pact_side::Relation::Pact.def())
        .filter(pact_side::Column::PactId.is_in(pacts.iter().copied()))
        .filter(pact_side::Column::MemberId.is_in(members.iter().copied()))
        .filter(pact_side::Column::CanBeWoken.eq(true))
        .filter(agreed())
        .into_tuple()
        .all(db)
        .await?;
    Ok(sides)
}

/// Returns the states of the given pacts that are not over, and whose members are partners and can see each other.
pub(in crate::pact) async fn states(
    db: &impl ConnectionTrait,
    ids: &[PactId],
) -> Result<Vec<(PactId, State)>, Fault> {
    let states = Entity::find()
        .select_only()
        .columns([Column::Id, Column::State])
        .join(JoinType::InnerJoin, pact::Relation::Peering.def())
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(open())
        .filter(matching::service::is_active_and_mutual())
        .into_tuple()
        .all(db)
        .await?;
    Ok(states)
}

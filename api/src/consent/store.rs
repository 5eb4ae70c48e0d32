//! Queries on consents.

use chrono::{DateTime, Utc};
use entity::consent::{ActiveModel, Column, Entity, Model, Purpose};
use entity::{ConsentId, MemberId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _,
};

use super::service::Given;
use crate::db::Sorted;
use crate::error::Fault;
use crate::page::Page;
use crate::tx::Tx;

/// The list tag that distinguishes the cursors of a member's consents from those of other lists.
pub const MY_CONSENTS: u8 = 73;

/// Adds a consent. The earlier one that it replaces must be closed.
pub(super) async fn open(tx: &Tx, id: ConsentId, given: &Given) -> Result<(), Fault> {
    let row = ActiveModel {
        id: Set(id),
        member_id: Set(given.member),
        purpose: Set(given.purpose),
        other_member_id: Set(given.other),
        detail: Set(given.detail.clone()),
        given_at: Set(given.at),
        withdrawn_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Closes a member's consents for a purpose about another member.
pub(super) async fn close(
    tx: &Tx,
    member: MemberId,
    purpose: Purpose,
    other: MemberId,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(at))
        .filter(Column::MemberId.eq(member))
        .filter(Column::Purpose.eq(purpose))
        .filter(Column::OtherMemberId.eq(other))
        .filter(Column::WithdrawnAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Closes a member's consents for a purpose that have this detail.
pub(super) async fn close_detail(
    tx: &Tx,
    member: MemberId,
    purpose: Purpose,
    detail: &str,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(at))
        .filter(Column::MemberId.eq(member))
        .filter(Column::Purpose.eq(purpose))
        .filter(Column::Detail.eq(detail))
        .filter(Column::WithdrawnAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Closes everybody's consents about a member.
pub(super) async fn close_about(tx: &Tx, other: MemberId, at: DateTime<Utc>) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(at))
        .filter(Column::OtherMemberId.eq(other))
        .filter(Column::WithdrawnAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Fetches up to `limit + 1` of the consents on a page, the latest first. A backward page is fetched from the end.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    member: MemberId,
    page: &Page<MY_CONSENTS>,
) -> Result<Vec<Model>, Fault> {
    let of_member = Entity::find().filter(Column::MemberId.eq(member));
    let sorted = Sorted::by_instant(Column::GivenAt, Column::Id);
    Ok(sorted.page(of_member, page).all(db).await?)
}

/// Counts a member's consents.
pub(super) async fn count(db: &impl ConnectionTrait, member: MemberId) -> Result<u64, Fault> {
    let of_member = Entity::find().filter(Column::MemberId.eq(member));
    Ok(of_member.count(db).await?)
}

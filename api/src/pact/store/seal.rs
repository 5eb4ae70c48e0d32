//! Encrypting wishes that older versions of the program stored in plaintext.

use entity::pact_side::{Column, Entity};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};

use super::sealed_wish;
use crate::app::App;
use crate::error::Fault;
use crate::keys::at_rest::Opened;
use crate::tx::Tx;

/// Encrypts up to `limit` plaintext wishes. Returns how many it found.
pub(in crate::pact) async fn seal_wishes(app: &App, tx: &Tx, limit: u64) -> Result<u64, Fault> {
    let clear = Entity::find()
        .filter(Column::NudgeWish.is_not_null())
        .limit(limit);
    let rows = clear.all(tx).await?;
    for row in &rows {
        let key = (row.pact_id, row.member_id);
        let wish = row.nudge_wish.clone().map(Opened::Text);
        let sealed = sealed_wish(app, key, wish.as_ref())?;
        Entity::update_many()
            .col_expr(Column::NudgeWish, Expr::value(None::<String>))
            .col_expr(Column::NudgeWishSealed, Expr::value(sealed))
            .filter(Column::PactId.eq(row.pact_id))
            .filter(Column::MemberId.eq(row.member_id))
            // Skips a wish that changed since it was read: the next run encrypts it.
            .filter(Column::NudgeWish.eq(row.nudge_wish.clone()))
            .exec(tx)
            .await?;
    }
    Ok(rows.len() as u64)
}

//! Creates claims of handles, by their looks, including handles that were given up recently.

use sea_orm_migration::sea_orm::ConnectionTrait as _;
use sea_orm_migration::sea_orm::prelude::Uuid;
use sea_orm_migration::{prelude::*, schema::*};
use unicode_security::confusable_detection::skeleton;

use crate::support::{belongs_to, drop_tables, index, instant_null, table};

/// Creates claims of handles.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table("handle_claim")
                    .col(text("key").primary_key())
                    .col(uuid_null("member_id"))
                    .col(instant_null("held_until"))
                    .foreign_key(&mut belongs_to("handle_claim", "member_id", "member", "id"))
                    .take(),
            )
            .await?;
        for (name, column) in [
            ("ix_handle_claim_member_id", "member_id"),
            ("ix_handle_claim_held_until", "held_until"),
        ] {
            let index = index(name, "handle_claim", &[column]).take();
            manager.create_index(index).await?;
        }
        claim_all(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["handle_claim"]).await
    }
}

/// How many members are read at a time.
const PAGE: u64 = 1000;

/// Claims the handles of all members: by the key that was unique so far, and also by their looks, unless another member
/// has claimed those.
async fn claim_all(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let mut keys = Query::insert();
    keys.into_table("handle_claim")
        .columns(["key", "member_id"]);
    let all = Query::select()
        .columns(["handle_key", "id"])
        .from("member")
        .take();
    // This fails only if the numbers of columns differ, and they do not.
    let _ = keys.select_from(all);
    db.execute(&keys).await?;
    let mut after: Option<Uuid> = None;
    loop {
        let mut page = Query::select();
        page.columns(["id", "handle", "handle_key"]).from("member");
        if let Some(after) = after {
            page.and_where(Expr::col("id").gt(after));
        }
        let page = page.order_by("id", Order::Asc).limit(PAGE).take();
        let members = db.query_all(&page).await?;
        if members.is_empty() {
            return Ok(());
        }
        let mut claims = Query::insert();
        claims
            .into_table("handle_claim")
            .columns(["key", "member_id"]);
        let mut any = false;
        for member in members {
            let id: Uuid = member.try_get("", "id")?;
            let handle: String = member.try_get("", "handle")?;
            let key: String = member.try_get("", "handle_key")?;
            let seen = fold(&handle);
            if seen != key {
                claims.values_panic([seen.into(), id.into()]);
                any = true;
            }
            after = Some(id);
        }
        claims.on_conflict(OnConflict::column("key").do_nothing().to_owned());
        if any {
            db.execute(&claims).await?;
        }
    }
}

/// Returns the looks of a text, without case and punctuation.
fn fold(text: &str) -> String {
    let once: String = skeleton(text).collect();
    let folded = once.to_lowercase();
    skeleton(&folded).filter(|c| c.is_alphanumeric()).collect()
}

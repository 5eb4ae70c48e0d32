//! What a member may do for others.

use entity::MemberId;
use entity::account::Role;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::Expr;

use super::super::model::Email;
use super::super::store;
use crate::app::App;
use crate::db::{Done, Tx, transact};
use crate::error::Fault;
use crate::fact::Fact;
use crate::security::{Event, Line};

/// A member's role; one without an account takes part like any other.
pub async fn role(db: &impl ConnectionTrait, member: MemberId) -> Result<Role, Fault> {
    let role = store::account::role(db, member).await?;
    Ok(role.unwrap_or(Role::Member))
}

/// As [`role`], and it stays so until the transaction ends.
pub async fn lock_role(tx: &Tx, member: MemberId) -> Result<Role, Fault> {
    let role = store::account::lock_role(tx, member).await?;
    Ok(role.unwrap_or(Role::Member))
}

/// The condition that the account of the member that an expression names is a facilitator's.
pub fn may_facilitate(member: Expr) -> Expr {
    store::account::has_role(member, Role::Facilitator)
}

/// Whether a member runs circles and meetings.
pub async fn is_facilitator(db: &impl ConnectionTrait, member: MemberId) -> Result<bool, Fault> {
    Ok(role(db, member).await? == Role::Facilitator)
}

/// What became of an operator's wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetRoleOutcome {
    /// The account has the role.
    Set,
    /// No account has this address.
    NoSuchAccount,
    /// That is no address.
    NotAnAddress,
}

/// Gives the account of an address a role; for operators.
pub async fn set_role(app: &App, email: &str, role: Role) -> Result<SetRoleOutcome, Fault> {
    let Ok(email) = Email::parse("email", email) else {
        return Ok(SetRoleOutcome::NotAnAddress);
    };
    let now = app.clock.now();
    transact!(app, |tx| {
        let Some(account) = store::account::find_by_email(tx, email.typed_key()).await? else {
            return Ok(Done::Undo(SetRoleOutcome::NoSuchAccount));
        };
        let member = account.member_id;
        store::account::set_role(tx, member, role, now).await?;
        app.follow(tx, Fact::RoleChanged { member, role }).await?;
        tx.log(Line::of(Event::RoleChanged(role), member));
        Ok(Done::Keep(SetRoleOutcome::Set))
    })
}

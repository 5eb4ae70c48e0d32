//! Roles: what a member may do for others.

use entity::MemberId;
use entity::account::Role;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::Expr;

use super::super::model::Email;
use super::super::store;
use crate::app::App;
use crate::error::Fault;
use crate::fact::Fact;
use crate::security::{Event, Line};
use crate::transact;
use crate::tx::{Done, Tx};

/// Returns a member's role. A member without an account has [`Role::Member`].
pub async fn role(db: &impl ConnectionTrait, member: MemberId) -> Result<Role, Fault> {
    let role = store::account::role(db, member).await?;
    Ok(role.unwrap_or(Role::Member))
}

/// As [`role`], locked `FOR SHARE` until the transaction ends.
pub async fn lock_role(tx: &Tx, member: MemberId) -> Result<Role, Fault> {
    let role = store::account::lock_role(tx, member).await?;
    Ok(role.unwrap_or(Role::Member))
}

/// Returns the condition that the member in `member` has a facilitator's account.
pub fn may_facilitate(member: Expr) -> Expr {
    store::account::has_role(member, Role::Facilitator)
}

/// Whether a member may run circles and meetings.
pub async fn is_facilitator(db: &impl ConnectionTrait, member: MemberId) -> Result<bool, Fault> {
    Ok(role(db, member).await? == Role::Facilitator)
}

/// The outcome of setting a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetRoleOutcome {
    /// The account has the role.
    Set,
    /// No account has this address.
    NoSuchAccount,
    /// The text is not an e-mail address.
    NotAnAddress,
}

/// Sets the role of the account with this address; for operators.
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

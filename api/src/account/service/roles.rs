//! What a member may do for others.

use entity::MemberId;
use entity::account::Role;
use sea_orm::ConnectionTrait;

use super::super::model::Email;
use super::super::store;
use crate::app::App;
use crate::db::{Done, transact};
use crate::error::Fault;
use crate::meeting;

/// A member's role; one without an account takes part like any other.
pub async fn role(db: &impl ConnectionTrait, member: MemberId) -> Result<Role, Fault> {
    let role = store::account::role(db, member).await?;
    Ok(role.unwrap_or(Role::Member))
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
        let Some(member) = store::account::set_role(tx, email.key(), role, now).await? else {
            return Ok(Done::Undo(SetRoleOutcome::NoSuchAccount));
        };
        // What he may change is told with a meeting.
        meeting::service::seen_otherwise(tx, member, None).await?;
        Ok(Done::Keep(SetRoleOutcome::Set))
    })
}

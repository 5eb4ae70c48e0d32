//! The consequences of each fact, in every domain, in lock order: circles, meetings and seats, members, what two
//! members share, feeds.
//!
//! A new fact does not compile without its consequences here. The author of a new domain reads this file from top to
//! bottom and adds what each fact means for it.

use entity::account::Role;
use entity::notification::Kind;
use entity::session::RevokedReason;
use entity::{CircleId, MemberId, PeeringId, SessionId};
use futures::future::BoxFuture;

use crate::app::App;
use crate::days::MemberDays;
use crate::days::calendar::DayTerms;
use crate::error::Fault;
use crate::fact::{CheckedIn, Fact};
use crate::matching::model::Pair;
use crate::tx::Tx;
use crate::{
    account, checkin, circle, commitment, consent, device, ladder, matching, meeting, notification,
    outbox, pact, profile,
};

/// Applies the consequences of a fact, inside the transaction that states it. Each arm boxes its own future: one future
/// for all arms would be as large as the largest, and a fact may state further facts.
pub fn follow<'a>(app: &'a App, tx: &'a Tx, fact: Fact<'a>) -> BoxFuture<'a, Result<(), Fault>> {
    match fact {
        Fact::Announced { notifications } => {
            Box::pin(notification::plan::plan(app, tx, notifications))
        }
        Fact::CheckedIn(checked_in) => Box::pin(self::checked_in(app, tx, checked_in)),
        Fact::CheckInWritten {
            member,
            check_in,
            word,
        } => {
            let whose = (member, check_in);
            Box::pin(pact::service::check_in_written(app, tx, whose, word))
        }
        Fact::ShowedUp { member, days } => Box::pin(showed_up(app, tx, member, days)),
        Fact::NothingAskedOn { member, day } => {
            Box::pin(notification::reminder::withdraw_reminder(tx, member, day))
        }
        Fact::DayTermsChanged {
            member,
            before,
            after,
        } => Box::pin(day_terms_changed(app, tx, member, (before, after))),
        Fact::CircleRoleChanged { circle, member } => {
            Box::pin(meeting::service::resync_for(tx, member, Some(circle)))
        }
        Fact::SteppedDown { circle, member } => Box::pin(stepped_down(app, tx, circle, member)),
        Fact::LeftCircle { circle, member } => Box::pin(left_circle(app, tx, circle, member)),
        Fact::PeeringEnded { peering, members } => {
            Box::pin(peering_ended(app, tx, peering, members))
        }
        Fact::RoleChanged { member, role } => Box::pin(role_changed(app, tx, member, role)),
        Fact::SessionsEnded { sessions, reason } => {
            Box::pin(sessions_ended(app, tx, sessions, reason))
        }
        Fact::PushAddressTaken { member } => {
            Box::pin(account::service::push_address_taken(app, tx, member))
        }
        Fact::DeletionRequested { member } => Box::pin(deletion_requested(app, tx, member)),
        Fact::DeletionUndone { member } => Box::pin(deletion_undone(app, tx, member)),
        Fact::Hidden { member } => Box::pin(hidden(app, tx, member)),
        Fact::ShownAgain { member } => Box::pin(shown_again(app, tx, member)),
        Fact::Purging { member } => Box::pin(purging(app, tx, member)),
    }
}

async fn checked_in(app: &App, tx: &Tx, checked_in: CheckedIn<'_>) -> Result<(), Fault> {
    let CheckedIn {
        member,
        day,
        days,
        was_away,
    } = checked_in;
    if was_away {
        let zone = days.calendar.terms_at(tx.began_at()).zone;
        notification::reminder::resume_reminders(app, tx, member, zone).await?;
    }
    notification::reminder::withdraw_reminder(tx, member, day).await?;
    ladder::service::is_here(app, tx, member, days, Some(day)).await
}

async fn showed_up(
    app: &App,
    tx: &Tx,
    member: MemberId,
    days: Option<MemberDays<'_>>,
) -> Result<(), Fault> {
    if let Some(days) = days {
        return ladder::service::is_here(app, tx, member, days, None).await;
    }
    let loaded = checkin::service::load_locked(app, tx, member).await?;
    ladder::service::is_here(app, tx, member, loaded.days(), None).await
}

async fn day_terms_changed(
    app: &App,
    tx: &Tx,
    member: MemberId,
    (before, after): (DayTerms, DayTerms),
) -> Result<(), Fault> {
    checkin::service::terms_changed(app, tx, member, before).await?;
    notification::reminder::time_zone_changed(app, tx, member, after.zone).await?;
    ladder::service::days_changed(app, tx, member).await?;
    commitment::service::terms_changed(app, tx, member, after).await
}

async fn stepped_down(app: &App, tx: &Tx, circle: CircleId, member: MemberId) -> Result<(), Fault> {
    circle::service::end_by(app, tx, circle, member).await?;
    meeting::service::resync_for(tx, member, Some(circle)).await?;
    ladder::service::no_longer_runs(app, tx, circle, member).await?;
    outbox::read_all_about(tx, member, Kind::RunsCircle, circle.0).await
}

async fn left_circle(app: &App, tx: &Tx, circle: CircleId, member: MemberId) -> Result<(), Fault> {
    circle::service::end_by(app, tx, circle, member).await?;
    // He can no longer see its meetings. Somebody else can have his seats.
    meeting::service::give_back_seats_in(app, tx, member, circle).await?;
    meeting::service::drop_for(tx, member, Some(circle)).await?;
    consent::service::withdraw_from_circle(tx, member, circle, app.clock.now()).await?;
    ladder::service::out_of_circle(app, tx, circle, member).await?;
    outbox::read_all_about(tx, member, Kind::RunsCircle, circle.0).await
}

async fn peering_ended(
    app: &App,
    tx: &Tx,
    peering: PeeringId,
    [one, other]: [MemberId; 2],
) -> Result<(), Fault> {
    let pair = Pair::of(one, other);
    pact::service::end_of_peering(app, tx, (peering, pair)).await?;
    ladder::service::end_of_peering(app, tx, peering).await?;
    commitment::service::end_of_peering(tx, (peering, pair)).await
}

async fn role_changed(app: &App, tx: &Tx, member: MemberId, role: Role) -> Result<(), Fault> {
    if role != Role::Facilitator {
        circle::service::step_down_everywhere(app, tx, member).await?;
        meeting::service::release_hosted(tx, member).await?;
    }
    // A meeting's fields say whether the viewer may change it.
    meeting::service::resync_for(tx, member, None).await
}

async fn sessions_ended(
    app: &App,
    tx: &Tx,
    sessions: &[SessionId],
    reason: RevokedReason,
) -> Result<(), Fault> {
    match reason {
        // A stranger may have signed these devices out, so they are notified.
        RevokedReason::PassphraseChanged | RevokedReason::Reused => {
            device::service::part_devices(app, tx, sessions).await
        }
        RevokedReason::SignedOut
        | RevokedReason::SignedOutElsewhere
        | RevokedReason::AccountDeleted => device::service::remove_devices(tx, sessions).await,
    }
}

async fn deletion_requested(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    circle::service::hand_over_all(app, tx, member).await?;
    circle::service::end_all_of(app, tx, member).await?;
    app.follow(tx, Fact::Hidden { member }).await
}

async fn deletion_undone(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    app.follow(tx, Fact::ShownAgain { member }).await?;
    // A member who undoes the deletion shows a sign of life.
    let fact = Fact::ShowedUp { member, days: None };
    app.follow(tx, fact).await
}

async fn hidden(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    profile::service::set_hidden(app, tx, member, true).await?;
    meeting::service::give_back_upcoming_seats(app, tx, member).await?;
    hide_shared(app, tx, member, true).await?;
    meeting::service::drop_for(tx, member, None).await
}

async fn shown_again(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    profile::service::set_hidden(app, tx, member, false).await?;
    hide_shared(app, tx, member, false).await?;
    ladder::service::wake_those_that_tell(app, tx, member).await?;
    meeting::service::resync_for(tx, member, None).await
}

/// Hides what a member shares with one other member (peerings, pacts and commitments), or shows it again.
async fn hide_shared(app: &App, tx: &Tx, member: MemberId, hidden: bool) -> Result<(), Fault> {
    profile::service::lock_members(tx, &[member]).await?;
    pact::service::resync_for(app, tx, member, hidden).await?;
    commitment::service::resync_for(tx, member, hidden).await?;
    matching::service::visibility_changed(app, tx, member, hidden).await
}

async fn purging(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    circle::service::hand_over_all(app, tx, member).await?;
    // Others lock the member's feed before they write to it, and the member must exist then: lock the member first.
    profile::service::lock_members(tx, &[member]).await?;
    meeting::service::prepare_removal(app, tx, member).await?;
    // Others keep what they received from the member.
    pact::service::purging(app, tx, member).await?;
    consent::service::forget(tx, member, app.clock.now()).await?;
    profile::service::keep_handle_back(app, tx, member).await
}

//! What follows from each fact, in every domain, in the order in which locks are taken: circles, meetings and seats,
//! members, what two members share, feeds.
//!
//! A new fact does not compile without an answer here. A new domain reads this file from top to bottom and adds what
//! each fact means to it.

use entity::account::Role;
use entity::session::RevokedReason;
use futures::future::BoxFuture;

use crate::app::App;
use crate::db::Tx;
use crate::error::Fault;
use crate::fact::Fact;
use crate::matching::model::Pair;
use crate::{
    account, checkin, circle, commitment, consent, device, ladder, matching, meeting, nudge, pact,
    profile,
};

/// Lets follow what follows from a fact, inside the transaction that states it. Each answer is a future of its own: one
/// for all of them would be as large as the largest, and facts follow from facts.
pub fn follow<'a>(app: &'a App, tx: &'a Tx, fact: Fact<'a>) -> BoxFuture<'a, Result<(), Fault>> {
    match fact {
        Fact::DeletionRequested { member } => Box::pin(async move {
            circle::service::hand_over_all(app, tx, member).await?;
            circle::service::end_all_of(app, tx, member).await?;
            profile::service::set_hidden(app, tx, member, true).await?;
            meeting::service::give_back_upcoming_seats(app, tx, member).await?;
            meeting::service::out_of_sight(tx, member, None).await?;
            matching::service::visibility_changed(app, tx, member, true).await
        }),
        Fact::DeletionUndone { member } => Box::pin(async move {
            profile::service::set_hidden(app, tx, member, false).await?;
            // Whoever asks to stay is here.
            checkin::service::shows_he_is_here(app, tx, member).await?;
            ladder::service::wake_those_that_tell(app, tx, member).await?;
            meeting::service::seen_otherwise(tx, member, None).await?;
            matching::service::visibility_changed(app, tx, member, false).await
        }),
        Fact::Purging { member } => Box::pin(async move {
            circle::service::hand_over_all(app, tx, member).await?;
            // Others lock his feed before they tell him something, and need him to exist then: he is locked first.
            profile::service::hold(tx, &[member]).await?;
            meeting::service::let_go(app, tx, member).await?;
            // What others received from him stays theirs.
            pact::service::purging(app, tx, member).await?;
            consent::service::forget(tx, member, app.clock.now()).await?;
            profile::service::keep_handle_back(app, tx, member).await
        }),
        Fact::RoleChanged { member, role } => Box::pin(async move {
            if role != Role::Facilitator {
                circle::service::step_down_everywhere(app, tx, member).await?;
                meeting::service::release_hosted(tx, member).await?;
            }
            // A meeting says whether he may change it.
            meeting::service::seen_otherwise(tx, member, None).await
        }),
        Fact::SessionsEnded { sessions, reason } => Box::pin(async move {
            match reason {
                // Devices that a stranger may have signed out hear of it.
                RevokedReason::PassphraseChanged | RevokedReason::Reused => {
                    device::service::session_taken(app, tx, sessions).await
                }
                RevokedReason::SignedOut
                | RevokedReason::SignedOutElsewhere
                | RevokedReason::AccountDeleted => {
                    device::service::session_ended(tx, sessions).await
                }
            }
        }),
        Fact::PushAddressTaken { member } => {
            Box::pin(account::service::push_address_taken(app, tx, member))
        }
        Fact::ShowedUp { member } => Box::pin(checkin::service::shows_he_is_here(app, tx, member)),
        Fact::DayTermsChanged {
            member,
            before,
            after,
        } => Box::pin(async move {
            checkin::service::terms_changed(app, tx, member, before).await?;
            nudge::service::time_zone_changed(app, tx, member, after.zone).await?;
            ladder::service::days_are_otherwise(app, tx, member).await?;
            commitment::service::terms_changed(app, tx, member, after).await
        }),
        Fact::CircleRoleChanged { circle, member } => {
            Box::pin(meeting::service::seen_otherwise(tx, member, Some(circle)))
        }
        Fact::SteppedDown { circle, member } => Box::pin(async move {
            circle::service::end_by(app, tx, circle, member).await?;
            ladder::service::no_longer_runs(app, tx, circle, member).await?;
            nudge::service::runs_no_longer(tx, circle, member).await?;
            meeting::service::seen_otherwise(tx, member, Some(circle)).await
        }),
        Fact::LeftCircle { circle, member } => Box::pin(async move {
            circle::service::end_by(app, tx, circle, member).await?;
            consent::service::withdraw_from_circle(tx, member, circle, app.clock.now()).await?;
            ladder::service::out_of_circle(app, tx, circle, member).await?;
            nudge::service::runs_no_longer(tx, circle, member).await?;
            // He cannot see its meetings any more; somebody else can have his seat.
            meeting::service::give_back_seats_in(app, tx, member, circle).await?;
            meeting::service::out_of_sight(tx, member, Some(circle)).await
        }),
        Fact::PeeringEnded { peering, members } => Box::pin(async move {
            let [one, other] = members;
            let pair = Pair::of(one, other);
            pact::service::end_of_peering(app, tx, (peering, pair)).await?;
            ladder::service::end_of_peering(app, tx, peering).await?;
            commitment::service::end_of_peering(tx, (peering, pair)).await
        }),
    }
}

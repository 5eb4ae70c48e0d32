//! What all subscriptions share: the way from the bus to a member's device.

use futures::stream::{self, BoxStream, StreamExt as _};

use super::{Context as _, GqlError, GqlResult};
use crate::bus::Heard;

/// Streams the viewer's events, as far as `tell` turns them into an answer.
///
/// The first answer asks the device to read everything again. Events from before the subscription are lost, and only
/// now does the device know that it will receive all later ones. The session is checked before each answer. An
/// anonymous caller, or one whose session has ended, gets one error and the end. The connection checks that the access
/// token has not expired.
pub fn listen<T: Send + 'static>(
    ctx: &async_graphql::Context<'_>,
    tell: fn(Heard) -> Option<T>,
) -> BoxStream<'static, GqlResult<T>> {
    let app = ctx.app().clone();
    let member = ctx.member().ok();
    let Some(who) = member.filter(|who| !app.revocations.contains(who.session)) else {
        return stream::iter([Err(GqlError::Unauthenticated)]).boxed();
    };
    let first = stream::iter([Heard::Refetch]);
    let subscription = first.chain(app.bus.subscribe(who.member));
    stream::unfold(Some(subscription), move |subscription| {
        let app = app.clone();
        async move {
            let mut subscription = subscription?;
            loop {
                let item = tell(subscription.next().await?);
                // Checked after the wait, because the session may have ended meanwhile.
                if app.revocations.contains(who.session) {
                    return Some((Err(GqlError::Unauthenticated), None));
                }
                if let Some(item) = item {
                    return Some((Ok(item), Some(subscription)));
                }
            }
        }
    })
    .boxed()
}

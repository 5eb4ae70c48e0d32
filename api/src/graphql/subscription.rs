//! What every domain's subscriptions share: from the bus to a member's device.

use futures::stream::{self, BoxStream, StreamExt as _};

use super::{Context as _, GqlError, GqlResult};
use crate::bus::Heard;

/// Hears the events of the member who asks, as far as `tell` makes something of them. The first thing he is told is to
/// read anew: what happened before he was listened for is told by nobody, and only now does he know that from here on
/// everything is. Before each is passed on it is asked whether his session still is; nobody, and a session that was ended, get one error and the end. That
/// the access token runs out is for the connection to see to.
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
                let told = tell(subscription.next().await?);
                if app.revocations.contains(who.session) {
                    return Some((Err(GqlError::Unauthenticated), None));
                }
                if let Some(told) = told {
                    return Some((Ok(told), Some(subscription)));
                }
            }
        }
    })
    .boxed()
}

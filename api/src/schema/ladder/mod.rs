//! Ladders in the schema.

mod tellings;
mod write;

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, Enum, ID, Object, SimpleObject};
use entity::MemberId;
use macros::page_args;

pub use tellings::{LadderRequest, LadderTelling, load_ladder_requests, load_ladder_tellings};
pub use write::{LadderMutation, LadderQuery};

use crate::graphql::cursor::PageArgs;
use crate::graphql::errors::shown;
use crate::graphql::scalars::{DateTime, LocalTime};
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::keys::at_rest::Opened;
use crate::ladder::model::{self, Rung, Tie, UpcomingStep};
use crate::ladder::service::{self, LADDER_LOG, LADDER_REQUESTS, TELLINGS};
use crate::node_id::NodeId as _;
use crate::page::Page;
use crate::profile::model::Profile;
use crate::schema::circle::Circle;
use crate::schema::edges;
use crate::schema::matching::Peering;
use crate::schema::profile::Member;
use crate::viewer::SignedIn;
use tellings::{LadderLogEntry, Log, LogOf, Requests, RequestsOf, Tellings, TellingsOf};

/// The recipient of a rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::Kind")]
pub enum LadderRungKind {
    /// A note to yourself.
    Own,
    /// Your partner.
    Partner,
    /// A facilitator of a circle that you are in.
    Facilitator,
}

/// What a recipient is told when a member goes quiet, in addition to the member's words. When the member is back, the
/// recipient is told that, too. A push says less: that it is a good moment to say hello to someone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::Tells")]
pub enum LadderTells {
    /// That the member went quiet.
    Quiet,
    /// That the member went quiet, and since which day.
    SinceWhen,
}

impl LadderTells {
    /// Returns the level that a stored word stands for.
    pub fn of_word(word: &str) -> Option<Self> {
        model::of_word(word).map(Self::from)
    }
}

/// A rung of your ladder.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct LadderRung {
    #[graphql(skip)]
    tie: Option<Tie>,
    /// The kind of recipient.
    kind: LadderRungKind,
    /// The number of your days that must pass without a check-in. Only days on which you planned to check in count, not
    /// days off or pauses.
    after_days: i32,
    /// The recipient; null for a note to yourself, or if you can no longer see that member.
    member: Option<Member>,
    /// The id of the `Peering` with the recipient; null for other rungs.
    #[graphql(deprecation = "Use `peering`. Since 2026-11-27.")]
    peering_id: Option<ID>,
    /// The id of the `Circle` whose facilitator the recipient is; null for other rungs.
    #[graphql(deprecation = "Use `circle`. Since 2026-11-27.")]
    circle_id: Option<ID>,
    /// What the recipient is told.
    tells: LadderTells,
    #[graphql(skip)]
    says: Option<Opened>,
    /// When the recipient agreed. Null if they have not agreed, in which case nobody is notified, and for a note to
    /// yourself.
    agreed_at: Option<DateTime>,
    /// When the rung was sent, since you were last here; null if it was not.
    told_at: Option<DateTime>,
}

#[ComplexObject]
impl LadderRung {
    /// Your words to the recipient, or to yourself, up to 280 characters; null if there are none.
    async fn words(&self) -> Nullable<&str> {
        shown(self.says.as_ref())
    }

    /// The peering with the recipient; null for other rungs.
    async fn peering(&self, ctx: &Context<'_>) -> Nullable<Peering> {
        match self.tie? {
            Tie::Partner(id) => edges::peering(ctx, id).await,
            Tie::Facilitator(_) => None,
        }
    }

    /// The circle whose facilitator the recipient is; null for other rungs.
    async fn circle(&self, ctx: &Context<'_>) -> Nullable<Circle> {
        match self.tie? {
            Tie::Facilitator(id) => edges::circle(ctx, id).await,
            Tie::Partner(_) => None,
        }
    }
}

/// What happens if you do nothing more.
#[derive(Clone, Debug, SimpleObject)]
pub struct LadderStep {
    /// The kind of recipient.
    kind: LadderRungKind,
    /// When it happens: at your time, on a day of your own calendar.
    at: DateTime,
    /// The recipient; null for a note to yourself, or if you can no longer see that member.
    member: Option<Member>,
    /// Whether the recipient agreed; true for a note to yourself. Without consent nobody is notified.
    agreed: bool,
}

fn step(step: UpcomingStep, profiles: &HashMap<MemberId, Profile>) -> LadderStep {
    let told = step.told.and_then(|told| profiles.get(&told));
    LadderStep {
        kind: step.kind.into(),
        at: DateTime(step.at),
        member: told.cloned().map(Member::from),
        agreed: step.agreed,
    }
}

fn rung(rung: Rung, profiles: &HashMap<MemberId, Profile>) -> LadderRung {
    let told = rung.told.and_then(|(told, _)| profiles.get(&told));
    let tie = rung.told.map(|(_, tie)| tie);
    LadderRung {
        tie,
        kind: rung.kind.into(),
        after_days: i32::try_from(rung.after_days).unwrap_or(i32::MAX),
        member: told.cloned().map(Member::from),
        peering_id: tie.and_then(|tie| match tie {
            Tie::Partner(id) => Some(id.global()),
            Tie::Facilitator(_) => None,
        }),
        circle_id: tie.and_then(|tie| match tie {
            Tie::Facilitator(id) => Some(id.global()),
            Tie::Partner(_) => None,
        }),
        tells: rung.tells.into(),
        says: rung.words,
        agreed_at: rung.agreed_at.map(DateTime),
        told_at: rung.told_at.map(DateTime),
    }
}

/// What should happen when you go quiet, as you chose it.
#[derive(Clone, Debug, SimpleObject)]
pub struct Ladder {
    /// The time of day at which rungs are sent, on the wall clock of your time zone.
    local_time: LocalTime,
    /// The rungs, lowest first; at most three.
    rungs: Vec<LadderRung>,
    /// What happens, and when, if you do nothing more from now on, in order. A check-in, a pause, "I am all right" or a
    /// change of the ladder resets it.
    if_you_stop_today: Vec<LadderStep>,
    /// The version, which `expectedVersion` compares. It rises by one whenever you change the ladder.
    version: i32,
}

async fn ladder(ctx: &Context<'_>) -> GqlResult<Option<Ladder>> {
    let found = service::ladder(ctx.app(), ctx.viewer()).await?;
    Ok(found.map(|(ladder, profiles)| Ladder {
        local_time: LocalTime(ladder.local_time),
        if_you_stop_today: ladder.steps.iter().map(|it| step(*it, &profiles)).collect(),
        rungs: ladder
            .rungs
            .into_iter()
            .map(|it| rung(it, &profiles))
            .collect(),
        version: ladder.version,
    }))
}

/// Your ladder, and the ladders of others that concern you.
pub struct LadderMe(pub SignedIn);

#[page_args]
#[Object]
impl LadderMe {
    /// What should happen when you go quiet; null if you have no ladder.
    async fn ladder(&self, ctx: &Context<'_>) -> Nullable<Ladder> {
        ladder(ctx).await.transpose()
    }

    /// The rungs of your ladder that were sent, to you and to others, latest first.
    async fn ladder_log(&self, ctx: &Context<'_>, args: PageArgs) -> Nullable<Log> {
        Some(self.log(ctx, &args).await)
    }

    /// The members who want you to be notified when they go quiet, latest first: those you agreed to, and those who
    /// await your answer.
    async fn ladder_requests(&self, ctx: &Context<'_>, args: PageArgs) -> Nullable<Requests> {
        Some(self.requests(ctx, &args).await)
    }

    /// What other members' ladders told you, latest first. Entries are visible while the member wants you to be
    /// notified and you agree.
    async fn ladder_tellings(&self, ctx: &Context<'_>, args: PageArgs) -> Nullable<Tellings> {
        Some(self.tellings(ctx, &args).await)
    }
}

impl LadderMe {
    async fn log(&self, ctx: &Context<'_>, args: &PageArgs) -> GqlResult<Log> {
        let page = Page::<LADDER_LOG>::parse(args)?;
        let sent = service::log(ctx.app(), ctx.viewer(), &page).await?;
        Ok(page.connection(
            LogOf(self.0.member),
            sent,
            tellings::cursor,
            LadderLogEntry::from,
        ))
    }

    async fn requests(&self, ctx: &Context<'_>, args: &PageArgs) -> GqlResult<Requests> {
        let page = Page::<LADDER_REQUESTS>::parse(args)?;
        let asked = service::asks(ctx.app(), ctx.viewer(), &page).await?;
        let of = RequestsOf(self.0.member);
        Ok(page.connection(of, asked, tellings::asked_cursor, LadderRequest::from))
    }

    async fn tellings(&self, ctx: &Context<'_>, args: &PageArgs) -> GqlResult<Tellings> {
        let page = Page::<TELLINGS>::parse(args)?;
        let sent = service::received(ctx.app(), ctx.viewer(), &page).await?;
        let of = TellingsOf(self.0.member);
        Ok(page.connection(of, sent, tellings::cursor, LadderTelling::from))
    }
}

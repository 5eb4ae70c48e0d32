//! Ladders in the schema.

mod told;
mod write;

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, Enum, ID, Object, SimpleObject};
use entity::MemberId;

pub use told::{LadderRequest, LadderTelling, load_ladder_requests, load_ladder_tellings};
pub use write::{LadderMutation, LadderQuery};

use crate::graphql::cursor::PageArgs;
use crate::graphql::errors::shown;
use crate::graphql::scalars::{DateTime, LocalTime};
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::keys::at_rest::Opened;
use crate::ladder::model::{self, Rung, Step, Tie};
use crate::ladder::service::{self, LADDER_LOG, LADDER_REQUESTS, TELLINGS};
use crate::node_id::NodeId as _;
use crate::page::Page;
use crate::profile::model::Profile;
use crate::schema::circle::Circle;
use crate::schema::edges;
use crate::schema::matching::Peering;
use crate::schema::profile::Member;
use crate::viewer::SignedIn;
use told::{LadderLogEntry, Log, LogOf, Requests, RequestsOf, Tellings, TellingsOf};

/// Whom a rung of a ladder is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::Kind")]
pub enum LadderRungKind {
    /// A note to yourself.
    Own,
    /// Your partner.
    Partner,
    /// A man who runs a circle that you are in.
    Facilitator,
}

/// What a man is told when another goes quiet, beside the words for him; and when that one is here again, he is told that,
/// too. A push says less: that it is a good moment to say hello to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::Tells")]
pub enum LadderTells {
    /// That he went quiet.
    Quiet,
    /// And since which day.
    SinceWhen,
}

impl LadderTells {
    /// By the word that is kept.
    pub fn of_word(word: &str) -> Option<Self> {
        model::of_word(word).map(Self::from)
    }
}

/// One step of your ladder.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct LadderRung {
    #[graphql(skip)]
    tie: Option<Tie>,
    /// Whom it is for.
    kind: LadderRungKind,
    /// So many of your days have to pass: days on which you meant to check in, and did not. Days off and pauses are not
    /// among them.
    after_days: i32,
    /// The man who is told; null when it is for yourself, and when he is not there for you any more.
    member: Option<Member>,
    /// The id of the `Peering` that makes him your partner; null for other rungs.
    #[graphql(deprecation = "Use `peering`. Since 2026-11-27.")]
    peering_id: Option<ID>,
    /// The id of the `Circle` that he runs; null for other rungs.
    #[graphql(deprecation = "Use `circle`. Since 2026-11-27.")]
    circle_id: Option<ID>,
    /// What he is told.
    tells: LadderTells,
    #[graphql(skip)]
    says: Option<Opened>,
    /// Since when he agrees to be told; null while he does not, and nobody is told. Null, too, when it is for yourself.
    agreed_at: Option<DateTime>,
    /// When it was told, since you were last here; null when it was not.
    told_at: Option<DateTime>,
}

#[ComplexObject]
impl LadderRung {
    /// What you say to him besides, or to yourself, up to 280 characters.
    async fn words(&self) -> Nullable<&str> {
        shown(self.says.as_ref())
    }

    /// The peering that makes him your partner; null for other rungs.
    async fn peering(&self, ctx: &Context<'_>) -> Nullable<Peering> {
        match self.tie? {
            Tie::Partner(id) => edges::peering(ctx, id).await,
            Tie::Facilitator(_) => None,
        }
    }

    /// The circle that he runs; null for other rungs.
    async fn circle(&self, ctx: &Context<'_>) -> Nullable<Circle> {
        match self.tie? {
            Tie::Facilitator(id) => edges::circle(ctx, id).await,
            Tie::Partner(_) => None,
        }
    }
}

/// What comes if you do nothing more.
#[derive(Clone, Debug, SimpleObject)]
pub struct LadderStep {
    /// Whom it is for.
    kind: LadderRungKind,
    /// When: at your time, on a day of your own calendar.
    at: DateTime,
    /// The man who is told; null when it is for yourself, and when he is not there for you any more.
    member: Option<Member>,
    /// Whether he agrees to be told; true when it is for yourself. Without that nobody is told.
    agreed: bool,
}

fn step(step: Step, men: &HashMap<MemberId, Profile>) -> LadderStep {
    let told = step.told.and_then(|told| men.get(&told));
    LadderStep {
        kind: step.kind.into(),
        at: DateTime(step.at),
        member: told.cloned().map(Member::from),
        agreed: step.agreed,
    }
}

fn rung(rung: Rung, men: &HashMap<MemberId, Profile>) -> LadderRung {
    let told = rung.told.and_then(|(told, _)| men.get(&told));
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

/// What is to happen when you go quiet, as you wrote it yourself.
#[derive(Clone, Debug, SimpleObject)]
pub struct Ladder {
    /// The time of day at which you and others are told, on the wall clock of your time zone.
    local_time: LocalTime,
    /// Its rungs, from the lowest: at most three.
    rungs: Vec<LadderRung>,
    /// What comes, and when, if you do nothing more from now on, in its order. A check-in, a pause, "I am all right" and
    /// changing the ladder begin it again from its foot.
    if_you_stop_today: Vec<LadderStep>,
    /// Rises by one whenever you write it anew, and is what `expectedVersion` compares.
    version: i32,
}

async fn ladder(ctx: &Context<'_>) -> GqlResult<Option<Ladder>> {
    let found = service::ladder(ctx.app(), ctx.viewer()).await?;
    Ok(found.map(|(ladder, men)| Ladder {
        local_time: LocalTime(ladder.local_time),
        if_you_stop_today: ladder.steps.iter().map(|it| step(*it, &men)).collect(),
        rungs: ladder.rungs.into_iter().map(|it| rung(it, &men)).collect(),
        version: ladder.version,
    }))
}

/// Your ladder, and what others' ladders have to do with you.
pub struct LadderMe(pub SignedIn);

#[Object]
impl LadderMe {
    /// What is to happen when you go quiet; null when you wrote nothing.
    async fn ladder(&self, ctx: &Context<'_>) -> Nullable<Ladder> {
        ladder(ctx).await.transpose()
    }

    /// What your ladder told, you and others, the latest first.
    async fn ladder_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "So many from the front, 0 to 100; 20 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Nullable<Log> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        Some(self.log(ctx, &args).await)
    }

    /// Who would like you to be told when he goes quiet, the latest first: those you agreed to, and those that wait for
    /// your answer.
    async fn ladder_requests(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "So many from the front, 0 to 100; 20 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Nullable<Requests> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        Some(self.requests(ctx, &args).await)
    }

    /// What you were told of men who went quiet, the latest first: as long as they want you to be, and you agree.
    async fn ladder_tellings(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "So many from the front, 0 to 100; 20 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Nullable<Tellings> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        Some(self.tellings(ctx, &args).await)
    }
}

impl LadderMe {
    async fn log(&self, ctx: &Context<'_>, args: &PageArgs) -> GqlResult<Log> {
        let page = Page::<LADDER_LOG>::parse(args)?;
        let seen = service::log(ctx.app(), ctx.viewer(), &page).await?;
        Ok(page.connection(
            LogOf(self.0.member),
            seen,
            told::cursor,
            LadderLogEntry::from,
        ))
    }

    async fn requests(&self, ctx: &Context<'_>, args: &PageArgs) -> GqlResult<Requests> {
        let page = Page::<LADDER_REQUESTS>::parse(args)?;
        let asked = service::asks(ctx.app(), ctx.viewer(), &page).await?;
        let of = RequestsOf(self.0.member);
        Ok(page.connection(of, asked, told::asked_cursor, LadderRequest::from))
    }

    async fn tellings(&self, ctx: &Context<'_>, args: &PageArgs) -> GqlResult<Tellings> {
        let page = Page::<TELLINGS>::parse(args)?;
        let seen = service::told(ctx.app(), ctx.viewer(), &page).await?;
        let of = TellingsOf(self.0.member);
        Ok(page.connection(of, seen, told::cursor, LadderTelling::from))
    }
}

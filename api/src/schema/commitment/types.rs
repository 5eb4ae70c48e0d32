//! What a commitment shows.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use entity::PeeringId;

use crate::commitment::model::{self, When};
use crate::commitment::service::{self, Seen};
use crate::graphql::Nullable;
use crate::graphql::errors::shown;
use crate::graphql::scalars::{Date, DateTime, Uuid};
use crate::node_id::NodeId as _;
use crate::schema::edges;
use crate::schema::matching::Peering;
use crate::schema::profile::{Member, Weekday};

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::Answer")]
pub enum CommitmentAnswer {
    /// It is done.
    Done,
    /// A part of it is.
    Partly,
    /// Not this time.
    NotThisTime,
}

/// How far a commitment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::State")]
pub enum CommitmentState {
    /// It goes on.
    Open,
    /// It was to be done once, and is.
    Done,
    /// It was ended. Nobody has to say why.
    Ended,
}

/// A day on which it was due, or is.
#[derive(Clone, Debug, SimpleObject)]
pub struct CommitmentDay {
    /// Which, on the calendar of the man whose it is.
    due_on: Date,
    /// How it went; null when he has not said.
    answer: Option<CommitmentAnswer>,
    /// When he said so; null when he has not.
    answered_at: Option<DateTime>,
    /// The later day that has taken its place; null when none has. Of this day nothing is asked any more.
    carried_to: Option<Date>,
}

impl From<model::Day> for CommitmentDay {
    fn from(day: model::Day) -> Self {
        Self {
            due_on: Date(day.due_on),
            answer: day.kept.answer.map(CommitmentAnswer::from),
            answered_at: day.kept.answered_at.map(DateTime),
            carried_to: day.kept.carried_to.map(Date),
        }
    }
}

/// Something a man means to do: you, or your partner, who lets you see it.
#[derive(Clone, Debug)]
pub struct Commitment {
    seen: service::Commitment,
    partner: Option<Member>,
}

impl From<Seen> for Commitment {
    fn from((seen, profile): Seen) -> Self {
        Self {
            seen,
            partner: profile.map(Member::from),
        }
    }
}

impl Commitment {
    /// Whether it is the viewer's own.
    pub(super) const fn is_own(&self) -> bool {
        self.seen.is_viewers
    }
}

/// Something a man means to do, once or every week: you, or your partner, who lets you see it. Days are on the calendar
/// of the man whose it is.
#[Object]
impl Commitment {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.seen.id.global()
    }

    /// The id the app made.
    async fn client_id(&self) -> Uuid {
        Uuid(self.seen.id.0)
    }

    /// Whether it is yours. Your partner's you can read, and change nothing of it.
    async fn yours(&self) -> bool {
        self.seen.is_viewers
    }

    /// The other man: the partner who sees yours, or the one whose it is. Null when nobody sees yours; a partner who was
    /// away and comes back sees it again, unless you take it from him with `updateCommitment`.
    async fn partner(&self) -> Option<Member> {
        self.partner.clone()
    }

    /// The peering with him; null when nobody sees yours, as for `partner`.
    async fn peering(&self, ctx: &Context<'_>) -> Nullable<Peering> {
        edges::peering(ctx, self.seen.peering?).await
    }

    /// The id of the `Peering` with him; null when nobody sees yours, as for `partner`.
    #[graphql(deprecation = "Use `peering`. Since 2026-11-27.")]
    async fn peering_id(&self) -> Option<ID> {
        self.seen.peering.map(PeeringId::global)
    }

    /// What he means to do, in his words, up to 200 characters. Null only with an error: the words cannot be read.
    async fn words(&self) -> Nullable<&str> {
        shown(Some(&self.seen.words))
    }

    /// The day for which it was made; null when it is due every week. See `nextDueOn` for where it was carried over to.
    async fn due_on(&self) -> Option<Date> {
        match self.seen.plan.when {
            When::Once(day) => Some(Date(day)),
            When::Weekly(_) => None,
        }
    }

    /// The weekdays on which it is due, Monday first; none when it is due once.
    async fn weekdays(&self) -> Vec<Weekday> {
        match self.seen.plan.when {
            When::Once(_) => Vec::new(),
            When::Weekly(weekdays) => weekdays.days().into_iter().map(Weekday::from).collect(),
        }
    }

    /// The next day it is due, from his today on, of which he has not said how it went; null when there is none.
    async fn next_due_on(&self) -> Option<Date> {
        self.seen.plan.next_due(self.seen.today).map(Date)
    }

    /// The last 15 days on which it was due, today's among them, the latest first; before them days to come that were
    /// carried over to or answered already. Of what he ended, the last before that. A day without an answer is just that.
    /// A partner who was named later sees the days from then on.
    async fn days(&self) -> Vec<CommitmentDay> {
        let days = self.seen.plan.recent(self.seen.today).into_iter();
        let since = self.seen.seen_since;
        let days = days.filter(|day| since.is_none_or(|since| since <= day.due_on));
        days.map(CommitmentDay::from).collect()
    }

    /// How far it has come.
    async fn state(&self) -> CommitmentState {
        self.seen.plan.state().into()
    }

    /// Rises by one with every change, of its days as well, and is what `expectedVersion` compares.
    async fn version(&self) -> i32 {
        self.seen.version
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.seen.created_at)
    }

    /// When he ended it; null while he has not.
    async fn ended_at(&self) -> Option<DateTime> {
        self.seen.ended_at.map(DateTime)
    }
}

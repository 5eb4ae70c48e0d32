//! Commitments in the schema.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use entity::PeeringId;

use crate::commitment::model::{self, When};
use crate::commitment::service::{self, CommitmentWithPartner};
use crate::graphql::Nullable;
use crate::graphql::errors::shown;
use crate::graphql::scalars::{Date, DateTime, Uuid};
use crate::node_id::NodeId as _;
use crate::schema::edges;
use crate::schema::matching::Peering;
use crate::schema::profile::{Member, Weekday};

/// How it went on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::Answer")]
pub enum CommitmentAnswer {
    /// It is done.
    Done,
    /// Part of it is done.
    Partly,
    /// Not this time.
    NotThisTime,
}

/// The state of a commitment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::State")]
pub enum CommitmentState {
    /// It is still going on.
    Open,
    /// It was due once, and is done.
    Done,
    /// It was ended. Nobody has to say why.
    Ended,
}

/// A day on which a commitment is or was due.
#[derive(Clone, Debug, SimpleObject)]
pub struct CommitmentDay {
    /// The date, on the owner's calendar.
    due_on: Date,
    /// How it went; null without an answer.
    answer: Option<CommitmentAnswer>,
    /// When the owner answered; null without an answer.
    answered_at: Option<DateTime>,
    /// The later day that replaces this one; null if it was not carried over. No answer is expected for this day any
    /// more.
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

/// A commitment of yours, or one that a partner shares with you.
#[derive(Clone, Debug)]
pub struct Commitment {
    commitment: service::Commitment,
    partner: Option<Member>,
}

impl From<CommitmentWithPartner> for Commitment {
    fn from((commitment, profile): CommitmentWithPartner) -> Self {
        Self {
            commitment,
            partner: profile.map(Member::from),
        }
    }
}

impl Commitment {
    /// Returns whether it is the viewer's own.
    pub(super) const fn is_own(&self) -> bool {
        self.commitment.is_viewers
    }
}

/// A commitment, for one day or for every week: yours, or one that a partner shares with you. Days are on the owner's
/// calendar.
#[Object]
impl Commitment {
    /// The global id.
    pub async fn id(&self) -> ID {
        self.commitment.id.global()
    }

    /// The id that the app generated.
    async fn client_id(&self) -> Uuid {
        Uuid(self.commitment.id.0)
    }

    /// Whether it is yours. You can read your partner's, but not change it.
    async fn yours(&self) -> bool {
        self.commitment.is_viewers
    }

    /// The other member: the partner who sees yours, or the owner. Null if nobody sees yours. A partner who was away
    /// and comes back sees it again, unless you stop sharing it with `updateCommitment`.
    async fn partner(&self) -> Option<Member> {
        self.partner.clone()
    }

    /// The peering with the other member; null if `partner` is.
    async fn peering(&self, ctx: &Context<'_>) -> Nullable<Peering> {
        edges::peering(ctx, self.commitment.peering?).await
    }

    /// The id of the `Peering` with the other member; null if `partner` is.
    #[graphql(deprecation = "Use `peering`. Since 2026-11-27.")]
    async fn peering_id(&self) -> Option<ID> {
        self.commitment.peering.map(PeeringId::global)
    }

    /// The owner's words, up to 200 characters. Null only with an error, if the words cannot be read.
    async fn words(&self) -> Nullable<&str> {
        shown(Some(&self.commitment.words))
    }

    /// The day for which it was made; null if it is due every week. See `nextDueOn` for the day to which it was carried
    /// over.
    async fn due_on(&self) -> Option<Date> {
        match self.commitment.plan.when {
            When::Once(day) => Some(Date(day)),
            When::Weekly(_) => None,
        }
    }

    /// The weekdays on which it is due, Monday first; empty if it is due once.
    async fn weekdays(&self) -> Vec<Weekday> {
        match self.commitment.plan.when {
            When::Once(_) => Vec::new(),
            When::Weekly(weekdays) => weekdays.days().into_iter().map(Weekday::from).collect(),
        }
    }

    /// The next due day without an answer, from the owner's today on; null if there is none.
    async fn next_due_on(&self) -> Option<Date> {
        self.commitment
            .plan
            .next_due(self.commitment.today)
            .map(Date)
    }

    /// The last 15 due days up to the owner's today, latest first. Future days that were answered, or that another was
    /// carried over to, come before them. For an ended commitment these are the last days before its end. A day without
    /// an answer is just that. A partner who got access later sees only the days from then on.
    async fn days(&self) -> Vec<CommitmentDay> {
        let days = self
            .commitment
            .plan
            .recent(self.commitment.today)
            .into_iter();
        let since = self.commitment.seen_since;
        let days = days.filter(|day| since.is_none_or(|since| since <= day.due_on));
        days.map(CommitmentDay::from).collect()
    }

    /// The state of the commitment.
    async fn state(&self) -> CommitmentState {
        self.commitment.plan.state().into()
    }

    /// The version, which `expectedVersion` compares. It rises by one with every change, including changes of its days.
    async fn version(&self) -> i32 {
        self.commitment.version
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.commitment.created_at)
    }

    /// When the owner ended it; null if it has not ended.
    async fn ended_at(&self) -> Option<DateTime> {
        self.commitment.ended_at.map(DateTime)
    }
}

//! The content of a ladder, and its limits.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use entity::ladder_rung::Model;
pub use entity::ladder_rung::{Kind, Tells};
use entity::{CircleId, MemberId, PeeringId, RungId, TellingId};

use super::schedule::Waiting;
use crate::keys::at_rest::Opened;
use crate::text::{Lines, TextForm};

/// The most days after which a rung can be due.
pub const MOST_DAYS: u32 = 60;
/// The form of a rung's words, to another person or to the member.
pub const WORDS: TextForm = TextForm {
    max: 280,
    lines: Lines::Many,
};

/// Returns the stored word for a detail level.
pub const fn word(tells: Tells) -> &'static str {
    match tells {
        Tells::Quiet => "quiet",
        Tells::SinceWhen => "since_when",
    }
}

/// Returns the detail level that a stored word stands for.
pub fn of_word(kept: &str) -> Option<Tells> {
    let all = [Tells::Quiet, Tells::SinceWhen];
    all.into_iter().find(|tells| word(*tells) == kept)
}

/// The relationship between the ladder's owner and the person who is notified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// The two are partners.
    Partner(PeeringId),
    /// That person is a facilitator of a circle that the owner is in.
    Facilitator(CircleId),
}

/// A note to the owner, as the app sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// The number of missed days after which it is due.
    pub after_days: u32,
    /// The note.
    pub words: Option<String>,
}

/// A rung that notifies another person, as the app sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outer {
    /// The number of missed days after which it is due.
    pub after_days: u32,
    /// The relationship on which it depends.
    pub tie: Tie,
    /// The circle's facilitator. `None` for a partner, who follows from the peering.
    pub facilitator: Option<MemberId>,
    /// How much that person is told.
    pub tells: Tells,
    /// The owner's words to that person.
    pub words: Option<String>,
}

/// A ladder as the app sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLadder {
    /// The time on the owner's wall clock at which rungs are due.
    pub local_time: NaiveTime,
    /// The rung with a note to the owner.
    pub own: Option<Own>,
    /// The rung that notifies a partner.
    pub partner: Option<Outer>,
    /// The rung that notifies a facilitator.
    pub facilitator: Option<Outer>,
}

/// A fault in a ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The number of days is out of range.
    Days(Kind),
    /// The rung is not later than the one below it.
    NotLater(Kind),
}

impl NewLadder {
    /// Returns the days after which each rung is due, lowest rung first.
    pub fn days(&self) -> Vec<(Kind, u32)> {
        let outer = |rung: &Option<Outer>| rung.as_ref().map(|rung| rung.after_days);
        let all = [
            (Kind::Own, self.own.as_ref().map(|rung| rung.after_days)),
            (Kind::Partner, outer(&self.partner)),
            (Kind::Facilitator, outer(&self.facilitator)),
        ];
        let there = all.into_iter();
        there
            .filter_map(|(kind, days)| Some((kind, days?)))
            .collect()
    }

    /// Returns every fault. Each rung must be later than those below it.
    pub fn flaws(&self) -> Vec<Flaw> {
        let (mut flaws, mut below) = (Vec::new(), 0);
        for (kind, days) in self.days() {
            if !(1..=MOST_DAYS).contains(&days) {
                flaws.push(Flaw::Days(kind));
            } else if days <= below {
                flaws.push(Flaw::NotLater(kind));
            }
            below = below.max(days);
        }
        flaws
    }
}

/// A rung of a ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// The id.
    pub id: RungId,
    /// The ladder's owner.
    pub owner: MemberId,
    /// The kind of recipient.
    pub kind: Kind,
    /// The number of missed days after which it is due.
    pub after_days: u32,
    /// The recipient. `None` for a note to the owner.
    pub told: Option<(MemberId, Tie)>,
    /// How much the recipient is told.
    pub tells: Tells,
    /// The owner's words to the recipient, or to themselves.
    pub words: Option<Opened>,
    /// When the rung was created.
    pub created_at: DateTime<Utc>,
    /// When the recipient last answered the request.
    pub answered_at: Option<DateTime<Utc>>,
    /// When the recipient agreed to be notified.
    pub agreed_at: Option<DateTime<Utc>>,
    /// When the rung was sent, since the owner was last here.
    pub told_at: Option<DateTime<Utc>>,
}

/// Returns the recipient of a stored rung, and the relationship.
pub fn recipient_of(row: &Model) -> Option<(MemberId, Tie)> {
    let partner = row.peering_id.map(Tie::Partner);
    let tie = partner.or(row.circle_id.map(Tie::Facilitator))?;
    Some((row.told_id?, tie))
}

impl Rung {
    /// Returns the data that decides when the rung is due.
    pub const fn waiting(&self, may: bool) -> Waiting {
        Waiting {
            kind: self.kind,
            after_days: self.after_days,
            told_at: self.told_at,
            may,
        }
    }

    /// Returns whether the recipient agrees to be notified. A note to the owner needs no consent.
    pub const fn is_agreed(&self) -> bool {
        self.told.is_none() || self.agreed_at.is_some()
    }
}

/// A ladder as its owner sees it.
#[derive(Clone, Debug)]
pub struct Ladder {
    /// The time on the owner's wall clock at which rungs are due.
    pub local_time: NaiveTime,
    /// The rungs, lowest first.
    pub rungs: Vec<Rung>,
    /// The steps that follow if the owner does nothing.
    pub steps: Vec<UpcomingStep>,
    /// The version. It rises by one whenever the owner changes the ladder.
    pub version: i32,
}

/// A step that follows if the owner does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpcomingStep {
    /// The kind of recipient.
    pub kind: Kind,
    /// When it happens.
    pub at: DateTime<Utc>,
    /// The recipient. `None` for a note to the owner.
    pub told: Option<MemberId>,
    /// Whether the recipient has agreed. Without consent nobody is notified.
    pub agreed: bool,
}

/// A rung that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// The id.
    pub id: TellingId,
    /// The ladder's owner.
    pub owner: MemberId,
    /// The kind of recipient.
    pub kind: Kind,
    /// The recipient. `None` for a note to the owner, or if the recipient's account is gone.
    pub told: Option<MemberId>,
    /// The first missed day, if the rung tells it.
    pub quiet_since: Option<NaiveDate>,
    /// The owner's words.
    pub words: Option<Opened>,
    /// When it was sent.
    pub told_at: DateTime<Utc>,
    /// When the owner was here again.
    pub over_at: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn ladder(own: Option<u32>, partner: Option<u32>, facilitator: Option<u32>) -> NewLadder {
        let rung = |tie| {
            move |after_days| Outer {
                after_days,
                tie,
                facilitator: None,
                tells: Tells::Quiet,
                words: None,
            }
        };
        NewLadder {
            local_time: NaiveTime::MIN,
            own: own.map(|after_days| Own {
                after_days,
                words: None,
            }),
            partner: partner.map(rung(Tie::Partner(PeeringId(Uuid::nil())))),
            facilitator: facilitator.map(rung(Tie::Facilitator(CircleId(Uuid::nil())))),
        }
    }

    #[test]
    fn each_rung_comes_later_than_the_rungs_below() {
        use Flaw::{Days, NotLater};
        use Kind::{Facilitator, Own, Partner};
        for (days, flaws) in [
            ((Some(1), Some(3), Some(60)), vec![]),
            ((None, Some(1), None), vec![]),
            ((None, None, None), vec![]),
            ((Some(3), Some(3), Some(4)), vec![NotLater(Partner)]),
            ((Some(3), None, Some(2)), vec![NotLater(Facilitator)]),
            (
                (Some(0), Some(61), Some(5)),
                vec![Days(Own), Days(Partner), NotLater(Facilitator)],
            ),
        ] {
            let (own, partner, facilitator) = days;
            let found = ladder(own, partner, facilitator).flaws();
            assert_eq!(found, flaws, "{days:?}");
        }
    }
}

//! What a ladder holds, and what may stand in it.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use entity::ladder_rung::Model;
pub use entity::ladder_rung::{Kind, Tells};
use entity::{CircleId, MemberId, PeeringId, RungId, TellingId};

use super::when::Waiting;
use crate::keys::at_rest::Opened;
use crate::text::{Lines, TextForm};

/// A rung is told after so many days at most.
pub const MOST_DAYS: u32 = 60;
/// What a man says to who is told, or to himself.
pub const WORDS: TextForm = TextForm {
    max: 280,
    lines: Lines::Many,
};

/// What is told, in a word that is kept.
pub const fn word(tells: Tells) -> &'static str {
    match tells {
        Tells::Quiet => "quiet",
        Tells::SinceWhen => "since_when",
    }
}

/// What is told, by the word for it.
pub fn of_word(kept: &str) -> Option<Tells> {
    let all = [Tells::Quiet, Tells::SinceWhen];
    all.into_iter().find(|tells| word(*tells) == kept)
}

/// What ties who is told to the man whose ladder it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// They are partners.
    Partner(PeeringId),
    /// He runs a circle the other is in.
    Facilitator(CircleId),
}

/// A note to himself, as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// So many of his days have to pass.
    pub after_days: u32,
    /// What he says to himself.
    pub words: Option<String>,
}

/// A rung on which another man is told, as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outer {
    /// So many of his days have to pass.
    pub after_days: u32,
    /// By what he is told.
    pub tie: Tie,
    /// Who runs the circle; none for a partner, who follows from the peering.
    pub facilitator: Option<MemberId>,
    /// What he is told.
    pub tells: Tells,
    /// And in which words besides.
    pub words: Option<String>,
}

/// A ladder as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLadder {
    /// At which time of his wall clock he and others are told.
    pub local_time: NaiveTime,
    /// When he has a note himself.
    pub own: Option<Own>,
    /// When his partner is told.
    pub partner: Option<Outer>,
    /// When a facilitator is told.
    pub facilitator: Option<Outer>,
}

/// What is wrong with a ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// So many days are too few or too many.
    Days(Kind),
    /// It comes no later than the one below.
    NotLater(Kind),
}

impl NewLadder {
    /// After how many days each of its rungs is told, from the lowest.
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

    /// Everything that is wrong with it: each rung has to come later than those below.
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
    /// Its id.
    pub id: RungId,
    /// Whose ladder it is in.
    pub owner: MemberId,
    /// Whom it is for.
    pub kind: Kind,
    /// So many of his days have to pass.
    pub after_days: u32,
    /// Who is told; none when it is himself.
    pub told: Option<(MemberId, Tie)>,
    /// What he is told.
    pub tells: Tells,
    /// And in which words besides; those to himself.
    pub words: Option<Opened>,
    /// Since when it is there.
    pub created_at: DateTime<Utc>,
    /// When who is told answered last.
    pub answered_at: Option<DateTime<Utc>>,
    /// Since when he agrees to be.
    pub agreed_at: Option<DateTime<Utc>>,
    /// When it was told, since he was last here.
    pub told_at: Option<DateTime<Utc>>,
}

/// Who is told by a rung as it is kept, and by what.
pub fn told_by(row: &Model) -> Option<(MemberId, Tie)> {
    let partner = row.peering_id.map(Tie::Partner);
    let tie = partner.or(row.circle_id.map(Tie::Facilitator))?;
    Some((row.told_id?, tie))
}

impl Rung {
    /// What decides when it is told.
    pub const fn waiting(&self, may: bool) -> Waiting {
        Waiting {
            kind: self.kind,
            after_days: self.after_days,
            told_at: self.told_at,
            may,
        }
    }

    /// Whether who is told agrees to be. To a note to himself he does.
    pub const fn is_agreed(&self) -> bool {
        self.told.is_none() || self.agreed_at.is_some()
    }
}

/// A ladder as its owner sees it.
#[derive(Clone, Debug)]
pub struct Ladder {
    /// At which time of his wall clock he and others are told.
    pub local_time: NaiveTime,
    /// Its rungs, from the lowest.
    pub rungs: Vec<Rung>,
    /// What comes if he does nothing.
    pub steps: Vec<Step>,
    /// Rises by one whenever he writes it anew.
    pub version: i32,
}

/// What comes if a man does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// For whom.
    pub kind: Kind,
    /// When.
    pub at: DateTime<Utc>,
    /// Who is told; none when it is himself.
    pub told: Option<MemberId>,
    /// Whether he agrees to be. Without that nobody is told.
    pub agreed: bool,
}

/// That a rung was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// Its id.
    pub id: TellingId,
    /// Whose ladder it was.
    pub owner: MemberId,
    /// For whom it was.
    pub kind: Kind,
    /// Who was told; none when it was himself, or that one is gone.
    pub told: Option<MemberId>,
    /// The first day he let pass, when that was told.
    pub quiet_since: Option<NaiveDate>,
    /// His words.
    pub words: Option<Opened>,
    /// When it was told.
    pub told_at: DateTime<Utc>,
    /// When he was here again.
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
    fn each_rung_comes_later_than_those_below() {
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

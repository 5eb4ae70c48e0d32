//! What a pact holds, and what may become of it.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use entity::pact::{Model, State};
pub use entity::pact_nudge::{Answer, Template};
pub use entity::pact_side::{NudgeStyle, Sharing};
pub use entity::received_words::Kind as ReceivedKind;
use entity::{MemberId, PactId, PactNudgeId, PeeringId, ReceivedId};
use uuid::Uuid;

use crate::checkin::entry::{CheckIn, Content, Visibility};
use crate::days::calendar::DayTerms;
use crate::error::Fault;
use crate::keys::at_rest::Opened;
pub use crate::matching::model::Shown;
use crate::text::{Lines, TextForm};

/// A proposal waits for an answer so long.
pub const OPEN_FOR: TimeDelta = TimeDelta::days(7);
/// The last day of a pact is no further off than this.
pub const LONGEST: Days = Days::new(366);
/// So many nudges go between two men, both ways together, on a day of the one who is nudged.
pub const NUDGES_A_DAY: u64 = 2;
/// How a man likes to be nudged, in his words.
pub const WISH: TextForm = TextForm {
    max: 200,
    lines: Lines::One,
};
/// What a nudge says.
pub const WORDS: TextForm = TextForm {
    max: 280,
    lines: Lines::Many,
};

/// What one of the two gives and likes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What the other may see.
    pub sharing: Sharing,
    /// In which manner he likes to be nudged.
    pub style: NudgeStyle,
    /// The same in his words.
    pub wish: Option<Opened>,
    /// Whether the other may wake him in his quiet hours, when that one asks for a word.
    pub can_be_woken: bool,
}

/// One of the two sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// What he gives and likes.
    pub terms: Terms,
    /// As long as he agreed to share; none when as long as the pact goes on.
    pub until: Option<DateTime<Utc>>,
}

impl Side {
    /// What is given now: nothing once that is over which he agreed to.
    #[must_use]
    pub fn effective(&self, now: DateTime<Utc>) -> Self {
        let mut side = self.clone();
        if side.until.is_some_and(|until| until <= now) {
            side.terms.sharing = Sharing::Nothing;
        }
        side
    }
}

/// What is given, in a word that is kept.
pub const fn word(sharing: Sharing) -> &'static str {
    match sharing {
        Sharing::Nothing => "nothing",
        Sharing::CheckedIn => "checked_in",
        Sharing::Mood => "mood",
        Sharing::Words => "words",
    }
}

/// What is given, by the word for it.
pub fn of_word(kept: &str) -> Option<Sharing> {
    let all = [
        Sharing::Nothing,
        Sharing::CheckedIn,
        Sharing::Mood,
        Sharing::Words,
    ];
    all.into_iter().find(|sharing| word(*sharing) == kept)
}

/// Since when one has let the other see something, without a break; none when he does not, and never did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GivenSince {
    /// How he was.
    pub mood: Option<DateTime<Utc>>,
    /// What he wrote, too.
    pub words: Option<DateTime<Utc>>,
}

impl GivenSince {
    /// What is given of one check-in: of what was written, or is for a day, before somebody agreed to give so much,
    /// nothing of it.
    pub fn of(&self, given: Sharing, check_in: &CheckIn, terms: DayTerms) -> Sharing {
        let is_after = |since: Option<DateTime<Utc>>| {
            since.is_some_and(|since| {
                since <= check_in.created_at && terms.day(since) <= check_in.local_date
            })
        };
        match given {
            Sharing::Words if is_after(self.words) => Sharing::Words,
            Sharing::Words | Sharing::Mood if is_after(self.mood) => Sharing::Mood,
            Sharing::Nothing => Sharing::Nothing,
            _ => Sharing::CheckedIn,
        }
    }
}

/// Words that a man received stay so long after they are to be seen nowhere else.
pub const KEPT_FOR: TimeDelta = TimeDelta::days(90);

/// Something that a man received, which he sees nowhere else any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Its id.
    pub id: ReceivedId,
    /// What it was.
    pub kind: ReceivedKind,
    /// What it said; nothing for a proposal without words.
    pub said: Option<Said>,
    /// Who sent it.
    pub sender: MemberId,
    /// What he went by.
    pub sender_handle: Opened,
    /// The nudge, or the pact.
    pub source: Uuid,
    /// By which pact.
    pub pact: PactId,
    /// The two of whom.
    pub peering: PeeringId,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// When it was to be seen no more where it was.
    pub ended_at: DateTime<Utc>,
}

/// A pact as one of the two sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pact {
    /// Its id.
    pub id: PactId,
    /// The two of whom.
    pub peering: PeeringId,
    /// The other man.
    pub partner: MemberId,
    /// How far it has come.
    pub state: Shown,
    /// Whether it was the viewer who proposed it.
    pub proposed_by_viewer: bool,
    /// What the viewer gives; none before he agreed.
    pub own: Option<Side>,
    /// What the other gives him; none before he agreed.
    pub theirs: Option<Side>,
    /// Since when the other has given what he gives.
    pub given_since: GivenSince,
    /// Its last day.
    pub ends_on: Option<NaiveDate>,
    /// When it lapses, while it waits.
    pub expires_at: DateTime<Utc>,
    /// When it was proposed.
    pub created_at: DateTime<Utc>,
    /// Since when both have agreed.
    pub since: Option<DateTime<Utc>>,
    /// Rises with every change.
    pub version: i32,
}

/// Whether a proposal is still to lapse. One that was declined is, for the man who made it.
pub fn waits(row: &Model, now: DateTime<Utc>) -> bool {
    matches!(row.state, State::Proposed | State::Declined)
        && row.ended_at.is_none()
        && now < row.expires_at
}

/// Whether both agreed, and it is not over.
pub fn is_active(row: &Model, now: DateTime<Utc>) -> bool {
    row.state == State::Active && row.ended_at.is_none() && row.ends_at.is_none_or(|end| now < end)
}

/// How far a pact has come for one of the two; none when it is not there for him.
pub fn shown(viewer: MemberId, row: &Model, now: DateTime<Utc>) -> Option<Shown> {
    let declined_it = row.state == State::Declined && row.proposed_by != viewer;
    if is_active(row, now) {
        Some(Shown::Active)
    } else if waits(row, now) && !declined_it {
        Some(Shown::Proposed)
    } else {
        None
    }
}

/// What is left of a check-in for a partner who is given so much: nothing of one that its writer keeps to himself but
/// that it is there.
pub fn shown_to_partner(content: &Content, sharing: Sharing) -> Content {
    let is_shared = content.visibility != Visibility::Private;
    let nothing = Content::default();
    match sharing {
        Sharing::Words if is_shared => content.clone(),
        Sharing::Mood if is_shared => Content {
            mood: content.mood,
            energy: content.energy,
            visibility: content.visibility,
            ..nothing
        },
        _ => nothing,
    }
}

/// Whether a day can be the last of a pact: not before today, wherever the two are, and not years away.
pub fn can_end_on(last: NaiveDate, today: NaiveDate) -> bool {
    let furthest = today.checked_add_days(LONGEST);
    today <= last && furthest.is_some_and(|furthest| last <= furthest)
}

/// When the last day of a pact is over for both, wherever each of them is.
pub fn end_of(last: NaiveDate, terms: [DayTerms; 2]) -> DateTime<Utc> {
    let ends = terms.map(|terms| terms.bounds(last).1);
    ends[0].max(ends[1])
}

/// What a wish to change a pact comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is to be done.
    Take,
    /// It is done already.
    Stands,
    /// It is not there for him.
    NotThere,
    /// It is for the other man to do.
    NotHis,
    /// It has come too far for that.
    OtherState,
}

/// What an answer of `me` comes to.
pub fn answer(row: &Model, me: MemberId, accept: bool, now: DateTime<Utc>) -> Step {
    if row.proposed_by == me {
        return match shown(me, row, now) {
            Some(_) => Step::NotHis,
            None => Step::NotThere,
        };
    }
    match (row.state, accept) {
        (State::Declined, false) => Step::Stands,
        (State::Active, true) if is_active(row, now) => Step::Stands,
        (State::Active, false) if is_active(row, now) => Step::OtherState,
        (State::Proposed, _) if waits(row, now) => Step::Take,
        _ => Step::NotThere,
    }
}

/// What ending a pact, or taking a proposal of it back, comes to.
pub fn end(row: &Model, me: MemberId, now: DateTime<Utc>) -> Step {
    let own = row.proposed_by == me;
    match shown(me, row, now) {
        Some(Shown::Proposed) if !own => Step::NotHis,
        Some(_) => Step::Take,
        // Who said no to it never knew of an end.
        None if row.accepted_at.is_some() || own => Step::Stands,
        None => Step::NotThere,
    }
}

/// A nudge as one of the two sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nudge {
    /// Its id.
    pub id: PactNudgeId,
    /// Of which pact.
    pub pact: PactId,
    /// Whether the viewer sent it.
    pub from_viewer: bool,
    /// What it says.
    pub said: Said,
    /// When it was sent.
    pub sent_at: DateTime<Utc>,
    /// What was answered.
    pub answer: Option<Answer>,
    /// And when.
    pub answered_at: Option<DateTime<Utc>>,
}

/// What a nudge says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Words that are there to be sent with one tap.
    Template(Template),
    /// Words of his own.
    Words(Opened),
}

impl Said {
    /// The words, in English where they are not his own.
    ///
    /// # Errors
    /// When his own cannot be read.
    pub fn text(&self) -> Result<&str, Fault> {
        match self {
            Self::Template(template) => Ok(text(*template)),
            Self::Words(words) => words.text(),
        }
    }

    /// Whether this may be what was sent with the other. See [`Opened::may_be`].
    pub fn may_be(&self, sent: &Self) -> bool {
        match (self, sent) {
            (Self::Words(own), Self::Words(Opened::Text(sent))) => own.may_be(sent),
            (own, sent) => own == sent,
        }
    }
}

/// The English words of a template.
pub const fn text(template: Template) -> &'static str {
    match template {
        Template::ThinkingOfYou => "Thinking of you today.",
        Template::HowIsYourDay => "How is your day going?",
        Template::HereIfYouWant => "I am here if you want to talk.",
        Template::JustHello => "Just saying hello. No need to answer.",
        Template::FancyAWalk => "Fancy a walk one of these days?",
    }
}

/// Everything that says whether this is a moment to nudge a man.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// It is quiet where he is.
    pub quiet: bool,
    /// He has checked in today, or takes a pause.
    pub wants_none: bool,
    /// How many nudges went between the two on his day.
    pub sent_today: u64,
}

/// Whether it is. That it is not is told, and never why.
pub fn is_good(moment: Moment) -> bool {
    !moment.quiet && !moment.wants_none && moment.sent_today < NUDGES_A_DAY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zones::zone;

    const MIKE: MemberId = MemberId(Uuid::from_u128(2));
    const PAUL: MemberId = MemberId(Uuid::from_u128(1));

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_773_144_000, 0).unwrap()
    }

    /// Mike proposed it at noon, for three days.
    fn pact(state: State) -> Model {
        let answered = matches!(state, State::Active | State::Ended);
        Model {
            id: PactId(Uuid::from_u128(9)),
            peering_id: PeeringId(Uuid::from_u128(8)),
            proposed_by: MIKE,
            state,
            ends_on: None,
            ends_at: Some(noon() + TimeDelta::days(3)),
            created_at: noon(),
            expires_at: noon() + TimeDelta::days(3),
            accepted_at: answered.then(noon),
            ended_at: (state == State::Ended).then(noon),
            version: 1,
        }
    }

    const STATES: [State; 4] = [
        State::Proposed,
        State::Active,
        State::Declined,
        State::Ended,
    ];

    #[test]
    fn a_no_looks_to_the_man_who_proposed_like_silence() {
        let (waits, both) = (Some(Shown::Proposed), Some(Shown::Active));
        let seen = |who, now| STATES.map(|state| shown(who, &pact(state), now));
        assert_eq!(seen(MIKE, noon()), [waits, both, waits, None]);
        assert_eq!(seen(PAUL, noon()), [waits, both, None, None]);
        // Its last day is over.
        let over = noon() + TimeDelta::days(3);
        assert_eq!(seen(MIKE, over), [None; 4]);
    }

    #[test]
    fn each_step_is_for_one_of_them_and_for_its_time() {
        use Step::{NotHis, NotThere, OtherState, Stands, Take};
        let steps = |rule: &dyn Fn(&Model) -> Step| STATES.map(|state| rule(&pact(state)));
        let now = noon();
        let yes = |who| steps(&|row| answer(row, who, true, now));
        let no = |who| steps(&|row| answer(row, who, false, now));
        let over = |who| steps(&|row| end(row, who, now));
        assert_eq!(yes(PAUL), [Take, Stands, NotThere, NotThere]);
        assert_eq!(no(PAUL), [Take, OtherState, Stands, NotThere]);
        assert_eq!(yes(MIKE), [NotHis, NotHis, NotHis, NotThere]);
        assert_eq!(over(MIKE), [Take, Take, Take, Stands]);
        assert_eq!(over(PAUL), [NotHis, Take, NotThere, Stands]);
    }

    #[test]
    fn the_last_day_is_over_when_it_is_for_both() {
        let day: NaiveDate = "2026-03-10".parse().unwrap();
        let terms = |zone| DayTerms {
            zone,
            day_start_hour: 3,
        };
        let end = end_of(
            day,
            [zone("Pacific/Auckland"), zone("Europe/London")].map(terms),
        );
        assert_eq!(
            end,
            "2026-03-11T03:00:00Z".parse::<DateTime<Utc>>().unwrap()
        );
        assert_eq!(
            end_of(
                day,
                [zone("Europe/London"), zone("Pacific/Auckland")].map(terms)
            ),
            end
        );
        assert!(can_end_on(day, day));
        assert!(!can_end_on(day, day.succ_opt().unwrap()));
        let far = day.checked_add_days(Days::new(367)).unwrap();
        assert!(!can_end_on(far, day));
    }

    #[test]
    fn one_reason_is_enough_not_to_nudge() {
        let good = Moment {
            quiet: false,
            wants_none: false,
            sent_today: 1,
        };
        assert!(is_good(good));
        for other in [
            Moment {
                quiet: true,
                ..good
            },
            Moment {
                wants_none: true,
                ..good
            },
            Moment {
                sent_today: 2,
                ..good
            },
        ] {
            assert!(!is_good(other), "{other:?}");
        }
    }
}

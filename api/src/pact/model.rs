//! Pacts, their sides and nudges, and the rules for proposing, answering, sharing and nudging.

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
use crate::proposal::{self, Proposal};
pub use crate::proposal::{Shown, Transition};
use crate::text::{Lines, TextForm};

/// How long a proposal waits for an answer.
pub const OPEN_FOR: TimeDelta = TimeDelta::days(7);
/// How far ahead the last day of a pact may be.
pub const LONGEST: Days = Days::new(366);
/// How many nudges two partners may exchange, both ways together, on one day of the receiver's calendar.
pub const NUDGES_A_DAY: u64 = 2;
/// How a member likes to be nudged, in his own words.
pub const WISH: TextForm = TextForm {
    max: 200,
    lines: Lines::One,
};
/// The text of a nudge.
pub const WORDS: TextForm = TextForm {
    max: 280,
    lines: Lines::Many,
};

/// What a member shares in a pact, and how he likes to be nudged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What the partner may see.
    pub sharing: Sharing,
    /// The tone in which he likes to be nudged.
    pub style: NudgeStyle,
    /// How he likes to be nudged, in his own words.
    pub wish: Option<Opened>,
    /// Whether his phone rings in his quiet hours when the partner asks for a word.
    pub can_be_woken: bool,
}

/// One partner's side of a pact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// What he shares, and how he likes to be nudged.
    pub terms: Terms,
    /// Until when he agreed to share; `None` if for as long as the pact lasts.
    pub until: Option<DateTime<Utc>>,
}

impl Side {
    /// Returns the side as it is in effect at `now`: shares nothing once the agreed time is over.
    #[must_use]
    pub fn effective(&self, now: DateTime<Utc>) -> Self {
        let mut side = self.clone();
        if side.until.is_some_and(|until| until <= now) {
            side.terms.sharing = Sharing::Nothing;
        }
        side
    }
}

/// The word by which a level of sharing is stored in a consent.
pub const fn word(sharing: Sharing) -> &'static str {
    match sharing {
        Sharing::Nothing => "nothing",
        Sharing::CheckedIn => "checked_in",
        Sharing::Mood => "mood",
        Sharing::Words => "words",
    }
}

/// Returns the level of sharing that is stored by this word, or `None` if there is none.
pub fn of_word(kept: &str) -> Option<Sharing> {
    let all = [
        Sharing::Nothing,
        Sharing::CheckedIn,
        Sharing::Mood,
        Sharing::Words,
    ];
    all.into_iter().find(|sharing| word(*sharing) == kept)
}

/// Since when a member has shared something with his partner without interruption; `None` if he does not share it and
/// never did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GivenSince {
    /// Mood and energy.
    pub mood: Option<DateTime<Utc>>,
    /// Also his words.
    pub words: Option<DateTime<Utc>>,
}

impl GivenSince {
    /// Returns how much of one check-in is shared. A check-in that was written, or is for a day, before the member
    /// agreed to a level is not shared at that level.
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

/// How long received words are kept after they are no longer visible elsewhere.
pub const KEPT_FOR: TimeDelta = TimeDelta::days(90);

/// Words that a member received and no longer sees elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Its id.
    pub id: ReceivedId,
    /// What kind of words they are.
    pub kind: ReceivedKind,
    /// The words; `None` for a proposal without words.
    pub content: Option<NudgeContent>,
    /// The sender.
    pub sender: MemberId,
    /// The sender's handle when the words were kept.
    pub sender_handle: Opened,
    /// The id of the nudge or the pact that they come from.
    pub source: Uuid,
    /// The pact.
    pub pact: PactId,
    /// The peering of the pact.
    pub peering: PeeringId,
    /// When they were received.
    pub received_at: DateTime<Utc>,
    /// When they stopped being visible elsewhere.
    pub ended_at: DateTime<Utc>,
}

/// A pact as one of the two sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pact {
    /// Its id.
    pub id: PactId,
    /// The peering of its two partners.
    pub peering: PeeringId,
    /// The viewer's partner.
    pub partner: MemberId,
    /// Its state for the viewer.
    pub state: Shown,
    /// Whether the viewer proposed it.
    pub proposed_by_viewer: bool,
    /// The viewer's side; `None` before he agreed.
    pub own: Option<Side>,
    /// The partner's side; `None` before the partner agreed.
    pub theirs: Option<Side>,
    /// Since when the partner has shared what he shares.
    pub given_since: GivenSince,
    /// Its last day; `None` if it has none.
    pub ends_on: Option<NaiveDate>,
    /// When the proposal expires.
    pub expires_at: DateTime<Utc>,
    /// When it was proposed.
    pub created_at: DateTime<Utc>,
    /// Since when both have agreed; `None` while it is a proposal.
    pub since: Option<DateTime<Utc>>,
    /// Rises by one with every change.
    pub version: i32,
}

/// The proposal that a pact began with.
pub fn of_row(row: &Model, now: DateTime<Utc>) -> Proposal {
    let is_over = row.ended_at.is_some() || row.ends_at.is_some_and(|end| end <= now);
    Proposal {
        by: row.proposed_by,
        state: match row.state {
            State::Proposed if row.ended_at.is_none() => proposal::State::Proposed,
            State::Declined if row.ended_at.is_none() => proposal::State::Declined,
            State::Active if !is_over => proposal::State::Active,
            State::Proposed | State::Declined | State::Active | State::Ended => {
                proposal::State::Over
            }
        },
        expires_at: row.expires_at,
    }
}

/// Whether both agreed, and it is not over.
pub fn is_active(row: &Model, now: DateTime<Utc>) -> bool {
    of_row(row, now).is_active()
}

/// Returns the state of a pact for one of the two, or `None` if it is not visible to him.
pub fn shown(viewer: MemberId, row: &Model, now: DateTime<Utc>) -> Option<Shown> {
    of_row(row, now).shown_to(viewer, now)
}

/// Returns the part of a check-in that this level of sharing lets a partner see. A private check-in shows only that it
/// exists.
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

/// Whether a day can be the last day of a pact: today or later, and at most [`LONGEST`] ahead.
pub fn can_end_on(last: NaiveDate, today: NaiveDate) -> bool {
    let furthest = today.checked_add_days(LONGEST);
    today <= last && furthest.is_some_and(|furthest| last <= furthest)
}

/// Returns the instant at which the last day of a pact is over for both partners, each by his own calendar.
pub fn end_of(last: NaiveDate, terms: [DayTerms; 2]) -> DateTime<Utc> {
    let ends = terms.map(|terms| terms.bounds(last).1);
    ends[0].max(ends[1])
}

/// Decides what ending a pact, or withdrawing a proposal of one, does.
pub fn end(row: &Model, me: MemberId, now: DateTime<Utc>) -> Transition {
    let own = row.proposed_by == me;
    match shown(me, row, now) {
        Some(Shown::Proposed) if !own => Transition::NotAllowed,
        Some(_) => Transition::Apply,
        // A member who declined it no longer sees it: for him there is nothing to end.
        None if row.accepted_at.is_some() || own => Transition::AlreadyApplied,
        None => Transition::NotFound,
    }
}

/// A nudge as one of the two sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nudge {
    /// Its id.
    pub id: PactNudgeId,
    /// The pact it belongs to.
    pub pact: PactId,
    /// Whether the viewer sent it.
    pub from_viewer: bool,
    /// Its text.
    pub content: NudgeContent,
    /// When it was sent.
    pub sent_at: DateTime<Utc>,
    /// The answer; `None` if there is none so far.
    pub answer: Option<Answer>,
    /// When it was answered.
    pub answered_at: Option<DateTime<Utc>>,
}

/// The text of a nudge or of a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NudgeContent {
    /// One of the ready-made texts, which a member sends with one tap.
    Template(Template),
    /// The sender's own words.
    Words(Opened),
}

impl NudgeContent {
    /// Returns the text. A template's text is in English.
    ///
    /// # Errors
    /// If the sender's own words cannot be decrypted.
    pub fn text(&self) -> Result<&str, Fault> {
        match self {
            Self::Template(template) => Ok(text(*template)),
            Self::Words(words) => words.text(),
        }
    }

    /// Whether `sent` may be the same text as this one. See [`Opened::may_be`].
    pub fn may_be(&self, sent: &Self) -> bool {
        match (self, sent) {
            (Self::Words(own), Self::Words(Opened::Text(sent))) => own.may_be(sent),
            (own, sent) => own == sent,
        }
    }
}

/// The English text of a template.
pub const fn text(template: Template) -> &'static str {
    match template {
        Template::ThinkingOfYou => "Thinking of you today.",
        Template::HowIsYourDay => "How is your day going?",
        Template::HereIfYouWant => "I am here if you want to talk.",
        Template::JustHello => "Just saying hello. No need to answer.",
        Template::FancyAWalk => "Fancy a walk one of these days?",
    }
}

/// What decides whether a member can be nudged now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Whether he is in his quiet hours.
    pub quiet: bool,
    /// Whether he has checked in today, or takes a pause.
    pub wants_none: bool,
    /// How many nudges the two exchanged on his present day.
    pub sent_today: u64,
}

/// Whether he can be nudged now. The sender learns that he cannot, and never why.
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

    /// Mike proposed the pact at noon, for three days.
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
    fn the_proposer_cannot_tell_a_no_from_silence() {
        let (waits, both) = (Some(Shown::Proposed), Some(Shown::Active));
        let seen = |who, now| STATES.map(|state| shown(who, &pact(state), now));
        assert_eq!(seen(MIKE, noon()), [waits, both, waits, None]);
        assert_eq!(seen(PAUL, noon()), [waits, both, None, None]);
        // The last day is over.
        let over = noon() + TimeDelta::days(3);
        assert_eq!(seen(MIKE, over), [None; 4]);
    }

    #[test]
    fn each_transition_is_limited_to_its_member_and_state() {
        use Transition::{AlreadyApplied, Apply, NotAllowed, NotFound, WrongState};
        let transitions =
            |rule: &dyn Fn(&Model) -> Transition| STATES.map(|state| rule(&pact(state)));
        let now = noon();
        let yes = |who| transitions(&|row| of_row(row, now).answer(who, true, now));
        let no = |who| transitions(&|row| of_row(row, now).answer(who, false, now));
        let over = |who| transitions(&|row| end(row, who, now));
        assert_eq!(yes(PAUL), [Apply, AlreadyApplied, NotFound, NotFound]);
        assert_eq!(no(PAUL), [Apply, WrongState, AlreadyApplied, NotFound]);
        assert_eq!(yes(MIKE), [NotAllowed, NotAllowed, NotAllowed, NotFound]);
        assert_eq!(over(MIKE), [Apply, Apply, Apply, AlreadyApplied]);
        assert_eq!(over(PAUL), [NotAllowed, Apply, NotFound, AlreadyApplied]);
    }

    #[test]
    fn the_last_day_ends_when_it_has_ended_for_both() {
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
    fn one_reason_is_enough_to_prevent_a_nudge() {
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

//! Whether what partners are told of each other still is as it was.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use entity::notification::{Kind, Model};
use entity::{CheckInId, PactId, PactNudgeId, PeeringId, RungId, TellingId, pact, peering};
use sea_orm::ConnectionTrait;

use super::model::Wanted;
use super::still_wanted::{asked_about, word_said_in};
use crate::commitment::service::{self as commitments, About};
use crate::error::Fault;
use crate::{checkin, ladder, matching, pact as pacts};

/// How far everything has come that these notifications tell of.
pub(super) struct BetweenPartners {
    peerings: HashMap<PeeringId, peering::State>,
    pacts: HashMap<PactId, pact::State>,
    /// Whether each was answered.
    nudges: HashMap<PactNudgeId, bool>,
    /// In which check-ins a word is asked for.
    words: HashSet<CheckInId>,
    /// Whether who is told by each agreed to be.
    rungs: HashMap<RungId, bool>,
    /// Whether the man has been here since each.
    tellings: HashMap<TellingId, bool>,
    /// Whether how it went has been said.
    asked: HashMap<About, bool>,
}

impl BetweenPartners {
    /// Reads it, in one statement for each kind of thing among them.
    pub(super) async fn read(
        db: &impl ConnectionTrait,
        rows: &[Model],
        now: DateTime<Utc>,
    ) -> Result<Self, Fault> {
        let (mut peerings, mut agreed, mut nudges) = (Vec::new(), Vec::new(), Vec::new());
        let (mut words, mut asked) = (Vec::new(), Vec::new());
        let (mut rungs, mut tellings) = (Vec::new(), Vec::new());
        for row in rows {
            match row.kind {
                Kind::PeeringProposed | Kind::PeeringAccepted => {
                    peerings.extend(row.subject_id.map(PeeringId));
                }
                Kind::PactProposed | Kind::PactAccepted => {
                    agreed.extend(row.subject_id.map(PactId));
                }
                Kind::PactNudgeReceived | Kind::PactNudgeAnswered => {
                    nudges.extend(row.subject_id.map(PactNudgeId));
                }
                Kind::PartnerWantsAWord => {
                    agreed.extend(row.subject_id.map(PactId));
                    words.extend(word_said_in(row));
                }
                Kind::AskHowItWent => asked.extend(asked_about(row)),
                Kind::LadderAsked | Kind::LadderAgreed => {
                    rungs.extend(row.subject_id.map(RungId));
                }
                Kind::LadderNote | Kind::WentQuiet | Kind::BackAgain => {
                    tellings.extend(row.subject_id.map(TellingId));
                }
                Kind::CheckInReminder
                | Kind::DoorOpen
                | Kind::MeetingReminder
                | Kind::MeetingCancelled
                | Kind::MeetingChanged
                | Kind::SignedIn
                | Kind::PassphraseChanged
                | Kind::EmailChangeConfirmed
                | Kind::EmailChangeDropped
                | Kind::EmailChanged
                | Kind::SessionStolen
                | Kind::PushAddressTaken
                | Kind::CircleInvitation
                | Kind::RemovedFromCircle
                | Kind::RunsCircle => {}
            }
        }
        Ok(Self {
            peerings: matching::service::states(db, &peerings).await?,
            pacts: pacts::service::states(db, &agreed).await?,
            nudges: pacts::service::nudge_states(db, now, &nudges).await?,
            words: checkin::service::those_that_want_a_word(db, &words).await?,
            rungs: ladder::service::agreed(db, &rungs).await?,
            tellings: ladder::service::over_among(db, &tellings).await?,
            asked: commitments::standing(db, &asked, now).await?,
        })
    }

    /// Whether a notification between partners is still wanted; others are.
    pub(super) fn wanted(&self, row: &Model) -> Wanted {
        let Some(id) = row.subject_id else {
            return Wanted::NoLongerSo;
        };
        match row.kind {
            Kind::PeeringProposed => match self.peerings.get(&PeeringId(id)) {
                Some(peering::State::Proposed) => Wanted::Yes,
                Some(peering::State::Active | peering::State::Declined) => Wanted::Done,
                Some(peering::State::Withdrawn | peering::State::Ended) | None => {
                    Wanted::NoLongerSo
                }
            },
            Kind::PeeringAccepted => match self.peerings.get(&PeeringId(id)) {
                Some(peering::State::Active) => Wanted::Yes,
                _ => Wanted::NoLongerSo,
            },
            Kind::PactProposed => match self.pacts.get(&PactId(id)) {
                Some(pact::State::Proposed) => Wanted::Yes,
                Some(pact::State::Active | pact::State::Declined) => Wanted::Done,
                Some(pact::State::Ended) | None => Wanted::NoLongerSo,
            },
            Kind::PactAccepted => match self.pacts.get(&PactId(id)) {
                Some(pact::State::Active) => Wanted::Yes,
                _ => Wanted::NoLongerSo,
            },
            Kind::PactNudgeReceived => match self.nudges.get(&PactNudgeId(id)) {
                Some(false) => Wanted::Yes,
                Some(true) => Wanted::Done,
                None => Wanted::NoLongerSo,
            },
            Kind::PactNudgeAnswered => match self.nudges.get(&PactNudgeId(id)) {
                Some(true) => Wanted::Yes,
                Some(false) | None => Wanted::NoLongerSo,
            },
            Kind::PartnerWantsAWord => {
                let goes_on = self.pacts.get(&PactId(id)) == Some(&pact::State::Active);
                let is_said = word_said_in(row).is_some_and(|said| self.words.contains(&said));
                if goes_on && is_said {
                    Wanted::Yes
                } else {
                    Wanted::NoLongerSo
                }
            }
            Kind::AskHowItWent => {
                let about = asked_about(row);
                match about.and_then(|about| self.asked.get(&about)) {
                    Some(false) => Wanted::Yes,
                    Some(true) => Wanted::Done,
                    None => Wanted::NoLongerSo,
                }
            }
            Kind::LadderAsked => match self.rungs.get(&RungId(id)) {
                Some(false) => Wanted::Yes,
                Some(true) => Wanted::Done,
                None => Wanted::NoLongerSo,
            },
            Kind::LadderAgreed => match self.rungs.get(&RungId(id)) {
                Some(true) => Wanted::Yes,
                Some(false) | None => Wanted::NoLongerSo,
            },
            Kind::LadderNote | Kind::WentQuiet => match self.tellings.get(&TellingId(id)) {
                Some(false) => Wanted::Yes,
                Some(true) | None => Wanted::NoLongerSo,
            },
            Kind::BackAgain => match self.tellings.get(&TellingId(id)) {
                Some(true) => Wanted::Yes,
                Some(false) | None => Wanted::NoLongerSo,
            },
            Kind::CheckInReminder
            | Kind::DoorOpen
            | Kind::MeetingReminder
            | Kind::MeetingCancelled
            | Kind::MeetingChanged
            | Kind::SignedIn
            | Kind::PassphraseChanged
            | Kind::EmailChangeConfirmed
            | Kind::EmailChangeDropped
            | Kind::EmailChanged
            | Kind::SessionStolen
            | Kind::PushAddressTaken
            | Kind::CircleInvitation
            | Kind::RemovedFromCircle
            | Kind::RunsCircle => Wanted::Yes,
        }
    }
}

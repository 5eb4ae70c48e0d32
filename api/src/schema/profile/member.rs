//! Members in the schema.

use async_graphql::{ID, Object, SimpleObject};

use super::words::AgeBand;
use super::words::ContactMode;
use super::words::DayPart;
use super::words::LifeContext;
use super::words::ReplyPace;
use super::words::Topic;
use super::words::TopicStance;
use super::words::TopicVisibility;
use super::words::Weekday;
use crate::graphql::scalars::{Date, TimeZone};
use crate::node_id::NodeId as _;
use crate::profile::model::{FieldVisibility, Profile};

/// A member, as far as you may see him.
#[derive(Clone, Debug)]
pub struct Member(Profile);

impl From<Profile> for Member {
    fn from(profile: Profile) -> Self {
        Self(profile)
    }
}

/// A topic on a profile, and the member's stance on it.
#[derive(Clone, Debug, SimpleObject)]
pub struct MemberTopic {
    /// The topic.
    topic: Topic,
    /// The member's stance on it.
    stance: TopicStance,
    /// Who may see it; null unless the profile is your own.
    visibility: Option<TopicVisibility>,
}

/// Who may see which part of a profile. To everybody else the part looks blank.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct ProfileVisibility {
    /// Who may see `bio`.
    bio: TopicVisibility,
    /// Who may see `story`.
    story: TopicVisibility,
    /// Who may see `ageBand`.
    age_band: TopicVisibility,
    /// Who may see `region`.
    region: TopicVisibility,
    /// Who may see `lifeContexts`.
    life_contexts: TopicVisibility,
}

impl From<FieldVisibility> for ProfileVisibility {
    fn from(visibility: FieldVisibility) -> Self {
        Self {
            bio: visibility.bio.into(),
            story: visibility.story.into(),
            age_band: visibility.age_band.into(),
            region: visibility.region.into(),
            life_contexts: visibility.life_contexts.into(),
        }
    }
}

/// The parts of one day of a usual week in which a member can be reached.
#[derive(Clone, Debug, SimpleObject)]
pub struct DayAvailability {
    /// The day on the member's own calendar.
    day: Weekday,
    /// The parts of the day on the member's own clock, at least one, in order.
    parts: Vec<DayPart>,
}

/// A member, as far as you may see him. You see the members you have a tie with: your partners, the members of your
/// circles, a member with whom a proposal to be partners is open, and a member who invites you into a circle. To you,
/// any other member looks as if he did not exist. Fields that he does not show you are null or empty.
#[Object]
impl Member {
    /// The member's id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// The member's handle, 3 to 24 characters.
    async fn handle(&self) -> &str {
        &self.0.fields.handle
    }

    /// A few sentences about himself, up to 500 characters; may have line breaks. Null when blank or not shown to you.
    async fn bio(&self) -> Option<&str> {
        self.0.fields.bio.as_deref()
    }

    /// What he has lived through, in his own words, up to 5,000 characters; may have line breaks. Null when blank or
    /// not shown to you.
    async fn story(&self) -> Option<&str> {
        self.0.fields.story.as_deref()
    }

    /// His approximate age; null when not given or not shown to you.
    async fn age_band(&self) -> Option<AgeBand> {
        self.0.fields.age_band.map(AgeBand::from)
    }

    /// The country he lives in: an ISO 3166-1 alpha-2 code in capitals, such as `GB`.
    async fn country(&self) -> &str {
        &self.0.fields.country
    }

    /// The part of the country he lives in, in his words, up to 80 characters. Null when not given or not shown to
    /// you.
    async fn region(&self) -> Option<&str> {
        self.0.fields.region.as_deref()
    }

    /// The languages he speaks, as BCP 47 tags such as `pt-BR`; up to 10, in the order he chose.
    async fn languages(&self) -> &[String] {
        &self.0.fields.languages
    }

    /// The time zone of his days; null unless he is you or your partner.
    async fn time_zone(&self) -> Option<TimeZone> {
        let zone = self.0.fields.time_zone.parse().ok().map(TimeZone);
        zone.filter(|_| self.0.relation.sees_time_zone())
    }

    /// The hour on his wall clock at which his days begin, 0 to 6; null unless he is you.
    async fn day_start_hour(&self) -> Option<i32> {
        let own = self.0.relation.sees_settings();
        own.then_some(self.0.fields.day_start_hour)
    }

    /// The language of his mail as a BCP 47 tag; null unless he is you.
    async fn mail_language(&self) -> Option<&str> {
        let own = self.0.relation.sees_settings();
        own.then_some(self.0.fields.mail_language.as_str())
    }

    /// The topics he has lived and shows you, in the vocabulary's order.
    async fn topics(&self) -> Vec<MemberTopic> {
        let own = self.0.relation.sees_settings();
        let topics = self.0.topics.iter().map(|lived| MemberTopic {
            topic: Topic::from(lived.topic.clone()),
            stance: lived.stance.into(),
            visibility: own.then(|| lived.visibility.into()),
        });
        topics.collect()
    }

    /// The circumstances of his life that he shows you, in the vocabulary's order.
    async fn life_contexts(&self) -> Vec<LifeContext> {
        let contexts = self.0.life_contexts.iter().cloned();
        contexts.map(LifeContext::from).collect()
    }

    /// How he likes to be in touch.
    async fn contact_modes(&self) -> Vec<ContactMode> {
        let modes = self.0.fields.contact_modes.modes();
        modes.map(ContactMode::from).collect()
    }

    /// How soon you may expect an answer from him; null when not given.
    async fn reply_pace(&self) -> Option<ReplyPace> {
        self.0.fields.reply_pace.map(ReplyPace::from)
    }

    /// When he can be reached in a usual week, from Monday. Days without a part are left out.
    async fn availability(&self) -> Vec<DayAvailability> {
        let days = self.0.fields.availability.days();
        days.map(|(day, parts)| DayAvailability {
            day: day.into(),
            parts: parts.into_iter().map(DayPart::from).collect(),
        })
        .collect()
    }

    /// The first day, in UTC, of the month in which he joined.
    async fn member_since(&self) -> Date {
        Date(self.0.member_since())
    }

    /// Who may see which part of his profile; null unless he is you.
    async fn visibility(&self) -> Option<ProfileVisibility> {
        let own = self.0.relation.sees_settings();
        own.then(|| self.0.fields.visibility.into())
    }

    /// The version of the profile; null unless he is you. It rises by one with every `updateProfile` that changes
    /// something. `updateProfile` compares it with `expectedVersion`.
    async fn version(&self) -> Option<i32> {
        let own = self.0.relation.sees_settings();
        own.then_some(self.0.version)
    }
}

//! The vocabularies and enumerations of profiles.

use std::sync::Arc;

use async_graphql::{Enum, Object};

use crate::vocabulary::profile as vocabulary;

/// Something that members live through.
#[derive(Clone, Debug)]
pub struct Topic(Arc<vocabulary::Topic>);

impl From<Arc<vocabulary::Topic>> for Topic {
    fn from(topic: Arc<vocabulary::Topic>) -> Self {
        Self(topic)
    }
}

/// Something that members live through.
#[Object]
impl Topic {
    /// Its name for apps, such as `job_loss`; never changes.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Its name for people, in English.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// One sentence about it for people, in English.
    async fn description(&self) -> &str {
        &self.0.description
    }
}

/// A circumstance of a member's life.
#[derive(Clone, Debug)]
pub struct LifeContext(Arc<vocabulary::LifeContext>);

impl From<Arc<vocabulary::LifeContext>> for LifeContext {
    fn from(context: Arc<vocabulary::LifeContext>) -> Self {
        Self(context)
    }
}

/// A circumstance of a member's life.
#[Object]
impl LifeContext {
    /// Its name for apps, such as `shift_worker`; never changes.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Its name for people, in English.
    async fn name(&self) -> &str {
        &self.0.name
    }
}

/// An approximate age in years, shown in place of a date of birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::member::AgeBand")]
pub enum AgeBand {
    /// 18 to 24 years.
    #[graphql(name = "FROM_18_TO_24")]
    From18,
    /// 25 to 34 years.
    #[graphql(name = "FROM_25_TO_34")]
    From25,
    /// 35 to 44 years.
    #[graphql(name = "FROM_35_TO_44")]
    From35,
    /// 45 to 54 years.
    #[graphql(name = "FROM_45_TO_54")]
    From45,
    /// 55 to 64 years.
    #[graphql(name = "FROM_55_TO_64")]
    From55,
    /// 65 years and over.
    #[graphql(name = "FROM_65")]
    From65,
}

/// How soon others may expect an answer from a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::member::ReplyPace")]
pub enum ReplyPace {
    /// Within the day.
    SameDay,
    /// Within a few days.
    FewDays,
    /// Whenever it suits.
    NoRush,
}

/// A way to be in touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::profile::ContactMode")]
pub enum ContactMode {
    /// By writing.
    Text,
    /// By talking on the phone.
    Voice,
    /// By video.
    Video,
    /// By meeting.
    InPerson,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "chrono::Weekday")]
pub enum Weekday {
    /// Monday, the first.
    #[graphql(name = "MONDAY")]
    Mon,
    /// Tuesday.
    #[graphql(name = "TUESDAY")]
    Tue,
    /// Wednesday.
    #[graphql(name = "WEDNESDAY")]
    Wed,
    /// Thursday.
    #[graphql(name = "THURSDAY")]
    Thu,
    /// Friday.
    #[graphql(name = "FRIDAY")]
    Fri,
    /// Saturday.
    #[graphql(name = "SATURDAY")]
    Sat,
    /// Sunday, the last.
    #[graphql(name = "SUNDAY")]
    Sun,
}

/// A part of the day on the member's own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::profile::DayPart")]
pub enum DayPart {
    /// From 05:00 to 12:00.
    Morning,
    /// From 12:00 to 17:00.
    Afternoon,
    /// From 17:00 to 22:00.
    Evening,
    /// From 22:00 to 05:00. It belongs to the day on which it begins.
    Night,
}

/// A member's stance on a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::member_topic::Stance")]
pub enum TopicStance {
    /// He lives with it.
    LivingWith,
    /// He is working through it.
    WorkingThrough,
    /// He has come through it.
    ComeThrough,
}

/// Who may see a part of a profile, such as a topic. `MEMBERS` includes `CIRCLES`, which includes `PARTNERS`, which
/// includes `PRIVATE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::member_topic::Visibility")]
pub enum TopicVisibility {
    /// The member alone.
    Private,
    /// The member's peer-support partners.
    Partners,
    /// The members of the circles he is in.
    Circles,
    /// Every member with a tie to him: his partners, the members of his circles, a member with whom a proposal to be
    /// partners is open, and a member he invites into a circle.
    Members,
}

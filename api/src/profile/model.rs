//! The contents of a profile, their limits, and how they are changed.

use std::sync::Arc;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use entity::MemberId;
use entity::member::{AgeBand, ReplyPace};
use entity::member_topic::{Stance, Visibility};

use super::{Availability, ContactModes, Handle, Relation, admits};
use crate::days::calendar::DayTerms;
use crate::error::Fault;
use crate::locale::{Country, Language};
use crate::patch::Change;
use crate::text::{Lines, TextForm};
use crate::vocabulary::profile::{LifeContext, Topic};

/// The form of a member's few sentences about himself.
pub const BIO: TextForm = TextForm {
    max: 500,
    lines: Lines::Many,
};
/// The form of a member's story: what he has lived through, in his own words.
pub const STORY: TextForm = TextForm {
    max: 5_000,
    lines: Lines::Many,
};
/// The form of the part of a country.
pub const REGION: TextForm = TextForm {
    max: 80,
    lines: Lines::One,
};
/// The hour at which a member's days begin until he chooses another. A member who is up after midnight is still in the
/// day he got up in.
pub const DAY_START_HOUR: i32 = 3;
/// The hours that a member may choose.
pub const DAY_START_HOURS: std::ops::RangeInclusive<i32> = 0..=6;
/// The most languages a member names.
pub const MAX_LANGUAGES: usize = 10;
/// The most topics a member names.
pub const MAX_TOPICS: usize = 20;
/// The most life contexts a member names.
pub const MAX_LIFE_CONTEXTS: usize = 10;

/// The fields of a profile that one update can change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    /// The member's handle.
    pub handle: String,
    /// The handle's key, which is compared.
    pub handle_key: String,
    /// A few sentences about himself.
    pub bio: Option<String>,
    /// His story.
    pub story: Option<String>,
    /// His approximate age.
    pub age_band: Option<AgeBand>,
    /// The country he lives in: an ISO 3166-1 alpha-2 code.
    pub country: String,
    /// The part of the country.
    pub region: Option<String>,
    /// Who may see which part.
    pub visibility: FieldVisibility,
    /// His time zone: an IANA name.
    pub time_zone: String,
    /// The hour on his wall clock, 0 to 6, at which his days begin.
    pub day_start_hour: i32,
    /// The language of his mail: a BCP 47 tag.
    pub mail_language: String,
    /// How he likes to be in touch.
    pub contact_modes: ContactModes,
    /// How soon an answer may be expected of him.
    pub reply_pace: Option<ReplyPace>,
    /// When he can be reached, on his own clock.
    pub availability: Availability,
    /// The languages he speaks, the best first: BCP 47 tags.
    pub languages: Vec<String>,
}

/// Who may see which part of a profile. Parts that are not listed here are visible to every member with a tie to him,
/// or to the member alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldVisibility {
    /// The few sentences about himself.
    pub bio: Visibility,
    /// His story.
    pub story: Visibility,
    /// His approximate age.
    pub age_band: Visibility,
    /// The part of the country.
    pub region: Visibility,
    /// The circumstances of his life.
    pub life_contexts: Visibility,
}

impl Default for FieldVisibility {
    fn default() -> Self {
        Self {
            bio: Visibility::Members,
            story: Visibility::Members,
            age_band: Visibility::Members,
            region: Visibility::Members,
            life_contexts: Visibility::Members,
        }
    }
}

impl Fields {
    /// Returns these fields as a viewer in this relation may see them. Fields that he may not see are empty.
    #[must_use]
    pub fn shown_to(mut self, relation: Relation) -> Self {
        let visibility = self.visibility;
        let sees = |part| admits(part, relation);
        self.bio = self.bio.filter(|_| sees(visibility.bio));
        self.story = self.story.filter(|_| sees(visibility.story));
        self.age_band = self.age_band.filter(|_| sees(visibility.age_band));
        self.region = self.region.filter(|_| sees(visibility.region));
        self
    }

    /// Returns where and when the member's days begin.
    pub fn day_terms(&self) -> Result<DayTerms, Fault> {
        DayTerms::stored(&self.time_zone, self.day_start_hour)
    }
}

/// The changes to who may see which part of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VisibilityPatch {
    /// The few sentences about himself.
    pub bio: Change<Visibility>,
    /// His story.
    pub story: Change<Visibility>,
    /// His approximate age.
    pub age_band: Change<Visibility>,
    /// The part of the country.
    pub region: Change<Visibility>,
    /// The circumstances of his life.
    pub life_contexts: Change<Visibility>,
}

/// The changes of one update. A field that is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// The member's handle.
    pub handle: Change<Handle>,
    /// A few sentences about himself.
    pub bio: Change<Option<String>>,
    /// His story.
    pub story: Change<Option<String>>,
    /// His approximate age.
    pub age_band: Change<Option<AgeBand>>,
    /// The country he lives in.
    pub country: Change<Country>,
    /// The part of the country.
    pub region: Change<Option<String>>,
    /// Who may see which part.
    pub visibility: VisibilityPatch,
    /// The time zone of his days.
    pub time_zone: Change<crate::zones::Zone>,
    /// The hour on his wall clock, 0 to 6, at which his days begin.
    pub day_start_hour: Change<i32>,
    /// The language of his mail.
    pub mail_language: Change<Language>,
    /// How he likes to be in touch.
    pub contact_modes: Change<ContactModes>,
    /// How soon an answer may be expected of him.
    pub reply_pace: Change<Option<ReplyPace>>,
    /// When he can be reached, on his own clock.
    pub availability: Change<Availability>,
    /// The languages he speaks, the best first.
    pub languages: Change<Vec<Language>>,
}

impl Patch {
    /// Returns the fields with these changes made.
    pub fn applied_to(&self, fields: &Fields) -> Fields {
        let mut fields = fields.clone();
        if let Change::Put(handle) = &self.handle {
            handle.as_str().clone_into(&mut fields.handle);
            handle.key().clone_into(&mut fields.handle_key);
        }
        self.bio.apply(&mut fields.bio);
        self.story.apply(&mut fields.story);
        self.age_band.apply(&mut fields.age_band);
        if let Change::Put(country) = &self.country {
            country.code().clone_into(&mut fields.country);
        }
        self.region.apply(&mut fields.region);
        let (patch, visibility) = (&self.visibility, &mut fields.visibility);
        patch.bio.apply(&mut visibility.bio);
        patch.story.apply(&mut visibility.story);
        patch.age_band.apply(&mut visibility.age_band);
        patch.region.apply(&mut visibility.region);
        patch.life_contexts.apply(&mut visibility.life_contexts);
        if let Change::Put(zone) = &self.time_zone {
            zone.name().clone_into(&mut fields.time_zone);
        }
        self.day_start_hour.apply(&mut fields.day_start_hour);
        if let Change::Put(language) = &self.mail_language {
            language.tag().clone_into(&mut fields.mail_language);
        }
        self.contact_modes.apply(&mut fields.contact_modes);
        self.reply_pace.apply(&mut fields.reply_pace);
        self.availability.apply(&mut fields.availability);
        if let Change::Put(languages) = &self.languages {
            fields.languages = languages.iter().map(|l| l.tag().to_owned()).collect();
        }
        fields
    }
}

/// A topic on a profile.
#[derive(Clone, Debug)]
pub struct LivedTopic {
    /// The topic.
    pub topic: Arc<Topic>,
    /// The member's stance on it.
    pub stance: Stance,
    /// Who may see it.
    pub visibility: Visibility,
}

/// A profile as one viewer may see it. It contains nothing that is hidden from the viewer, except the fields that
/// [`Relation`] keeps back one by one.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The member's id.
    pub id: MemberId,
    /// The viewer's relation to the member.
    pub relation: Relation,
    /// The fields that the viewer may see.
    pub fields: Fields,
    /// The topics the viewer may see, in the vocabulary's order.
    pub topics: Vec<LivedTopic>,
    /// The life contexts the viewer may see, in the vocabulary's order.
    pub life_contexts: Vec<Arc<LifeContext>>,
    /// When the member joined.
    pub joined_at: DateTime<Utc>,
    /// Rises by one with every change of the fields.
    pub version: i32,
}

impl Profile {
    /// Returns the first day of the month in which the member joined. The exact day would reveal more than anybody
    /// needs.
    pub fn member_since(&self) -> NaiveDate {
        let day = self.joined_at.date_naive();
        day.with_day(1).unwrap_or(day)
    }
}

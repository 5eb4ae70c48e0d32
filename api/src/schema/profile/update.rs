//! Changing one's profile.

use async_graphql::{Context, InputObject, MaybeUndefined, Object};
use macros::payload;

use super::Member;
use super::load_member;
use super::words::AgeBand;
use super::words::ContactMode;
use super::words::DayPart;
use super::words::ReplyPace;
use super::words::TopicVisibility;
use super::words::Weekday;
use crate::graphql::errors::ProfileError;
use crate::graphql::patch::{clearable, list, needed, prose};
use crate::graphql::scalars::TimeZone;
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::locale::{Country, Language};
use crate::patch::Change;
use crate::problem::{Problem, ProblemCode, Problems};
use crate::profile::model::{
    BIO, DAY_START_HOURS, MAX_LANGUAGES, Patch, REGION, STORY, VisibilityPatch,
};
use crate::profile::service::{self, Updated};
use crate::profile::{Availability, Handle};

/// Parts of one day of a usual week.
#[derive(Debug, InputObject)]
pub struct DayAvailabilityInput {
    /// The day on your own calendar. If a day is listed twice, both entries count.
    day: Weekday,
    /// The parts of the day on your own clock.
    parts: Vec<DayPart>,
}

/// Who may see which part of your profile. A field that is left out, or null, stays as it is.
#[derive(Clone, Copy, Debug, Default, InputObject)]
pub struct ProfileVisibilityInput {
    /// Who may see `bio`.
    bio: Option<TopicVisibility>,
    /// Who may see `story`.
    story: Option<TopicVisibility>,
    /// Who may see `ageBand`.
    age_band: Option<TopicVisibility>,
    /// Who may see `region`.
    region: Option<TopicVisibility>,
    /// Who may see `lifeContexts`.
    life_contexts: Option<TopicVisibility>,
}

impl From<ProfileVisibilityInput> for VisibilityPatch {
    fn from(input: ProfileVisibilityInput) -> Self {
        let change = |sent: Option<TopicVisibility>| {
            sent.map_or(Change::Leave, |visibility| Change::Put(visibility.into()))
        };
        Self {
            bio: change(input.bio),
            story: change(input.story),
            age_band: change(input.age_band),
            region: change(input.region),
            life_contexts: change(input.life_contexts),
        }
    }
}

/// The changes to your profile. A field that is left out stays as it is. Null clears a field that may be empty.
#[derive(Debug, InputObject)]
pub struct UpdateProfileInput {
    /// Your handle: 3 to 24 letters, digits, hyphens, underscores or dots of one script, starting with a letter. It
    /// must not look like another member's.
    handle: MaybeUndefined<String>,
    /// A few sentences about yourself, up to 500 characters; may have line breaks. Null or blank clears it.
    bio: MaybeUndefined<String>,
    /// What you have lived through, in your own words, up to 5,000 characters; may have line breaks. Null or blank
    /// clears it.
    story: MaybeUndefined<String>,
    /// Your approximate age; null clears it.
    age_band: MaybeUndefined<AgeBand>,
    /// The country you live in: an ISO 3166-1 alpha-2 code, such as `GB`.
    country: MaybeUndefined<String>,
    /// The part of the country you live in, up to 80 characters in one line. Null or blank clears it.
    region: MaybeUndefined<String>,
    /// Who may see which part of your profile.
    visibility: Option<ProfileVisibilityInput>,
    /// The languages you speak as BCP 47 tags, the best first, up to 10. They replace the whole list; null empties it.
    languages: MaybeUndefined<Vec<String>>,
    /// The time zone of your days.
    time_zone: MaybeUndefined<TimeZone>,
    /// The hour on your wall clock at which your days begin, 0 to 6. It is 3 until you choose another. Days on which
    /// you have checked in stay as they are.
    day_start_hour: MaybeUndefined<i32>,
    /// The language of your mail as a BCP 47 tag.
    mail_language: MaybeUndefined<String>,
    /// How you like to be in touch. The list replaces the whole list; null empties it.
    contact_modes: MaybeUndefined<Vec<ContactMode>>,
    /// How soon others may expect an answer from you; null clears it.
    reply_pace: MaybeUndefined<ReplyPace>,
    /// When you can be reached in a usual week. It replaces the whole week; null empties it.
    availability: MaybeUndefined<Vec<DayAvailabilityInput>>,
    /// The `version` that the changes are based on. If the profile has another version by now, nothing is changed and
    /// the error is `STALE`. If it is left out or null, the changes apply to any version.
    expected_version: Option<i32>,
}

/// The answer to `updateProfile`.
#[payload(INVALID, OUT_OF_RANGE, REQUIRED, STALE, TAKEN, TOO_LONG, TOO_SHORT)]
pub struct UpdateProfilePayload {
    /// Your profile as it is now; null when a field of the input was not valid.
    member: Option<Member>,
    /// Why nothing was changed.
    errors: Vec<ProfileError>,
}

/// Mutations of profiles.
#[derive(Default)]
pub struct ProfileMutation;

#[Object]
impl ProfileMutation {
    /// Changes fields of your profile: either all that you send, or none.
    async fn update_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The changes to your profile.")] input: UpdateProfileInput,
    ) -> Nullable<UpdateProfilePayload> {
        Some(update_profile(ctx, input).await)
    }
}

async fn update_profile(
    ctx: &Context<'_>,
    input: UpdateProfileInput,
) -> GqlResult<UpdateProfilePayload> {
    let me = ctx.member()?.member;
    let expected = input.expected_version;
    let patch = match patch(input) {
        Ok(patch) => patch,
        Err(problems) => {
            return Ok(UpdateProfilePayload::refused(problems));
        }
    };
    let problem = match service::update(ctx.app(), me, &patch, expected).await? {
        Updated::Succeeded => None,
        Updated::Stale => {
            let message = "Your profile has changed since you read it. Read it again.";
            Some(Problem::field(
                "expectedVersion",
                ProblemCode::Stale,
                message,
            ))
        }
        Updated::HandleTaken => Some(Handle::taken("handle")),
        Updated::Gone => return Err(GqlError::NotFound),
    };
    Ok(UpdateProfilePayload {
        member: load_member(ctx, me).await?,
        ..UpdateProfilePayload::refused(problem.into_iter().collect())
    })
}

fn patch(input: UpdateProfileInput) -> Result<Patch, Vec<Problem>> {
    let mut problems = Problems::default();
    let found = &mut problems;
    let patch = Patch {
        handle: needed(found, "handle", input.handle, |text| {
            Handle::parse("handle", &text)
        }),
        bio: prose(found, "bio", BIO, input.bio),
        story: prose(found, "story", STORY, input.story),
        age_band: clearable(input.age_band),
        country: needed(found, "country", input.country, |code| {
            Country::parse("country", &code)
        }),
        region: prose(found, "region", REGION, input.region),
        visibility: input.visibility.unwrap_or_default().into(),
        languages: languages(found, input.languages),
        time_zone: needed(found, "timeZone", input.time_zone, |TimeZone(zone)| {
            Ok(zone)
        }),
        day_start_hour: needed(found, "dayStartHour", input.day_start_hour, |hour| {
            let message = "A day begins at an hour from 0 to 6.";
            let problem = || Problem::field("dayStartHour", ProblemCode::OutOfRange, message);
            Some(hour)
                .filter(|hour| DAY_START_HOURS.contains(hour))
                .ok_or_else(problem)
        }),
        mail_language: needed(found, "mailLanguage", input.mail_language, |tag| {
            Language::parse("mailLanguage", &tag)
        }),
        contact_modes: list(input.contact_modes, |modes| {
            modes.into_iter().map(Into::into).collect()
        }),
        reply_pace: clearable(input.reply_pace),
        availability: list(input.availability, |days| {
            days.into_iter().fold(Availability::default(), |week, day| {
                let parts: Vec<_> = day.parts.into_iter().map(Into::into).collect();
                week.with(day.day.into(), &parts)
            })
        }),
    };
    if problems.is_empty() {
        Ok(patch)
    } else {
        Err(problems.into_vec())
    }
}

fn languages(problems: &mut Problems, sent: MaybeUndefined<Vec<String>>) -> Change<Vec<Language>> {
    list(sent, |tags| {
        if tags.len() > MAX_LANGUAGES {
            let message = format!("A profile names at most {MAX_LANGUAGES} languages.");
            let problem = Problem::field("languages", ProblemCode::TooLong, message);
            problems.push(problem.limit(MAX_LANGUAGES));
            return Vec::new();
        }
        let mut named: Vec<Language> = Vec::new();
        for (place, tag) in tags.iter().enumerate() {
            let field = format!("languages.{place}");
            if let Some(language) = problems.check(Language::parse(&field, tag))
                && !named.contains(&language)
            {
                named.push(language);
            }
        }
        named
    })
}

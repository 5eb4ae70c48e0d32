//! The installation in the schema.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use entity::device;

use crate::app::App;
use crate::graphql::scalars::{Date, Url};
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::installation::crisis::{self, Help};
use crate::locale::Country;
use crate::schema::device::Platform;

/// The service your app talks to, as its operator describes it. Anybody may read it.
pub struct Installation;

/// The service your app talks to, as its operator describes it. Anybody may read it.
#[Object]
impl Installation {
    /// What members know it by.
    async fn name<'a>(&self, ctx: &Context<'a>) -> &'a str {
        &ctx.app().config.installation.name
    }

    /// The version of the terms in force: `signUp` and `acceptTerms` take no other.
    async fn terms_version<'a>(&self, ctx: &Context<'a>) -> &'a str {
        &ctx.app().config.auth.terms_version
    }

    /// Where the terms can be read; null when the operator has not said.
    async fn terms_url(&self, ctx: &Context<'_>) -> Option<Url> {
        ctx.app().config.installation.terms_url.clone().map(Url)
    }

    /// Where the privacy notice can be read; null when the operator has not said.
    async fn privacy_url(&self, ctx: &Context<'_>) -> Option<Url> {
        ctx.app().config.installation.privacy_url.clone().map(Url)
    }

    /// Where you ask for help with the app: a web address, or `mailto:` and an e-mail address. Null when the operator
    /// has not said. Not for emergencies: see `crisisHelp`.
    async fn support_url(&self, ctx: &Context<'_>) -> Option<Url> {
        ctx.app().config.installation.support_url().map(Url)
    }

    /// The oldest versions of apps that still work well here. An older one asks its member to update. Platforms that
    /// are not listed have no such version.
    async fn minimum_app_versions(&self, ctx: &Context<'_>) -> Vec<MinimumAppVersion> {
        minimum_app_versions(ctx.app())
    }

    /// Whom to call in a country. Keep the answer on the phone: it must be there without a connection.
    async fn crisis_help(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "An ISO 3166-1 alpha-2 code, such as GB.")] country: String,
    ) -> Nullable<CrisisHelp> {
        Some(crisis_help(ctx.app(), &country))
    }
}

fn minimum_app_versions(app: &App) -> Vec<MinimumAppVersion> {
    let least = &app.config.installation.minimum_app_version;
    [
        (device::Platform::Ios, &least.ios),
        (device::Platform::Android, &least.android),
        (device::Platform::Web, &least.web),
    ]
    .into_iter()
    .filter(|(_, version)| !version.is_empty())
    .map(|(platform, version)| MinimumAppVersion {
        platform: platform.into(),
        version: version.clone(),
    })
    .collect()
}

fn crisis_help(app: &App, country: &str) -> GqlResult<CrisisHelp> {
    let country = Country::parse("country", country).map_err(|_| {
        GqlError::BadUserInput("`country` is a two-letter ISO 3166-1 code, such as GB.")
    })?;
    let help = app.crisis.of(country.code());
    let today = app.clock.now().date_naive();
    Ok(CrisisHelp {
        country: country.code().to_owned(),
        emergency_numbers: help.emergency.iter().map(EmergencyNumber::from).collect(),
        lines: lines(&help, today),
    })
}

fn lines(help: &Arc<Help>, today: chrono::NaiveDate) -> Vec<CrisisLine> {
    let lines = help.lines.iter();
    lines.map(|line| CrisisLine::of(line, today)).collect()
}

/// The oldest version of an app that still works well here.
#[derive(SimpleObject)]
pub struct MinimumAppVersion {
    /// The platform of the app.
    platform: Platform,
    /// Numbers with dots between them, to be compared one after the other.
    version: String,
}

/// Whom to call in a country.
#[derive(SimpleObject)]
pub struct CrisisHelp {
    /// The ISO 3166-1 alpha-2 code.
    country: String,
    /// For danger to life. There is always at least one; show it beside the lines, whatever they say.
    emergency_numbers: Vec<EmergencyNumber>,
    /// Somebody to talk to. Empty when none is known for this country.
    lines: Vec<CrisisLine>,
}

/// A number for danger to life.
#[derive(SimpleObject)]
pub struct EmergencyNumber {
    /// The number, to be dialled as it is.
    number: String,
    /// Which service answers, or from which phones it can be called; null when it is for everything.
    purpose: Option<String>,
}

impl From<&crisis::Emergency> for EmergencyNumber {
    fn from(emergency: &crisis::Emergency) -> Self {
        Self {
            number: emergency.number.clone(),
            purpose: emergency.purpose.clone(),
        }
    }
}

/// Somebody to talk to. Belay does not run these lines.
#[derive(SimpleObject)]
pub struct CrisisLine {
    /// What it is called.
    name: String,
    /// Numbers to call, as they are dialled in that country; empty when it takes no calls.
    phone_numbers: Vec<String>,
    /// What to do once it answers, or where a number works; null when there is nothing to say.
    phone_hint: Option<String>,
    /// A number to write to; null when there is none.
    text_number: Option<String>,
    /// The word to send, or the app to write with; null when there is nothing to say.
    text_hint: Option<String>,
    /// Its site, or its chat; null when none is known.
    url: Option<Url>,
    /// When it answers, in words; null when that is not known.
    hours: Option<String>,
    /// Whom it is for, in words.
    audience: String,
    /// Whether it is for men above all.
    for_men: bool,
    /// Who states all this.
    source: String,
    /// The day of the newest source, or on which the operator tried it; null when no source has a date.
    verified_on: Option<Date>,
    /// The day from which it counts as not recently checked; null when it has never been dated.
    review_on: Option<Date>,
    /// Whether it was checked, and its review is not due yet. Show "not recently checked" when it is false, and the
    /// emergency number beside it.
    recently_checked: bool,
}

impl CrisisLine {
    fn of(line: &crisis::Line, today: chrono::NaiveDate) -> Self {
        Self {
            name: line.name.clone(),
            phone_numbers: line.phones.clone(),
            phone_hint: line.phone_hint.clone(),
            text_number: line.text.clone(),
            text_hint: line.text_hint.clone(),
            url: line.chat.clone().map(Url),
            hours: line.hours.clone(),
            audience: line.audience.clone(),
            for_men: line.for_men,
            source: line.source.clone(),
            verified_on: line.verified_on.map(Date),
            review_on: line.review_on.map(Date),
            recently_checked: line.is_recently_checked(today),
        }
    }
}

/// The installation.
#[derive(Default)]
pub struct InstallationQuery;

#[Object]
impl InstallationQuery {
    /// The service your app talks to. Ask before anybody signs in.
    async fn installation(&self) -> Nullable<Installation> {
        Some(Ok(Installation))
    }
}

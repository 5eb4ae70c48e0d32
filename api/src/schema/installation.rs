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
    /// The name that members know the service by.
    async fn name<'a>(&self, ctx: &Context<'a>) -> &'a str {
        &ctx.app().config.installation.name
    }

    /// The version of the terms in force. `signUp` and `acceptTerms` accept no other.
    async fn terms_version<'a>(&self, ctx: &Context<'a>) -> &'a str {
        &ctx.app().config.auth.terms_version
    }

    /// The address of the terms; null when the operator has not configured one.
    async fn terms_url(&self, ctx: &Context<'_>) -> Option<Url> {
        ctx.app().config.installation.terms_url.clone().map(Url)
    }

    /// The address of the privacy notice; null when the operator has not configured one.
    async fn privacy_url(&self, ctx: &Context<'_>) -> Option<Url> {
        ctx.app().config.installation.privacy_url.clone().map(Url)
    }

    /// Where you can ask for help with the app: a web address, or `mailto:` and an e-mail address. Null when the
    /// operator has not configured one. Not for emergencies: see `crisisHelp`.
    async fn support_url(&self, ctx: &Context<'_>) -> Option<Url> {
        ctx.app().config.installation.support_url().map(Url)
    }

    /// The oldest versions of the apps that still work well here. An older app asks you to update. Platforms that are
    /// not listed have no such version.
    async fn minimum_app_versions(&self, ctx: &Context<'_>) -> Vec<MinimumAppVersion> {
        minimum_app_versions(ctx.app())
    }

    /// The crisis lines and emergency numbers of a country. Keep the answer on the phone: it must be available without
    /// a connection.
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
    /// Numbers with dots between them. Compare them one after the other.
    version: String,
}

/// The crisis lines and emergency numbers of a country.
#[derive(SimpleObject)]
pub struct CrisisHelp {
    /// The ISO 3166-1 alpha-2 code.
    country: String,
    /// Emergency numbers, for danger to life. There is always at least one. Show it beside the lines, whatever they
    /// say.
    emergency_numbers: Vec<EmergencyNumber>,
    /// Crisis lines: somebody to talk to. Empty when none is known for this country.
    lines: Vec<CrisisLine>,
}

/// An emergency number, for danger to life.
#[derive(SimpleObject)]
pub struct EmergencyNumber {
    /// The number, to be dialled as it is.
    number: String,
    /// The service that answers, or the phones from which it can be called; null when it is for everything.
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

/// A crisis line: somebody to talk to. Belay does not run these lines.
#[derive(SimpleObject)]
pub struct CrisisLine {
    /// The name of the line.
    name: String,
    /// Numbers to call, as they are dialled in that country. Empty when the line takes no calls.
    phone_numbers: Vec<String>,
    /// What to do after dialling, or where a number works; null when there is nothing to say.
    phone_hint: Option<String>,
    /// A number for text messages; null when there is none.
    text_number: Option<String>,
    /// The word to send, or the app to write with; null when there is nothing to say.
    text_hint: Option<String>,
    /// The line's site, or its chat; null when none is known.
    url: Option<Url>,
    /// The line's hours, in words; null when they are not known.
    hours: Option<String>,
    /// The people it is for, in words.
    audience: String,
    /// Whether the line is mainly for men.
    for_men: bool,
    /// The source of all this.
    source: String,
    /// The day of the newest dated source, or the day on which the operator tried the line; null when no source has a
    /// date.
    verified_on: Option<Date>,
    /// The day from which the line counts as not recently checked; null when it was never dated.
    review_on: Option<Date>,
    /// Whether the line was checked, and its review is not due yet. When it is false, show "not recently checked",
    /// with the emergency number beside it.
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

/// Queries for the installation.
#[derive(Default)]
pub struct InstallationQuery;

#[Object]
impl InstallationQuery {
    /// The service your app talks to. You can query it before anybody signs in.
    async fn installation(&self) -> Nullable<Installation> {
        Some(Ok(Installation))
    }
}

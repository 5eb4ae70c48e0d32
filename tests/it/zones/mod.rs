//! Governments change their clocks, and members keep theirs.

mod renewal;
mod rules;

use api::app::App;
use api::viewer::SignedIn;
use api::worker::Worker;
use api::zone_change;
use chrono::{DateTime, Utc};
use serde_json::json;
use support::{TestApp, install_zone, zone_name};

use crate::reminders::utc;

/// Later than the edition that this program carries.
const LATER: &str = "2090a";

/// A zone whose clocks show what UTC shows. From the afternoon of 10 March 2026 on they are an hour ahead, when
/// [`decreed`](Self::decreed).
pub struct Place(pub String);

impl Place {
    pub fn new() -> Self {
        let place = Self(zone_name());
        install_zone("2089a", &place.0, 0, &[]);
        place
    }

    /// Has a member live there.
    pub async fn is_home_of(&self, app: &TestApp, who: SignedIn) {
        let query = "mutation($input: UpdateProfileInput!) {
            updateProfile(input: $input) { errors { code } } }";
        let input = json!({ "input": { "timeZone": self.0 } });
        let moved = app.as_member(who, query, input).await;
        assert_eq!(moved.at("/updateProfile/errors"), json!([]));
    }

    /// Its clocks are put forward for good. Another process, which knows that, is started; its worker has yet to work.
    pub async fn decreed(&self, app: &TestApp, seed: u64) -> App {
        let at: DateTime<Utc> = utc("2026-03-10T15:00:00Z");
        let zones = install_zone(LATER, &self.0, 0, &[(at, 1)]);
        let renewed = app.replica_by(zones, seed).await;
        zone_change::begin(&renewed).await.unwrap();
        renewed
    }

    /// As [`decreed`](Self::decreed), and the worker has done its work.
    pub async fn has_new_clocks(&self, app: &TestApp) -> App {
        let renewed = self.decreed(app, 3).await;
        drain(&renewed).await;
        renewed
    }
}

async fn drain(app: &App) {
    Worker::new(app.clone()).drain().await.unwrap();
}

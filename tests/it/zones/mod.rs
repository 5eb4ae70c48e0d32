//! Changes of time zone rules, and what follows for members.

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

/// An edition later than the one in this program.
const LATER: &str = "2090a";

/// A zone whose clocks show UTC. By its new rules they are an hour ahead from the afternoon of 10 March 2026 on: see
/// [`begin_new_rules`](Self::begin_new_rules).
pub struct Place(pub String);

impl Place {
    pub fn new() -> Self {
        let place = Self(zone_name());
        install_zone("2089a", &place.0, 0, &[]);
        place
    }

    /// Moves a member to this zone.
    pub async fn move_here(&self, app: &TestApp, who: SignedIn) {
        let query = "mutation($input: UpdateProfileInput!) {
            updateProfile(input: $input) { errors { code } } }";
        let input = json!({ "input": { "timeZone": self.0 } });
        let moved = app.as_member(who, query, input).await;
        assert_eq!(moved.at("/updateProfile/errors"), json!([]));
    }

    /// Installs the new rules, and starts another process that knows them. Its worker has not run yet.
    pub async fn begin_new_rules(&self, app: &TestApp, seed: u64) -> App {
        let at: DateTime<Utc> = utc("2026-03-10T15:00:00Z");
        let zones = install_zone(LATER, &self.0, 0, &[(at, 1)]);
        let renewed = app.replica_by(zones, seed).await;
        zone_change::begin(&renewed).await.unwrap();
        renewed
    }

    /// Like [`begin_new_rules`](Self::begin_new_rules), but also runs the worker.
    pub async fn apply_new_rules(&self, app: &TestApp) -> App {
        let renewed = self.begin_new_rules(app, 3).await;
        drain(&renewed).await;
        renewed
    }
}

async fn drain(app: &App) {
    Worker::new(app.clone()).drain().await.unwrap();
}

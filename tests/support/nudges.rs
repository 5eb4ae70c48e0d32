//! Common steps of notification and push tests.

use api::outbox::{Announcement, announce};
use api::transact;
use api::tx::Done;
use api::viewer::SignedIn;
use chrono::{DateTime, TimeDelta, Timelike as _, Utc};
use entity::notification::Kind;
use entity::{MemberId, check_in, check_in_reminder, member, notification, push_delivery};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, EntityTrait as _, QueryOrder as _};
use serde_json::{Value, json};

use crate::TestApp;

const REGISTER: &str = "mutation($input: RegisterDeviceInput!) {
    registerDevice(input: $input) {
        device { id addressKind platform appVersion locale registeredAt lastSeenAt }
        errors { code message path }
    }
}";

impl TestApp {
    /// Registers an Android phone under an FCM installation id. Returns the device.
    pub async fn register(&self, who: SignedIn, address: &str) -> Value {
        self.register_as(who, json!({ "address": address })).await
    }

    /// Like [`TestApp::register`], with these fields of the input.
    pub async fn register_as(&self, who: SignedIn, fields: Value) -> Value {
        let answer = self.try_register(who, fields).await;
        assert_eq!(answer["errors"], json!([]));
        answer["device"].clone()
    }

    /// Tries to register a device. Returns the whole payload.
    pub async fn try_register(&self, who: SignedIn, fields: Value) -> Value {
        let mut input = json!({
            "addressKind": "FCM_FID",
            "address": "an-address",
            "platform": "ANDROID",
            "appVersion": "1.0.0",
            "locale": "en-GB",
        });
        for (key, value) in fields.as_object().unwrap() {
            input[key] = value.clone();
        }
        let answer = self
            .as_member(who, REGISTER, json!({ "input": input }))
            .await;
        answer.at("/registerDevice")
    }

    /// Announces a cancelled meeting under this key. The notification is due now and expires in four hours.
    pub async fn tell(&self, who: SignedIn, key: &str) {
        let now = self.now();
        self.tell_at(who, key, now, now + TimeDelta::hours(4)).await;
    }

    /// Like [`TestApp::tell`], with these times.
    pub async fn tell_at(
        &self,
        who: SignedIn,
        key: &str,
        not_before: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) {
        let what = Announcement {
            member: who.member,
            kind: Kind::MeetingCancelled,
            dedup_key: key.to_owned(),
            subject: None,
            not_before,
            expires_at,
            caused_by: None,
        };
        self.announce(&what).await;
    }

    /// Announces a notification.
    pub async fn announce(&self, what: &Announcement) {
        let app = &self.app;
        let announced = transact!(app, |tx| {
            announce(app, tx, what).await?;
            Ok(Done::Keep(()))
        });
        announced.unwrap();
    }

    /// Inserts a check-in of a member on this day.
    pub async fn checked_in(&self, who: SignedIn, day: &str) {
        let now = self.now();
        let row = check_in::ActiveModel {
            id: Set(self.app.ids.next()),
            member_id: Set(who.member),
            local_date: Set(day.parse().unwrap()),
            time_zone: Set("Europe/London".to_owned()),
            day_start_hour: Set(3),
            mood: Set(None),
            energy: Set(None),
            emotions: Set(None),
            note: Set(None),
            kept_word: Set(None),
            wants_a_word: Set(false),
            visibility: Set(check_in::Visibility::Private),
            created_at: Set(now),
            updated_at: Set(now),
            counts: Set(true),
            sent: Set(None),
            taken_back_at: Set(None),
            words_deleted_at: Set(None),
        };
        let inserted = check_in::Entity::insert(row);
        inserted
            .exec_without_returning(self.app.db.pool())
            .await
            .unwrap();
    }

    /// Moves every member to a zone where it is about noon. So no day ends while a test runs on the system's clock.
    pub async fn move_to_noon(&self) {
        // The number in the name of these zones counts hours behind UTC.
        let behind = i64::from(self.now().hour()) - 12;
        let zone = format!("Etc/GMT{behind:+}");
        let moved = member::Entity::update_many()
            .col_expr(member::Column::TimeZone, Expr::value(zone))
            .exec(self.app.db.pool());
        moved.await.unwrap();
    }

    /// Inserts a daily reminder of a member that is due at this time.
    pub async fn remind(&self, member: MemberId, due: DateTime<Utc>) {
        let db = self.app.db.pool();
        let terms = api::profile::service::day_terms(db, member).await.unwrap();
        let row = check_in_reminder::ActiveModel {
            member_id: Set(member),
            local_time: Set(due.with_timezone(&terms.zone).time()),
            enabled: Set(true),
            next_due_at: Set(Some(due)),
            ignored: Set(0),
            ignored_since: Set(None),
        };
        let added = check_in_reminder::Entity::insert(row).exec_without_returning(db);
        added.await.unwrap();
    }

    /// Returns all deliveries, oldest first.
    pub async fn deliveries(&self) -> Vec<push_delivery::Model> {
        let all = push_delivery::Entity::find().order_by_asc(push_delivery::Column::Id);
        all.all(self.app.db.pool()).await.unwrap()
    }

    /// Returns all notifications, in the order they fall due.
    pub async fn notifications(&self) -> Vec<notification::Model> {
        let all = notification::Entity::find()
            .order_by_asc(notification::Column::NotBefore)
            .order_by_asc(notification::Column::Id);
        all.all(self.app.db.pool()).await.unwrap()
    }

    /// Moves the clock to `until`. Stops at each due time on the way and runs the worker.
    pub async fn travel(&self, until: DateTime<Utc>) {
        loop {
            self.drain().await;
            let next = api::worker::next_due(&self.app).await.unwrap();
            match next.filter(|next| *next <= until) {
                Some(next) => self.app.clock.set(next.max(self.now())).unwrap(),
                None => break,
            }
        }
        self.app.clock.set(until).unwrap();
    }
}

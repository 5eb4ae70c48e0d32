//! The set-up of the story: a server, a database, Firebase, an operator and the time.

use serde_json::{Value, json};
use support::fake_fcm::FakeFcm;
use support::{CREDENTIALS, Mail, Phone, Program, TestDatabase, TestServer, eventually};
use tempfile::TempDir;

/// Saturday morning in London, which is not summer time until the coming night.
const START: &str = "2026-03-28T09:00:00Z";
/// The passphrase of everybody in the story.
pub const PASSPHRASE: &str = "orchid tram velvet 42";
/// The installation id of Mike's phone at Firebase.
pub const MIKES_PHONE: &str = "dXf3-installation-of-a-phone";

/// The set-up of the story.
pub struct World {
    pub server: TestServer,
    pub fcm: FakeFcm,
    database: TestDatabase,
    _key: TempDir,
}

impl World {
    pub async fn on(database: TestDatabase) -> Self {
        let fcm = FakeFcm::start().await;
        let (toml, key) = fcm.toml();
        let program = Program::new(&format!("serve --at {START}"));
        let server = TestServer::run(program.database(&database).toml(&toml)).await;
        Self {
            server,
            fcm,
            database,
            _key: key,
        }
    }

    /// Signs up a member, with the code from the mail.
    pub async fn joins(&self, handle: &str) -> Phone<'_> {
        let mut phone = Phone::new(&self.server);
        let email = format!("{handle}@example.org");
        let sign_up = json!({ "id": phone.id(), "email": email, "passphrase": PASSPHRASE,
            "handle": handle, "timeZone": "Europe/London", "country": "GB", "locale": "en-GB",
            "adult": true, "termsVersion": "2026-11" });
        let payload = phone.send_twice("signUp", &sign_up, "signUpId").await;
        let verify = json!({ "signUpId": payload["signUpId"], "code": self.mailed_code(&email).await,
            "deviceName": "A phone" });
        let wanted = format!("{CREDENTIALS} me {{ profile {{ handle }} }}");
        let payload = phone.send_twice("verifyEmail", &verify, &wanted).await;
        assert_eq!(payload["me"]["profile"]["handle"], handle);
        phone.keep(&payload);
        phone
    }

    /// The code in the newest letter to an address, in the outbox that developers can read.
    async fn mailed_code(&self, email: &str) -> String {
        let mut code = None;
        eventually("a letter with a code", async || {
            let path = format!("/dev/outbox?kind=mail&to={email}");
            let letters: Vec<Value> = self.server.get(&path).await.json().await.unwrap();
            code = letters.last().and_then(|letter| {
                let text = |field: &str| letter[field].as_str().unwrap().to_owned();
                Mail {
                    subject: text("subject"),
                    text: text("text"),
                }
                .code()
            });
            code.is_some()
        })
        .await;
        code.unwrap()
    }

    /// Lets an operator make a member a facilitator while the server runs.
    pub async fn operator_makes_facilitator(&self, handle: &str) {
        self.operator_gives_role(handle, "facilitator").await;
    }

    /// Lets an operator set the role of a member while the server runs.
    pub async fn operator_gives_role(&self, handle: &str, role: &str) {
        let command = format!("member role {handle}@example.org {role}");
        let ended = Program::new(&command).database(&self.database).run().await;
        assert_eq!(ended.code, Some(0), "{}", ended.said);
    }

    /// Returns how many letters went to an address.
    pub async fn letters(&self, email: &str) -> usize {
        let path = format!("/dev/outbox?kind=mail&to={email}");
        let letters: Vec<Value> = self.server.get(&path).await.json().await.unwrap();
        letters.len()
    }

    /// Moves the time. Everything that falls due on the way happens.
    pub async fn time_goes_to(&self, instant: &str) {
        let journey = json!({ "set": instant }).to_string();
        let arrived = self.server.post("/dev/clock", "application/json", journey);
        assert_eq!(arrived.await.status(), 200);
    }

    /// Returns the data of every push that Firebase got for Mike's phone, in order.
    pub fn pushes(&self) -> Vec<Value> {
        let requests = self.fcm.requests_to(MIKES_PHONE).into_iter();
        requests
            .map(|it| it.body["message"]["data"].clone())
            .collect()
    }

    /// Asserts that Firebase got `count` valid requests, and that none contains one of `own_words`.
    pub fn assert_pushes_are_valid_and_discreet(&self, count: usize, own_words: &[&str]) {
        assert_eq!(self.fcm.violations(), [""; 0]);
        let requests = self.fcm.requests();
        assert_eq!(requests.len(), count);
        for request in requests {
            assert!(request.authorised);
            let mut body = request.body;
            // Random letters, which may spell anything.
            body["message"]["data"]["notification_id"].take();
            let body = body.to_string().to_lowercase();
            let found = own_words.iter().find(|word| body.contains(**word));
            assert_eq!(found, None, "in {body}");
        }
    }
}

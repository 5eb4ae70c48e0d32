//! The environment of a full run: a verbose server, a mail server and Firebase.

use std::sync::{Mutex, MutexGuard};

use serde_json::Value;
use support::fake_fcm::FakeFcm;
use support::{Engine, Mail, Phone, Program, SmtpSink, TestDatabase, TestServer, eventually};
use tempfile::TempDir;

use super::secrets::Secrets;

const START: &str = "2026-03-28T09:00:00Z";
const AUTH_SECRET: &str = "willow-anchor-9-signing-secret-of-this-run";
const DATABASE_PASSWORD: &str = "lagoon-pass-5";

/// See the module.
pub struct World {
    pub server: TestServer,
    pub smtp: SmtpSink,
    pub fcm: FakeFcm,
    pub database: TestDatabase,
    settings: String,
    secrets: Mutex<Secrets>,
    _key: TempDir,
}

impl World {
    pub async fn on(database: TestDatabase, format: &str) -> Self {
        let (smtp, fcm) = (SmtpSink::start().await, FakeFcm::start().await);
        let (push, key) = fcm.toml();
        let settings = format!(
            "[log]\nlevel = \"trace\"\nformat = \"{format}\"\n{}{push}",
            smtp.toml()
        );
        let program = program(&format!("serve --at {START}"), &settings, &database);
        let server = TestServer::run(program).await;
        let mut secrets = Secrets::default();
        secrets.add("the signing secret", AUTH_SECRET);
        secrets.add("the database's password", DATABASE_PASSWORD);
        secrets.add("an access token for Firebase", "fake-access-token");
        // How JSON in Base64 begins: the assertion for Firebase, and our own tokens.
        secrets.add("a signed token", "eyJ");
        secrets.add("how a token is sent", "bearer ");
        let account: Value = serde_json::from_str(&fcm.service_account_json()).unwrap();
        secrets.add_in_parts("a private key", account["private_key"].as_str().unwrap());
        Self {
            server,
            smtp,
            fcm,
            database,
            settings,
            secrets: Mutex::new(secrets),
            _key: key,
        }
    }

    /// What must not be in the log.
    pub fn secrets(&self) -> MutexGuard<'_, Secrets> {
        self.secrets.lock().unwrap()
    }

    /// Adds the tokens of a phone to the secrets.
    pub fn note(&self, phone: &Phone<'_>) {
        let [access, refresh] = phone.tokens();
        let mut secrets = self.secrets();
        secrets.add_access_token(access);
        secrets.add_refresh_token(refresh);
    }

    /// The code in the newest letter to an address, once this many letters have come.
    pub async fn mailed_code(&self, email: &str, letters: usize) -> String {
        // A domain is written in lower case.
        let to = format!("to: {email}\n").to_lowercase();
        let mut code = None;
        eventually("a letter", async || {
            let mut here = self.smtp.letters();
            here.retain(|letter| letter.to_lowercase().contains(&to));
            if here.len() == letters {
                let (subject, text) = (String::new(), here.remove(letters - 1));
                code = Mail { subject, text }.code();
            }
            code.is_some()
        })
        .await;
        let code = code.unwrap();
        self.secrets().add_code(&code);
        code
    }

    /// The code that undoes a change of address, from the letter to the old one.
    pub async fn mailed_undo_code(&self, email: &str) -> String {
        // A domain is written in lower case.
        let to = format!("to: {email}\n").to_lowercase();
        let mut code = None;
        eventually("a letter", async || {
            let mut here = self.smtp.letters();
            here.retain(|letter| letter.to_lowercase().contains(&to));
            let lines = here.iter().flat_map(|letter| letter.lines());
            let groups = |line: &&str| {
                let mut groups = line.split('-');
                groups.clone().count() == 4 && groups.all(|group| group.len() == 4)
            };
            code = lines.map(str::trim).find(groups).map(str::to_owned);
            code.is_some()
        })
        .await;
        let code = code.unwrap();
        let mut secrets = self.secrets();
        secrets.add("an undo code", &code);
        secrets.add("an undo code", &code.replace('-', ""));
        code
    }

    /// Waits until the mail server was asked about this many receivers.
    pub async fn letters_tried(&self, count: usize) {
        let tried = async || self.smtp.receivers().len() >= count;
        eventually("another letter is tried", tried).await;
    }

    /// Runs a command beside the server, with the same settings. Returns its output.
    pub async fn command(&self, arguments: &str) -> String {
        let ended = program(arguments, &self.settings, &self.database).run();
        let ended = ended.await;
        assert_eq!(ended.code, Some(0), "{}", ended.said);
        ended.said
    }

    /// Ends the server. Returns everything it wrote, and what must not be in it.
    pub async fn end(mut self) -> (String, Secrets) {
        self.server.terminate();
        assert!(self.server.ended().await.success());
        eventually("the last line", async || {
            self.server.written().contains("Finished")
        })
        .await;
        (self.server.written(), self.secrets.into_inner().unwrap())
    }
}

fn program(arguments: &str, settings: &str, database: &TestDatabase) -> Program {
    let mut url = database.url();
    if database.engine() == Engine::Postgres {
        // The tests' own cluster takes any password.
        let user = format!("//postgres:{DATABASE_PASSWORD}@");
        url = url.replace("//postgres@", &user);
        assert!(url.contains(DATABASE_PASSWORD));
    }
    Program::new(arguments)
        .toml(settings)
        .env("BELAY_DATABASE__URL", &url)
        .env("BELAY_AUTH__SECRET", AUTH_SECRET)
        .env("RUST_LOG", "trace")
}

//! A client that sends GraphQL requests to the schema in this process.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::anyhow;
use async_graphql::{Request, Variables};
use serde_json::{Value, json};

use crate::account::token;
use crate::app::App;
use crate::dev_outbox::Sent;
use crate::error::Fault;
use crate::graphql::context::Sender;
use crate::schema::{self, BelaySchema};
use crate::viewer::{SignedIn, Viewer};
use crate::worker::Worker;

use super::community::PASSPHRASE;
use super::people::Person;

/// Sends requests for all members of the demonstration.
pub(super) struct Client {
    pub app: App,
    schema: BelaySchema,
    worker: Worker,
}

/// The last byte of a member's IP address. Each member has a separate one, because limits are per address.
#[derive(Clone, Copy)]
pub(super) struct Seat(pub u8);

impl Client {
    pub fn new(app: App) -> Self {
        Self {
            schema: schema::build(app.clone()),
            worker: Worker::new(app.clone()),
            app,
        }
    }

    /// Sends a document with one root field. Returns its payload, or a fault if it holds an error.
    pub async fn ask(
        &self,
        seat: Seat,
        viewer: Viewer,
        document: &str,
        input: Value,
    ) -> Result<Value, Fault> {
        let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, seat.0));
        let request =
            Request::new(document).variables(Variables::from_json(json!({ "input": input })));
        let request = schema::sent_by(request, Sender::new(viewer, address));
        let response = self.schema.execute(request).await;
        if let Some(error) = response.errors.first() {
            return Err(anyhow!("the demonstration: {}", error.message).into());
        }
        let Value::Object(data) = response.data.into_json()? else {
            return Err(Fault::Broken("a mutation answers an object"));
        };
        let payload = data.into_iter().next().map(|(_, payload)| payload);
        let payload = payload.ok_or(Fault::Broken("a mutation answers a payload"))?;
        match payload["errors"]
            .as_array()
            .and_then(|errors| errors.first())
        {
            None => Ok(payload),
            Some(error) => Err(anyhow!("the demonstration: {error}").into()),
        }
    }

    /// Signs a person up, reads the code from the letter, and verifies it.
    pub async fn join(&self, seat: Seat, person: &Person) -> Result<SignedIn, Fault> {
        const SIGN_UP: &str =
            "mutation($input: SignUpInput!) { signUp(input: $input) { errors { code path } } }";
        const VERIFY: &str = "mutation($input: VerifyEmailInput!) { verifyEmail(input: $input) {
            credentials { accessToken } errors { code path } } }";
        let id: uuid::Uuid = self.app.ids.next();
        let email = person.email();
        let input = json!({ "id": id, "email": email, "passphrase": PASSPHRASE, "handle": person.handle,
            "timeZone": person.zone, "country": person.country, "locale": "en", "adult": true,
            "termsVersion": self.app.config.auth.terms_version });
        self.ask(seat, Viewer::Anonymous, SIGN_UP, input).await?;
        self.worker.drain().await?;
        let code = self.mailed_code(&email)?;
        let input = json!({ "signUpId": id, "code": code, "deviceName": "A phone" });
        let verified = self.ask(seat, Viewer::Anonymous, VERIFY, input).await?;
        let access = verified["credentials"]["accessToken"].as_str();
        access
            .and_then(|access| token::verify(&self.app.keys, access, self.app.clock.now()))
            .map(|access| access.who)
            .ok_or(Fault::Broken("who has verified is signed in"))
    }

    fn mailed_code(&self, email: &str) -> Result<String, Fault> {
        let digits = |text: &str| {
            text.lines()
                .map(|line| line.split_whitespace().collect::<String>())
                .find(|line| line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let letters = self.app.dev_outbox.all().into_iter().rev();
        let mut codes = letters.filter_map(|sent| match sent {
            Sent::Mail { to, text, .. } if to == email => digits(&text),
            _ => None,
        });
        codes
            .next()
            .ok_or(Fault::Broken("a sign-up is mailed its code"))
    }
}

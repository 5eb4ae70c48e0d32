//! Sending by SMTP (RFC 5321).

use std::sync::{PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use anyhow::anyhow;
use chrono::{DateTime, Utc};
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::{AsyncSmtpTransportBuilder, Error, PoolConfig};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::ExposeSecret as _;

use super::{Delivery, Letter, MailerError};
use crate::config::{MailConfig, SmtpConfig, SmtpSecurity};
use crate::error::Fault;

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// The most connections kept open for the next letters.
const KEPT_OPEN: u32 = 4;

/// A mail server, and a few connections to it.
pub(super) struct Smtp {
    from: Mailbox,
    builder: AsyncSmtpTransportBuilder,
    transport: RwLock<Transport>,
    timeout: Duration,
}

impl Smtp {
    pub fn new(config: &MailConfig) -> Result<Self, MailerError> {
        let from = config.from.parse().map_err(|_| MailerError::From)?;
        let builder = builder(&config.smtp)?;
        Ok(Self {
            from,
            transport: RwLock::new(builder.clone().build()),
            builder,
            timeout: Duration::from_secs(config.smtp.timeout_seconds),
        })
    }

    pub async fn send(&self, letter: &Letter, at: DateTime<Utc>) -> Result<Delivery, Fault> {
        // The library does not parse every address that sign-up accepts. Another try would not change that.
        let Ok(to) = letter.to.parse::<Address>() else {
            return Ok(Delivery::Refused);
        };
        let message = self.message(letter, to, at)?;
        let transport = self.transport();
        match self.in_time(&transport, transport.send(message)).await? {
            Ok(_) => Ok(Delivery::Accepted),
            Err(fault) if is_final(&fault, &letter.to) => {
                let status = fault.status().map(u16::from);
                tracing::warn!(status, "the mail server refused a letter for good");
                Ok(Delivery::Refused)
            }
            Err(fault) => Err(describe(&fault)),
        }
    }

    pub async fn check(&self) -> Result<(), Fault> {
        let transport = self.transport();
        match self
            .in_time(&transport, transport.test_connection())
            .await?
        {
            Ok(true) => Ok(()),
            Ok(false) => Err(anyhow!("the mail server answers, but not to NOOP").into()),
            Err(fault) => Err(describe(&fault)),
        }
    }

    fn message(&self, letter: &Letter, to: Address, at: DateTime<Utc>) -> Result<Message, Fault> {
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject.as_str())
            .date(SystemTime::from(at))
            .message_id(None)
            // RFC 3834 §5: automatic responders must not answer.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.clone())
            .map_err(|_| Fault::Broken("a letter with a sender and a receiver can be written"))
    }

    fn transport(&self) -> Transport {
        let transport = self.transport.read();
        transport.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs `work`, but gives up after the configured time: the library bounds only the connecting. Its pool would
    /// take back a connection in the middle of a dialogue, and the next letter would read this one's answers. So the
    /// whole pool is replaced first.
    async fn in_time<T>(
        &self,
        transport: &Transport,
        work: impl Future<Output = T>,
    ) -> Result<T, Fault> {
        let mut work = Box::pin(work);
        if let Ok(done) = tokio::time::timeout(self.timeout, &mut work).await {
            return Ok(done);
        }
        {
            let mut current = self
                .transport
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            *current = self.builder.clone().build();
        }
        transport.shutdown().await;
        drop(work);
        Err(anyhow!("smtp: no answer in time").into())
    }
}

fn builder(config: &SmtpConfig) -> Result<AsyncSmtpTransportBuilder, MailerError> {
    let tls = || {
        TlsParameters::new(config.host.clone()).map_err(|fault| MailerError::Tls(fault.to_string()))
    };
    let tls = match config.security {
        SmtpSecurity::Starttls => Tls::Required(tls()?),
        SmtpSecurity::Tls => Tls::Wrapper(tls()?),
        SmtpSecurity::None => Tls::None,
    };
    let mut builder = Transport::builder_dangerous(config.host.as_str())
        .port(config.port)
        .tls(tls)
        .timeout(Some(Duration::from_secs(config.timeout_seconds)))
        .pool_config(PoolConfig::new().max_size(KEPT_OPEN));
    if !config.username.is_empty() {
        builder = builder.credentials(Credentials::new(
            config.username.clone(),
            config.password.expose_secret().to_owned(),
        ));
    }
    Ok(builder)
}

/// Whether the server would refuse the same letter again: it refused (5yz) the letter or its recipient. Statuses about
/// the session do not count, because an operator may mend the cause: 500 to 504, 521, 523, 530 to 538 (RFC 4954 §6),
/// and 554, which may be the server's greeting.
fn is_final(fault: &Error, to: &str) -> bool {
    let about_the_session = |status: u16| matches!(status, 500..=504 | 521 | 523 | 530..=538 | 554);
    let refused = fault.is_permanent()
        && !fault
            .status()
            .is_some_and(|status| about_the_session(status.into()));
    // The library's own error for an address that needs SMTPUTF8 (RFC 6531) on a server without it.
    refused || (fault.is_client() && !to.is_ascii())
}

/// Describes what went wrong, without the server's answer, which may quote an address.
fn describe(fault: &Error) -> Fault {
    let what = if let Some(status) = fault.status() {
        return anyhow!("smtp: status {status}").into();
    } else if fault.is_tls() {
        "TLS failed"
    } else if fault.is_timeout() {
        "no answer in time"
    } else if fault.is_response() {
        "an answer that is not SMTP"
    } else if fault.is_client() {
        "the server does not offer what is configured"
    } else {
        "no connection"
    };
    anyhow!("smtp: {what}").into()
}

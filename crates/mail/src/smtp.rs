//! Handing messages to a mail server by SMTP.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials as SmtpCredentials;
use lettre::transport::smtp::client::{Certificate, Tls as SmtpTls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use wire::line::with_causes;

use crate::{Mailer, Message, SendError, Sender};

/// How long one step of the conversation with the mail server may take.
const STEP_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the whole conversation may take.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(120);

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Not at all; usual port 25. For a mail server on the same machine.
    None,
    /// Begins in the open and must turn to TLS before anything else is said; usual port 587.
    StartTls,
    /// TLS from the first byte; usual port 465.
    Implicit,
}

impl Tls {
    /// The port used when none is given.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::None => 25,
            Self::StartTls => 587,
            Self::Implicit => 465,
        }
    }
}

/// The name and password this server has at the mail server. `Debug` does not show the password.
#[derive(Clone)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({}, …)", self.user)
    }
}

/// Where the mail server is and how to talk to it.
#[derive(Debug, Clone)]
pub struct SmtpConfig {
    /// Its host name, which its certificate must bear.
    pub host: String,
    /// Its port; `None` for the usual one.
    pub port: Option<u16>,
    /// How the connection is protected.
    pub tls: Tls,
    /// Who we are there, if it asks.
    pub credentials: Option<Credentials>,
    /// A certificate authority (PEM) trusted besides those of the system.
    pub extra_root: Option<Vec<u8>>,
    /// The name this server gives itself in the greeting; usually the host of its public URL.
    pub hello: String,
    /// Who messages come from.
    pub from: Sender,
}

/// Why a configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmtpConfigError {
    /// A password would travel in the open.
    #[error(
        "The mail password would cross the network unprotected. Use starttls or implicit TLS, or leave the password out."
    )]
    PasswordInTheOpen,
    /// The certificates cannot be loaded.
    #[error("The certificates for the mail server cannot be used: {0}.")]
    Certificates(String),
}

/// Sends through a mail server, over a new connection for each message.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Sender,
    place: String,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Smtp({})", self.place)
    }
}

impl Smtp {
    /// Prepares the way to the mail server; connects to nothing yet.
    ///
    /// # Errors
    /// [`SmtpConfigError`].
    pub fn new(config: SmtpConfig) -> Result<Self, SmtpConfigError> {
        if config.credentials.is_some() && config.tls == Tls::None && !is_this_machine(&config.host) {
            return Err(SmtpConfigError::PasswordInTheOpen);
        }
        let port = config.port.unwrap_or(config.tls.default_port());
        let tls = match config.tls {
            Tls::None => SmtpTls::None,
            Tls::StartTls => SmtpTls::Required(tls_parameters(&config)?),
            Tls::Implicit => SmtpTls::Wrapper(tls_parameters(&config)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(port)
            .tls(tls)
            .timeout(Some(STEP_TIMEOUT))
            .hello_name(ClientId::Domain(config.hello));
        if let Some(Credentials { user, password }) = config.credentials {
            builder = builder.credentials(SmtpCredentials::new(user, password));
        }
        let place = format!("{}:{port}", config.host);
        Ok(Self { transport: builder.build(), from: config.from, place })
    }
}

#[async_trait]
impl Mailer for Smtp {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        let mail = message.render(&self.from)?;
        match tokio::time::timeout(TOTAL_TIMEOUT, self.transport.send(mail)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(explain(&self.place, &error)),
            Err(_) => Err(SendError::Temporary(format!(
                "the mail server {} took longer than {} s",
                self.place,
                TOTAL_TIMEOUT.as_secs()
            ))),
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn tls_parameters(config: &SmtpConfig) -> Result<TlsParameters, SmtpConfigError> {
    let refusal = |error: Error| SmtpConfigError::Certificates(with_causes(&error));
    let mut builder = TlsParameters::builder(config.host.clone());
    if let Some(pem) = &config.extra_root {
        if !pem.starts_with(b"-----BEGIN") && !pem.windows(11).any(|line| line == b"\n-----BEGIN") {
            return Err(SmtpConfigError::Certificates(
                "the file holds no certificate in PEM form".to_owned(),
            ));
        }
        builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(refusal)?);
    }
    builder.build_rustls().map_err(refusal)
}

/// Only what the server says of this message for good is permanent. That it does not know *us* (authentication)
/// is a configuration that can be put right, and the message waits for that.
fn explain(place: &str, error: &Error) -> SendError {
    const AUTHENTICATION: [&str; 4] = ["530", "534", "535", "538"];
    let status = error.status().map(|code| code.to_string()).unwrap_or_default();
    let said = with_causes(error);
    if AUTHENTICATION.contains(&status.as_str()) {
        SendError::Temporary(format!(
            "the mail server {place} does not accept our user name and password ({said})"
        ))
    } else if error.is_permanent() {
        SendError::Permanent(format!("the mail server {place} said {said}"))
    } else {
        SendError::Temporary(format!("the mail server {place} gave no acceptance ({said})"))
    }
}

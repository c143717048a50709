//! The way that letters take: a mail server, or a folder where there is none.

use std::net::SocketAddr;

use ::mail::{Credentials, Mailer, OutboxFolder, Sender, SmtpConfig, Tls};
use anyhow::{Context, bail};

use crate::Config;
use crate::config::{MailTls, Smtp};

/// The folder of the data directory that letters are written into.
const FOLDER: &str = "outbox";

/// Prepares the way; connects to nothing yet.
///
/// # Errors
/// A sentence that says what is wrong with the configuration.
pub(crate) fn mailer(config: &Config, bound: SocketAddr) -> anyhow::Result<Box<dyn Mailer>> {
    let from = config.mail.from.parse().context("the setting mail.from cannot be used")?;
    let from =
        Sender::new(&config.mail.from_name, from).context("the setting mail.from_name cannot be used")?;
    let Some(smtp) = &config.mail.smtp else {
        let folder = config.data_dir.join(FOLDER);
        // Letters carry sign-in links.
        crate::folder::make(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        return Ok(Box::new(OutboxFolder::new(folder, from)));
    };
    let prepared = ::mail::Smtp::new(SmtpConfig {
        host: smtp.host.clone(),
        port: smtp.port,
        tls: match smtp.tls {
            MailTls::Implicit => Tls::Implicit,
            MailTls::StartTls => Tls::StartTls,
            MailTls::None => Tls::None,
        },
        credentials: credentials(smtp)?,
        extra_root: match &smtp.authority {
            None => None,
            Some(path) => Some(
                std::fs::read(path)
                    .with_context(|| format!("cannot read the certificate {}", path.display()))?,
            ),
        },
        hello: hello(&config.public_url(bound)),
        from,
    });
    Ok(Box::new(prepared.context("the settings of the mail server cannot be used")?))
}

fn credentials(smtp: &Smtp) -> anyhow::Result<Option<Credentials>> {
    match (&smtp.user, &smtp.password) {
        (None, None) => Ok(None),
        (Some(user), Some(password)) => {
            Ok(Some(Credentials { user: user.clone(), password: password.expose().to_owned() }))
        }
        _ => bail!("mail.smtp needs both user and password, or neither"),
    }
}

/// The host of an address, without scheme, port and path.
fn hello(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    authority.rsplit_once(':').map_or(authority, |(host, _)| host).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_is_the_host_alone() {
        assert_eq!(hello("https://operon.example.org/"), "operon.example.org");
        assert_eq!(hello("http://127.0.0.1:8080"), "127.0.0.1");
    }
}

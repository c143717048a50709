//! The outbox of letters: written with the change that causes them, sent by a periodic job.

use std::sync::Arc;

use futures::stream::{self, StreamExt as _};
use mail::{Message, SendError};
use policy::Action;
use secrets::code;
use store::access::{Settings, facts_about};
use store::account::Account;
use store::keys::AccountKey;
use store::one_time_code::{self, Purpose};
use store::outbox::{self, Item, Kind};
use store::{account, db::Tx};
use wire::id::ContainerId;

use crate::context::App;
use crate::error::{Error, Result};
use crate::links;
use crate::mail_text::{self, Facts, Letter};
use crate::work::Work;

/// Letters taken at once.
const BATCH: u32 = 16;
/// Letters of one reader that are looked through; many more than links are sent in the time that letters wait at most.
const MAX_WAITING: u32 = 10_000;
/// Letters on their way at the same time.
const AT_ONCE: usize = 4;
/// How long a letter belongs to whoever took it, in ms; longer than a mail server is waited for.
const CLAIM_MS: i64 = 10 * MINUTE_MS;
/// The pause after the first failed attempt, in ms; it doubles with each.
const FIRST_PAUSE_MS: i64 = MINUTE_MS;
/// The longest pause, in ms.
const LONGEST_PAUSE_MS: i64 = 6 * HOUR_MS;
/// A letter that could not be sent for this long is given up, in ms.
const PATIENCE_MS: i64 = 5 * 24 * HOUR_MS;
/// How long sent and given-up letters stay in the outbox, in ms.
const KEPT_MS: i64 = 30 * 24 * HOUR_MS;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

impl Work<'_> {
    /// Sends a letter to a user as soon as this transaction is committed.
    ///
    /// # Errors
    /// The store's.
    pub fn mail(&self, to: AccountKey, letter: &Letter) -> Result<()> {
        queue(self.tx, to, letter, self.now())
    }

    /// Takes the letters with links out that wait to be sent to a user.
    ///
    /// # Errors
    /// The store's.
    pub(crate) fn withdraw_links(&self, to: AccountKey) -> Result<()> {
        for (key, payload) in outbox::waiting(self.tx, to, MAX_WAITING)? {
            let letter = serde_json::from_value::<Letter>(payload).ok();
            if letter.as_ref().and_then(Ticket::of).is_some() {
                outbox::withdraw(self.tx, key)?;
            }
        }
        Ok(())
    }
}

/// See [`Work::mail`].
pub(crate) fn queue(tx: &Tx, to: AccountKey, letter: &Letter, now: i64) -> Result<()> {
    let payload = serde_json::to_value(letter).map_err(Error::internal)?;
    outbox::add(tx, Kind::Mail, Some(to), &payload, now)?;
    Ok(())
}

impl App {
    /// Sends what is due, and forgets what was done long ago. A periodic job.
    ///
    /// # Errors
    /// The store's. That a letter cannot be sent is written beside it and is no error.
    pub async fn send_mail(self: Arc<Self>) -> Result<()> {
        let now = self.clock.now();
        while self.db.read(move |tx| Ok::<_, Error>(outbox::any_due(tx, now)?)).await? {
            let claim =
                move |tx: &Tx| Ok::<_, Error>(outbox::claim(tx, Kind::Mail, now, now + CLAIM_MS, BATCH)?);
            let items = self.db.write(claim).await?;
            if items.is_empty() {
                break;
            }
            let mut sending =
                stream::iter(items).map(|item| Arc::clone(&self).send(item)).buffer_unordered(AT_ONCE);
            while let Some(sent) = sending.next().await {
                sent?;
            }
        }
        Ok(())
    }

    /// Removes what was sent or given up long ago. A periodic job.
    ///
    /// # Errors
    /// The store's.
    pub async fn forget_mail(self: Arc<Self>) -> Result<()> {
        let before = self.clock.now() - KEPT_MS;
        self.db.write(move |tx| Ok::<_, Error>(outbox::forget(tx, before, 500)?)).await?;
        Ok(())
    }

    async fn send(self: Arc<Self>, item: Item) -> Result<()> {
        let (key, created, attempts) = (item.key, item.created, item.attempts);
        let outcome = match self.compose(item).await? {
            Ok(Some(message)) => self.mailer.send(&message).await,
            Ok(None) => return Ok(()),
            Err(why) => Err(SendError::Permanent(why)),
        };
        let now = self.clock.now();
        self.db
            .write(move |tx| {
                match &outcome {
                    Ok(()) => outbox::sent(tx, key, now)?,
                    Err(SendError::Temporary(_)) if now < created + PATIENCE_MS => {
                        outbox::postpone(tx, key, now + pause_after(attempts), &why(&outcome))?;
                    }
                    Err(_) => outbox::give_up(tx, key, now, &why(&outcome))?,
                }
                if let Err(error) = &outcome {
                    tracing::warn!(letter = key.number(), attempts, %error, "a letter was not sent");
                }
                Ok::<_, Error>(())
            })
            .await
    }

    /// The message of a letter, with a fresh one-time code where it needs one; or why there is none. Nothing is to be sent,
    /// and nobody has to know, when the letter was withdrawn, or its reader has no address: the account was closed, or never
    /// had one.
    async fn compose(self: &Arc<Self>, item: Item) -> Result<Result<Option<Message>, String>> {
        let letter: Letter = match serde_json::from_value(item.payload.clone()) {
            Ok(letter) => letter,
            Err(error) => {
                return Ok(Err(format!("the letter is of a kind this version does not know ({error})")));
            }
        };
        let Some(reader) = item.account else { return Ok(Err("the letter has no reader".to_owned())) };
        let code = code::mint(self.random_bytes());
        let now = self.clock.now();
        let server = self.options.public_url.clone();
        let settings = self.options.access(now);
        let ticket = Ticket::of(&letter);
        let link = ticket
            .as_ref()
            .map_or_else(String::new, |ticket| links::with_code(&self.options, ticket.page, code.expose()));
        let hash = ticket.as_ref().and_then(|ticket| code::hash(ticket.secret, code.expose()));
        let key = item.key;
        let written = self
            .db
            .write(move |tx| {
                if !outbox::is_waiting(tx, key)? {
                    return Ok::<_, Error>(None);
                }
                let account = account::by_key(tx, reader)?;
                let address = match &letter {
                    Letter::ConfirmAddress { to } | Letter::AddressChanged { to } => Some(to.clone()),
                    _ => account.email.clone(),
                };
                let Some(address) = address else {
                    outbox::withdraw(tx, key)?;
                    return Ok(None);
                };
                let mut facts = Facts {
                    handle: account.handle.clone(),
                    server: server.clone(),
                    link: link.clone(),
                    ..names(tx, &settings, &account, &letter)?
                };
                if let (Some(ticket), Some(hash)) = (&ticket, &hash) {
                    facts.hours = ticket.life_ms / HOUR_MS;
                    let detail = if ticket.purpose == Purpose::EmailChange { address.as_str() } else { "" };
                    let expires = now + ticket.life_ms;
                    one_time_code::insert(tx, hash, ticket.purpose, Some(reader), detail, now, expires)?;
                }
                Ok(Some((address, mail_text::write(&letter, &facts))))
            })
            .await?;
        let Some((address, (subject, text))) = written else { return Ok(Ok(None)) };
        let id = format!("{}-{}", item.created, item.key.number());
        Ok(address
            .parse()
            .and_then(|to| Message::new(id, item.created, to, subject, text))
            .map(Some)
            .map_err(|error| error.to_string()))
    }
}

/// The one-time code that a letter carries.
struct Ticket {
    purpose: Purpose,
    secret: code::Purpose,
    page: &'static str,
    life_ms: i64,
}

impl Ticket {
    fn of(letter: &Letter) -> Option<Self> {
        match letter {
            Letter::Activation { .. } => Some(Self {
                purpose: Purpose::Activation,
                secret: code::Purpose::Activation,
                page: links::ACTIVATE,
                life_ms: 7 * 24 * HOUR_MS,
            }),
            Letter::PasswordReset => Some(Self {
                purpose: Purpose::PasswordReset,
                secret: code::Purpose::PasswordReset,
                page: links::RESET_PASSWORD,
                life_ms: HOUR_MS,
            }),
            Letter::ConfirmAddress { .. } => Some(Self {
                purpose: Purpose::EmailChange,
                secret: code::Purpose::EmailChange,
                page: links::CONFIRM_EMAIL,
                life_ms: 24 * HOUR_MS,
            }),
            _ => None,
        }
    }
}

/// The names in a letter, as its reader may know them when it is sent. A project that the reader does not see by then, or
/// that holds protected health information, is called by its id (contract 7).
fn names(tx: &Tx, settings: &Settings, reader: &Account, letter: &Letter) -> Result<Facts> {
    let mut facts = Facts::default();
    match letter {
        Letter::ProjectInvited { project, .. } | Letter::SelfInvited { project, .. } => {
            facts.project = project_name(tx, settings, reader, project)?;
        }
        Letter::OrgInvited { org, .. } => {
            facts.org = store::org::name_of(tx, org)?.unwrap_or_else(|| org.to_string());
        }
        _ => {}
    }
    Ok(facts)
}

fn project_name(tx: &Tx, settings: &Settings, reader: &Account, id: &ContainerId) -> Result<String> {
    if let Some(project) = store::project::by_id(tx, id)?
        && !project.flags.contains_phi
        && policy::decide(&facts_about(tx, reader, settings, &project)?, Action::SeeProject).allowed()
    {
        return Ok(format!("\"{}\"", project.name));
    }
    Ok(id.to_string())
}

fn why(outcome: &Result<(), SendError>) -> String {
    match outcome {
        Ok(()) => String::new(),
        Err(SendError::Temporary(why) | SendError::Permanent(why)) => why.clone(),
    }
}

fn pause_after(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.clamp(1, 20) - 1).unwrap_or(0);
    (FIRST_PAUSE_MS << doublings).min(LONGEST_PAUSE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_stop_growing() {
        assert_eq!([1, 2, 3].map(pause_after), [MINUTE_MS, 2 * MINUTE_MS, 4 * MINUTE_MS]);
        assert_eq!(pause_after(50), LONGEST_PAUSE_MS);
    }
}

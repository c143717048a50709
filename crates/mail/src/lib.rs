//! Sending mail: one interface, three ways.
//!
//! [`Smtp`] hands messages to a mail server, [`OutboxFolder`] writes them as files for a server without mail, and
//! [`Memory`] keeps them for tests. Nothing is retried here: the durable outbox in the database calls
//! [`Mailer::send`] again after a [`SendError::Temporary`] and gives up after a [`SendError::Permanent`].

mod folder;
mod memory;
mod message;
mod smtp;

use async_trait::async_trait;

pub use folder::OutboxFolder;
pub use memory::Memory;
pub use message::{Address, MAX_SUBJECT_CHARS, MAX_TEXT_LEN, Message, MessageError, Sender};
pub use smtp::{Credentials, Smtp, SmtpConfig, SmtpConfigError, Tls};

/// A way to send mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends one message and returns when it is in safe hands: accepted by the mail server, or durable on disk.
    ///
    /// Sending the same message twice is harmless as far as that can be had: it carries the same `Message-ID`, and
    /// in a folder it takes the same name.
    ///
    /// # Errors
    /// [`SendError`], which says whether trying again makes sense.
    async fn send(&self, message: &Message) -> Result<(), SendError>;
}

/// Why a message was not sent. The text holds nothing of the message itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Trying again later may work: no connection, a busy server, a wrong configuration that can be put right.
    #[error("The message could not be sent now and will be tried again: {0}.")]
    Temporary(String),
    /// Trying again will not work: the server refused this message for good.
    #[error("The message was refused for good: {0}.")]
    Permanent(String),
}

impl SendError {
    /// Whether the outbox should try again.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Temporary(_))
    }
}

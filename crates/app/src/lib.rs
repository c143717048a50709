//! The use cases of Operon: load, decide, change, audit, notify. No HTTP, no SQL, no HTML.

pub mod account;
pub mod archive;
pub mod audit_log;
mod billing;
pub mod cloning;
mod collect;
pub mod connection;
pub mod context;
mod copies;
pub mod error;
pub mod event;
pub mod fixture;
pub mod options;
mod party;
mod person;
pub mod work;

pub mod external;
pub mod folder;
pub mod jobs;
pub mod links;
pub mod mail_text;
pub mod mailer;
pub mod member;
pub mod memory;
pub mod nonce;
pub mod object;
pub mod org;
mod passwords;
pub mod project;
pub mod remove;
pub mod repeatable;
pub mod search;
pub mod session;
pub mod sign_in;
mod tasks;
pub mod token;
pub mod transfer;
pub mod user;
pub mod visible;

pub use context::{App, Clock, Ctx, Door, LogSigner, Random, RequestInfo};
pub use copies::Copy;
pub use error::{Error, Result};
pub use memory::Memory;
pub use work::Work;

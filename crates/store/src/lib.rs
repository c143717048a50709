//! Metadata: tables, SQL text and transactions, for SQLite and PostgreSQL alike.
//!
//! Every SQL statement of Operon stands in this crate. It knows `policy` for the permits that writing needs.

pub mod access;
pub mod account;
pub mod archive;
pub mod audit;
mod batch;
pub mod blob;
pub mod cloning;
pub mod closing;
pub mod collect;
pub mod db;
pub mod executable;
pub mod external_identity;
pub mod folder;
pub mod grant;
pub mod hold;
pub mod installation;
pub mod keys;
pub mod nonce;
pub mod notification;
pub mod object;
pub mod one_time_code;
pub mod org;
pub mod outbox;
pub mod part;
pub mod placement;
pub mod project;
pub mod removal;
pub mod schema;
pub mod seal;
pub mod search;
pub mod second_factor;
mod server_option;
pub mod sign_in_failure;
pub mod task;
pub mod text;
pub mod token;

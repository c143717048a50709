//! Periodic jobs: what the server does by itself, all on one screen.
//!
//! A job does a little, often; what it has not finished it finds again next time, so that a stop at any point costs
//! nothing. One that fails is logged and tried again at its next turn.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::context::App;
use crate::error::Result;

/// What one turn of a job gives back.
pub type Turn = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// A periodic job.
pub struct Job {
    /// Its name in logs and metrics.
    pub name: &'static str,
    /// How long it rests between two turns.
    pub every: Duration,
    /// One turn.
    pub turn: fn(Arc<App>) -> Turn,
}

/// Every job of the server.
pub const JOBS: &[Job] = &[Job {
    name: "audit log",
    every: Duration::from_millis(250),
    turn: |app| Box::pin(async move { app.fold_audit_log().await }),
}];

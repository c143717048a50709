//! The names of what lies in a data directory (docs/operating.md says what each of them is for).

/// The file of the embedded database.
pub(crate) const DATABASE: &str = "operon.sqlite";
/// The file of the keys that seal and sign.
pub(crate) const SERVER_KEY: &str = "server.key";
/// The file of the key that signs the audit log.
pub(crate) const AUDIT_KEY: &str = "audit.key";

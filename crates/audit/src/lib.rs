//! The tamper-evident audit log: events, a hash chain over them, and signed checkpoints (design 7).
//!
//! Everything here is pure: no I/O, no clock. The caller brings the time in the event and the bytes of the export.
//!
//! ```text
//! hash of the empty log = SHA-256("operon audit log v1\n"   ‖ origin)
//! hash of entry n       = SHA-256("operon audit entry v1\n" ‖ hash of entry n−1 ‖ n as 8 bytes, big-endian ‖ event)
//! checkpoint            = signed note over "origin\n" "n\n" "base64(hash of entry n)\n"
//! ```
//!
//! `event` is the stored text of the event, byte for byte ([`Event::encode`]); verifying never encodes again, so
//! nothing rests on two encoders agreeing. Positions count from 1, so the position of the last entry is the size of
//! the log. The chain alone shows damage; that nobody rewrote the whole chain is shown by the checkpoints, if they
//! and the public keys were kept where the operator of the database cannot reach them.

pub mod chain;
pub mod checkpoint;
pub mod event;
pub mod export;
pub mod note;
mod report;
pub mod rotation;
pub mod verify;

pub use chain::{Chain, Entry, Hash, Head};
pub use checkpoint::{Checkpoint, SignedCheckpoint};
pub use event::{AddressClass, Event, EventError, Outcome};
pub use export::verify_export;
pub use note::{PublicKey, SigningKey};
pub use rotation::Rotation;
pub use verify::{Broken, Fault, Report, TrustedKey, Verifier, entries};

//! What goes over the wire: ids, levels, method descriptors, requests, answers and error names.
//!
//! This crate knows nobody and does no I/O; every other crate may know it.

pub mod error;
pub mod id;
pub mod level;

pub use error::{ApiError, ErrorType};
pub use id::{Class, Id};
pub use level::Level;

//! What goes over the wire: ids, levels, method descriptors, requests, answers and error names.
//!
//! This crate knows nobody and does no I/O; every other crate may know it.

pub mod account;
pub mod answer;
pub mod archive;
pub mod audit;
pub mod container;
pub mod describe;
pub mod error;
pub mod executable;
pub mod execution;
pub mod fields;
pub mod folder;
pub mod id;
pub mod json;
pub mod level;
pub mod line;
pub mod link;
pub mod metadata;
pub mod method;
pub mod number;
pub mod object;
pub mod org;
pub mod page;
pub mod patch;
pub mod project;
pub mod query;
pub mod search;
pub mod system;
pub mod text;
pub mod time;
pub mod transfer;
pub mod user;
pub mod word;

pub use error::{ApiError, ErrorType};
pub use id::{Class, Id};
pub use level::Level;
pub use method::{METHODS, Method, MethodName};

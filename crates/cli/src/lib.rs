//! What the command line does without a server.

pub mod dx_env;

//! The command line's side of Operon: it speaks only the wire.

pub mod dx_env;

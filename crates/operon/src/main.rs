//! The `operon` program.
fn main() {}

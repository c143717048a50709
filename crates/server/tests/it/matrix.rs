//! What holds for every method: one list with a valid call of each, complete by a test, and tests that bend those calls.
//!
//! `samples` is the list, `cast` the people and things it names, `refusal` what every refusal must be like. The tests stand
//! in `callers` (who calls), `routes` (which id), `inputs` (which body), `events` (what the audit log says). A new method needs
//! a line in `samples`, no more.
//! `doors` does the same for the routes that are no method: bytes up and down, pages, and what machines ask for.

mod callers;
mod cast;
mod doors;
mod events;
mod inputs;
mod refusal;
mod routes;
mod samples;

use std::collections::BTreeSet;

use wire::MethodName;
use wire::method::METHODS;

use doors::doors;
use samples::samples;

/// A method without a call in the list is a method that nothing here looks at.
#[test]
fn every_method_has_a_sample() {
    let sampled: Vec<MethodName> = samples().iter().map(|sample| sample.method).collect();
    let unique: BTreeSet<MethodName> = sampled.iter().copied().collect();
    assert_eq!(sampled.len(), unique.len(), "a method has two samples");
    let missing: Vec<&str> = METHODS
        .iter()
        .map(|method| method.name)
        .filter(|name| !unique.contains(name))
        .map(MethodName::as_str)
        .collect();
    assert!(missing.is_empty(), "add a line for each of these to matrix/samples.rs: {missing:?}");
}

/// So is a route beside the methods: a door of bytes, a page, or what machines ask for.
#[test]
fn every_other_route_has_a_sample() {
    let sampled: BTreeSet<&str> = doors().iter().map(|door| door.path).collect();
    let routes: BTreeSet<&str> = server::http::paths().into_iter().collect();
    let missing: Vec<_> = routes.difference(&sampled).collect();
    assert!(missing.is_empty(), "add a line for each of these to matrix/doors.rs: {missing:?}");
    let stale: Vec<_> = sampled.difference(&routes).collect();
    assert!(stale.is_empty(), "there are no such routes any more: {stale:?}");
}

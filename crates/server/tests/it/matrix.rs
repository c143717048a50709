//! What holds for every method: one list with a valid call of each, complete by a test, and tests that bend those calls.
//!
//! `samples` is the list, `cast` the people and things it names, `refusal` what every refusal must be like. The tests stand
//! in `callers` (who calls), `routes` (which id), `inputs` (which body). A new method needs a line in `samples`, no more.

mod callers;
mod cast;
mod inputs;
mod refusal;
mod routes;
mod samples;

use std::collections::BTreeSet;

use wire::MethodName;
use wire::method::METHODS;

use samples::{NEVER, NOT_YET, WITHOUT_USERS, samples};

/// A method without a valid call in the list is a method that nothing here looks at.
#[test]
fn every_method_has_a_sample() {
    let sampled: Vec<MethodName> = samples().iter().map(|sample| sample.method).collect();
    let unique: BTreeSet<MethodName> = sampled.iter().copied().collect();
    assert_eq!(sampled.len(), unique.len(), "a method has two samples");
    let missing: Vec<&str> = METHODS
        .iter()
        .map(|method| method.name)
        .filter(|name| {
            !unique.contains(name)
                && !NOT_YET.contains(name)
                && !NEVER.contains(name)
                && !WITHOUT_USERS.contains(name)
        })
        .map(MethodName::as_str)
        .collect();
    assert!(missing.is_empty(), "add a line for each of these to matrix/samples.rs: {missing:?}");
    let stale: Vec<&str> =
        NOT_YET.iter().filter(|name| unique.contains(name)).map(|name| name.as_str()).collect();
    assert!(stale.is_empty(), "these have a sample now; take them from NOT_YET: {stale:?}");
}

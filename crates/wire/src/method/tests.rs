mod maker;
mod shapes;

use super::*;

#[test]
fn rows_stand_in_the_order_of_their_names() {
    for (place, method) in METHODS.iter().enumerate() {
        assert_eq!(method.name as usize, place, "{}", method.name.as_str());
    }
}

#[test]
fn no_route_is_listed_twice() {
    for (place, method) in METHODS.iter().enumerate() {
        for other in &METHODS[..place] {
            let same_subject = match (method.subject, other.subject) {
                (Subject::Word(a), Subject::Word(b)) => a == b,
                (Subject::Entity(a), Subject::Entity(b)) => a.iter().any(|class| b.contains(class)),
                _ => false,
            };
            assert!(
                !(same_subject && method.verb == other.verb),
                "{} and {}",
                method.name.as_str(),
                other.name.as_str()
            );
        }
    }
}

//! Points in time as the wire writes them: whole milliseconds since the Unix epoch, UTC.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z. In search filters a negative number means "before now".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

/// The farthest time to either side: every client can hold whole numbers up to here exactly.
const FARTHEST: i64 = 1 << 53;

impl Millis {
    /// The point itself, or the one that lies this far before `now` when it is negative.
    #[must_use]
    pub fn relative_to(self, now: Self) -> Self {
        if self.0 < 0 { Self(now.0.saturating_add(self.0)) } else { self }
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Millis {
    /// Accepts numbers with a fraction, which clients get when they compute with times; the fraction is dropped.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Millis;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a time in milliseconds since 1970")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Millis, E> {
                if (-FARTHEST..=FARTHEST).contains(&number) {
                    Ok(Millis(number))
                } else {
                    Err(E::custom("the time lies too far away"))
                }
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Millis, E> {
                self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Millis, E> {
                // The cast is exact within the range that is let through, and keeps to the ends of i64 outside of it.
                let out = number.abs() > FARTHEST as f64;
                self.visit_i64(if out { i64::MAX } else { number.trunc() as i64 })
            }
        }
        deserializer.deserialize_any(Number)
    }
}

impl JsonSchema for Millis {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Millis".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": -FARTHEST, "maximum": FARTHEST })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn reads_numbers() {
        assert_eq!(from_value::<Millis>(json!(1_700_000_000_000_i64)).unwrap(), Millis(1_700_000_000_000));
        assert_eq!(from_value::<Millis>(json!(12.75)).unwrap(), Millis(12));
        assert_eq!(from_value::<Millis>(json!(-5)).unwrap(), Millis(-5));
        for bad in [json!("12"), json!(null), json!(u64::MAX), json!(1e300), json!({})] {
            assert!(from_value::<Millis>(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn negative_times_count_back_from_now() {
        assert_eq!(Millis(-10).relative_to(Millis(100)), Millis(90));
        assert_eq!(Millis(10).relative_to(Millis(100)), Millis(10));
        assert_eq!(Millis(i64::MIN).relative_to(Millis(-1)), Millis(i64::MIN));
    }
}

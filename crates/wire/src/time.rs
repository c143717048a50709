//! Points in time as the wire writes them: whole milliseconds since the Unix epoch, UTC.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z. In search filters a negative number means "before now".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Millis(pub i64);

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
                Ok(Millis(number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Millis, E> {
                i64::try_from(number)
                    .map(Millis)
                    .map_err(|_| E::custom("the time lies too far in the future"))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Millis, E> {
                // The casts are exact within this range.
                const EXACT: f64 = 9_007_199_254_740_992.0;
                if number.abs() <= EXACT {
                    Ok(Millis(number.trunc() as i64))
                } else {
                    Err(E::custom("the time lies too far away"))
                }
            }
        }
        deserializer.deserialize_any(Number)
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

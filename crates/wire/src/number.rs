//! Checked numbers of inputs.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// Largest whole number that every client can hold exactly.
const MAX_WHOLE: u64 = 1 << 53;

/// A whole number from `MIN` to 2^53.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Whole<const MIN: u64>(u64);

impl<const MIN: u64> Whole<MIN> {
    /// The number.
    #[must_use]
    pub fn get(self) -> i64 {
        // At most 2^53, so that nothing is lost.
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }
}

impl<'de, const MIN: u64> Deserialize<'de> for Whole<MIN> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(deserializer)?.as_u64() {
            Some(number) if (MIN..=MAX_WHOLE).contains(&number) => Ok(Self(number)),
            _ => Err(D::Error::custom(format!("expected a whole number from {MIN} to 2^53"))),
        }
    }
}

impl<const MIN: u64> JsonSchema for Whole<MIN> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("WholeFrom{MIN}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX_WHOLE })
    }
}

/// A number of at least zero, such as a limit in money.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Amount(f64);

impl Amount {
    /// The number; finite.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        if number.is_finite() && number >= 0.0 {
            Ok(Self(number))
        } else {
            Err(D::Error::custom("expected a number of at least 0"))
        }
    }
}

impl JsonSchema for Amount {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0 })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn bounds_hold() {
        assert_eq!(from_value::<Whole<1>>(json!(1)).unwrap().get(), 1);
        assert_eq!(from_value::<Whole<0>>(json!(0)).unwrap().get(), 0);
        assert_eq!(from_value::<Whole<0>>(json!(1_u64 << 53)).unwrap().get(), 1 << 53);
        for bad in [json!(0), json!(-1), json!(1.5), json!("1"), json!((1_u64 << 53) + 1), json!(true)] {
            assert!(from_value::<Whole<1>>(bad.clone()).is_err(), "{bad}");
        }
        assert!(from_value::<Amount>(json!(2.5)).unwrap().get() > 2.0);
        for bad in [json!(-0.5), json!("1"), json!(null)] {
            assert!(from_value::<Amount>(bad.clone()).is_err(), "{bad}");
        }
    }
}

//! Values that go into and come out of the database.

use super::DbError;

/// One bound parameter or one column of a row. The five cases are all that both databases share.
///
/// Booleans are `Int(0)` and `Int(1)`, times are `Int` milliseconds since 1970, JSON is `Text`.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL null; binds to a column of any type.
    Null,
    /// BIGINT.
    Int(i64),
    /// DOUBLE PRECISION. NaN is refused when it is bound.
    Real(f64),
    /// TEXT. The character NUL is refused when it is bound.
    Text(String),
    /// BYTEA.
    Blob(Vec<u8>),
}

impl Value {
    fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Int(_) => "an integer",
            Value::Real(_) => "a real number",
            Value::Text(_) => "text",
            Value::Blob(_) => "bytes",
        }
    }

    /// About how many bytes it takes in memory.
    fn bytes(&self) -> usize {
        size_of::<Value>()
            + match self {
                Value::Text(text) => text.len(),
                Value::Blob(bytes) => bytes.len(),
                Value::Null | Value::Int(_) | Value::Real(_) => 0,
            }
    }
}

/// Refuses what only one of the databases would accept, so that both behave alike.
pub(super) fn check_params(params: &[Value]) -> Result<(), DbError> {
    if params.len() > MAX_PARAMS {
        return Err(DbError::Other(format!(
            "{} values were bound to one statement; at most {MAX_PARAMS} are possible",
            params.len()
        )));
    }
    for value in params {
        match value {
            Value::Text(text) if text.contains('\0') => {
                return Err(DbError::NulInText);
            }
            Value::Real(number) if number.is_nan() => {
                return Err(DbError::Constraint { rule: "a number must not be NaN".to_owned() });
            }
            _ => {}
        }
    }
    Ok(())
}

/// The most values one statement can bind: SQLite's limit, which is the smaller one.
pub const MAX_PARAMS: usize = 32_766;

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Value {
        Value::Int(value.into())
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Value {
        Value::Int(value.into())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Int(value.into())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Real(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Text(value.to_owned())
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Value {
        Value::Text(value.clone())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::Text(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Value {
        Value::Blob(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Value {
        Value::Blob(value.to_vec())
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(value: [u8; N]) -> Value {
        Value::Blob(value.to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// `params![a, b, c]`: a `&[Value]` from anything that converts into [`Value`].
#[macro_export]
macro_rules! params {
    () => { &[] as &[$crate::db::Value] };
    ($($value:expr),+ $(,)?) => { &[$($crate::db::Value::from($value)),+] as &[$crate::db::Value] };
}

/// One row of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub(super) columns: Vec<Value>,
}

impl Row {
    /// The column at this position (from 0) as a `T`; an error when it holds something else or is not there.
    pub fn get<T: FromValue>(&self, column: usize) -> Result<T, DbError> {
        let Some(value) = self.columns.get(column) else {
            return Err(DbError::Column {
                column,
                wanted: T::WANTED,
                found: "nothing (the row has fewer columns)",
            });
        };
        T::from_value(value).ok_or(DbError::Column { column, wanted: T::WANTED, found: value.type_name() })
    }

    /// How many columns the row has.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether the row has no column.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// About how many bytes the row takes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.columns.iter().map(Value::bytes).sum()
    }

    /// All columns in order.
    pub fn into_values(self) -> Vec<Value> {
        self.columns
    }
}

/// A type that a column can be read as.
pub trait FromValue: Sized {
    /// What the error calls this type.
    const WANTED: &'static str;
    /// The value as this type, or `None` when it is something else or out of range.
    fn from_value(value: &Value) -> Option<Self>;
}

impl FromValue for i64 {
    const WANTED: &'static str = "an integer";
    fn from_value(value: &Value) -> Option<i64> {
        match value {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }
}

impl FromValue for u64 {
    const WANTED: &'static str = "an integer of 0 or more";
    fn from_value(value: &Value) -> Option<u64> {
        i64::from_value(value)?.try_into().ok()
    }
}

impl FromValue for u32 {
    const WANTED: &'static str = "an integer from 0 to 4294967295";
    fn from_value(value: &Value) -> Option<u32> {
        i64::from_value(value)?.try_into().ok()
    }
}

impl FromValue for bool {
    const WANTED: &'static str = "0 or 1";
    fn from_value(value: &Value) -> Option<bool> {
        match value {
            Value::Int(0) => Some(false),
            Value::Int(1) => Some(true),
            _ => None,
        }
    }
}

impl FromValue for f64 {
    const WANTED: &'static str = "a real number";
    fn from_value(value: &Value) -> Option<f64> {
        match value {
            Value::Real(number) => Some(*number),
            _ => None,
        }
    }
}

impl FromValue for String {
    const WANTED: &'static str = "text";
    fn from_value(value: &Value) -> Option<String> {
        match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

impl FromValue for Vec<u8> {
    const WANTED: &'static str = "bytes";
    fn from_value(value: &Value) -> Option<Vec<u8>> {
        match value {
            Value::Blob(bytes) => Some(bytes.clone()),
            _ => None,
        }
    }
}

impl FromValue for Value {
    const WANTED: &'static str = "any value";
    fn from_value(value: &Value) -> Option<Value> {
        Some(value.clone())
    }
}

impl<T: FromValue> FromValue for Option<T> {
    const WANTED: &'static str = T::WANTED;
    fn from_value(value: &Value) -> Option<Option<T>> {
        match value {
            Value::Null => Some(None),
            other => T::from_value(other).map(Some),
        }
    }
}

//! Statements put together at run time, without a way to put user text into them.

use super::Value;

/// A statement built from static pieces and bound values.
///
/// Only `&'static str` becomes statement text and every other value becomes a numbered parameter, so nothing a user
/// typed can change what the statement does.
///
/// ```ignore
/// let mut sql = Sql::new("select id from object where project = ");
/// sql.bind(project).push(" and state in (").bind_list(states).push(")");
/// ```
#[derive(Debug, Clone)]
pub struct Sql {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
enum Piece {
    Text(&'static str),
    Bound(Value),
}

impl Sql {
    /// A statement that starts with this text.
    pub fn new(text: &'static str) -> Sql {
        Sql { pieces: vec![Piece::Text(text)] }
    }

    /// Appends text.
    pub fn push(&mut self, text: &'static str) -> &mut Sql {
        self.pieces.push(Piece::Text(text));
        self
    }

    /// Appends the next `$n` and binds the value to it.
    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Sql {
        self.pieces.push(Piece::Bound(value.into()));
        self
    }

    /// Appends `$n, $n+1, …`, one for each value, without parentheses; an empty list appends `null`, so that
    /// `x in (…)` is true for no row (and so is `x not in (…)`: leave that condition out when the list is empty). The caller bounds the length of the list; a statement can bind at most
    /// [`MAX_PARAMS`](super::MAX_PARAMS) values.
    pub fn bind_list<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Sql {
        let mut first = true;
        for value in values {
            if !first {
                self.push(", ");
            }
            first = false;
            self.bind(value);
        }
        if first {
            self.push("null");
        }
        self
    }

    /// Appends another built statement; its parameters are numbered on.
    pub fn push_sql(&mut self, other: Sql) -> &mut Sql {
        self.pieces.extend(other.pieces);
        self
    }

    /// The text with `$1 … $n`, and the values in that order.
    pub(super) fn build(&self) -> (String, Vec<Value>) {
        use std::fmt::Write as _;
        let mut text = String::new();
        let mut values = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Bound(value) => {
                    values.push(value.clone());
                    // Writing to a String cannot fail.
                    let _ = write!(text, "${}", values.len());
                }
            }
        }
        (text, values)
    }
}

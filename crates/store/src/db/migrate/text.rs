//! The text of a migration: split into statements, and written as the database at hand wants it.

use crate::db::DbKind;

/// Types that exist in one database only, or mean different things.
const FOREIGN_TYPES: [&str; 21] = [
    "integer",
    "int",
    "int4",
    "int8",
    "smallint",
    "boolean",
    "bool",
    "numeric",
    "decimal",
    "varchar",
    "char",
    "serial",
    "bigserial",
    "blob",
    "real",
    "float",
    "timestamp",
    "timestamptz",
    "jsonb",
    "any",
    "varbinary",
];

/// The statements of a migration for this database, without comments; a sentence when a word is not allowed.
pub(super) fn statements(sql: &str, kind: DbKind) -> Result<Vec<String>, String> {
    let mut statements = Vec::new();
    for tokens in tokens(sql)?.split(|token| *token == ";") {
        if tokens.iter().all(|token| *token == " ") {
            continue;
        }
        check(tokens)?;
        if kind == DbKind::Postgres && tokens.iter().any(|token| is_of_sqlite(token)) {
            continue;
        }
        let statement = match kind {
            DbKind::Postgres => for_postgres(tokens),
            DbKind::Sqlite => for_sqlite(tokens),
        };
        statements.push(statement.trim().to_owned());
    }
    Ok(statements)
}

/// Whether a word names a table of SQLite's own.
fn is_of_sqlite(token: &str) -> bool {
    token.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("sqlite_"))
}

fn check(tokens: &[&str]) -> Result<(), String> {
    for token in tokens {
        let word = token.to_ascii_lowercase();
        if FOREIGN_TYPES.contains(&word.as_str()) {
            return Err(format!(
                "it uses the type {token}; only BIGINT, TEXT, DOUBLE PRECISION and BYTEA are possible."
            ));
        }
        if word == "deferrable" {
            return Err(
                "it uses DEFERRABLE: such a rule would fail at the commit, which many transactions share."
                    .to_owned(),
            );
        }
    }
    Ok(())
}

/// The end of a table that is its primary key's own index, which only SQLite has.
const WITHOUT_ROWID: &[&str] = &["without", "rowid"];

fn for_postgres(tokens: &[&str]) -> String {
    let mut statement = String::new();
    let mut rest = tokens;
    while let Some(token) = rest.first() {
        if let Some(left) = after(rest, WITHOUT_ROWID) {
            rest = left;
        } else {
            statement.push_str(token);
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    statement
}

const SUBSTITUTIONS: [(&[&str], &str); 5] = [
    // STRICT follows.
    (WITHOUT_ROWID, "WITHOUT ROWID,"),
    // AUTOINCREMENT: a key that once meant something is never handed out again, as in PostgreSQL.
    (
        &["bigint", "generated", "by", "default", "as", "identity", "primary", "key"],
        "INTEGER PRIMARY KEY AUTOINCREMENT",
    ),
    (&["double", "precision"], "REAL"),
    (&["bigint"], "INTEGER"),
    (&["bytea"], "BLOB"),
];

fn for_sqlite(tokens: &[&str]) -> String {
    let mut statement = String::new();
    let mut rest = tokens;
    while let Some(token) = rest.first() {
        let substitution = SUBSTITUTIONS.iter().find_map(|(words, by)| Some((after(rest, words)?, *by)));
        let (left, text) = substitution.unwrap_or((rest.get(1..).unwrap_or_default(), token));
        statement.push_str(text);
        rest = left;
    }
    let start: Vec<_> = tokens
        .iter()
        .filter(|token| **token != " ")
        .take(2)
        .map(|token| token.to_ascii_lowercase())
        .collect();
    if start == ["create", "table"] {
        statement.truncate(statement.trim_end().len());
        statement.push_str(" STRICT");
    }
    statement
}

/// What follows these words at the start of the tokens, blanks between them left out.
fn after<'a, 'b>(tokens: &'b [&'a str], words: &[&str]) -> Option<&'b [&'a str]> {
    let mut rest = tokens;
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            while rest.first() == Some(&" ") {
                rest = rest.get(1..)?;
            }
        }
        if !rest.first()?.eq_ignore_ascii_case(word) {
            return None;
        }
        rest = rest.get(1..)?;
    }
    Some(rest)
}

/// Words, quoted pieces, single other characters, and `" "` for blanks and comments.
fn tokens(sql: &str) -> Result<Vec<&str>, String> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => 2 + rest.find("*/").ok_or("a comment does not end.")?,
            '\'' | '"' => {
                2 + rest.get(1..).and_then(|tail| tail.find(first)).ok_or("a quoted text does not end.")?
            }
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ if first.is_whitespace() => rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, tail) = rest.split_at(length);
        let is_blank = first.is_whitespace() || token.starts_with("--") || token.starts_with("/*");
        tokens.push(if is_blank { " " } else { token });
        rest = tail;
    }
    Ok(tokens)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

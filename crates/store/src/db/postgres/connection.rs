//! One PostgreSQL connection: connecting, statements prepared once, values and rows.

use std::collections::HashMap;
use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use bytes::BytesMut;
use tokio_postgres::config::Host;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Config, Statement};

use super::session::{PATIENCE, Patience, Session};
use crate::db::error::Fault;
use crate::db::{DbError, Row, Value};

/// How long to wait for each address of the server to take a connection.
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// How long what was sent may be on its way, and a connection be quiet before it is asked whether it is still there.
const NETWORK_WAIT: Duration = Duration::from_secs(30);
/// Nobody waits for a lock longer than for SQLite's, a statement ends, and a stuck server process does not hold locks for ever.
const SET_UP: &str = "set lock_timeout = '5s'; set statement_timeout = '30s'; set idle_in_transaction_session_timeout = '60s'; \
     select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') in ('off', 'local')";
/// Prepared statements kept per connection.
const STATEMENTS: usize = 512;
/// Rows read through a cursor at a time, and the bytes that they may take if they are like those before.
const FETCHED: usize = 256;
const FETCHED_BYTES: usize = 4 << 20;

/// Where the server is and how a session is set up.
pub(in crate::db) struct Server {
    config: Config,
    schema: Option<String>,
    patience: Patience,
}

impl Server {
    pub(in crate::db) fn new(url: &str, schema: Option<String>) -> Result<Server, DbError> {
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            DbError::Unavailable(format!(
                "its address cannot be read ({error}); write postgres://user:password@host/database"
            ))
        })?;
        config
            .application_name("operon")
            .connect_timeout(CONNECT_WAIT)
            .tcp_user_timeout(NETWORK_WAIT)
            .keepalives_idle(NETWORK_WAIT);
        let is_name = |name: &String| {
            name.len() <= 63
                && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
                && !name.is_empty()
        };
        if schema.as_ref().is_some_and(|name| !is_name(name)) {
            return Err(DbError::Other(
                "the schema name may have up to 63 lower-case letters, digits and underscores".to_owned(),
            ));
        }
        Ok(Server { config, schema, patience: PATIENCE })
    }

    /// With other bounds on how long it may be silent.
    #[cfg(test)]
    pub(in crate::db) fn within(self, patience: Patience) -> Server {
        Server { patience, ..self }
    }

    pub(in crate::db) fn connect(&self) -> Result<PgConnection, DbError> {
        let (client, session) =
            Session::connect(&self.config, self.patience).map_err(|fault| match fault.error {
                DbError::Other(why) => DbError::Unavailable(why),
                other => other,
            })?;
        let mut connection = PgConnection { client, session, statements: HashMap::new(), prepared: 0 };
        let mut set_up = SET_UP.to_owned();
        if let Some(schema) = &self.schema {
            // Quoted and checked in `new`.
            set_up.push_str(&format!("; set search_path to \"{schema}\""));
        }
        connection.batch(&set_up).map_err(|fault| fault.error)?;
        Ok(connection)
    }

    /// What an operator has to know of where the server is: whoever is on the way can read and change what goes there.
    pub(in crate::db) fn warning(&self) -> Option<String> {
        let names = self.config.get_hosts().iter().filter_map(|host| match host {
            Host::Tcp(name) => Some(name.clone()),
            Host::Unix(_) => None,
        });
        let addresses = self.config.get_hostaddrs();
        let far = match addresses {
            [] => names.filter(|name| !is_here(name)).collect::<Vec<_>>(),
            _ => addresses.iter().filter(|ip| !ip.is_loopback()).map(IpAddr::to_string).collect(),
        };
        (!far.is_empty()).then(|| {
            format!(
                "the connection to PostgreSQL on {} is not encrypted, since this server speaks no TLS with it: whoever can read along \
                 on the way sees metadata and the password of the database, and can change what is saved. Reach it through a \
                 local socket, a tunnel that ends on this machine, or a network that nobody else is in",
                far.join(", ")
            )
        })
    }

    /// Makes the schema, and refuses a database in which the same statements would answer differently.
    pub(super) fn check(&self, connection: &mut PgConnection) -> Result<(), DbError> {
        if let Some(schema) = &self.schema {
            // Two servers that start together may both try; the loser's error does not matter when the schema is there.
            let made = connection.batch(&format!("create schema if not exists \"{schema}\""));
            let there =
                connection.query("select 1 from pg_namespace where nspname = $1", &[schema.as_str().into()]);
            match (made, there.map_err(|fault| fault.error)?.is_empty()) {
                (Err(fault), true) => return Err(fault.error),
                _ => connection.batch("select 1").map_err(|fault| fault.error)?,
            }
        }
        let settings = connection
            .query(
                "select current_setting('server_version_num')::bigint, pg_encoding_to_char(encoding)::text, datcollate::text, \
                        current_setting('fsync') \
                 from pg_database where datname = current_database()",
                &[],
            )
            .map_err(|fault| fault.error)?;
        let Some(row) = settings.first() else {
            return Err(DbError::Other("it does not say how it is set up".to_owned()));
        };
        let (version, encoding, collation, fsync): (i64, String, String, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        if version < 130_000 {
            return Err(DbError::Unavailable(format!(
                "PostgreSQL 13 or later is needed, this is {}",
                version / 10_000
            )));
        }
        if encoding != "UTF8" || !matches!(collation.as_str(), "C" | "POSIX" | "C.UTF-8" | "C.utf8") {
            return Err(DbError::Unavailable(format!(
                "it has the encoding {encoding} and the collation {collation}, which order text differently. Make it with \
                 create database operon template template0 encoding 'UTF8' locale 'C'"
            )));
        }
        if fsync != "on" {
            tracing::warn!(
                "the PostgreSQL server runs with fsync off: a power failure can lose and damage data"
            );
        }
        Ok(())
    }
}

/// One session.
pub(in crate::db) struct PgConnection {
    client: Client,
    session: Session,
    /// By text, then by the types of the values: a statement is prepared for the types it is given.
    statements: HashMap<String, Vec<(Vec<Type>, Statement)>>,
    prepared: usize,
}

impl PgConnection {
    pub(in crate::db) fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, Fault> {
        let statement = self.prepare(sql, params)?;
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|value| value as _).collect();
        let rows = self.session.wait(self.client.query(&statement, &params))?;
        rows.iter().map(owned).collect()
    }

    pub(in crate::db) fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, Fault> {
        let statement = self.prepare(sql, params)?;
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|value| value as _).collect();
        self.session.wait(self.client.execute(&statement, &params))
    }

    /// Reads through a cursor, which ends with the transaction.
    pub(in crate::db) fn each(
        &mut self,
        name: &str,
        sql: &str,
        take: &mut dyn FnMut(Row) -> Result<(), DbError>,
    ) -> Result<(), Fault> {
        self.batch(&format!("declare \"each {name}\" no scroll cursor for {sql}"))?;
        let mut next = 1;
        loop {
            let rows = self.query(&format!("fetch {next} from \"each {name}\""), &[])?;
            if rows.is_empty() {
                return self.batch(&format!("close \"each {name}\""));
            }
            next = fetched_after(rows.iter().map(Row::bytes).max().unwrap_or(0));
            for row in rows {
                take(row).map_err(Fault::transaction)?;
            }
        }
    }

    /// Runs statements without values, in the simple protocol.
    pub(in crate::db) fn batch(&mut self, sql: &str) -> Result<(), Fault> {
        self.session.wait(self.client.batch_execute(sql))
    }

    /// Lets the statements of this transaction take as long as they take.
    pub(in crate::db) fn take_its_time(&mut self) -> Result<(), Fault> {
        self.session.wait_without_end(true);
        self.batch("set local statement_timeout = 0")
    }

    /// Ends what [`PgConnection::take_its_time`] began; the transaction is over.
    pub(super) fn in_usual_time(&mut self) {
        self.session.wait_without_end(false);
    }

    fn prepare(&mut self, sql: &str, params: &[Value]) -> Result<Statement, Fault> {
        let known = self.statements.get(sql).and_then(|variants| {
            variants.iter().find(|(types, _)| types.iter().eq(params.iter().map(type_of)))
        });
        if let Some((_, statement)) = known {
            return Ok(statement.clone());
        }
        let types: Vec<Type> = params.iter().map(|value| type_of(value).clone()).collect();
        let statement = self.session.wait(self.client.prepare_typed(sql, &types))?;
        if statement.params().len() != params.len() || !(1..=params.len()).all(|number| mentions(sql, number))
        {
            return Err(Fault::statement(DbError::Other(format!(
                "the statement uses {} different parameters, which must be $1 to ${}, one for each bound value",
                statement.params().len(),
                params.len()
            ))));
        }
        if self.prepared >= STATEMENTS {
            // Rare (text with lists of many lengths); preparing the common ones again is cheap.
            self.statements.clear();
            self.prepared = 0;
        }
        self.prepared += 1;
        self.statements.entry(sql.to_owned()).or_default().push((types, statement.clone()));
        Ok(statement)
    }
}

/// How many rows to fetch after some of which the largest took so many bytes; few different numbers, since each makes a
/// statement of its own.
fn fetched_after(largest: usize) -> usize {
    let fitting = FETCHED_BYTES / largest.max(1);
    if fitting >= FETCHED { FETCHED } else { (fitting + 1).next_power_of_two().div_ceil(2) }
}

/// Whether this host is the machine itself by its very name.
fn is_here(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether the text has this parameter; the server itself accepts a value that is not used when its type is said.
fn mentions(sql: &str, number: usize) -> bool {
    sql.split('$').skip(1).any(|rest| {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..digits).is_some_and(|digits| digits.parse() == Ok(number))
    })
}

/// Every value has its type said, so that the server does not guess; null fits every type.
fn type_of(value: &Value) -> &'static Type {
    match value {
        Value::Null => &Type::UNKNOWN,
        Value::Int(_) => &Type::INT8,
        Value::Real(_) => &Type::FLOAT8,
        Value::Text(_) => &Type::TEXT,
        Value::Blob(_) => &Type::BYTEA,
    }
}

fn owned(row: &tokio_postgres::Row) -> Result<Row, Fault> {
    let mut columns = Vec::with_capacity(row.len());
    for (index, column) in row.columns().iter().enumerate() {
        let value = row.try_get::<_, Value>(index).map_err(|_| {
            Fault::statement(DbError::Other(format!(
                "column {index} ({}) has the PostgreSQL type {}; cast it to bigint, text, double precision or bytea",
                column.name(),
                column.type_()
            )))
        })?;
        columns.push(value);
    }
    Ok(Row { columns })
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(number) => number.to_sql(ty, out),
            Value::Real(number) => number.to_sql(ty, out),
            Value::Text(text) => text.to_sql(ty, out),
            Value::Blob(bytes) => bytes.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Value, Box<dyn Error + Sync + Send>> {
        Ok(match *ty {
            Type::INT8 => Value::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Value::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Value::Int(i16::from_sql(ty, raw)?.into()),
            Type::BOOL => Value::Int(bool::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Value::Real(f64::from_sql(ty, raw)?),
            Type::FLOAT4 => Value::Real(f32::from_sql(ty, raw)?.into()),
            Type::BYTEA => Value::Blob(raw.to_vec()),
            Type::VOID => Value::Null,
            _ => Value::Text(String::from_sql(ty, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Value, Box<dyn Error + Sync + Send>> {
        Ok(Value::Null)
    }

    fn accepts(ty: &Type) -> bool {
        let ours = [
            Type::INT8,
            Type::INT4,
            Type::INT2,
            Type::BOOL,
            Type::FLOAT8,
            Type::FLOAT4,
            Type::BYTEA,
            Type::VOID,
            Type::UNKNOWN,
        ];
        ours.contains(ty) || <String as FromSql>::accepts(ty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_are_fetched_where_they_are_long() {
        for (largest, rows) in
            [(0, FETCHED), (1 << 10, FETCHED), (64 << 10, 64), (100 << 10, 32), (3 << 20, 1), (1 << 30, 1)]
        {
            assert_eq!(fetched_after(largest), rows, "{largest}");
        }
    }
}

//! Databases for tests: a fresh SQLite file, or a schema of its own in a throw-away PostgreSQL server.
//!
//! The server comes from Debian's `postgresql` package. All test processes of a user share one: the first starts it, and it
//! stops by itself some seconds after the last one ended, however that ended. It listens on a socket in its own temporary
//! directory only, and does not flush to disk, which makes it fast.

mod mortal;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

pub use mortal::MortalPostgres;

use super::postgres::Server;
use super::{Db, DbConfig, DbError, DbKind, Sql, Tx, Value};

/// Where Debian keeps the programs of each PostgreSQL version.
const POSTGRES_HOME: &str = "/usr/lib/postgresql";

/// An open, empty database. Keep it as long as the database is used: its files go with it.
pub struct TestDatabase {
    /// The database.
    pub db: Db,
    /// How it was opened, to open it a second time.
    pub config: DbConfig,
    _files: Option<TempDir>,
}

/// How SQLite would go about a statement: one step a line.
pub fn plan(tx: &Tx, statement: Sql) -> Result<String, DbError> {
    let mut sql = Sql::new("explain query plan ");
    sql.push_sql(statement);
    let steps: Vec<String> = tx.query_sql(&sql)?.iter().map(|row| row.get(3)).collect::<Result<_, _>>()?;
    Ok(steps.join("\n"))
}

/// Makes databases for tests.
pub struct TestDatabases;

impl TestDatabases {
    /// A fresh database of this kind. When PostgreSQL is wanted and not installed, the error names the package.
    pub async fn open(kind: DbKind) -> Result<TestDatabase, DbError> {
        let (config, files) = Self::config(kind)?;
        Ok(TestDatabase { db: Db::open(config.clone()).await?, config, _files: files })
    }

    /// Where a fresh database of this kind would be, without opening it. Keep the directory as long as it is used.
    pub fn config(kind: DbKind) -> Result<(DbConfig, Option<TempDir>), DbError> {
        match kind {
            DbKind::Sqlite => {
                let files = TempDir::with_prefix("operon-sqlite-").map_err(|error| cannot_start(&error))?;
                Ok((DbConfig::Sqlite { path: files.path().join("operon.db"), vfs: None }, Some(files)))
            }
            DbKind::Postgres => {
                static SCHEMAS: AtomicU32 = AtomicU32::new(0);
                let number = SCHEMAS.fetch_add(1, Ordering::Relaxed);
                let schema = format!("test_{}_{number}", std::process::id());
                Ok((DbConfig::Postgres { url: server_url()?, schema: Some(schema), pool: 8 }, None))
            }
        }
    }
}

/// Everything a database holds: for each table its rows in some fixed order, each as `column=value` in the order of the
/// columns. Two dumps are equal when nothing changed in between. For tests: all of it is held in memory.
pub async fn dump(db: &Db) -> Result<BTreeMap<String, Vec<Vec<(String, Value)>>>, DbError> {
    db.read(|tx| {
        let mut tables = BTreeMap::new();
        for (table, columns) in super::copy::columns(tx)? {
            let quoted: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
            let rows = tx.run_query(&format!("select {} from \"{table}\"", quoted.join(", ")), &[])?;
            let mut rows: Vec<Vec<(String, Value)>> = rows
                .into_iter()
                .map(|row| columns.iter().cloned().zip(row.into_values()).collect())
                .collect();
            rows.sort_by_cached_key(|row| format!("{row:?}"));
            tables.insert(table, rows);
        }
        Ok(tables)
    })
    .await
}

/// The address of the PostgreSQL server for tests: `OPERON_TEST_POSTGRES` if it is set, else the shared one, which is
/// started when there is none.
pub fn server_url() -> Result<String, DbError> {
    #[expect(clippy::disallowed_methods, reason = "where tests find a database is no setting of the server")]
    if let Ok(url) = std::env::var("OPERON_TEST_POSTGRES") {
        return Ok(url);
    }
    static SERVER: Mutex<Option<TestServer>> = Mutex::new(None);
    let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    match &*server {
        Some(server) => Ok(server.url.clone()),
        None => Ok(server.insert(TestServer::join()?).url.clone()),
    }
}

/// Our part in the shared server.
struct TestServer {
    url: String,
    /// Locked while we use the server: when nobody holds the lock, the server stops.
    _users: File,
}

/// Shell words that make the files of a server below a directory, and how it is started. It runs as the user whom the files
/// belong to; they go with the shell.
const PREPARE: &str = r#"
set -e
programs=$1
directory=$(mktemp -d /tmp/operon-postgres-XXXXXX)
trap 'rm -rf "$directory"' EXIT
"$programs/initdb" --no-sync --no-locale --encoding UTF8 --auth trust --username postgres --pgdata "$directory/data" \
  >"$directory/log" 2>&1 || { tail -n 3 "$directory/log"; exit 1; }
start() {
  "$programs/postgres" -D "$directory/data" -k "$directory" -c listen_addresses= -c fsync=off -c full_page_writes=off \
    -c max_connections=500 -c max_pred_locks_per_transaction=256 -c autovacuum=off -c shared_buffers=64MB \
    -c max_wal_size=128MB "$@" >"$directory/log" 2>&1 &
}
"#;

/// Runs the server until nobody uses it.
const UNTIL_NOBODY: &str = r#"
users=$2
start
echo "$directory"
exec >/dev/null
exec 9<"$users"
while sleep 3 && kill -0 $! 2>/dev/null; do
  if flock --nonblock --exclusive 9; then break; fi
done
kill -QUIT $! || true
wait $! || true
"#;

impl TestServer {
    fn join() -> Result<TestServer, DbError> {
        let programs = programs()?;
        let user = user()?;
        let meeting_place = PathBuf::from(format!("/tmp/operon-postgres-of-{user}"));
        let meet = || -> io::Result<(File, File)> {
            fs::create_dir_all(&meeting_place)?;
            let users = File::create(meeting_place.join("users"))?;
            users.lock_shared()?;
            let starting = File::create(meeting_place.join("starting"))?;
            starting.lock()?;
            Ok((users, starting))
        };
        let (users, starting) = meet().map_err(|error| cannot_start(&error))?;
        let address = meeting_place.join("address");
        let url = match fs::read_to_string(&address) {
            Ok(url) if answers(&url).is_ok() => url,
            _ => {
                let url = start(&programs, &meeting_place.join("users"))?;
                fs::write(&address, &url).map_err(|error| cannot_start(&error))?;
                url
            }
        };
        drop(starting);
        Ok(TestServer { url, _users: users })
    }
}

/// Starts a server, waits until it answers, and says where.
fn start(programs: &Path, users: &Path) -> Result<String, DbError> {
    let mut supervisor = supervisor(UNTIL_NOBODY, &[programs, users])?
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| cannot_start(&error))?;
    let said: Vec<String> = match supervisor.stdout.take() {
        Some(output) => BufReader::new(output).lines().map_while(Result::ok).collect(),
        None => Vec::new(),
    };
    let [directory] = said.as_slice() else {
        return Err(cannot_start(&said.join(" ")));
    };
    let url = url_of(directory);
    until_it_answers(&url)?;
    Ok(url)
}

/// A shell that prepares a server and then does what these words say. Its output is for the caller to read.
fn supervisor(words: &str, arguments: &[&Path]) -> Result<Command, DbError> {
    // PostgreSQL refuses to run as root.
    let is_root = user()? == 0;
    let mut command = Command::new(if is_root { "setpriv" } else { "sh" });
    if is_root {
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--", "sh"]);
    }
    command
        .args(["-c", &format!("{PREPARE}{words}"), "sh"])
        .args(arguments)
        .current_dir("/")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // Not in our process group: a signal to the tests must leave somebody to clean up.
        .process_group(0);
    Ok(command)
}

fn user() -> Result<u32, DbError> {
    Ok(fs::metadata("/proc/self").map_err(|error| cannot_start(&error))?.uid())
}

fn url_of(directory: &str) -> String {
    format!("postgres://postgres@{}/postgres", directory.replace('/', "%2F"))
}

fn until_it_answers(url: &str) -> Result<(), DbError> {
    let mut last = None;
    for _ in 0..1500 {
        match answers(url) {
            Ok(()) => return Ok(()),
            Err(error) => last = Some(error),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(last.unwrap_or_else(|| cannot_start(&"it does not answer")))
}

fn answers(url: &str) -> Result<(), DbError> {
    let server = Server::new(url, None)?;
    // On a thread of its own: it must not be waited for on a thread that drives async tasks.
    match std::thread::spawn(move || server.connect().map(drop)).join() {
        Ok(connected) => connected.map_err(|error| cannot_start(&error)),
        Err(_) => Err(cannot_start(&"the client panicked")),
    }
}

/// The programs of the newest version installed.
fn programs() -> Result<PathBuf, DbError> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(POSTGRES_HOME)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, programs)| programs.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().map(|(_, programs)| programs).ok_or_else(|| {
        DbError::Unavailable(format!(
            "this test needs PostgreSQL, and there is none under {POSTGRES_HOME}. Install the Debian package postgresql \
             (apt-get install postgresql)"
        ))
    })
}

fn cannot_start(why: &dyn std::fmt::Display) -> DbError {
    DbError::Unavailable(format!("a PostgreSQL server for tests cannot be started: {why}"))
}

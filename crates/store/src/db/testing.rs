//! Databases for tests: a fresh SQLite file, or a schema of its own in a throw-away PostgreSQL server.
//!
//! The server is started once per test process, from Debian's `postgresql` package, and ends with the process. It listens
//! on a socket in its own temporary directory only, and does not flush to disk, which makes it fast.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use super::{Db, DbConfig, DbError, DbKind};

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
                let files = TempDir::with_prefix("operon-sqlite-")
                    .map_err(|error| cannot_start(&error.to_string()))?;
                Ok((DbConfig::Sqlite { path: files.path().join("operon.db"), vfs: None }, Some(files)))
            }
            DbKind::Postgres => {
                static SCHEMAS: AtomicU32 = AtomicU32::new(0);
                let schema = format!("test_{}", SCHEMAS.fetch_add(1, Ordering::Relaxed));
                Ok((DbConfig::Postgres { url: server_url()?, schema: Some(schema), pool: 8 }, None))
            }
        }
    }
}

/// The address of this process's PostgreSQL server, which is started by the first call.
pub fn server_url() -> Result<String, DbError> {
    static SERVER: LazyLock<Mutex<Option<TestServer>>> = LazyLock::new(Mutex::default);
    let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    if server.is_none() {
        *server = Some(TestServer::start()?);
    }
    server.as_ref().map(TestServer::url).ok_or_else(|| cannot_start("it vanished"))
}

/// A throw-away PostgreSQL server.
pub struct TestServer {
    directory: PathBuf,
    /// The server ends when this is closed, also when the test process is killed.
    _lifeline: ChildStdin,
}

/// Waits for its input to end, then stops the server and removes its files. It runs as the user who owns the files.
const SUPERVISOR: &str = r#"
set -e
directory=$(mktemp -d /tmp/operon-postgres-XXXXXX)
trap 'rm -rf "$directory"' EXIT
log="$directory/log"
"$1/initdb" --no-sync --no-locale --encoding UTF8 --auth trust --username postgres --pgdata "$directory/data" >"$log" 2>&1 \
  || { tail -n 3 "$log"; exit 1; }
"$1/postgres" -D "$directory/data" -k "$directory" -c listen_addresses= -c fsync=off -c full_page_writes=off \
  -c max_connections=100 -c shared_buffers=32MB -c max_wal_size=64MB -c min_wal_size=32MB >"$log" 2>&1 &
echo "$directory"
read -r nothing || true
kill -QUIT $!
wait $! || true
"#;

impl TestServer {
    /// Starts a server and waits until it answers.
    pub fn start() -> Result<TestServer, DbError> {
        let programs = programs()?;
        // PostgreSQL refuses to run as root.
        let is_root = fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
        let mut command = Command::new(if is_root { "runuser" } else { "sh" });
        if is_root {
            command.args(["-u", "postgres", "--", "sh"]);
        }
        let mut supervisor = command
            .args(["-c", SUPERVISOR, "sh"])
            .arg(&programs)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Not in our process group: a signal to the group must leave somebody to clean up.
            .process_group(0)
            .spawn()
            .map_err(|error| cannot_start(&error.to_string()))?;
        let (Some(lifeline), Some(output)) = (supervisor.stdin.take(), supervisor.stdout.take()) else {
            return Err(cannot_start("its supervisor has no input or output"));
        };
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let directory = PathBuf::from(lines.next().unwrap_or_default());
        if !directory.is_absolute() {
            let rest: Vec<_> = lines.collect();
            return Err(cannot_start(&format!("{} {}", directory.display(), rest.join(" "))));
        }
        let server = TestServer { directory, _lifeline: lifeline };
        server.wait_until_it_answers()?;
        Ok(server)
    }

    /// The address of the server.
    pub fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.directory.to_string_lossy().replace('/', "%2F"))
    }

    // The socket appears when the server listens, and it listens before it answers; `Db::open` gives the exact error.
    fn wait_until_it_answers(&self) -> Result<(), DbError> {
        let url: postgres::Config =
            self.url().parse().map_err(|_| cannot_start("its address cannot be read"))?;
        let mut last = String::new();
        for _ in 0..600 {
            // On a thread of its own: the client must not be used on a thread that drives async tasks.
            let url = url.clone();
            let tried = std::thread::spawn(move || url.connect(postgres::NoTls).map(drop)).join();
            match tried {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => last = error.to_string(),
                Err(_) => last = "the client panicked".to_owned(),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(cannot_start(&last))
    }
}

fn programs() -> Result<PathBuf, DbError> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(Path::new(POSTGRES_HOME))
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

fn cannot_start(why: &str) -> DbError {
    DbError::Unavailable(format!("a PostgreSQL server for tests cannot be started: {why}"))
}

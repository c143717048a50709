//! A server that takes connections and does not answer: it hangs, starts, or lies behind a broken network.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{count, open, put};
use crate::db::postgres::{Patience, Postgres, Server};
use crate::db::testing::server_url;
use crate::db::{BackEnd, Db, DbConfig, DbError, DbKind};

/// So short that the test does not wait long for what never comes; what does come has longer in every test but this.
const SHORT: Patience =
    Patience { connect: Duration::from_millis(1500), answer: Duration::from_millis(1500) };

/// Stands before the PostgreSQL server of the tests and passes on what is said, until it is told to keep silent: then it
/// still takes connections, and says nothing more.
struct GoBetween {
    address: SocketAddr,
    silent: Arc<AtomicBool>,
}

impl GoBetween {
    fn start() -> Self {
        let url = server_url().unwrap();
        let folder = url.split('@').nth(1).unwrap().split('/').next().unwrap().replace("%2F", "/");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, silent) = (listener.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
        let of_all = Arc::clone(&silent);
        std::thread::spawn(move || {
            while let Ok((near, _)) = listener.accept() {
                let far = UnixStream::connect(format!("{folder}/.s.PGSQL.5432")).unwrap();
                let (near_too, far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
                pass_on(near, far, Arc::clone(&of_all), |far| far.shutdown(Shutdown::Both));
                pass_on(far_too, near_too, Arc::clone(&of_all), |near: &TcpStream| {
                    near.shutdown(Shutdown::Both)
                });
            }
        });
        Self { address, silent }
    }

    fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.address)
    }

    fn fall_silent(&self, silent: bool) {
        self.silent.store(silent, Ordering::SeqCst);
    }
}

/// Passes on what comes, on a thread of its own. What comes during the silence is lost, and so is the connection after it.
fn pass_on<From, To>(mut from: From, mut to: To, silent: Arc<AtomicBool>, end: fn(&To) -> io::Result<()>)
where
    From: Read + Send + 'static,
    To: Write + Send + 'static,
{
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if !silent.load(Ordering::SeqCst) && to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        // Whoever waits at the other side is not told during the silence either.
        if !silent.load(Ordering::SeqCst) {
            let _ = end(&to);
        }
    });
}

async fn behind(between: &GoBetween, schema: &str) -> Db {
    let server = Server::new(&between.url(), Some(schema.to_owned())).unwrap().within(SHORT);
    Db { back_end: Arc::new(BackEnd::Postgres(Postgres::at(server, 4).await.unwrap())) }
}

/// Fails rather than hangs where nothing bounds the wait.
async fn bounded<T>(wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(120), wait).await.expect("no answer and no end")
}

fn is_silence<T>(result: Result<T, DbError>) -> bool {
    matches!(result, Err(DbError::Unavailable(why)) if why.contains("it has not "))
}

#[tokio::test]
async fn a_start_on_a_server_that_never_lets_in_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://u@{}/x", listener.local_addr().unwrap());
    let server = Server::new(&url, None).unwrap().within(SHORT);
    let refused = bounded(Postgres::at(server, 2)).await.err().unwrap().to_string();
    assert_eq!(refused, "The database is not available: it has not let a connection in within 1.5 s");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_falls_silent_is_not_available_until_it_speaks_again() {
    let test = open(DbKind::Postgres).await;
    let DbConfig::Postgres { schema: Some(schema), .. } = &test.config else { panic!("{:?}", test.config) };
    let between = GoBetween::start();
    let db = behind(&between, schema).await;
    put(&db, "before", 1).await.unwrap();

    between.fall_silent(true);
    // The first of them has a connection, those after it want one.
    for name in ["first", "second"] {
        assert!(is_silence(bounded(put(&db, name, 1)).await), "{name}");
    }
    assert!(is_silence(bounded(db.read(|tx| tx.query("select 1", &[]))).await));
    assert!(is_silence(bounded(db.read_inline(|tx| tx.query("select 1", &[]))).await));

    between.fall_silent(false);
    put(&db, "after", 1).await.unwrap();
    assert_eq!(count(&test.db).await, 2);
}

/// Whether the change was saved is not known, so it is neither said to be lost nor made again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silence_during_the_commit_leaves_it_open_whether_it_happened() {
    let test = open(DbKind::Postgres).await;
    let DbConfig::Postgres { schema: Some(schema), .. } = &test.config else { panic!("{:?}", test.config) };
    let between = GoBetween::start();
    let db = behind(&between, schema).await;
    let silent = Arc::clone(&between.silent);
    let commit = db.write(move |tx| {
        tx.execute("insert into counter (name, value) values ('a', 1)", &[])?;
        silent.store(true, Ordering::SeqCst);
        Ok::<_, DbError>(())
    });
    assert_eq!(bounded(commit).await, Err(DbError::Unsure));
}

#[test]
fn a_server_elsewhere_is_warned_of() {
    let warning = |url: &str| Server::new(url, None).unwrap().warning();
    for here in [
        "postgres://u@localhost/x",
        "postgres://u@127.0.0.1:1,[::1]/x",
        "postgres://u@%2Frun%2Fpostgresql/x",
        "host=db.example.org hostaddr=127.0.0.1",
    ] {
        assert_eq!(warning(here), None, "{here}");
    }
    for (far, named) in [
        ("postgres://u:secret@db.example.org/x", "on db.example.org is"),
        ("postgres://u:secret@127.0.0.1,192.0.2.7/x", "on 192.0.2.7 is"),
        ("host=localhost hostaddr=192.0.2.7 password=secret", "on 192.0.2.7 is"),
    ] {
        let warning = warning(far).unwrap();
        assert!(warning.contains(named) && warning.contains("not encrypted"), "{warning}");
        assert!(warning.contains("Reach it through") && !warning.contains("secret"), "{warning}");
    }
}

//! Letters on their way: tried again with longer and longer pauses, given up in the end, and sent by a real mail server.

use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use mail::SendError;
use serde_json::{Value, json};
use server::config::{MailTls, Smtp};

use crate::browser::Browser;
use crate::wait;
use crate::web::{PASSWORD, person};
use crate::world::World;

/// What of the outbox was tried and not sent: attempts and the next one's time.
async fn waiting(world: &World) -> Vec<(i64, i64)> {
    let rows = world
        .read(|tx| {
            let sql =
                "select attempts, due from outbox where done is null and failure is not null order by key";
            tx.query(sql, store::db::params![])
        })
        .await;
    rows.iter().map(|row| (row.get(0).unwrap(), row.get(1).unwrap())).collect()
}

/// Longer than the pauses here, and shorter than a letter belongs to whoever sends it.
const SENDING_MS: i64 = 8 * 60_000;

/// Waits until a letter was tried so often and not sent; answers when it is tried next, in ms from now.
async fn tried(world: &World, attempts: i64) -> i64 {
    wait::answer_of(&format!("the letter was tried {attempts} times"), async || {
        let [(tried, due)] = waiting(world).await[..] else { return None };
        let pause = due - world.now();
        (tried == attempts && pause < SENDING_MS).then_some(pause)
    })
    .await
}

async fn unsent(world: &World) -> Vec<Value> {
    let root = world.client(Some("root-token"));
    root.ok("/system/findUnsentMail", json!({})).await["results"].as_array().unwrap().clone()
}

async fn administrator(world: &World) {
    let root = app::fixture::User { kind: "ADMIN".to_owned(), ..app::fixture::User::new("root") };
    let token = app::fixture::Token {
        name: "test".to_owned(),
        user: "root".to_owned(),
        text: Some("root-token".to_owned()),
        scope: None,
    };
    world.add(app::fixture::Fixture { user: vec![root], token: vec![token], ..Default::default() }).await;
}

async fn ask(world: &World, name: &str) {
    world.anonymous().ok("/account/requestPasswordReset", json!({ "usernameOrEmail": name })).await;
}

/// F017: a mail server that is away for a while costs nothing but time, across a restart, too; each link that was
/// written is good for as long as it says from the moment it was sent.
#[tokio::test]
async fn a_letter_is_tried_again() {
    let mut world = World::new().await;
    person(&world, "ada").await;
    for _ in 0..3 {
        world.letters.fail_next(SendError::Temporary("the mail server is away".into()));
    }
    ask(&world, "ada").await;
    for (attempts, minutes) in [(1, 1), (2, 2), (3, 4)] {
        let pause = tried(&world, attempts).await;
        let most = minutes * 60_000;
        assert!((most - 30_000..=most).contains(&pause), "{attempts}: {pause}");
        assert!(world.letters.sent().is_empty());
        if attempts == 2 {
            world.restart().await;
        }
        world.pass(Duration::from_millis(u64::try_from(pause.max(0)).unwrap()));
    }
    let letter = world.letter("ada@example.org", 0).await;
    let code = letter.text().split_once("code=").unwrap().1.split_whitespace().next().unwrap();
    world.pass(Duration::from_secs(50 * 60));
    let input = json!({ "code": code, "password": "violet harbour nine spoons" });
    world.anonymous().ok("/account/resetPassword", input).await;
}

/// F017: a letter that is refused for good, or could not be sent for five days, is given up, and administrators see it.
#[tokio::test]
async fn a_letter_is_given_up_in_the_end() {
    let world = World::new().await;
    administrator(&world).await;
    person(&world, "ada").await;
    person(&world, "bob").await;
    world.letters.fail_next(SendError::Permanent("550 no such mailbox".into()));
    ask(&world, "ada").await;
    wait::until("the letter is given up", async || unsent(&world).await.len() == 1).await;
    let row = unsent(&world).await[0].clone();
    assert_eq!((&row["user"], &row["letter"]), (&json!("user-ada"), &json!("passwordReset")));
    assert_eq!((&row["attempts"], &row["why"]), (&json!(1), &json!("550 no such mailbox")));
    let someone = world.user("carol").await;
    someone.fails("/system/findUnsentMail", json!({}), "PermissionDenied").await;

    for _ in 0..2 {
        world.letters.fail_next(SendError::Temporary("451 come back later".into()));
    }
    ask(&world, "bob").await;
    tried(&world, 1).await;
    world.pass(Duration::from_secs(5 * 24 * 3600));
    wait::until("the second letter is given up", async || unsent(&world).await.len() == 2).await;
    let row = unsent(&world).await[1].clone();
    assert_eq!((&row["user"], &row["attempts"]), (&json!("user-bob"), &json!(2)));
    assert!(world.letters.sent().is_empty());
    world.pass(Duration::from_secs(31 * 24 * 3600));
    std::sync::Arc::clone(world.app()).forget_mail().await.unwrap();
    assert!(unsent(&world).await.is_empty());
}

/// A letter calls a project as its reader may know it when it is sent: whoever was removed while it waited does not learn
/// what the project is called by then.
#[tokio::test]
async fn a_letter_that_waited_tells_no_name_to_who_was_removed() {
    let world = World::new().await;
    let (alice, _bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    world.letters.fail_next(SendError::Temporary("the mail server is away".into()));
    alice.invite(&project, "bob", wire::Level::View).await;
    let pause = tried(&world, 1).await;
    alice.ok(&format!("/{project}/decreasePermissions"), json!({ "user-bob": null })).await;
    alice.ok(&format!("/{project}/update"), json!({ "name": "Merger" })).await;
    world.pass(Duration::from_millis(u64::try_from(pause.max(0)).unwrap()));
    let waited = world.letter("bob@example.org", 0).await;
    assert!(
        waited.subject().contains(&project) && !waited.subject().contains("Merger"),
        "{}",
        waited.subject()
    );
    assert!(!waited.text().contains("Merger"), "{}", waited.text());
    alice.invite(&project, "bob", wire::Level::View).await;
    assert!(world.letter("bob@example.org", 1).await.subject().contains("Merger"));
}

/// What a project with protected health information is called stays on the platform: letters call it by its id (contract:
/// identity-and-sharing 7).
#[tokio::test]
async fn a_letter_tells_no_name_of_a_project_with_health_information() {
    let world = World::new().await;
    administrator(&world).await;
    let (alice, _bob) = (world.user("alice").await, world.user("bob").await);
    let lab = world.org("lab", &["alice"]).await;
    let input = json!({ "name": "Rare disease", "containsPHI": true, "billTo": lab });
    let made = alice.ok("/project/new", input).await;
    let project = made["id"].as_str().unwrap();
    alice.invite(project, "bob", wire::Level::View).await;
    // Its administrators are told who let themselves in.
    world.client(Some("root-token")).ok(&format!("/{project}/join"), json!({})).await;
    for to in ["bob@example.org", "alice@example.org"] {
        let letter = world.letter(to, 0).await;
        let (subject, text) = (letter.subject(), letter.text());
        assert!(subject.contains(project) && text.contains(project), "{subject}: {text}");
        assert!(!subject.contains("Rare") && !text.contains("Rare"), "{subject}: {text}");
    }
}

/// A running SMTP server (aiosmtpd); ends with the value.
struct MailServer {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl MailServer {
    #[expect(clippy::disallowed_methods, reason = "tests are told by the environment where their tools are")]
    fn start() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let venv = std::env::var_os("OPERON_TEST_VENV")
            .map_or_else(|| here.join("../../target/test-env/venv"), PathBuf::from);
        let python = venv.join("bin/python");
        assert!(python.exists(), "there is no {}: run `cargo xtask setup`", python.display());
        let mut command = Command::new(python);
        command.arg(here.join("../mail/tests/smtp_server.py")).arg("none");
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.next().expect("the server says its port").unwrap().parse().unwrap();
        Self { process, lines, port }
    }

    /// The next message that it accepted: whom it is for, and its content with soft line breaks undone.
    fn received(&mut self) -> (String, String) {
        let seen: Value = serde_json::from_str(&self.lines.next().expect("a message").unwrap()).unwrap();
        let content = seen["content"].as_str().unwrap().replace("=\r\n", "").replace("=3D", "=");
        (seen["to"][0].as_str().unwrap().to_owned(), content)
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // Closing its input lets it end by itself.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// F017, F018: the whole way through a real mail server: an account is made, its letter arrives, the link in it activates
/// the account. Whom the mail server does not take is seen by administrators; whom it puts off is tried again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_go_through_a_real_mail_server() {
    let mut server = MailServer::start();
    let port = server.port;
    let world = World::with_real_mail(|config| {
        config.mail.from = "operon@lab.example".to_owned();
        config.mail.smtp = Some(Smtp {
            host: "localhost".to_owned(),
            port: Some(port),
            tls: MailTls::None,
            user: None,
            password: None,
            authority: None,
        });
    })
    .await;
    administrator(&world).await;
    let root = world.client(Some("root-token"));
    let new = |name: &str| json!({ "username": name, "email": format!("{name}@example.org"), "first": name });
    root.ok("/user/new", new("ada")).await;
    let (to, content) = tokio::task::block_in_place(|| server.received());
    assert_eq!(to, "ada@example.org");
    assert!(content.contains("operon@lab.example") && content.contains("user-root made an account for you"));
    let start = content.find(&format!("{}/activate?code=", world.base())).unwrap();
    let link = content[start + world.base().len()..].split_whitespace().next().unwrap();
    let mut browser = Browser::new(&world);
    browser
        .fill(link, &[("password", PASSWORD), ("again", PASSWORD)])
        .await
        .leads_to("/sign-in?notice=password");
    browser.sign_in("ada", PASSWORD).await.leads_to("/");

    root.ok("/user/new", new("refused")).await;
    wait::until("the letter is given up", async || !unsent(&world).await.is_empty()).await;
    let row = unsent(&world).await[0].clone();
    assert_eq!((&row["user"], &row["letter"]), (&json!("user-refused"), &json!("activation")));
    assert!(row["why"].as_str().unwrap().contains("No such person here"), "{row}");
    root.ok("/user/new", new("later")).await;
    let pause = tried(&world, 1).await;
    assert!(pause > 30_000, "{pause}");
    world.pass(Duration::from_secs(60));
    assert!(tried(&world, 2).await > 60_000);
    assert_eq!(unsent(&world).await.len(), 1);
}

//! The people and things that the sample calls name.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use app::fixture::{self, Fixture};
use serde_json::json;
use wire::Level;
use wire::id::ContainerId;
use wire::user::TokenScope;

use super::samples::Sample;
use crate::world::{Client, World};

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Nobody: no token is sent.
    Nobody,
    /// A token that nobody has.
    BadToken,
    /// A token of the administrator's whose time is over.
    ExpiredToken,
    /// A token of the administrator's that reaches another project only.
    ScopedToken,
    /// A person with an account and nothing else.
    Stranger,
    /// A member of the project with this level; ADMINISTER is also ADMIN of the organisation.
    Member(Level),
    /// A platform ADMIN who is a member of nothing.
    Operator,
}

/// The levels of a project, lowest first.
pub const LEVELS: [Level; 4] = [Level::View, Level::Upload, Level::Contribute, Level::Administer];

/// A server with people in it.
pub struct Cast {
    /// The server.
    pub world: World,
    places: AtomicU64,
}

/// What a call acts on; each has its own, so that a call may use it up.
#[derive(Debug, Clone)]
pub struct Place {
    /// A project with a member of each level, and the folder `/a/b`.
    pub project: String,
    /// A second project of the administrator's, where no other person is a member.
    pub other: String,
    /// An open record in the project's folder `/a`, with a tag, a type and a property.
    pub record: String,
    /// An open file there with an empty part (the part only where the sample needs bytes), of the administrator's.
    pub open_file: String,
    /// A closed file there; empty unless the sample names one.
    pub closed_file: String,
    /// An organisation whose ADMIN is the administrator and whose MEMBERs are the contributor and the uploader.
    pub org: String,
    /// An organisation with its ADMIN, the administrator, alone.
    pub empty_org: String,
}

impl Place {
    /// A text without the ids of this place, to compare what is said of different ones.
    pub fn hidden_in(&self, text: &str) -> String {
        [&self.project, &self.record, &self.open_file, &self.closed_file]
            .into_iter()
            .filter(|id| !id.is_empty())
            .fold(text.to_owned(), |text, id| text.replace(id.as_str(), "X"))
    }
}

impl Cast {
    /// Starts a server and puts the people in.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// As `new`, with a changed configuration.
    pub async fn with(change: impl FnOnce(&mut server::Config)) -> Self {
        let world = World::with(change).await;
        let people = ["viewer", "uploader", "contributor", "administrator", "stranger", "operator"];
        let mut fixture = Fixture::default();
        for handle in people {
            let kind = if handle == "operator" { "ADMIN" } else { "STANDARD" };
            fixture.user.push(fixture::User {
                last: "Test".to_owned(),
                kind: kind.to_owned(),
                ..fixture::User::new(handle)
            });
            fixture.token.push(token(handle, handle, None));
        }
        let elsewhere = BTreeMap::from([("project-000000000000000000000000".to_owned(), Level::Administer)]);
        fixture.token.push(token(
            "scoped",
            "administrator",
            Some(TokenScope::Projects { projects: elsewhere }),
        ));
        fixture.token.push(token("expired", "administrator", None));
        world.add(fixture).await;
        let cast = Self { world, places: AtomicU64::new(1) };
        cast.expire("expired").await;
        cast
    }

    /// Ends the time of a token.
    async fn expire(&self, name: &str) {
        let signature = secrets::token::signature(&text_of(name));
        let db = &self.world.app().db;
        db.write(move |tx| {
            tx.execute("update token set expires = 1 where signature = $1", store::params![&signature])
        })
        .await
        .unwrap();
    }

    /// Somebody who calls.
    pub fn role(&self, role: Role) -> Client {
        let name = match role {
            Role::Nobody => return self.world.anonymous(),
            Role::BadToken => return self.world.client(Some("0123456789abcdefghijklmnopqrstuv")),
            Role::ExpiredToken => "expired",
            Role::ScopedToken => "scoped",
            Role::Stranger => "stranger",
            Role::Member(level) => member(level),
            Role::Operator => "operator",
        };
        self.world.client(Some(&text_of(name)))
    }

    /// Fresh things to act on, everything that any sample names.
    pub async fn place(&self) -> Place {
        let mut place = self.plain_place().await;
        self.fill(&place.open_file).await;
        place.closed_file = self.closed_file(&place.project).await;
        place
    }

    /// Fresh things to act on, those that this sample names.
    pub async fn place_for(&self, sample: &Sample) -> Place {
        if sample.bytes { self.place().await } else { self.plain_place().await }
    }

    async fn plain_place(&self) -> Place {
        let (project, other) = (self.fresh_id(), self.fresh_id());
        let everybody = LEVELS.map(|level| (member(level).to_owned(), level));
        let alone = [(member(Level::Administer).to_owned(), Level::Administer)];
        let projects = vec![
            project_of(&project, "Trial", BTreeMap::from(everybody)),
            project_of(&other, "Other", BTreeMap::from(alone)),
        ];
        let number = self.places.fetch_add(1, Ordering::Relaxed);
        let (org, empty_org) = (format!("lab{number}"), format!("empty{number}"));
        let orgs = vec![org_of(&org, &["contributor", "uploader"]), org_of(&empty_org, &[])];
        self.world.add(Fixture { project: projects, org: orgs, ..Fixture::default() }).await;
        let administrator = self.role(Role::Member(Level::Administer));
        let folder = json!({ "folder": "/a/b", "parents": true });
        administrator.ok(&format!("/{project}/newFolder"), folder).await;
        let open_file = self.world.open_file(&administrator, &project, "open").await;
        let record = json!({ "project": project, "folder": "/a", "tags": ["tag"], "types": ["Type"], "properties": { "gone": "x" } });
        let record = administrator.ok("/record/new", record).await["id"].as_str().unwrap().to_owned();
        Place {
            project,
            other,
            record,
            open_file,
            closed_file: String::new(),
            org: format!("org-{org}"),
            empty_org: format!("org-{empty_org}"),
        }
    }

    fn fresh_id(&self) -> String {
        format!("project-{:024}", self.places.fetch_add(1, Ordering::Relaxed))
    }

    /// Sends the one, empty part of an open file.
    async fn fill(&self, file: &str) {
        let administrator = self.role(Role::Member(Level::Administer));
        let empty = json!({ "index": 1, "size": 0, "md5": "d41d8cd98f00b204e9800998ecf8427e" });
        let address = administrator.ok(&format!("/{file}/upload"), empty).await;
        let mut request = reqwest::Client::new().put(address["url"].as_str().unwrap());
        for (name, value) in address["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        let status = request.body("").send().await.unwrap().status();
        assert_eq!(status, 200, "the empty part was not taken");
    }

    async fn closed_file(&self, project: &str) -> String {
        let administrator = self.role(Role::Member(Level::Administer));
        let file = self.world.open_file(&administrator, project, "closed").await;
        self.fill(&file).await;
        administrator.ok(&format!("/{file}/close"), json!({})).await;
        self.settle().await;
        file
    }

    /// Waits until no file is being sealed, which goes on after the call that asked for it.
    pub async fn settle(&self) {
        for _ in 0..3000 {
            let sealing = self
                .world
                .read(|tx| tx.query("select key from object where state = 'closing' limit 1", &[]))
                .await;
            if sealing.is_empty() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("a file was not sealed");
    }
}

/// The handle of the member with a level.
fn member(level: Level) -> &'static str {
    match level {
        Level::None => "stranger",
        Level::View => "viewer",
        Level::Upload => "uploader",
        Level::Contribute => "contributor",
        Level::Administer => "administrator",
    }
}

/// The text of a person's token.
fn text_of(name: &str) -> String {
    format!("{name}-token-0123456789abcdefghijklmnop")
}

fn token(name: &str, user: &str, scope: Option<TokenScope>) -> fixture::Token {
    fixture::Token { name: name.to_owned(), user: user.to_owned(), text: Some(text_of(name)), scope }
}

fn project_of(id: &str, name: &str, members: BTreeMap<String, Level>) -> fixture::Project {
    fixture::Project {
        id: ContainerId::parse(id),
        name: name.to_owned(),
        bill_to: None,
        region: None,
        flags: vec![],
        members,
    }
}

/// An organisation of the administrator's with these MEMBERs.
fn org_of(handle: &str, members: &[&str]) -> fixture::Org {
    let admin = fixture::Member { admin: true, ..fixture::Member::default() };
    let mut all = BTreeMap::from([("administrator".to_owned(), admin)]);
    all.extend(members.iter().map(|member| ((*member).to_owned(), fixture::Member::default())));
    fixture::Org { handle: handle.to_owned(), name: None, members: all }
}

//! The people and things that the sample calls name.

use std::collections::BTreeMap;

use app::fixture::{self, Fixture};
use serde_json::json;
use wire::method::Subject;
use wire::user::TokenScope;
use wire::{Class, Level, MethodName};

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
    /// An empty project with the same members.
    pub sibling: String,
    /// An organisation whose ADMIN is the administrator and whose MEMBERs are the contributor and the viewer; only for
    /// methods of organisations.
    pub org: String,
    /// An organisation with nobody but the administrator; likewise.
    pub empty_org: String,
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
        let cast = Self { world };
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

    /// Fresh things to act on.
    pub async fn place(&self) -> Place {
        let administrator = self.role(Role::Member(Level::Administer));
        let project = administrator.project("Trial").await;
        let sibling = administrator.project("Sibling").await;
        for level in [Level::View, Level::Upload, Level::Contribute] {
            administrator.invite(&project, member(level), level).await;
            administrator.invite(&sibling, member(level), level).await;
        }
        let folder = json!({ "folder": "/a/b", "parents": true });
        administrator.ok(&format!("/{project}/newFolder"), folder).await;
        let other = administrator.project("Other").await;
        let record = json!({ "project": project, "folder": "/a", "tags": ["tag"], "types": ["Type"], "properties": { "gone": "x" } });
        let record = administrator.ok("/record/new", record).await["id"].as_str().unwrap().to_owned();
        let absent = "org-none".to_owned();
        Place { project, other, record, sibling, org: absent.clone(), empty_org: absent }
    }

    /// Fresh things for a method: organisations too, where it is about these.
    pub async fn place_for(&self, method: MethodName) -> Place {
        match method.row().subject {
            Subject::Entity(classes) if classes.contains(&Class::Org) => self.place_with_orgs().await,
            _ => self.place().await,
        }
    }

    /// Fresh things for every method.
    pub async fn place_with_orgs(&self) -> Place {
        let mut place = self.place().await;
        let administrator = self.role(Role::Member(Level::Administer));
        let unique = place.project["project-".len()..].to_lowercase();
        for handle in ["lab", "empty"].map(|name| format!("{name}_{unique}")) {
            administrator.ok("/org/new", json!({ "handle": handle, "name": "Lab" })).await;
        }
        place.org = format!("org-lab_{unique}");
        place.empty_org = format!("org-empty_{unique}");
        for member in ["contributor", "viewer"] {
            administrator.ok(&format!("/{}/invite", place.org), json!({ "invitee": member })).await;
        }
        place
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

//! The people and things that the sample calls name.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use app::fixture::{self, Fixture};
use serde_json::json;
use wire::id::ContainerId;
use wire::user::TokenScope;
use wire::{Level, MethodName};

use crate::files::new_file;
use crate::wait;
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
    /// A token of the administrator's that is cut to this level in every project.
    Narrow(Level),
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
    /// An open file in the project's root folder, of the administrator's; with an empty part where a sample needs bytes.
    pub open_file: String,
    /// A closed, empty file beside it; only where a sample needs bytes.
    pub closed_file: String,
    /// An applet in the project's root folder.
    pub applet: String,
    /// An empty project with the same members.
    pub sibling: String,
    /// An organisation whose ADMIN is the administrator and whose MEMBERs are the contributor and the viewer.
    pub org: String,
    /// An organisation with nobody but the administrator.
    pub empty_org: String,
    /// The signature of a token of the administrator's.
    pub token: String,
    /// The handle of a person with a second factor.
    pub user: String,
    /// The handle of a person whose account is disabled.
    pub disabled: String,
    /// The handle of a person whose account waits for activation.
    pub pending: String,
    /// A one-time code that is good for everything: for the pending account, and for the user.
    pub code: String,
    /// The code that authenticators show now: the viewer is setting one up, the uploader has one.
    pub otp: String,
}

impl Place {
    /// A text without the ids of this place, to compare what is said of different ones.
    pub fn without_ids(&self, text: &str) -> String {
        [&self.project, &self.record, &self.open_file, &self.closed_file, &self.applet]
            .into_iter()
            .filter(|id| !id.is_empty())
            .fold(text.to_owned(), |text, id| text.replace(id.as_str(), "X"))
    }
}

/// The password of the stranger and of the uploader.
pub const PASSWORD: &str = "four unrelated words, rowing";
/// The seed of every second factor.
const SEED: [u8; secrets::totp::SEED_LEN] = [7; secrets::totp::SEED_LEN];

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
                password: ["stranger", "uploader"].contains(&handle).then(|| PASSWORD.to_owned()),
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
        for level in LEVELS {
            let everywhere = BTreeMap::from([("*".to_owned(), level)]);
            let scope = TokenScope::Projects { projects: everywhere };
            fixture.token.push(token(narrow(level), "administrator", Some(scope)));
        }
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
            Role::Narrow(level) => narrow(level),
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
        let administrator = self.role(Role::Member(Level::Administer));
        place.closed_file = new_file(&administrator, &place.project, "closed").await;
        self.fill(&place.closed_file).await;
        administrator.ok(&format!("/{}/close", place.closed_file), json!({})).await;
        self.settle().await;
        place
    }

    /// Waits until no background task is due, so that what an accepted call left to do is not taken for the next one's doing.
    pub async fn settle(&self) {
        let due = "select (select count(*) from background_task where kind in ('objects.collect', 'project.destroy') and state in ('waiting', 'running'))
            + (select count(*) from object where state = 'closing') + (select count(*) from stored_blob where state in ('sealed', 'doomed'))";
        wait::until("the background tasks are at their end", async || self.world.rows(due).await == 0).await;
    }

    /// Fresh things to act on, those that the sample of this method names.
    pub async fn place_for(&self, method: MethodName) -> Place {
        match method {
            MethodName::FileClose | MethodName::FileDownload => self.place().await,
            _ => self.plain_place().await,
        }
    }

    /// Fresh things but for the bytes of files, which take a moment to make.
    async fn plain_place(&self) -> Place {
        let number = self.places.fetch_add(1, Ordering::Relaxed);
        let id = |which: u64| format!("project-{:024}", number * 10 + which);
        let (project, other, sibling) = (id(1), id(2), id(3));
        let (org, empty_org) = (format!("lab{number}"), format!("empty{number}"));
        let (user, disabled, pending) = (format!("u{number}"), format!("d{number}"), format!("p{number}"));
        let everybody = BTreeMap::from(LEVELS.map(|level| (member(level).to_owned(), level)));
        let alone = BTreeMap::from([(member(Level::Administer).to_owned(), Level::Administer)]);
        let mut fixture = Fixture::default();
        fixture.project.extend([
            project_of(&project, "Trial", everybody.clone()),
            project_of(&other, "Other", alone),
            project_of(&sibling, "Sibling", everybody),
        ]);
        fixture.org.extend([org_of(&org, &["contributor", "viewer"]), org_of(&empty_org, &[])]);
        fixture.user.extend([&user, &disabled, &pending].map(|handle| fixture::User::new(handle)));
        fixture.token.push(token(&user, "administrator", None));
        self.world.add(fixture).await;
        let code = secrets::code::mint(std::array::from_fn(|at| number.to_le_bytes()[at % 8]));
        self.prepare([user.clone(), disabled.clone(), pending.clone()], code.expose().to_owned()).await;
        let administrator = self.role(Role::Member(Level::Administer));
        let folder = json!({ "folder": "/a/b", "parents": true });
        administrator.ok(&format!("/{project}/newFolder"), folder).await;
        let record = json!({ "project": project, "folder": "/a", "tags": ["tag"], "types": ["Type"], "properties": { "gone": "x" } });
        let record = administrator.ok("/record/new", record).await["id"].as_str().unwrap().to_owned();
        let run =
            json!({ "interpreter": "bash", "code": "true", "distribution": "Ubuntu", "release": "24.04" });
        let applet = json!({ "project": project, "dxapi": "1.0.0", "runSpec": run });
        let applet = administrator.ok("/applet/new", applet).await["id"].as_str().unwrap().to_owned();
        Place {
            applet,
            token: secrets::token::signature(&text_of(&user)),
            otp: crate::world::otp(SEED, self.world.now()),
            code: code.expose().to_owned(),
            open_file: new_file(&administrator, &project, "open").await,
            closed_file: String::new(),
            org: format!("org-{org}"),
            empty_org: format!("org-{empty_org}"),
            project,
            other,
            sibling,
            record,
            user,
            disabled,
            pending,
        }
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

    /// Puts accounts into the states that the sample calls begin with.
    async fn prepare(&self, [user, disabled, pending]: [String; 3], code: String) {
        let app = self.world.app();
        let seal = |handle: &str| {
            let purpose = format!("totp user-{handle}");
            app.keys.seal(&purpose, &SEED, [1; secrets::seal::NONCE_LEN]).unwrap()
        };
        let factors = [("viewer", None, true), ("uploader", Some(()), false), (&user, Some(()), false)].map(
            |(handle, on, pending)| {
                (format!("user-{handle}"), on.map(|()| seal(handle)), pending.then(|| seal(handle)))
            },
        );
        let hashes = [
            (&pending, "activation", secrets::code::Purpose::Activation),
            (&user, "password-reset", secrets::code::Purpose::PasswordReset),
            (&user, "email-change", secrets::code::Purpose::EmailChange),
        ]
        .map(|(whose, word, purpose)| {
            (format!("user-{whose}"), word, secrets::code::hash(purpose, &code).unwrap())
        });
        let states = [(disabled, "disabled"), (pending, "pending")];
        let address = format!("{user}_confirmed@example.org");
        app.db
            .write(move |tx| {
                for (id, secret, pending) in &factors {
                    tx.execute(
                        "update account set otp_secret = $2, otp_pending = $3, otp_last_step = 0 where id = $1",
                        store::params![id, secret.as_deref(), pending.as_deref()],
                    )?;
                }
                for (handle, state) in &states {
                    tx.execute(
                        "update account set state = $2 where id = $1",
                        store::params![format!("user-{handle}"), *state],
                    )?;
                }
                for (id, word, hash) in &hashes {
                    tx.execute(
                        "insert into one_time_code (hash, account, purpose, detail, created, expires)
                         select $1, key, $2, $4, 0, 4000000000000 from account where id = $3",
                        store::params![hash, *word, id, &address],
                    )?;
                }
                Ok::<_, store::db::DbError>(())
            })
            .await
            .unwrap();
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

/// The name of the administrator's token that is cut to a level.
fn narrow(level: Level) -> &'static str {
    match level {
        Level::None => "narrow-none",
        Level::View => "narrow-view",
        Level::Upload => "narrow-upload",
        Level::Contribute => "narrow-contribute",
        Level::Administer => "narrow-administer",
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
    let id = ContainerId::parse(id);
    fixture::Project {
        id,
        name: name.to_owned(),
        bill_to: None,
        region: None,
        created: None,
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

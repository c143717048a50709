//! Worlds from a declarative file: users, organisations, projects and tokens, for tests and demonstrations.
//!
//! Nothing here asks for permission: whoever loads a fixture holds the data directory.

use std::collections::BTreeMap;

use policy::{MemberListVisibility, Preset};
use serde::Deserialize;
use store::access::Operator;
use store::account::{self, Account, AccountState, NewAccount};
use store::db::Tx;
use store::grant::{self, Principal};
use store::org::{self, Feature, Membership, NewOrg};
use store::project::{Flags, NewProject};
use store::text::Word as _;
use store::token::{self, NewToken, Purpose};
use wire::id::{BillToId, ContainerId, OrgId, UserId};
use wire::user::TokenScope;
use wire::{ApiError, Class, Level};

use crate::context::App;
use crate::error::{Error, Result};
use crate::event::{Event, EventName};

/// Everything a fixture may hold. People and organisations are named by handle, everywhere.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fixture {
    /// People.
    pub user: Vec<User>,
    /// Organisations.
    pub org: Vec<Org>,
    /// Projects.
    pub project: Vec<Project>,
    /// Tokens.
    pub token: Vec<Token>,
}

/// A person with an active account.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct User {
    /// As the person writes it.
    pub handle: String,
    /// `<handle>@example.org` when absent.
    pub email: Option<String>,
    /// Given name; the handle when absent.
    pub first: Option<String>,
    /// Middle name.
    #[serde(default)]
    pub middle: String,
    /// Family name.
    #[serde(default)]
    pub last: String,
    /// `ADMIN`, `STANDARD` or `READ_ONLY`.
    #[serde(default = "standard")]
    pub kind: String,
    /// Who pays by default; the person, when absent.
    pub bill_to: Option<BillToId>,
    /// None: the person cannot sign in, but tokens work. Not held to the rules for new passwords.
    pub password: Option<String>,
}

impl User {
    /// A standard user without a password.
    #[must_use]
    pub fn new(handle: &str) -> Self {
        Self {
            handle: handle.to_owned(),
            email: None,
            first: None,
            middle: String::new(),
            last: String::new(),
            kind: standard(),
            bill_to: None,
            password: None,
        }
    }
}

fn standard() -> String {
    "STANDARD".to_owned()
}

/// An organisation that the operator wants: things can be charged to it, and its ADMINs may make accounts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Org {
    /// As its makers write it.
    pub handle: String,
    /// The handle when absent.
    pub name: Option<String>,
    /// Handle to membership.
    #[serde(default)]
    pub members: BTreeMap<String, Member>,
}

/// A membership: the defaults of its level, with changes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Member {
    /// ADMIN instead of MEMBER.
    pub admin: bool,
    /// May spend the organisation's money.
    pub allow_billable_activities: Option<bool>,
    /// The cap on what projects shared with the organisation give.
    pub project_access: Option<Level>,
}

/// A project. Its first ADMINISTER member, by handle, counts as its maker.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Project {
    /// A fresh id when absent.
    pub id: Option<ContainerId>,
    /// Its name.
    pub name: String,
    /// Who pays; its maker when absent.
    pub bill_to: Option<BillToId>,
    /// The default region when absent.
    pub region: Option<String>,
    /// When it was made, in ms since 1970; now when absent.
    pub created: Option<i64>,
    /// The wire's names of the switches that are on.
    #[serde(default)]
    pub flags: Vec<String>,
    /// Handle, organisation id or `PUBLIC`, to level.
    pub members: BTreeMap<String, Level>,
}

/// A token that does not expire.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// What the token is called in the answer, and its label.
    pub name: String,
    /// Whose it is.
    pub user: String,
    /// The literal text; random when absent.
    pub text: Option<String>,
    /// Full when absent.
    pub scope: Option<TokenScope>,
}

/// A token that was made, with its text.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The name it was given.
    pub name: String,
    /// Whose it is.
    pub user: UserId,
    /// The secret.
    pub text: String,
}

/// Fills an empty server.
///
/// # Errors
/// `InvalidState` when the server has accounts already, `InvalidInput` when the fixture contradicts itself. Then nothing
/// is kept.
pub async fn load(app: &App, fixture: Fixture) -> Result<Vec<Issued>> {
    if app.db.read(|tx| Ok::<_, Error>(account::any(tx)?)).await? {
        return Err(ApiError::new(
            wire::ErrorType::InvalidState,
            "This server has accounts already, and a fixture goes only into an empty one. Choose another data directory.",
        )
        .into());
    }
    add(app, fixture).await
}

/// Adds to a server, whatever it holds.
///
/// # Errors
/// `InvalidInput` when the fixture contradicts itself or what is there. Then nothing is kept.
pub async fn add(app: &App, fixture: Fixture) -> Result<Vec<Issued>> {
    let mut hashes = Vec::new();
    for user in &fixture.user {
        hashes.push(match &user.password {
            None => None,
            Some(password) => {
                let (password, salt) = (password.clone(), app.random_bytes());
                let hash = tokio::task::spawn_blocking(move || secrets::password::hash(&password, salt));
                Some(hash.await.map_err(Error::internal)?.map_err(Error::internal)?)
            }
        });
    }
    let ids: Vec<ContainerId> =
        fixture.project.iter().map(|project| project_id(app, project)).collect::<Result<_>>()?;
    let issued: Vec<Issued> = fixture.token.iter().map(|token| issue(app, token)).collect::<Result<_>>()?;
    let (now, region) = (app.clock.now(), app.options.default_region().to_owned());
    let answer = issued.clone();
    app.db
        .write(move |tx| {
            #[expect(clippy::disallowed_methods, reason = "whoever fills a data directory holds it")]
            let seed = Seed { tx, operator: Operator::new(tx), now };
            for (user, hash) in fixture.user.iter().zip(&hashes) {
                seed.user(user, hash.as_deref())?;
            }
            for org in &fixture.org {
                seed.org(org)?;
            }
            for (project, id) in fixture.project.iter().zip(&ids) {
                seed.project(project, id, project.region.as_deref().unwrap_or(&region))?;
            }
            for (token, issued) in fixture.token.iter().zip(&issued) {
                seed.token(token, issued)?;
            }
            Event::done(EventName::FixtureLoaded).write_own(tx, "FixtureLoad", now)
        })
        .await
        .map(|()| answer)
}

fn project_id(app: &App, project: &Project) -> Result<ContainerId> {
    match &project.id {
        Some(id) => Ok(id.clone()),
        None => ContainerId::from_id(app.mint(Class::Project))
            .ok_or_else(|| Error::internal("a minted project id is one")),
    }
}

fn issue(app: &App, token: &Token) -> Result<Issued> {
    let text = match &token.text {
        Some(text) => text.clone(),
        None => secrets::token::mint(app.random_bytes()).expose().to_owned(),
    };
    Ok(Issued { name: token.name.clone(), user: user_id(&token.user)?, text })
}

fn user_id(handle: &str) -> Result<UserId> {
    UserId::from_handle(handle).ok_or_else(|| wrong(format!("\"{handle}\" cannot be the handle of a user")))
}

fn wrong(why: impl std::fmt::Display) -> Error {
    ApiError::invalid_input(format!("The fixture cannot be loaded: {why}.")).into()
}

/// One transaction that fills the database.
struct Seed<'tx> {
    tx: &'tx Tx,
    operator: Operator<'tx>,
    now: i64,
}

impl Seed<'_> {
    fn user(&self, user: &User, password_hash: Option<&str>) -> Result<()> {
        let id = user_id(&user.handle)?;
        let email =
            user.email.clone().unwrap_or_else(|| format!("{}@example.org", user.handle)).to_lowercase();
        let kind = account::PlatformKind::from_word(&user.kind)
            .ok_or_else(|| wrong(format!("{id} has the unknown kind \"{}\"", user.kind)))?;
        let bill_to = user.bill_to.as_ref().map_or(id.as_str(), BillToId::as_str);
        let key = account::insert(
            self.tx,
            &NewAccount {
                id: &id,
                handle: &user.handle,
                email: Some(&email),
                first: user.first.as_deref().unwrap_or(&user.handle),
                middle: &user.middle,
                last: &user.last,
                occupation: None,
                kind,
                state: AccountState::Active,
                bill_to,
                created_by: None,
                provisioning_org: None,
                policies: &serde_json::json!({}),
            },
            self.now,
        )?;
        if let Some(hash) = password_hash {
            account::set_password_hash(self.tx, key, hash)?;
        }
        Ok(())
    }

    fn org(&self, org: &Org) -> Result<()> {
        let id = OrgId::from_handle(&org.handle)
            .ok_or_else(|| wrong(format!("\"{}\" cannot be the handle of an organisation", org.handle)))?;
        let members: Vec<(Account, &Member)> = org
            .members
            .iter()
            .map(|(handle, member)| Ok((self.account(handle)?, member)))
            .collect::<Result<_>>()?;
        let maker = members.iter().find(|(_, member)| member.admin).or(members.first());
        let (maker, _) = maker.ok_or_else(|| wrong(format!("{id} has no members")))?;
        let key = org::insert(
            self.tx,
            &self.operator.system(),
            &NewOrg {
                id: &id,
                handle: &org.handle,
                name: org.name.as_deref().unwrap_or(&org.handle),
                member_list_visibility: MemberListVisibility::Admin,
                transfer_by_admins_only: false,
                billing_enabled: true,
                created_by: maker.id.as_str(),
            },
            self.now,
        )?;
        let mut made =
            org::by_id(self.tx, &id)?.ok_or_else(|| Error::internal("an organisation was lost"))?;
        made.features.set(Feature::Provisioning, true);
        org::save_licence(self.tx, &self.operator.system(), &made)?;
        for (account, member) in &members {
            let defaults = if member.admin { Membership::ADMIN } else { Membership::MEMBER };
            let membership = Membership {
                allow_billable_activities: member
                    .allow_billable_activities
                    .unwrap_or(defaults.allow_billable_activities),
                project_access: member.project_access.unwrap_or(defaults.project_access),
                ..defaults
            };
            org::put_member(self.tx, &self.operator.org(key), account.key, &membership, self.now)?;
        }
        Ok(())
    }

    fn project(&self, project: &Project, id: &ContainerId, region: &str) -> Result<()> {
        let mut members = Vec::new();
        for (name, level) in &project.members {
            let role =
                Preset::of_level(*level).ok_or_else(|| wrong(format!("{id} gives {name} no level")))?;
            members.push((self.principal(name)?, role));
        }
        let maker = members
            .iter()
            .find_map(|(principal, role)| match principal {
                Principal::User(_, user) if *role == Preset::Administer => Some(user.as_str()),
                _ => None,
            })
            .ok_or_else(|| wrong(format!("no user has ADMINISTER in {id}")))?;
        let mut flags = Flags::default();
        for name in &project.flags {
            if !flags.set(name, true) {
                return Err(wrong(format!("{id} has the unknown flag \"{name}\"")));
            }
        }
        let key = store::project::insert(
            self.tx,
            &self.operator.system(),
            &NewProject {
                id,
                name: &project.name,
                summary: "",
                description: "",
                region,
                bill_to: project.bill_to.as_ref().map_or(maker, BillToId::as_str),
                flags,
                database_results_restricted: None,
                tags: &[],
                properties: &serde_json::Map::new(),
                created_by: maker,
            },
            project.created.unwrap_or(self.now),
        )?;
        for (principal, role) in &members {
            grant::put(self.tx, &self.operator.project(key), principal, *role, maker, self.now)?;
        }
        Ok(())
    }

    fn token(&self, token: &Token, issued: &Issued) -> Result<()> {
        let account = self.account(&token.user)?;
        token::insert(
            self.tx,
            &NewToken {
                signature: &secrets::token::signature(&issued.text),
                account: account.key,
                purpose: Purpose::Api,
                label: &token.name,
                scope: token.scope.as_ref().unwrap_or(&TokenScope::FULL),
                expires: None,
                parent: None,
            },
            self.now,
        )?;
        Ok(())
    }

    fn account(&self, handle: &str) -> Result<Account> {
        account::by_id(self.tx, &user_id(handle)?)?
            .ok_or_else(|| wrong(format!("there is no user \"{handle}\"")))
    }

    fn principal(&self, name: &str) -> Result<Principal> {
        if name == "PUBLIC" {
            return Ok(Principal::Public);
        }
        if let Some(id) = OrgId::parse(name) {
            let key = org::key_of(self.tx, &id)?.ok_or_else(|| wrong(format!("there is no {id}")))?;
            return Ok(Principal::Org(key, id));
        }
        let account = self.account(name)?;
        Ok(Principal::User(account.key, account.id))
    }
}

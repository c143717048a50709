//! Decisions that concern no project: the platform as a whole, and organisations.

use std::marker::PhantomData;

use policy::{Actor, BillingGate, Decision, MemberListVisibility, OrgAction, OrgFacts, Rule, SystemAction};
use wire::Level;
use wire::id::{BillToId, OrgId, UserId};

use super::facts::{Person, gate, org_member};
use super::{Caller, Permit, Refused, Settings};
use crate::db::{DbError, Tx, params};
use crate::keys::{OrgKey, ProjectKey};
use crate::org::Org;
use crate::text::Word;

/// Leave to do one thing that concerns no project.
#[derive(Debug)]
pub struct SystemPermit<'tx> {
    _transaction: PhantomData<&'tx Tx>,
}

/// Leave to do one thing in one organisation.
#[derive(Debug)]
pub struct OrgPermit<'tx> {
    org: OrgKey,
    _transaction: PhantomData<&'tx Tx>,
}

impl OrgPermit<'_> {
    /// The organisation that the leave is for.
    #[must_use]
    pub fn org(&self) -> OrgKey {
        self.org
    }
}

/// Leave for whoever runs commands on the machine itself, with the data directory in hand: loading a fixture, making
/// the first user. No request gets it: Clippy refuses [`Operator::new`] wherever no reason is given.
#[derive(Debug)]
pub struct Operator<'tx> {
    _transaction: PhantomData<&'tx Tx>,
}

impl<'tx> Operator<'tx> {
    /// Leave of the operator, in this transaction.
    #[must_use]
    pub fn new(_tx: &'tx Tx) -> Self {
        Self { _transaction: PhantomData }
    }

    /// Leave to do what concerns no project.
    #[must_use]
    pub fn system(&self) -> SystemPermit<'tx> {
        SystemPermit { _transaction: PhantomData }
    }

    /// Leave to do anything in an organisation.
    #[must_use]
    pub fn org(&self, org: OrgKey) -> OrgPermit<'tx> {
        OrgPermit { org, _transaction: PhantomData }
    }

    /// Leave to do anything in a project.
    #[must_use]
    pub fn project(&self, project: ProjectKey) -> Permit<'tx> {
        Permit { project, object: None, action: None, rule: Rule::PlatformAdmin, _transaction: PhantomData }
    }
}

/// An answer of the decision, or the refusal; errors of the store are apart.
pub type Decided<T> = Result<Result<T, Box<Refused>>, DbError>;

/// Decides about the platform as a whole.
pub fn system_permit<'tx>(
    _tx: &'tx Tx,
    caller: &Caller,
    settings: &Settings,
    action: SystemAction,
) -> Result<SystemPermit<'tx>, Box<Refused>> {
    let decision = policy::decide_system(&platform_actor(caller, settings), action);
    if decision.allowed() {
        return Ok(SystemPermit { _transaction: PhantomData });
    }
    Err(refused(decision, format!("{action:?}"), None))
}

/// Decides whether the caller may make a project that `bill_to` pays for.
pub fn create_project_permit<'tx>(
    tx: &'tx Tx,
    caller: &Caller,
    settings: &Settings,
    bill_to: &BillToId,
) -> Decided<SystemPermit<'tx>> {
    let (may_bill, billing) = payer(tx, caller, settings, bill_to)?;
    let action = SystemAction::CreateProject { may_bill, job_may_create: false, billing };
    // Whoever makes a project administers it, so a scoped token must reach that far in any project.
    let mut actor = platform_actor(caller, settings);
    if !caller.scope.is_full() {
        actor.scope = policy::Scope::Level(caller.scope.level_in("*"));
    }
    let decision = policy::decide_system(&actor, action);
    Ok(if decision.allowed() {
        Ok(SystemPermit { _transaction: PhantomData })
    } else {
        Err(refused(decision, "CreateProject".to_owned(), None))
    })
}

/// One caller's access to one organisation, as this transaction sees it.
#[derive(Debug, Clone)]
pub struct OrgAccess {
    org: OrgKey,
    id: OrgId,
    facts: OrgFacts,
}

impl OrgAccess {
    /// Gathers the facts about a caller in an organisation.
    pub fn load(tx: &Tx, caller: &Caller, settings: &Settings, org: &Org) -> Result<Self, DbError> {
        Ok(Self {
            org: org.key,
            id: org.id.clone(),
            facts: OrgFacts {
                actor: platform_actor(caller, settings),
                member: org_member(tx, org.key, caller.account)?,
                member_list_visibility: org.member_list_visibility,
            },
        })
    }

    /// Whether the caller may, for answers that differ by it.
    #[must_use]
    pub fn allows(&self, action: OrgAction) -> bool {
        policy::decide_org(&self.facts, action).allowed()
    }

    /// Decides, and gives leave or the refusal.
    pub fn permit<'tx>(&self, _tx: &'tx Tx, action: OrgAction) -> Result<OrgPermit<'tx>, Box<Refused>> {
        let decision = policy::decide_org(&self.facts, action);
        if decision.allowed() {
            return Ok(OrgPermit { org: self.org, _transaction: PhantomData });
        }
        Err(refused(decision, format!("{action:?}"), Some(&self.id)))
    }
}

/// Whether the caller may spend an account's money, and whether the account can be charged.
pub fn payer(
    tx: &Tx,
    caller: &Caller,
    settings: &Settings,
    bill_to: &BillToId,
) -> Result<(bool, BillingGate), DbError> {
    let Some(org) = OrgId::from_id(bill_to.as_id().clone()) else {
        let own = UserId::from_id(bill_to.as_id().clone()).is_some_and(|user| user == caller.id);
        return Ok((own, BillingGate::Ok));
    };
    let Some(row) = tx
        .query_opt("select key, expires_at, billing_enabled from org where id = $1", params![org.as_str()])?
    else {
        return Ok((false, BillingGate::Ok));
    };
    let member = org_member(tx, row.get(0)?, caller.account)?;
    let expires_at: Option<i64> = row.get(1)?;
    let billing_enabled: bool = row.get(2)?;
    let may_bill = billing_enabled && member.is_some_and(|member| member.may_bill());
    Ok((may_bill, gate(expires_at, settings.now)))
}

fn platform_actor(caller: &Caller, settings: &Settings) -> Actor {
    let mut actor = Person::calling(caller).actor(settings, "*");
    if !caller.scope.is_full() {
        actor.scope = policy::Scope::Level(Level::None);
    }
    actor
}

fn refused(decision: Decision, asked: String, org: Option<&OrgId>) -> Box<Refused> {
    let subjects = org.iter().map(ToString::to_string).collect();
    Box::new(Refused { asked, project: None, subjects, decision, sentence: None })
}

impl Word for MemberListVisibility {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Admin, "ADMIN"), (Self::Member, "MEMBER"), (Self::Public, "PUBLIC")];
}

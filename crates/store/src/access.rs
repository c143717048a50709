//! Access decisions on facts that come from the database, and the permits they yield.
//!
//! Only this module gathers facts and only it makes permits, so that a permit always rests on what the transaction
//! sees. What writes to a project takes the project from the permit.

use std::marker::PhantomData;

use policy::{
    Action, AdminAccess, BillingGate, Decision, Facts, ObjectClass, ObjectFacts, ObjectFields, ReadOnlyCap,
    Rule,
};
use wire::Level;
use wire::id::{ContainerId, ObjectId, UserId};
use wire::user::TokenScope;

use crate::account::Account;
use crate::db::{DbError, Tx};
use crate::keys::{AccountKey, ObjectKey, ProjectKey, TokenKey};
use crate::object::Object;
use crate::placement::Placement;
use crate::project::Project;
use crate::token::Token;

mod facts;
mod system;
mod walk;
mod ways;

pub use system::{
    Decided, Operator, OrgAccess, OrgPermit, SystemPermit, create_project_permit, payer, system_permit,
};
pub use walk::{Reach, Walk};
pub(crate) use ways::{in_question, in_question_of_member};

/// Who asks, once the token is known to be good.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The account.
    pub account: AccountKey,
    /// Its id.
    pub id: UserId,
    /// Its kind on the platform.
    pub kind: policy::PlatformKind,
    /// The token.
    pub token: TokenKey,
    /// The token's signature.
    pub signature: String,
    /// What the token may do at most.
    pub scope: TokenScope,
}

impl Caller {
    /// Whoever holds a token that is good.
    #[must_use]
    pub fn new(token: Token, account: Account) -> Self {
        Self {
            account: account.key,
            id: account.id,
            kind: account.kind,
            token: token.key,
            signature: token.signature,
            scope: token.scope,
        }
    }

    /// Somebody, for tests of statements.
    #[cfg(test)]
    pub(crate) fn of_tests() -> Self {
        Self {
            account: AccountKey::from_number(1),
            id: UserId::parse("user-alice").unwrap(),
            kind: policy::PlatformKind::Standard,
            token: TokenKey::from_number(1),
            signature: String::new(),
            scope: TokenScope::FULL,
        }
    }

    /// Enough of the token's signature to find the token, and useless to anyone else.
    #[must_use]
    pub fn token_ref(&self) -> &str {
        self.signature.get(..audit::event::TOKEN_REF_LEN).unwrap_or(&self.signature)
    }
}

/// The operator's decisions that the facts include (contract: identity-and-sharing B7).
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How platform administrators reach projects they are no member of.
    pub admin_access: AdminAccess,
    /// What read-only users are cut to.
    pub read_only_cap: ReadOnlyCap,
    /// The time, for what expires, in ms.
    pub now: i64,
}

/// One caller's access to one project, as this transaction sees it.
#[derive(Debug, Clone)]
pub struct Access {
    project: ProjectKey,
    id: ContainerId,
    object: Option<(ObjectKey, ObjectId)>,
    facts: Facts,
}

/// Leave to do one thing in one project. It cannot be made but by a decision, copied, or kept beyond its transaction.
#[derive(Debug)]
pub struct Permit<'tx> {
    project: ProjectKey,
    object: Option<ObjectKey>,
    /// What was asked; none when the operator gave it, who may do anything.
    action: Option<Action>,
    rule: Rule,
    _transaction: PhantomData<&'tx Tx>,
}

/// What the facts about somebody else in a project are, as if through a token of full scope: to explain, not to act on.
pub fn facts_about(
    tx: &Tx,
    account: &Account,
    settings: &Settings,
    project: &Project,
) -> Result<Facts, DbError> {
    let facts = facts::gather(tx, &facts::Person::of(account), settings, std::slice::from_ref(project))?;
    facts.into_iter().next().ok_or_else(|| DbError::Corrupt("facts about nothing".into()))
}

/// A decision that said no.
#[derive(Debug, Clone)]
pub struct Refused {
    /// What was asked.
    pub asked: String,
    /// The project it was asked in.
    pub project: Option<String>,
    /// What else it concerned.
    pub subjects: Vec<String>,
    /// The decision, with every reason.
    pub decision: Decision,
    /// What to tell the caller instead of the decision's own sentence, where a client expects other words.
    pub sentence: Option<String>,
}

impl Refused {
    /// A refusal by a rule about something that no fact of a decision holds, such as the licence of a payer.
    #[must_use]
    pub fn by(rule: Rule, asked: &str, project: Option<&ContainerId>, subject: Option<&str>) -> Box<Self> {
        let decision = Decision {
            outcome: rule.outcome(),
            rule,
            missing: policy::Capabilities::NONE,
            level: Level::None,
            reasons: Vec::new(),
        };
        Box::new(Self {
            asked: asked.to_owned(),
            project: project.map(ToString::to_string),
            subjects: subject.map(ToOwned::to_owned).into_iter().collect(),
            decision,
            sentence: None,
        })
    }
}

impl Access {
    /// Gathers the facts about a caller in a project.
    pub fn load(tx: &Tx, caller: &Caller, settings: &Settings, project: &Project) -> Result<Self, DbError> {
        let facts =
            facts::gather(tx, &facts::Person::calling(caller), settings, std::slice::from_ref(project))?;
        let facts = facts.into_iter().next().ok_or_else(|| DbError::Corrupt("facts about nothing".into()))?;
        Ok(Self::of(project, facts))
    }

    /// Gathers the facts about a caller in each of some projects, in their order. The number of statements does not
    /// depend on the number of projects, which the caller of this function bounds.
    pub fn load_each(
        tx: &Tx,
        caller: &Caller,
        settings: &Settings,
        projects: &[Project],
    ) -> Result<Vec<Self>, DbError> {
        let facts = facts::gather(tx, &facts::Person::calling(caller), settings, projects)?;
        Ok(projects.iter().zip(facts).map(|(project, facts)| Self::of(project, facts)).collect())
    }

    fn of(project: &Project, facts: Facts) -> Self {
        Self { project: project.key, id: project.id.clone(), object: None, facts }
    }

    /// Whether the caller may, for lists and answers that differ by it. What is done on the strength of a yes needs
    /// [`Access::permit`].
    #[must_use]
    pub fn allows(&self, action: Action) -> bool {
        policy::decide(&self.facts, action).allowed()
    }

    /// The same access, where another account than the project's payer would be charged.
    #[must_use]
    pub fn charging(&self, gate: BillingGate) -> Self {
        let mut charging = self.clone();
        charging.facts.billing = gate;
        charging
    }

    /// Whether the caller may know that the project exists.
    #[must_use]
    pub fn sees_project(&self) -> bool {
        self.allows(Action::SeeProject)
    }

    /// The facts, for lists and explanations.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The same access, to one object as it lies in this project.
    #[must_use]
    pub fn to_object(&self, caller: &Caller, object: &Object, placement: &Placement) -> Self {
        let mut narrowed = self.clone();
        narrowed.facts.object = Some(object_facts(caller.account, object, placement));
        narrowed.object = Some((object.key, object.id.clone()));
        narrowed
    }

    /// The same access, to closed objects of one class that lie in this project.
    #[must_use]
    pub fn to_class(&self, class: ObjectClass) -> Self {
        let mut narrowed = self.clone();
        narrowed.facts.object =
            Some(ObjectFacts { labels: class.labels(), output: class.is_output(), ..ObjectFacts::default() });
        narrowed
    }

    /// Which fields of an object that lies in this project the caller may read; none when it is hidden.
    pub fn fields_of(&mut self, object: ObjectFacts) -> Option<ObjectFields> {
        let before = self.facts.object.replace(object);
        let fields = policy::object_fields(&self.facts);
        self.facts.object = before;
        fields
    }

    /// Whether the caller may know that the object exists.
    #[must_use]
    pub fn sees_object(&self) -> bool {
        self.allows(Action::ViewObject)
    }

    /// Which fields of the object the caller may read; none when it is hidden.
    #[must_use]
    pub fn readable_fields(&self) -> Option<ObjectFields> {
        policy::object_fields(&self.facts)
    }

    /// The caller's level in the project, as the wire shows it.
    #[must_use]
    pub fn level(&self) -> Level {
        policy::effective(&self.facts).level
    }

    /// Decides, and gives leave or the refusal with its reasons.
    pub fn permit<'tx>(&self, _tx: &'tx Tx, action: Action) -> Result<Permit<'tx>, Box<Refused>> {
        let decision = policy::decide(&self.facts, action);
        if decision.allowed() {
            let object = self.object.as_ref().map(|(key, _)| *key);
            return Ok(Permit {
                project: self.project,
                object,
                action: Some(action),
                rule: decision.rule,
                _transaction: PhantomData,
            });
        }
        Err(Box::new(Refused {
            asked: format!("{action:?}"),
            project: Some(self.id.to_string()),
            subjects: self.object.iter().map(|(_, id)| id.to_string()).collect(),
            decision: policy::explain(&self.facts, action),
            sentence: None,
        }))
    }
}

impl Permit<'_> {
    /// The project that the leave is for.
    #[must_use]
    pub fn project(&self) -> ProjectKey {
        self.project
    }

    /// The object that the leave is for.
    ///
    /// # Errors
    /// When it was asked for the project as a whole, which is a fault of the program.
    pub fn object(&self) -> Result<ObjectKey, DbError> {
        self.object.ok_or_else(|| DbError::Other("a permit without an object was used for one".into()))
    }

    /// Fails when it was given for something that does not fit, which is a fault of the program. Who writes members and
    /// settings asks this, since those decide over everything else.
    pub(crate) fn given_for(&self, fits: impl FnOnce(Action) -> bool) -> Result<(), DbError> {
        match self.action {
            Some(action) if !fits(action) => {
                Err(DbError::Other(format!("a permit for {action:?} was used for something else")))
            }
            _ => Ok(()),
        }
    }

    /// The rule that gave it, for the audit log.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.rule
    }
}

/// An object as it lies in a project, as far as a person's access to it goes.
#[must_use]
pub fn object_facts(account: AccountKey, object: &Object, placement: &Placement) -> ObjectFacts {
    ObjectFacts {
        labels: placement.labels,
        state: object.state.into(),
        made_by_actor: object.created_by == account,
        output: placement.is_output,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permit_serves_what_it_was_given_for() {
        let permit = |action| Permit {
            project: ProjectKey::from_number(1),
            object: None,
            action,
            rule: Rule::LevelTooLow,
            _transaction: PhantomData,
        };
        let destroys = |action| matches!(action, Action::DestroyProject);
        permit(Some(Action::DestroyProject)).given_for(destroys).unwrap();
        permit(None).given_for(destroys).unwrap();
        let error = permit(Some(Action::EditFolders)).given_for(destroys).unwrap_err();
        assert!(error.to_string().contains("EditFolders"), "{error}");
    }
}

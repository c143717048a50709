//! The same facts and questions in the words of the policy engine Cedar (<https://www.cedarpolicy.com>).
//!
//! Everything that Cedar can do beforehand is done beforehand: policies are parsed, entities are built with their
//! ancestors, requests are made. What is timed is its decision alone.

use std::collections::{HashMap, HashSet};

use anyhow::{Context as _, ensure};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request, RestrictedExpression,
};
use policy::{Action, Facts, Role, Via, decide};
use wire::Level;

/// Levels are groups within groups: who administers also contributes, uploads and views. What an organisation brings
/// is cut by the seat that a member has in it, and a seat is in the group of the lower of both levels.
const POLICIES: &str = r#"
permit (principal, action in Action::"read", resource) when { principal in Level::"View" };
permit (principal, action in Action::"read", resource) when { resource.public };
permit (principal, action == Action::"create", resource) when { principal in Level::"Upload" };
permit (principal, action == Action::"delete", resource) when { principal in Level::"Contribute" };
permit (principal, action == Action::"update", resource) when { principal in Level::"Administer" };
forbid (principal, action == Action::"download", resource) when { resource.downloadRestricted };
forbid (principal, action == Action::"copy", resource) when { resource.restricted };
forbid (principal, action == Action::"delete", resource)
    when { resource.protected } unless { principal in Level::"Administer" };
"#;

/// What is read; each is in `Action::"read"`.
const READS: [&str; 5] = ["see", "list", "view", "download", "copy"];
/// Lowest first; each is in the one before.
const LEVELS: [Level; 4] = [Level::View, Level::Upload, Level::Contribute, Level::Administer];

/// Cedar, and everything that will be asked of it.
pub(crate) struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    questions: Vec<Question>,
}

/// One question, ready to be asked.
pub(crate) struct Question {
    request: Request,
    entities: Entities,
}

impl Cedar {
    /// Cedar with the policies above, and the questions.
    ///
    /// # Errors
    /// When one of them is answered otherwise than by our own decision.
    pub(crate) fn new(asked: &[(&Facts, Action)]) -> anyhow::Result<Self> {
        let policies = POLICIES.parse().context("the policies are not Cedar's")?;
        let mut cedar = Self { authorizer: Authorizer::new(), policies, questions: Vec::new() };
        for (facts, action) in asked {
            let request = Request::new(
                uid("User", "ada")?,
                name(*action)?,
                uid("Project", "p")?,
                Context::empty(),
                None,
            )?;
            let question = Question { request, entities: entities(facts)? };
            let (ours, theirs) = (decide(facts, *action).allowed(), cedar.allows(&question));
            ensure!(ours == theirs, "ours {ours}, Cedar {theirs} on {action:?} of {facts:?}");
            cedar.questions.push(question);
        }
        Ok(cedar)
    }

    /// What will be asked, in the order of the questions that were given.
    pub(crate) fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// The decision.
    pub(crate) fn allows(&self, question: &Question) -> bool {
        let answer = self.authorizer.is_authorized(&question.request, &self.policies, &question.entities);
        answer.decision() == Decision::Allow
    }
}

fn uid(kind: &str, name: &str) -> anyhow::Result<EntityUid> {
    format!("{kind}::\"{name}\"").parse().with_context(|| format!("{kind} {name} is no name in Cedar"))
}

fn name(action: Action) -> anyhow::Result<EntityUid> {
    let name = match action {
        Action::SeeProject => "see",
        Action::ListData => "list",
        Action::ViewObject => "view",
        Action::Download { .. } => "download",
        Action::CopyOut { .. } => "copy",
        Action::CreateData { .. } => "create",
        Action::DeleteData => "delete",
        Action::UpdateProject => "update",
        other => anyhow::bail!("{other:?} is not compared"),
    };
    uid("Action", name)
}

/// What a request is decided on.
fn entities(facts: &Facts) -> anyhow::Result<Entities> {
    let mut all = Vec::new();
    for read in READS {
        all.push(Entity::new_no_attrs(uid("Action", read)?, HashSet::from([uid("Action", "read")?])));
    }
    let level = |level: Level| uid("Level", &format!("{level:?}"));
    for pair in LEVELS.windows(2) {
        all.push(Entity::new_no_attrs(level(pair[1])?, HashSet::from([level(pair[0])?])));
    }
    let (mut groups, mut public) = (HashSet::new(), false);
    for grant in &facts.grants {
        let held = LEVELS.into_iter().find(|held| grant.role == Role::level(*held));
        let held = held.context("a grant is no level")?;
        match &grant.via {
            Via::Direct => drop(groups.insert(level(held)?)),
            Via::Public => public = true,
            Via::Org { org, member } => {
                let seat = uid("Seat", &org.to_string())?;
                let cut = level(held.min(member.project_access))?;
                all.push(Entity::new_no_attrs(seat.clone(), HashSet::from([cut])));
                groups.insert(seat);
            }
            Via::Workgroup { .. } => anyhow::bail!("workgroups are not compared"),
        }
    }
    all.push(Entity::new_no_attrs(uid("User", "ada")?, groups));
    let flags = facts.project.flags;
    let attributes = [
        ("public", public),
        ("restricted", flags.restricted),
        ("downloadRestricted", flags.download_restricted),
        ("protected", flags.protected),
    ];
    let attributes: HashMap<_, _> = attributes
        .map(|(name, value)| (name.to_owned(), RestrictedExpression::new_bool(value)))
        .into_iter()
        .collect();
    all.push(Entity::new(uid("Project", "p")?, attributes, HashSet::new())?);
    Ok(Entities::from_entities(all, None)?)
}

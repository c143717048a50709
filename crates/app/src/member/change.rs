//! Lowering, removing and leaving (contract: identity-and-sharing 5.4; B11.32, B11.33, B11.38).

use std::collections::HashSet;

use policy::{Action, MemberChange, Role, lowered};
use serde_json::json;
use store::access::Permit;
use store::grant::{self, Given, Principal};
use store::keys::AccountKey;
use store::project::Project;
use wire::Level;
use wire::answer::{Made, NoInput};
use wire::id::{ProjectId, UserId};
use wire::project::DecreasePermissions;

use crate::context::Ctx;
use crate::error::Result;
use crate::event::{Event, EventName};
use crate::party::Party;
use crate::work::Work;

/// What becomes of one entry.
struct Change {
    principal: Principal,
    before: Given,
    /// None when the entry goes altogether.
    after: Option<Given>,
}

impl Change {
    fn removes(&self) -> bool {
        self.after.is_none()
    }

    fn loses_administer(&self) -> bool {
        let administers = |given: Given| given.level() == Level::Administer;
        administers(self.before) && !self.after.is_some_and(administers)
    }
}

/// `/project-xxxx/decreasePermissions`: lowers entries, or removes them for null. All of them or none.
///
/// A higher level than now, and somebody who has no entry, are no-ops.
///
/// # Errors
/// `ResourceNotFound` for somebody unknown, `PermissionDenied` below ADMINISTER and for the person who pays,
/// `InvalidState` when nobody would be left to administer the project, or for the owner's entry.
pub async fn decrease(ctx: Ctx, project: ProjectId, input: DecreasePermissions) -> Result<Made> {
    ctx.change(move |work| {
        let (found, access) = work.project(&project.clone().into())?;
        // Whoever may lower nobody learns nothing about who exists.
        work.permit(&access, Action::DecreaseMember(MemberChange::default()))?;
        let mut changes = Vec::new();
        for (name, level) in &input.0 {
            let principal = Party::find(work, name)?.principal();
            changes.extend(change_of(work, &found, principal, *level)?);
        }
        let unled = leaves_nobody(work, &found, &changes)?;
        let permits = changes
            .iter()
            .map(|change| work.permit(&access, Action::DecreaseMember(member_change(&found, change, unled))));
        let permits: Vec<Permit<'_>> = permits.collect::<Result<_>>()?;
        for (change, permit) in changes.iter().zip(&permits) {
            apply(work, permit, &found, change)?;
        }
        Ok(Made::new(found.id))
    })
    .await
}

/// `/project-xxxx/leave`: ends the caller's own entry; what comes through organisations stays.
///
/// # Errors
/// `InvalidState` without an entry of one's own, for the owner, and for the last administrator of a project that a
/// person pays for; `PermissionDenied` for that person.
pub async fn leave(ctx: Ctx, project: ProjectId, _: NoInput) -> Result<Made> {
    ctx.change(move |work| {
        let (found, access) = work.project(&project.clone().into())?;
        let caller = work.caller()?;
        let own = Principal::User(caller.account, caller.id.clone());
        let change = change_of(work, &found, own, None)?;
        let last_administrator = leaves_nobody(work, &found, change.as_slice())?;
        let permit = work.permit(&access, Action::Leave { last_administrator })?;
        if let Some(change) = change {
            grant::remove(work.tx, &permit, &change.principal)?;
            work.record(
                Event::done(EventName::MemberLeft)
                    .project(&found.id)
                    .subject(&caller.id)
                    .rule(permit.rule().code())
                    .before(json!({ "level": change.before.level() })),
            )?;
        }
        Ok(Made::new(found.id))
    })
    .await
}

/// What lowering somebody to a level would change; nothing when there is no entry, or it holds no more.
fn change_of(
    work: &Work<'_>,
    project: &Project,
    principal: Principal,
    level: Option<Level>,
) -> Result<Option<Change>> {
    let Some(held) = grant::of_principal(work.tx, project.key, &principal)? else { return Ok(None) };
    let before = held.given;
    let after = match level {
        None | Some(Level::None) => None,
        Some(level) => match lowered(before.role, before.rights, Role::level(level)) {
            None => return Ok(None),
            Some(role) => Some(Given { role, ..before }),
        },
    };
    Ok(Some(Change { principal, before, after }))
}

/// Whether the changes take ADMINISTER from the last of those who hold it by entries of their own.
fn leaves_nobody(work: &Work<'_>, project: &Project, changes: &[Change]) -> Result<bool> {
    let losing: HashSet<AccountKey> = changes
        .iter()
        .filter(|change| change.loses_administer())
        .filter_map(|change| match &change.principal {
            Principal::User(account, _) => Some(*account),
            Principal::Org(..) | Principal::Public => None,
        })
        .collect();
    let holders = grant::administrators(work.tx, project.key)?;
    Ok(!losing.is_empty() && holders.iter().all(|holder| losing.contains(holder)))
}

fn member_change(project: &Project, change: &Change, unled: bool) -> MemberChange {
    let user: Option<&UserId> = match &change.principal {
        Principal::User(_, id) => Some(id),
        Principal::Org(..) | Principal::Public => None,
    };
    let loses_administer = change.loses_administer();
    MemberChange {
        removes: change.removes(),
        loses_administer,
        of_owner: user.is_some() && user == project.owner.as_ref(),
        of_payer: user.is_some_and(|user| user.as_str() == project.bill_to),
        last_administrator: unled && loses_administer && user.is_some(),
    }
}

fn apply(work: &Work<'_>, permit: &Permit<'_>, project: &Project, change: &Change) -> Result<()> {
    match change.after {
        Some(given) => {
            let by = work.caller()?.id.as_str();
            grant::put(work.tx, permit, &change.principal, given, by, work.now())?;
        }
        None => drop(grant::remove(work.tx, permit, &change.principal)?),
    }
    work.record(
        Event::done(EventName::MemberDecreased)
            .project(&project.id)
            .subject(&change.principal.as_str())
            .rule(permit.rule().code())
            .before(json!({ "level": change.before.level() }))
            .after(json!({ "level": change.after.map(Given::level) })),
    )
}

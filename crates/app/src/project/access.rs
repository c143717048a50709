//! Explaining access: what somebody may do in a project, where it comes from, and why or why not
//! (contract: identity-and-sharing B5).

use policy::{
    Action, BillTo, Capabilities, Capability, Destination, Facts, FlagChange, Invitee, MemberChange,
    OrgAction, PlatformKind, Role, Via,
};
use store::access::{facts_about, object_facts};
use store::grant;
use store::project::Project;
use wire::id::{ContainerId, OrgId, ProjectId};
use wire::project::{AccessDescribed, AccessSource, DecisionReason, DecisionShown, DescribeAccess};
use wire::{ApiError, Level};

use crate::context::Ctx;
use crate::error::{Error, Result};
use crate::party;
use crate::work::Work;

/// `/project-xxxx/describeAccess`: the caller's own access, or, for who may change flags, anybody's.
///
/// About oneself the token counts; about others the answer is what a token of full scope could do. It leaves out what
/// others hold through organisations whose members the caller may not list, and names these organisations, whether the
/// person belongs to them or not: a project of one's own must not tell who belongs to whom.
///
/// # Errors
/// `PermissionDenied` about others below ADMINISTER, `ResourceNotFound` for a user or object that is not there,
/// `InvalidInput` for an action of an unknown name.
pub async fn describe_access(ctx: Ctx, id: ProjectId, input: DescribeAccess) -> Result<AccessDescribed> {
    ctx.look(move |work| {
        let id: ContainerId = id.clone().into();
        let (project, access) = work.project(&id)?;
        let asked = input.action.as_deref().map(action_of).transpose()?;
        let caller = work.caller()?;
        let mut withheld = Vec::new();
        let (user, account, mut facts) = match &input.user {
            None => (caller.id.clone(), caller.account, access.facts().clone()),
            Some(user) if party::names(user, &caller.id) => {
                (caller.id.clone(), caller.account, access.facts().clone())
            }
            Some(user) => {
                work.permit(&access, Action::DescribeAccessOfOthers)?;
                let account = party::account_by_name(work, user)?;
                let mut facts = facts_about(work.tx, &account, &work.settings(), &project)?;
                withheld = hidden_orgs(work, &project)?;
                leave_out(&mut facts, &withheld, caller.kind);
                (account.id, account.key, facts)
            }
        };
        if let Some(object) = &input.object {
            let copy = work.copy(object, &id)?;
            facts.object = Some(object_facts(account, &copy.object, &copy.placement));
        }
        let report = policy::describe(&facts);
        let decision = asked.map(|action| {
            let decision = policy::explain(&facts, action);
            DecisionShown {
                allowed: decision.allowed(),
                rule: decision.rule.code(),
                message: decision.message(project.id.as_str()),
                missing: names(decision.missing),
                reasons: decision.reasons.iter().map(reason).collect(),
            }
        });
        Ok(AccessDescribed {
            sources: report.sources.iter().map(|source| shown(source, user.as_str())).collect(),
            user: user.into(),
            level: report.access.level,
            capabilities: names(report.access.capabilities),
            masks: report.masks.iter().map(reason).collect(),
            withheld,
            decision,
        })
    })
    .await
}

/// The organisations that share a project or pay for it and whose members the caller may not list.
fn hidden_orgs(work: &Work<'_>, project: &Project) -> Result<Vec<OrgId>> {
    let mut concerned = grant::orgs_of(work.tx, project.key)?;
    if let Some(payer) = OrgId::parse(&project.bill_to)
        && !concerned.contains(&payer)
    {
        concerned.push(payer);
    }
    let mut hidden = Vec::new();
    for org in concerned {
        if !work.org(&org)?.1.allows(OrgAction::ListMembers) {
            hidden.push(org);
        }
    }
    Ok(hidden)
}

/// Takes out of what is known about somebody what the caller shall not learn.
fn leave_out(facts: &mut Facts, hidden: &[OrgId], caller: PlatformKind) {
    facts.grants.retain(|grant| !matches!(&grant.via, Via::Org { org, .. } if hidden.contains(org)));
    if let BillTo::Org(payer) = &mut facts.project.bill_to
        && hidden.contains(&payer.id)
    {
        payer.member = None;
    }
    if facts.actor.kind == PlatformKind::Admin && caller != PlatformKind::Admin {
        facts.actor.kind = PlatformKind::Standard;
    }
}

fn shown(source: &policy::Source, user: &str) -> AccessSource {
    let principal = source.via.as_ref().map(|via| match via {
        Via::Direct => user.to_owned(),
        Via::Org { org, .. } => org.to_string(),
        Via::Workgroup { workgroup, .. } => workgroup.to_string(),
        Via::Public => "PUBLIC".to_owned(),
    });
    let given = source.role.map(|role| {
        let given = store::grant::Given { role, rights: source.rights };
        given.level()
    });
    AccessSource {
        rule: source.rule.code(),
        principal,
        via: source.rule.sentence(),
        grant: given,
        gives: names(source.gives),
    }
}

fn reason(reason: &policy::Reason) -> DecisionReason {
    DecisionReason {
        rule: reason.rule.code(),
        sentence: reason.rule.sentence(),
        added: names(reason.added),
        removed: names(reason.removed),
    }
}

fn names(capabilities: Capabilities) -> Vec<&'static str> {
    capabilities.iter().map(Capability::as_str).collect()
}

/// The action that a capability's name asks about: the one that its name suggests, with the conditions of that action.
fn action_of(name: &str) -> Result<Action, Error> {
    use Capability as C;
    let Some(capability) = Capability::parse(name) else {
        let known: Vec<&str> = Capability::ALL.iter().map(|capability| capability.as_str()).collect();
        return Err(ApiError::invalid_input(format!(
            "key \"action\": there is no action \"{name}\". There are: {}.",
            known.join(", ")
        ))
        .into());
    };
    Ok(match capability {
        C::ProjectSee => Action::SeeProject,
        C::MemberList => Action::ListMembers,
        C::ActivityView => Action::ViewActivity,
        C::DataList => Action::ViewObject,
        C::DataView => Action::ViewContent,
        C::DataDownload => Action::Download { preauthenticated: false },
        C::DataCopyOut => Action::CopyOut { into: Destination { contains_phi: false } },
        C::DataUse => Action::UseAsInput { elsewhere: None },
        C::DataUpload => Action::CreateData { bytes: true },
        C::DataCreate => Action::CreateData { bytes: false },
        C::ToolCreate => Action::CreateExecutable,
        C::DataEditOpen => Action::CloseObject,
        C::DataEditAny => Action::MoveData,
        C::DataDelete => Action::DeleteData,
        C::DataArchive => Action::ArchiveData,
        C::ExecView => Action::ViewExecutions,
        C::ExecRun => Action::RunExecutable,
        C::BaseQueryRun => Action::QueryTables { direct: true },
        C::ProjectTags => Action::EditProjectTags,
        C::ProjectUpdate => Action::UpdateProject,
        C::ProjectFlags => Action::ChangeFlags(FlagChange::default()),
        C::ProjectOwner => Action::SetOwner,
        C::ProjectBill => Action::TransferProject,
        C::ProjectDestroy => Action::DestroyProject,
        C::MemberInvite => {
            Action::InviteMember { role: Role::level(Level::View), to: Invitee::Other { read_only: false } }
        }
        C::MemberDecrease => Action::DecreaseMember(MemberChange::default()),
        other => Action::Need(other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capability_can_be_asked_about() {
        for capability in Capability::ALL {
            assert!(action_of(capability.as_str()).is_ok(), "{}", capability.as_str());
        }
        let message = action_of("data.peek").unwrap_err().into_wire().message;
        assert!(message.contains("data.peek") && message.contains("data.download"), "{message}");
    }

    #[test]
    fn levels_can_be_given_by_preset() {
        assert_eq!(Role::level(Level::View), Role::Preset(policy::Preset::View));
    }
}

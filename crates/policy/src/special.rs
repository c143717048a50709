//! The conditions of actions that are no capability: standing, ceilings, accounts, states.

use wire::Level;

use crate::action::{Account, Action, FlagChange, Invitee, MemberChange};
use crate::evaluate::Held;
use crate::facts::{AdminAccess, BillTo, Facts, PlatformKind, Transfer, Via};
use crate::org::need;
use crate::presets::Preset;
use crate::rights::Rights;
use crate::role::Role;
use crate::rule::Rule;

/// The rule that lets the caller act by standing, without the capabilities of the action.
///
/// Standing is the person's own: a job has none, a Read-Only user has none but to invite themselves within View, and
/// a token must reach ADMINISTER (contract B11.31).
pub(crate) fn standing(facts: &Facts, action: Action) -> Option<Rule> {
    let actor = &facts.actor;
    if actor.user.is_none() || actor.is_job() || !actor.scope.reaches(Level::Administer) {
        return None;
    }
    let read_only = actor.kind == PlatformKind::ReadOnly;
    let org_admin = facts.is_bill_to_admin().then_some(Rule::OrgAdmin);
    let platform_admin = (actor.kind == PlatformKind::Admin).then_some(match actor.admin_access {
        AdminAccess::Implicit => Rule::PlatformAdmin,
        AdminAccess::GrantSelf => Rule::PlatformAdminSees,
    });
    let invitee = (facts.project.transfer == Transfer::ToActor).then_some(Rule::TransferInvitee);
    match action {
        Action::SelfInvite { .. } => org_admin.or(platform_admin),
        Action::CancelTransfer => invitee,
        _ if read_only => None,
        Action::AcceptTransfer { .. } => invitee,
        Action::SetOwner => facts.is_owner().then_some(Rule::Owner).or(org_admin),
        Action::ReadAudit => org_admin.or(platform_admin),
        _ => None,
    }
}

/// The first condition that the action fails, if any, given that its capabilities are held.
pub(crate) fn condition(facts: &Facts, action: Action, held: &Held, standing: Option<Rule>) -> Option<Rule> {
    let flags = facts.project.flags;
    let person = !facts.actor.is_job();
    let labels = facts.object.unwrap_or_default().labels;
    match action {
        Action::FindProject => (!held.listed).then_some(Rule::NotListed),
        // `downloadRestricted` forces previews off (contract 7). Ruling: so does the label it turns into, since a
        // preview brings the bytes to the reader's own machine.
        Action::ViewContent => (flags.preview_viewer_restricted
            || flags.download_restricted
            || facts.share.is_some_and(|share| share.publisher.preview_viewer_restricted))
        .then_some(Rule::PreviewRestricted)
        .or((labels.no_download && person).then_some(Rule::LabelNoDownload)),
        Action::CopyOut { into } | Action::UseAsInput { elsewhere: Some(into) } => {
            let shared = facts.share.is_some() && matches!(action, Action::UseAsInput { .. });
            let phi = facts.derived_labels().phi && !into.contains_phi;
            shared.then_some(Rule::ShareElsewhere).or(phi.then_some(Rule::ContainsPhi))
        }
        Action::QueryTables { direct: true } => {
            // Ruling: a query from outside takes data out, so that labels stop it as the flags do.
            let carried = facts.derived_labels();
            let by_pages = flags.database_ui_view_only && held.level <= Level::View;
            (flags.download_restricted && person)
                .then_some(Rule::DownloadRestricted)
                .or((carried.no_download && person).then_some(Rule::LabelNoDownload))
                .or((carried.phi && person).then_some(Rule::ContainsPhi))
                .or(by_pages.then_some(Rule::DatabaseUiViewOnly))
        }
        // The other copies lie in projects that a scope need not hold, so that only a full one reaches them.
        Action::ArchiveAllCopies => {
            need(facts.is_bill_to_admin() || facts.is_payer(), Rule::OrgAdminRequired)
                .or(need(facts.actor.in_full(), Rule::FullScopeRequired))
        }
        Action::ChangeFlags(change) => flag_change(facts, change),
        Action::ChangeBilling { to } => payer(facts).or_else(|| account(facts, to)),
        Action::TransferProject => {
            payer(facts).or((facts.project.transfer != Transfer::None).then_some(Rule::TransferPending))
        }
        Action::AcceptTransfer { to } => acceptance(facts, standing).or_else(|| account(facts, to)),
        Action::CancelTransfer => (facts.project.transfer == Transfer::None).then_some(Rule::TransferNone),
        Action::InviteMember { role, to } => invitation(facts, held, role, to),
        Action::SelfInvite { role, rights } => self_invitation(facts, role, rights, standing),
        Action::DecreaseMember(change) => member_change(facts, change),
        Action::Leave { last_administrator } => leave(facts, last_administrator),
        Action::AcceptNotice => (!person).then_some(Rule::JobLevel),
        _ => None,
    }
}

/// Contract 7, B11.10, B11.22.
///
/// Ruling: the public client's own test pins the order in which the two download flags go: `downloadRestricted` forces
/// `previewViewerRestricted` on, and is lifted only once that was unset, before or in the same call. Unset or not, no
/// preview opens while `downloadRestricted` is on.
fn flag_change(facts: &Facts, change: FlagChange) -> Option<Rule> {
    let flags = facts.project.flags;
    let public = facts.grants.iter().any(|grant| grant.via == Via::Public);
    if change.contains_phi == Some(false) && flags.contains_phi {
        return Some(Rule::PhiIrreversible);
    }
    if change.contains_phi == Some(true) && !flags.contains_phi && public {
        return Some(Rule::PhiWhilePublic);
    }
    let preview_restricted = change.preview_viewer_restricted.unwrap_or(flags.preview_viewer_restricted);
    let stuck = match change.download_restricted {
        Some(true) => change.preview_viewer_restricted == Some(false),
        Some(false) => flags.download_restricted && preview_restricted,
        None => false,
    };
    stuck.then_some(Rule::PreviewForced)
}

/// Whether the organisation that pays lets the caller move the project (contract 8, B11.21).
fn payer(facts: &Facts) -> Option<Rule> {
    match &facts.project.bill_to {
        BillTo::Org(org) if org.transfer_by_admins_only && !facts.is_bill_to_admin() => {
            Some(Rule::TransferRestricted)
        }
        _ => None,
    }
}

/// Whether the caller may make this account pay (contract 8).
fn account(facts: &Facts, to: Account) -> Option<Rule> {
    let phi = facts.project.flags.contains_phi;
    match to {
        Account::OtherUser => Some(Rule::BillOtherUser),
        Account::Org { may_bill: false, .. } => Some(Rule::BillNoRight),
        Account::Myself | Account::Org { phi_enabled: false, .. } if phi => Some(Rule::BillPhi),
        Account::Myself | Account::Org { .. } => None,
    }
}

/// Whether the caller is the one to whom the project is offered, with the standing to take it.
fn acceptance(facts: &Facts, standing: Option<Rule>) -> Option<Rule> {
    match facts.project.transfer {
        Transfer::None => Some(Rule::TransferNone),
        Transfer::ToOther => Some(Rule::TransferNotInvitee),
        Transfer::ToActor if standing.is_some() => None,
        Transfer::ToActor if facts.actor.kind == PlatformKind::ReadOnly => Some(Rule::ReadOnly),
        Transfer::ToActor if facts.actor.is_job() => Some(Rule::JobLevel),
        Transfer::ToActor => Some(Rule::TokenScope),
    }
}

/// Contract 5.4, B11.2, B11.8, B11.23.
fn invitation(facts: &Facts, held: &Held, role: Role, to: Invitee) -> Option<Rule> {
    if to == Invitee::Public && facts.project.flags.contains_phi {
        return Some(Rule::InvitePublicPhi);
    }
    if !held.ceiling.admits(role) {
        return Some(Rule::InviteCeiling);
    }
    match to {
        Invitee::Public if role != Role::Preset(Preset::View) => Some(Rule::InvitePublicLevel),
        Invitee::Other { read_only: true } if !within_view(role) => Some(Rule::InviteReadOnly),
        Invitee::Public | Invitee::Other { .. } => None,
    }
}

/// Nobody raises their own entry, rights included, but by standing (contract B11.2).
fn self_invitation(facts: &Facts, role: Role, rights: Rights, standing: Option<Rule>) -> Option<Rule> {
    if standing.is_none() {
        let within = facts.direct_grant().is_some_and(|own| {
            own.role.capabilities(own.rights).covers(role.capabilities(rights))
                && role.ceiling() <= own.role.ceiling()
                && rights.within(own.rights)
        });
        return (!within).then_some(Rule::OwnEntry);
    }
    (facts.actor.kind == PlatformKind::ReadOnly && !within_view(role)).then_some(Rule::InviteReadOnly)
}

/// Whether a role is no more than View; the level VIEW counts as such (contract B11.23).
fn within_view(role: Role) -> bool {
    let capabilities = role.capabilities(Rights::BOTH);
    [Preset::CollaboratorView, Preset::View]
        .into_iter()
        .any(|view| view.capabilities(Rights::BOTH).covers(capabilities))
}

/// Contract 5.4, B11.32, B11.33.
fn member_change(facts: &Facts, change: MemberChange) -> Option<Rule> {
    let personal = matches!(facts.project.bill_to, BillTo::User(_));
    let loses = change.removes || change.loses_administer;
    if change.of_payer && loses {
        Some(Rule::BilledUser)
    } else if change.of_owner && change.removes {
        Some(Rule::OwnerEntry)
    } else {
        (change.last_administrator && loses && personal).then_some(Rule::LastAdministrator)
    }
}

/// Leaving removes one's own entry; a job has none (contract 5.4, B11.38). Ruling: it changes members, so that a token
/// must reach ADMINISTER for it, as for letting oneself in (contract B11.31).
fn leave(facts: &Facts, last_administrator: bool) -> Option<Rule> {
    if facts.actor.is_job() {
        return Some(Rule::JobLevel);
    }
    if !facts.actor.scope.reaches(Level::Administer) {
        return Some(Rule::TokenScope);
    }
    if facts.direct_grant().is_none() {
        return Some(Rule::NoEntry);
    }
    let change = MemberChange {
        removes: true,
        loses_administer: true,
        of_owner: facts.is_owner(),
        of_payer: facts.is_payer(),
        last_administrator,
    };
    member_change(facts, change)
}

//! Who may do what in an organisation (contract 4). Everybody with a token may know that an organisation exists, so
//! refusals are never hidden.

use crate::decision::Decision;
use crate::facts::{Actor, OrgMember, PlatformKind};
use crate::outcome::Outcome;
use crate::rule::Rule;

/// What is known about one actor in one organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgFacts {
    /// Who asks. Organisations stand in no scope, so that only its being full counts.
    pub actor: Actor,
    /// The actor's membership, if any.
    pub member: Option<OrgMember>,
    /// The policy of this name.
    pub member_list_visibility: MemberListVisibility,
}

/// Who may list an organisation's members (contract 4.2, F043).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum MemberListVisibility {
    /// Its ADMINs.
    #[default]
    Admin,
    /// Its members.
    Member,
    /// Any user.
    Public,
}

/// One thing that a caller wants to do in an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrgAction {
    /// Read what members see: policies, one's own level and flags.
    See,
    /// List the members and their levels.
    ListMembers,
    /// Read what ADMINs see: its projects, its apps, its figures.
    ReadAsAdmin,
    /// Change the organisation, its members or its policies; destroy it.
    Administer,
    /// Make, change and destroy its workgroups.
    ManageWorkgroups,
    /// Have projects and executions charged to it; see prices and charges.
    Bill,
    /// Read the audit log of the organisation.
    ReadAudit,
    /// End one's own membership.
    Leave,
}

/// Decides about an organisation.
#[must_use]
pub fn decide_org(facts: &OrgFacts, action: OrgAction) -> Decision {
    let actor = &facts.actor;
    if actor.user.is_none() {
        return Decision::plain(Rule::NoToken, Outcome::PermissionDenied);
    }
    let admin = facts.member.is_some_and(|member| member.is_admin());
    let platform_admin = actor.kind == PlatformKind::Admin;
    // Ruling: a Read-Only user changes nothing in an organisation, whatever the membership says (F007).
    let may_change = need(actor.kind != PlatformKind::ReadOnly, Rule::ReadOnly);
    let full = actor.in_full();
    let rule = match action {
        // A scope of projects holds what comes from standing back (contract B11.31).
        OrgAction::See => need(facts.member.is_some() || platform_admin, Rule::OrgMemberRequired)
            .or(need(full, Rule::FullScopeRequired)),
        OrgAction::ListMembers => {
            let public = facts.member_list_visibility == MemberListVisibility::Public;
            let inside =
                facts.member_list_visibility == MemberListVisibility::Member && facts.member.is_some();
            need(public || inside || admin || platform_admin, Rule::MemberListHidden)
                .or(need(public || full, Rule::FullScopeRequired))
        }
        OrgAction::ReadAsAdmin => need(admin, Rule::OrgAdminRequired).or(need(full, Rule::FullScopeRequired)),
        OrgAction::Administer => {
            need(admin, Rule::OrgAdminRequired).or(need(full, Rule::FullScopeRequired)).or(may_change)
        }
        OrgAction::ManageWorkgroups => need(admin || platform_admin, Rule::OrgAdminRequired)
            .or(need(full, Rule::FullScopeRequired))
            .or(may_change),
        OrgAction::ReadAudit => {
            need(admin || platform_admin, Rule::OrgAdminRequired).or(need(full, Rule::FullScopeRequired))
        }
        OrgAction::Bill => {
            need(facts.member.is_some_and(|member| member.may_bill()), Rule::OrgBillingRequired)
                .or(may_change)
        }
        OrgAction::Leave => {
            need(facts.member.is_some(), Rule::OrgMemberRequired).or(need(full, Rule::FullScopeRequired))
        }
    };
    match rule {
        Some(rule) => Decision::plain(rule, rule.outcome()),
        None if admin => Decision::plain(Rule::OrgAdmin, Outcome::Allowed),
        None if facts.member.is_none() && platform_admin => {
            Decision::plain(Rule::PlatformAdmin, Outcome::Allowed)
        }
        None => Decision::plain(Rule::Anyone, Outcome::Allowed),
    }
}

/// `rule` unless `holds`.
pub(crate) fn need(holds: bool, rule: Rule) -> Option<Rule> {
    (!holds).then_some(rule)
}

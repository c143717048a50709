//! Inviting: access is given at once (contract: identity-and-sharing 5.4, 10; B11.2, B11.8, B11.30, B11.34).

use policy::{Action, Invitee, PlatformKind, Rights, Role, raised};
use serde_json::json;
use store::access::Access;
use store::account::{self, Account};
use store::grant::{self, Given};
use store::notification::{self, NewNotification};
use store::project::Project;
use wire::answer::{Made, NoInput};
use wire::id::ProjectId;
use wire::project::{Invite, Invited, Join};
use wire::{ApiError, ErrorType, Level};

use crate::context::Ctx;
use crate::error::Result;
use crate::event::{Event, EventName};
use crate::mail_text::Letter;
use crate::party::Party;
use crate::work::Work;

/// `/project-xxxx/invite`: gives access at once, and never lowers it.
///
/// # Errors
/// `ResourceNotFound` for an unknown invitee, `InvalidInput` for PUBLIC or a Read-Only user with more than they can be
/// given, `PermissionDenied` above what the caller may give.
pub async fn invite(ctx: Ctx, project: ProjectId, input: Invite) -> Result<Invited> {
    ctx.change(move |work| {
        let (found, access) = work.project(&project.clone().into())?;
        let party = Party::find(work, &input.invitee)?;
        give(work, &found, &access, &party, &input)?;
        Ok(Invited { id: found.id.clone().into(), state: "accepted" })
    })
    .await
}

/// `/project-xxxx/join`: the caller invites themselves, which those may who pay or administer (F104).
///
/// # Errors
/// `PermissionDenied` to whoever may not let themselves in.
pub async fn join(ctx: Ctx, project: ProjectId, input: Join) -> Result<Made> {
    ctx.change(move |work| {
        let (found, access) = work.project(&project.clone().into())?;
        let caller = account::by_key(work.tx, work.caller()?.account)?;
        let as_invitation = Invite::of(caller.id.as_str(), input.level);
        give(work, &found, &access, &Party::User(Box::new(caller)), &as_invitation)?;
        Ok(Made::new(found.id))
    })
    .await
}

fn give(work: &Work<'_>, project: &Project, access: &Access, party: &Party, input: &Invite) -> Result<()> {
    let caller = work.caller()?;
    let own = matches!(party, Party::User(account) if account.key == caller.account);
    let level = input.level.unwrap_or_else(|| default_level(access, own));
    if level == Level::None {
        return Err(ApiError::invalid_input(
            "key \"level\": NONE cannot be given; remove the member instead.",
        )
        .into());
    }
    let asked = Role::level(level);
    let permit = work.permit(access, action(party, own, asked))?;
    let principal = party.principal();
    let before = grant::of_principal(work.tx, project.key, &principal)?.map(|held| held.given);
    let after = match before {
        None => Given { role: asked, rights: Rights::BOTH },
        Some(held) => match raised(held.role, held.rights, asked) {
            Some(role) => Given { role, ..held },
            None => return Ok(()),
        },
    };
    grant::put(work.tx, &permit, &principal, after, caller.id.as_str(), work.now())?;
    work.record(
        Event::done(if own { EventName::MemberSelfInvited } else { EventName::MemberInvited })
            .project(&project.id)
            .subject(&principal.as_str())
            .rule(permit.rule().code())
            .before(json!({ "level": before.map(Given::level) }))
            .after(json!({ "level": after.level() })),
    )?;
    match party {
        Party::User(_) if own => tell_administrators(work, project),
        Party::User(account) => tell_invitee(work, project, account, level, input),
        Party::Org(..) | Party::Public => Ok(()),
    }
}

/// `/project-xxxx/acceptInvite` and `/declineInvite`, which nothing waits for: invitations take effect at once.
///
/// # Errors
/// `InvalidState`, always.
pub async fn accept_invite(ctx: Ctx, project: ProjectId, _: NoInput) -> Result<Made> {
    ctx.look(move |work| {
        let (found, _) = work.project(&project.clone().into())?;
        Err(ApiError::new(
            ErrorType::InvalidState,
            format!("No invitation to {} waits for an answer: access is given at once.", found.id),
        )
        .into())
    })
    .await
}

/// VIEW, but ADMINISTER for those who let themselves in by standing (contract: identity-and-sharing 5.4, B11.30).
fn default_level(access: &Access, own: bool) -> Level {
    let in_full = Action::SelfInvite { role: Role::level(Level::Administer), rights: Rights::BOTH };
    if own && access.allows(in_full) { Level::Administer } else { Level::View }
}

fn action(party: &Party, own: bool, role: Role) -> Action {
    match party {
        Party::User(_) if own => Action::SelfInvite { role, rights: Rights::BOTH },
        Party::User(account) => Action::InviteMember {
            role,
            to: Invitee::Other { read_only: account.kind == PlatformKind::ReadOnly },
        },
        // Its Read-Only members get no more than View out of it, whatever it is given: the decision cuts them (F007).
        Party::Org(..) => Action::InviteMember { role, to: Invitee::Other { read_only: false } },
        Party::Public => Action::InviteMember { role, to: Invitee::Public },
    }
}

fn tell_invitee(
    work: &Work<'_>,
    project: &Project,
    invitee: &Account,
    level: Level,
    input: &Invite,
) -> Result<()> {
    let by = &work.caller()?.id;
    if !input.suppress_all_notifications {
        notification::insert(
            work.tx,
            &NewNotification {
                account: invitee.key,
                kind: "project.invite",
                text: &format!("{by} gave you {level} in the project \"{}\".", project.name),
                project: Some(project.id.as_str()),
                entities: &[by.as_str()],
            },
            work.now(),
        )?;
    }
    if input.suppress_email_notification || input.suppress_all_notifications {
        return Ok(());
    }
    let letter = Letter::ProjectInvited { project: project.id.clone(), level, by: by.clone() };
    if crate::sign_in::may_send_invitation(work, invitee)? {
        work.mail(invitee.key, &letter)?;
    }
    Ok(())
}

/// Whoever lets themselves in by standing is seen by those who administer the project; this cannot be suppressed.
fn tell_administrators(work: &Work<'_>, project: &Project) -> Result<()> {
    let caller = work.caller()?;
    let by = &caller.id;
    for account in grant::administrators(work.tx, project.key)? {
        if account == caller.account {
            continue;
        }
        notification::insert(
            work.tx,
            &NewNotification {
                account,
                kind: "project.selfInvite",
                text: &format!(
                    "{by}, an administrator of the organisation that pays or of the platform, has joined the project \"{}\".",
                    project.name
                ),
                project: Some(project.id.as_str()),
                entities: &[by.as_str()],
            },
            work.now(),
        )?;
        let letter = Letter::SelfInvited { project: project.id.clone(), by: by.clone() };
        if crate::sign_in::may_send_self_invitation(work, &account::by_key(work.tx, account)?)? {
            work.mail(account, &letter)?;
        }
    }
    Ok(())
}

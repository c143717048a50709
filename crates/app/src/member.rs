//! Members of a project (contract: identity-and-sharing 5.4).

use policy::{Action, Invitee, Preset, Rights, Role};
use serde_json::json;
use store::grant::{self, Principal};
use store::{account, org};
use wire::id::{OrgId, ProjectId, UserId};
use wire::project::{Invite, Invited};
use wire::{ApiError, ErrorType, Level};

use crate::context::Ctx;
use crate::error::Result;
use crate::event::Event;
use crate::work::Work;

/// `/project-xxxx/invite`: gives access at once, and never lowers it.
///
/// # Errors
/// `ResourceNotFound` for an unknown invitee, `InvalidInput` for PUBLIC with more than VIEW, `PermissionDenied`.
pub async fn invite(ctx: Ctx, project: ProjectId, input: Invite) -> Result<Invited> {
    ctx.change(move |work| {
        let (found, access) = work.project(&project.clone().into())?;
        let level = input.level.unwrap_or(Level::View);
        let principal = invitee(work, &input.invitee)?;
        let role = Preset::of_level(level).ok_or_else(|| {
            ApiError::invalid_input("key \"level\": NONE cannot be given; remove the member instead.")
        })?;
        let to = match &principal {
            Principal::Public => Invitee::Public,
            Principal::User(..) | Principal::Org(..) => Invitee::Other { read_only: false },
        };
        let permit = work.permit(&access, Action::InviteMember { role: Role::Preset(role), to })?;
        let before = grant::of_principal(work.tx, found.key, &principal)?;
        if before.as_ref().is_some_and(|held| covers(held.given, role)) {
            return Ok(Invited { id: found.id.clone().into(), state: "accepted" });
        }
        grant::put(work.tx, &permit, &principal, role, work.caller()?.id.as_str(), work.now())?;
        work.record(
            Event::done("member.invited")
                .project(&found.id)
                .subject(&principal.as_str())
                .before(json!({ "level": before.map(|held| held.given.level()) }))
                .after(json!({ "level": level })),
        )?;
        Ok(Invited { id: found.id.into(), state: "accepted" })
    })
    .await
}

/// Whether an entry already gives everything that another would.
fn covers(held: grant::Given, asked: Preset) -> bool {
    held.role.capabilities(Rights::BOTH).covers(asked.capabilities(Rights::BOTH))
}

/// Who is meant by a user id, a handle, an organisation id, an e-mail address or `PUBLIC`.
fn invitee(work: &Work<'_>, text: &str) -> Result<Principal> {
    let unknown = || {
        ApiError::new(
            ErrorType::ResourceNotFound,
            format!(
                "There is no user or organisation \"{text}\". Check the spelling, or ask for an account to be made first."
            ),
        )
    };
    if text == "PUBLIC" {
        return Ok(Principal::Public);
    }
    if let Some(id) = OrgId::parse(text) {
        let key = org::key_of(work.tx, &id)?.ok_or_else(unknown)?;
        return Ok(Principal::Org(key, id));
    }
    let account = if text.contains('@') {
        account::by_email(work.tx, text)?
    } else {
        match UserId::parse(text).or_else(|| UserId::from_handle(text)) {
            Some(id) => account::by_id(work.tx, &id)?,
            None => None,
        }
    };
    let account = account.ok_or_else(unknown)?;
    Ok(Principal::User(account.key, account.id))
}

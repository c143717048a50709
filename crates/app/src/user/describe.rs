//! `/user-xxxx/describe`.

use policy::PlatformKind;
use serde_json::{Value as Json, json};
use store::org::{self, MembershipFilter};
use store::project;
use store::text::Word as _;
use wire::answer::Described;
use wire::fields::{Description, Fields};
use wire::id::UserId;

use crate::context::Ctx;
use crate::error::Result;

/// Most organisations or offered projects in one answer.
const MAX_LISTED: usize = 1000;

/// `/user-xxxx/describe`: names and handle for everybody; the rest for the user, and for platform administrators, with
/// a token of full scope (F013, F014).
///
/// # Errors
/// `ResourceNotFound`.
pub async fn describe(ctx: Ctx, id: UserId, fields: Fields) -> Result<Described> {
    ctx.look(move |work| {
        let account = work.account(&id)?;
        let caller = work.caller()?;
        let own = caller.id == account.id;
        let private = caller.scope.is_full() && (own || caller.kind == PlatformKind::Admin);
        let regions = &work.ctx.app.options.regions;
        let mut out = Description::new(&fields, account.id.as_id());
        out.by_default("class", || "user")
            .by_default("first", || account.first.as_str())
            .by_default("middle", || account.middle.as_str())
            .by_default("last", || account.last.as_str())
            .by_default("handle", || account.handle.as_str())
            .by_default("permittedRegions", || regions.clone());
        if private {
            let every = MembershipFilter::default();
            let listed = |name: &str, list: &dyn Fn() -> Result<Vec<String>>| {
                if fields.wants(name, false) { list().map(Json::from) } else { Ok(Json::Null) }
            };
            let orgs = listed("orgs", &|| {
                let orgs = org::memberships(work.tx, account.key, every, "", MAX_LISTED)?;
                Ok(orgs.into_iter().map(|(org, _)| org.id.to_string()).collect())
            })?;
            let offered =
                listed("pendingTransfers", &|| Ok(project::offered_to(work.tx, account.key, MAX_LISTED)?))?;
            out.by_default("email", || account.email.clone())
                .by_default("billTo", || account.bill_to.as_str())
                .by_default("kind", || account.kind.word())
                .by_default("state", || account.state.word())
                .by_default("created", || account.created);
            if let Some(key) = &account.ssh_public_key {
                out.by_default("sshPublicKey", || key.as_str());
            }
            out.on_request("orgs", || orgs)
                .on_request("pendingTransfers", || offered)
                .on_request("occupation", || account.occupation.clone())
                .on_request("policies", || account.policies.clone())
                .on_request("preferences", || account.preferences.clone())
                .on_request("appsInstalled", || json!({}));
        }
        Ok(out.finish())
    })
    .await
}

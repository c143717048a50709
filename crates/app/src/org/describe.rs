//! Describing organisations (contract: identity-and-sharing 4.4).

use policy::{OrgAction, OrgLevel};
use serde_json::Value as Json;
use store::org::{self, Feature, MemberFilter, Membership};
use store::text::Word as _;
use wire::answer::Described;
use wire::fields::{Description, Fields};
use wire::id::OrgId;

use crate::context::Ctx;
use crate::error::Result;
use crate::work::Work;

/// The most ADMINs that one answer names.
const MAX_ADMINS: usize = 1000;

/// `/org-xxxx/describe`: more for members than for strangers, most for ADMINs. With a token that is cut to some projects,
/// what strangers may know.
///
/// # Errors
/// `ResourceNotFound` for an organisation that does not exist.
pub async fn describe(ctx: Ctx, id: OrgId, fields: Fields) -> Result<Described> {
    ctx.look(move |work| one(work, &id, &fields)).await
}

/// Describes one organisation to the caller.
pub(crate) fn one(work: &Work<'_>, id: &OrgId, fields: &Fields) -> Result<Described> {
    let (org, access) = work.org(id)?;
    let mut out = Description::new(fields, org.id.as_id());
    out.by_default("class", || "org")
        .by_default("handle", || org.handle.as_str())
        .by_default("name", || org.name.as_str());
    if access.allows(OrgAction::ListMembers) && fields.wants("admins", true) {
        let admins = MemberFilter { level: Some(OrgLevel::Admin), ..MemberFilter::default() };
        let admins = org::members(work.tx, org.key, &admins, "", MAX_ADMINS)?;
        let admins: Vec<String> = admins.iter().map(|admin| admin.id.to_string()).collect();
        out.by_default("admins", || admins);
    }
    if access.allows(OrgAction::See) {
        let options = &work.ctx.app.options;
        out.by_default("policies", || super::policies(&org))
            .by_default("permittedRegions", || options.regions.clone())
            .by_default("defaultRegion", || options.default_region())
            .by_default("phiFeaturesEnabled", || org.features.has(Feature::Phi));
        if let Some(idp) = &org.saml_idp {
            out.by_default("samlIdP", || idp.as_str());
        }
        if let Some(at) = org.expires_at {
            out.by_default("expiresAt", || at);
        }
        out.on_request("features", || org.features.all());
        let own = org::membership(work.tx, org.key, work.caller()?.account)?;
        if let Some(own) = own.map(Membership::as_it_acts) {
            out.by_default("level", || own.level.word())
                .by_default("allowBillableActivities", || own.allow_billable_activities)
                .by_default("projectAccess", || own.project_access.as_str())
                .by_default("appAccess", || own.app_access);
        }
        if access.allows(OrgAction::Bill) {
            out.by_default("billingEnabled", || org.billing_enabled)
                .by_default("spendingLimit", || Json::Null);
        }
    }
    if access.allows(OrgAction::ReadAsAdmin) && fields.wants("memberCount", false) {
        let members = org::member_count(work.tx, org.key)?;
        out.on_request("memberCount", || members);
    }
    Ok(out.finish())
}

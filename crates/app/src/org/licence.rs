//! What the operator decides about an organisation (contract: identity-and-sharing 4.2, B11.39).

use policy::SystemAction;
use serde_json::json;
use store::org::{self, Feature, Org};
use store::text::Word as _;
use wire::ApiError;
use wire::answer::Made;
use wire::id::OrgId;
use wire::org::SetFeatures;
use wire::patch::Patch;

use crate::billing;
use crate::context::Ctx;
use crate::error::Result;
use crate::event::{Event, EventName};
use crate::session::LIFE_MS;

/// How long an organisation may let idle browsers be signed in, in ms. That a session is used is noted once a minute, so that
/// much less would sign people out who are at work; and no session lives longer than the most.
const AUTO_LOGOUT_MS: std::ops::RangeInclusive<i64> = 5 * 60_000..=LIFE_MS;

/// `/org-xxxx/setFeatures`: licences, billing, the end of an organisation, and how long its members' browsers may be idle.
///
/// # Errors
/// `PermissionDenied` for anybody but platform administrators, `InvalidInput` for an unknown feature, a spending limit, and a
/// time that is too short or too long.
pub async fn set_features(ctx: Ctx, id: OrgId, input: SetFeatures) -> Result<Made> {
    ctx.change(move |work| {
        let (before, _) = work.org(&id)?;
        let permit = work.system_permit(SystemAction::Administer)?;
        billing::no_limits(&[("spendingLimit", input.spending_limit.sets())])?;
        let mut after = before.clone();
        for (name, value) in &input.features {
            let known = Feature::from_word(name).zip(value.as_bool());
            let Some((feature, on)) = known else {
                let known: Vec<&str> = Feature::WORDS.iter().map(|(_, word)| *word).collect();
                return Err(ApiError::invalid_input(format!(
                    "key \"features.{name}\": expected the name of a feature and true or false. There are: {}.",
                    known.join(", ")
                ))
                .into());
            };
            after.features.set(feature, on);
        }
        if let Some(enabled) = input.billing_enabled {
            after.billing_enabled = enabled;
        }
        after.expires_at = input.expires_at.apply(before.expires_at, |at| at.0);
        if let Patch::Set(time) = input.auto_logout_after
            && !AUTO_LOGOUT_MS.contains(&time.0)
        {
            return Err(ApiError::invalid_input(format!(
                "key \"autoLogoutAfter\": {time} ms is not possible; write {} to {} (5 minutes to 12 hours), or null for the platform's own time.",
                AUTO_LOGOUT_MS.start(),
                AUTO_LOGOUT_MS.end()
            ))
            .into());
        }
        after.auto_logout_after = input.auto_logout_after.apply(before.auto_logout_after, |time| time.0);
        org::save_licence(work.tx, &permit, &after)?;
        work.record(
            Event::done(EventName::OrgLicensed).subject(&before.id).before(facets(&before)).after(facets(&after)),
        )?;
        Ok(Made::new(before.id))
    })
    .await
}

fn facets(org: &Org) -> serde_json::Value {
    json!({
        "features": org.features.all(),
        "billingEnabled": org.billing_enabled,
        "expiresAt": org.expires_at,
        "autoLogoutAfter": org.auto_logout_after,
    })
}

//! What the operator decides about an organisation (contract: identity-and-sharing 4.2, B11.39).

use policy::SystemAction;
use serde_json::json;
use store::org::{self, Feature, Org};
use store::text::Word as _;
use wire::ApiError;
use wire::answer::Made;
use wire::id::OrgId;
use wire::org::SetFeatures;

use crate::billing;
use crate::context::Ctx;
use crate::error::Result;
use crate::event::{Event, EventName};

/// `/org-xxxx/setFeatures`: licences, billing and the end of an organisation.
///
/// # Errors
/// `PermissionDenied` for anybody but platform administrators, `InvalidInput` for an unknown feature and for a spending limit.
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
    })
}

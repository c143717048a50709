//! Which grants count, and how they are cut (contract B1 steps 1 and 2).

use wire::Level;

use crate::capability::Capabilities;
use crate::facts::{Facts, Grant, Resolution, Via};
use crate::masks::PUBLIC;
use crate::presets::level_column;
use crate::rule::Rule;

/// Whether the direct grant counts alone (contract B1 step 2). It lowers neither the owner nor whoever pays
/// (contract B11.35).
pub(crate) fn direct_stands_alone(facts: &Facts) -> bool {
    facts.project.resolution == Resolution::SpecificFirst
        && facts.direct_grant().is_some()
        && !facts.is_owner()
        && !facts.is_payer()
}

/// The name of a grant as a source and the column that cuts it, or the rule that makes it count for nothing.
pub(crate) fn survives(
    grant: &Grant,
    alone: bool,
    through_share: bool,
) -> Result<(Rule, Capabilities), Rule> {
    if alone && grant.via != Via::Direct {
        return Err(Rule::SpecificFirst);
    }
    let (source, cap) = match grant.via {
        Via::Direct => return Ok((Rule::GrantDirect, Capabilities::ALL)),
        Via::Public if through_share => return Err(Rule::PublicNotThroughShare),
        Via::Public => return Ok((Rule::GrantPublic, PUBLIC)),
        Via::Org { .. } => (Rule::GrantOrg, Rule::OrgCap),
        Via::Workgroup { .. } => (Rule::GrantWorkgroup, Rule::WorkgroupCap),
    };
    match grant.via.cap() {
        None => Ok((source, Capabilities::ALL)),
        // A cap of NONE drops the grant, `project.see` included (contract B11.28).
        Some(Level::None) => Err(cap),
        Some(level) => Ok((source, level_column(level))),
    }
}

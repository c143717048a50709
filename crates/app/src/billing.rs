//! Who pays, and where data may lie for them.

use store::{account, org};
use wire::ApiError;
use wire::id::{BillToId, OrgId};

use crate::error::{Error, Result};
use crate::work::Work;

/// The account that will pay for something new: the one named, or the caller's default. Whether the caller may spend
/// its money is for the decision to say.
///
/// # Errors
/// `ResourceNotFound` for an unknown account.
pub(crate) fn payer(work: &Work<'_>, named: Option<&BillToId>) -> Result<BillToId> {
    let bill_to = match named {
        Some(named) => named.clone(),
        None => {
            let stored = account::by_key(work.tx, work.caller()?.account)?.bill_to;
            BillToId::parse(&stored).ok_or_else(|| Error::internal("an account is billed to nobody known"))?
        }
    };
    if let Some(org) = OrgId::parse(bill_to.as_str())
        && org::key_of(work.tx, &org)?.is_none()
    {
        return Err(crate::work::absent(org.as_str()));
    }
    Ok(bill_to)
}

/// The region that something new will lie in: the one named, or the default.
///
/// # Errors
/// `InvalidInput` for a region that this server does not have.
pub(crate) fn region(work: &Work<'_>, named: Option<&str>) -> Result<String> {
    let options = &work.ctx.app.options;
    match named {
        None => Ok(options.default_region().to_owned()),
        Some(named) if options.regions.iter().any(|region| region == named) => Ok(named.to_owned()),
        Some(named) => Err(ApiError::invalid_input(format!(
            "key \"region\": this server has no region \"{named}\". It has: {}.",
            options.regions.join(", ")
        ))
        .into()),
    }
}

//! Who pays, what the payer is licensed for, and where data may lie for them.

use policy::{Account, BillingGate, OrgAction, Rule};
use store::access::Refused;
use store::org::{Feature, Org};
use store::{account, org};
use wire::id::{BillToId, ContainerId, OrgId, UserId};
use wire::{ApiError, ErrorType};

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
    paying_org(work, bill_to.as_str())?;
    Ok(bill_to)
}

/// The organisation that pays; none when a person does.
///
/// # Errors
/// `ResourceNotFound` for an organisation that does not exist.
pub(crate) fn paying_org(work: &Work<'_>, bill_to: &str) -> Result<Option<Org>> {
    let Some(id) = OrgId::parse(bill_to) else { return Ok(None) };
    org::by_id(work.tx, &id)?.map(Some).ok_or_else(|| crate::error::absent(bill_to))
}

/// Another payer for a project, seen from the caller, and whether it can be charged (contract: identity-and-sharing 8).
///
/// # Errors
/// `InvalidInput` for a user who does not exist, `ResourceNotFound` for such an organisation.
pub(crate) fn other_payer(work: &Work<'_>, bill_to: &BillToId) -> Result<(Account, BillingGate)> {
    let caller = work.caller()?;
    if let Some(user) = UserId::parse(bill_to.as_str()) {
        if user == caller.id {
            return Ok((Account::Myself, BillingGate::Ok));
        }
        return match account::by_id(work.tx, &user)? {
            Some(_) => Ok((Account::OtherUser, BillingGate::Ok)),
            None => Err(ApiError::invalid_input(format!("key \"billTo\": there is no user {user}.")).into()),
        };
    }
    let phi_enabled = paying_org(work, bill_to.as_str())?.is_some_and(|org| org.features.has(Feature::Phi));
    let (may_bill, gate) = store::access::payer(work.tx, caller, &work.settings(), bill_to)?;
    Ok((Account::Org { may_bill, phi_enabled }, gate))
}

/// Fails when whoever pays has no licence for a feature. People have all of them but protected health information
/// (contract: identity-and-sharing 4.5, 5.3).
///
/// # Errors
/// `Refused`, recorded like every refusal.
pub(crate) fn licensed(
    work: &Work<'_>,
    bill_to: &str,
    needed: &[Feature],
    project: Option<&ContainerId>,
) -> Result<()> {
    let org = paying_org(work, bill_to)?;
    for feature in needed {
        let has = org.as_ref().map_or(*feature != Feature::Phi, |org| org.features.has(*feature));
        if !has {
            let rule = if *feature == Feature::Phi { Rule::BillPhi } else { Rule::FeatureOff };
            return Err(Error::Refused(Refused::by(rule, &format!("{feature:?}"), project, Some(bill_to))));
        }
    }
    Ok(())
}

/// Refuses limits on what is spent and on what leaves: nothing counts against them, and whoever set one would believe
/// that it holds. `asked` says of each key whether the call names a value; null takes a limit away and is fine.
///
/// # Errors
/// `InvalidInput`, naming the first key with a value.
pub(crate) fn no_limits(asked: &[(&str, bool)]) -> Result<()> {
    match asked.iter().find(|(_, asked)| *asked) {
        None => Ok(()),
        Some((key, _)) => Err(ApiError::invalid_input(format!(
            "key \"{key}\": this server does not limit spending or egress yet, so no such limit can be set. Leave it out \
             or make it null."
        ))
        .into()),
    }
}

/// Whether the caller may see prices and costs of what this account pays for.
pub(crate) fn sees_prices(work: &Work<'_>, bill_to: &str) -> Result<bool> {
    match OrgId::parse(bill_to) {
        None => Ok(bill_to == work.caller()?.id.as_str()),
        Some(org) => Ok(work.org(&org)?.1.allows(OrgAction::Bill)),
    }
}

/// Refuses storage outside the platform.
///
/// # Errors
/// `InvalidInput` when either is asked for.
pub(crate) fn no_outside_storage<T>(default_symlink: Option<&T>, drive: Option<&T>) -> Result<()> {
    if default_symlink.is_none() && drive.is_none() {
        return Ok(());
    }
    Err(ApiError::invalid_input(
        "This server keeps the bytes of files itself, so \"defaultSymlink\" and \"drive\" cannot be set. Leave them out.",
    )
    .into())
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
        Some(named) => Err(ApiError::new(
            ErrorType::InvalidInput,
            format!(
                "key \"region\": this server has no region \"{named}\". It has: {}.",
                options.regions.join(", ")
            ),
        )
        .into()),
    }
}

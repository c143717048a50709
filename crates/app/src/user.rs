//! The caller's own account.

use wire::system::{Me, Whoami};

use crate::context::Ctx;
use crate::error::{Error, Result};

/// `/system/whoami`.
///
/// # Errors
/// None of its own.
pub async fn whoami(ctx: Ctx, input: Whoami) -> Result<Me> {
    let caller = ctx.caller.as_ref().ok_or_else(|| Error::internal("a caller was checked for"))?;
    Ok(Me {
        id: caller.id.clone(),
        client_ip: input.fields.client_ip.then(|| ctx.request.origin.map(|ip| ip.to_string())).flatten(),
    })
}

//! The same content is stored once within one billing account. It is found after the close and never by skipping an
//! upload, which would tell the sender who has what.

use std::sync::Arc;

use crate::context::{App, Ctx};
use crate::error::{Error, Result};

/// Blobs compared in one transaction.
const STEP: u32 = 50;

/// Compares every blob of files that were closed since the last round; says how many had a twin.
///
/// # Errors
/// The store's; what was merged until then stays merged.
pub async fn round(app: &Arc<App>) -> Result<usize> {
    let mut merged = 0;
    loop {
        // Most rounds find nothing, and then nothing should be written.
        let any = app.db.read(|tx| Ok::<_, Error>(!store::blob::uncompared(tx, 1)?.is_empty())).await?;
        if !any {
            return Ok(merged);
        }
        merged += Ctx::own(app, "FileMerger")
            .change(|work| {
                let mut merged = 0;
                for blob in store::blob::uncompared(work.tx, STEP)? {
                    merged += usize::from(store::blob::merge(work.tx, &blob, work.now())?);
                }
                Ok(merged)
            })
            .await?;
    }
}

//! Digests of a file that is made of several blobs.

use futures::TryStreamExt;
use md5::{Digest, Md5};

use crate::config::Tier;
use crate::digests::{Digests, Sealed};
use crate::error::BlobError;
use crate::id::BlobId;
use crate::lane::Lane;
use crate::store::BlobStore;

impl BlobStore {
    /// Size and digests of these blobs one after the other, as a whole file has them.
    ///
    /// One blob's are known since it was written. Several are read, verified, at about the speed of MD5 on one core, so
    /// this takes minutes for a file of 100 GB: run it in the background. No blobs at all are an empty file.
    ///
    /// # Errors
    /// `Missing`, `Corrupt` and disk errors.
    pub async fn combined(&self, blobs: &[BlobId], tier: Tier) -> Result<Sealed, BlobError> {
        if let [only] = blobs {
            return Ok(self.read(*only, tier).await?.sealed());
        }
        let mut md5 = Lane::new(Md5::new());
        let mut others = Lane::new(Digests::new());
        for id in blobs {
            let reader = self.read(*id, tier).await?;
            let mut items = reader.stream(0..reader.sealed().size)?;
            while let Some(bytes) = items.try_next().await? {
                let copy = bytes.clone();
                let for_md5 = move |md5: &mut Md5| {
                    md5.update(&copy);
                    Ok(())
                };
                md5.start(for_md5).await?;
                let for_others = move |digests: &mut Digests| {
                    digests.update(&bytes);
                    Ok(())
                };
                others.start(for_others).await?;
            }
        }
        let (sealed, _list) = others.settle().await?.finish(md5.settle().await?);
        Ok(sealed)
    }
}

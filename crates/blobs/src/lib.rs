//! File bytes, on local disk or in an S3-compatible store, behind one type.
//!
//! A *blob* is the bytes of one uploaded part. This crate knows nothing of users, files or SQL: the caller names each
//! blob by a random [`BlobId`], keeps which blobs make up which file, and decides who may read them.
//!
//! What it promises:
//! - Once [`Writer::finish`] has returned, the blob survives a crash or a power loss. Before that it is absent or whole.
//! - Bytes are hashed on the way in and verified on the way out: a reader gets the right bytes or an error, never
//!   wrong bytes.
//! - A blob never changes. It is written once, read, moved between two tiers, and removed.
//!
//! # Format 1
//!
//! ```text
//! <root>/format                  "operon blobs 1\n"
//! <root>/blobs/<2 hex>/<32 hex>  one blob, named by its id; the folder is the first byte of the id
//! <root>/tmp/<32 hex>            a blob being written; swept when nobody writes it any more
//! <root>/uploads/<32 hex>        (S3 only) the upload id of a multipart upload that has not been completed
//! ```
//!
//! `<root>` is a directory or an S3 prefix; each tier has its own. A stored blob is one file:
//!
//! ```text
//! data    size bytes, as uploaded
//! list    32 bytes for each chunk of 256 KiB: its BLAKE3 chaining value; empty when there is only one chunk
//! seal    160 bytes: magic and version (8), id (16), size (8, little-endian), chunk size (8, little-endian),
//!         MD5 (16), SHA-256 (32), BLAKE3 (32), zeros (8), BLAKE3 of the seal up to here (32)
//! ```
//!
//! The chaining values are inner nodes of the BLAKE3 tree, so their merge is the blob's ordinary BLAKE3 digest. One
//! hash pass thus yields the digest a client can compare and the list that verifies any range, and the list needs no
//! trust of its own: it must merge to the digest in the seal.

pub mod faults;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

mod claim;
mod combined;
mod config;
mod digests;
mod error;
mod files;
mod format;
mod id;
mod lane;
mod listed;
mod local;
mod piece;
mod reader;
mod s3;
mod store;
mod tree;
mod writer;

#[cfg(test)]
mod tests;

pub use config::{Config, LocalConfig, S3Config, Tier};
pub use digests::{Expected, Sealed};
pub use error::{BlobError, Damage, Mismatch};
pub use files::{DirEntry, FileLayer, ReadFile, RealFiles, WriteFile};
pub use id::{BlobId, InvalidBlobId};
pub use listed::{ListStream, Listed};
pub use reader::{ByteStream, Reader};
pub use store::BlobStore;
pub use writer::Writer;

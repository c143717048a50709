//! A copy as the caller may read it.

use policy::ObjectFields;
use store::object::Object;
use store::placement::Placement;
use wire::Class;
use wire::id::ContainerId;

/// Fields for an object's maker who may not list the project (contract: identity-and-sharing B11.26).
const OF_MAKER: &[&str] = &["class", "name", "folder", "state", "parts", "size"];
/// Fields of what comes through an analyze-only share (contract: identity-and-sharing B3).
const OF_ANALYZE_ONLY: &[&str] = &["class", "name", "folder", "size", "created", "types", "tags", "share"];

/// Fields that the specification of an executable holds, in the order in which they are answered.
pub(super) const SPEC_FIELDS: &[&str] = &[
    "title",
    "summary",
    "description",
    "developerNotes",
    "runSpec",
    "inputSpec",
    "outputSpec",
    "access",
    "dxapi",
    "httpsApp",
    "ignoreReuse",
    "treeTurnaroundTimeThreshold",
];

/// One copy, and what of it the caller may read.
pub(super) struct Shown<'a> {
    pub(super) object: &'a Object,
    pub(super) placement: &'a Placement,
    pub(super) project: &'a ContainerId,
    /// The region of the project.
    pub(super) region: &'a str,
    pub(super) readable: ObjectFields,
}

impl Shown<'_> {
    /// Whether the object is made of parts.
    pub(super) fn has_parts(&self) -> bool {
        self.object.id.class() == Class::File
    }

    /// Whether the object has a specification.
    pub(super) fn has_spec(&self) -> bool {
        self.object.id.class() == Class::Applet
    }

    /// Whether the caller may read a field. The id is always answered.
    pub(super) fn may_read(&self, field: &str) -> bool {
        match self.readable {
            ObjectFields::All => true,
            ObjectFields::Maker => OF_MAKER.contains(&field),
            ObjectFields::AnalyzeOnly => OF_ANALYZE_ONLY.contains(&field),
        }
    }
}

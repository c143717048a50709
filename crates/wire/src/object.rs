//! Inputs and answers about data objects (contract: data 5 to 9).

mod bulk;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::executable::{AccessSpec, HttpsApp, IoSpec, RunSpec};
use crate::folder::FolderPath;
use crate::id::{ContainerId, Id, RecordId};
use crate::json::hashes;
use crate::link::Details;
use crate::metadata::{Properties, PropertyChanges, Tags, TypeNames};
use crate::number::Whole;
use crate::text::{MediaType, Nonce, ObjectName, SpecLine, SpecText, SpecWord};

pub use bulk::{DescribeDataObjects, DescribeObject, MAX_OBJECTS, ObjectDescriptions, ObjectResult};

/// The fields that making an object of any class takes. A field that was not given has no value here.
#[derive(Debug, Clone, Copy)]
pub struct NewObject<'a> {
    /// Where it is made. Of any class here: another one than a container is an error of its own (`InvalidType`).
    pub project: &'a Id,
    /// Its name; its id when absent.
    pub name: Option<&'a ObjectName>,
    /// Its folder; `/` when absent.
    pub folder: Option<&'a FolderPath>,
    /// Whether missing folders are made.
    pub parents: bool,
    /// In the order of adding.
    pub tags: Option<&'a Tags>,
    /// In the order of adding.
    pub types: Option<&'a TypeNames>,
    /// Left out of ordinary lists.
    pub hidden: Option<bool>,
    /// Key to value.
    pub properties: Option<&'a Properties>,
    /// A hash or an array, with links.
    pub details: Option<&'a Details>,
}

/// Inputs of `/<class>/new`: the common fields, and those of the class.
macro_rules! new_objects {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            /// Where it is made.
            pub project: Id,
            /// Not empty; its id when absent.
            pub name: Option<ObjectName>,
            /// Where it lies in the project; `/` when absent.
            pub folder: Option<FolderPath>,
            /// Whether missing folders are made.
            pub parents: Option<bool>,
            /// Non-empty strings.
            pub tags: Option<Tags>,
            /// Letters, digits, `/`, `_` and `-`.
            pub types: Option<TypeNames>,
            /// Left out of ordinary lists.
            pub hidden: Option<bool>,
            /// Key to value; keys up to 100 bytes, values up to 700.
            pub properties: Option<Properties>,
            /// A hash or an array; `{"$dnanexus_link": …}` in it links to other objects.
            pub details: Option<Details>,
            /// Makes a repeated call harmless; at most 128 bytes.
            pub nonce: Option<Nonce>,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $name {
            /// The fields that every class has.
            #[must_use]
            pub fn common(&self) -> NewObject<'_> {
                NewObject {
                    project: &self.project,
                    name: self.name.as_ref(),
                    folder: self.folder.as_ref(),
                    parents: self.parents.unwrap_or(false),
                    tags: self.tags.as_ref(),
                    types: self.types.as_ref(),
                    hidden: self.hidden,
                    properties: self.properties.as_ref(),
                    details: self.details.as_ref(),
                }
            }
        }
    )+};
}

new_objects! {
    /// Input of `/record/new`.
    NewRecord {
        /// Close it at once.
        close: Option<bool>,
        /// The record whose metadata stand in for fields that are not given.
        initialize_from: Option<RecordCopy>,
    }
    /// Input of `/applet/new`. Keys that are not listed are not kept.
    NewApplet {
        /// How its program runs.
        run_spec: RunSpec,
        /// The version of the API that it was written for.
        dxapi: SpecWord,
        /// What it takes; anything when absent.
        input_spec: Option<IoSpec>,
        /// What it gives; anything when absent.
        output_spec: Option<IoSpec>,
        /// What its jobs may reach.
        access: Option<AccessSpec>,
        /// What people see above it.
        title: Option<SpecLine>,
        /// One line for lists.
        summary: Option<SpecLine>,
        /// Longer text, as Markdown.
        description: Option<SpecText>,
        /// Longer text for those who work on it, as Markdown.
        developer_notes: Option<SpecText>,
        /// The web pages of its jobs.
        https_app: Option<HttpsApp>,
        /// Whether its jobs never take over the results of earlier equal ones.
        ignore_reuse: Option<bool>,
        /// After how many seconds somebody is told that an execution takes long.
        tree_turnaround_time_threshold: Option<Whole<0>>,
    }
    /// Input of `/file/new`.
    NewFile {
        /// Media type.
        media: Option<MediaType>,
        /// For symbolic links, which this server does not make.
        drive: Option<Value>,
        /// For symbolic links, which this server does not make.
        symlink_path: Option<Value>,
    }
}

/// A copy of a record.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "RecordCopy")]
pub struct RecordCopy {
    /// Where the copy lies.
    pub project: ContainerId,
    /// The record.
    pub id: RecordId,
}

hashes!(RecordCopy);

/// Input of `/<object>/rename`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Rename {
    /// Which copy.
    pub project: ContainerId,
    /// Its new name.
    pub name: ObjectName,
}

/// Input of `/<object>/setProperties`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(rename = "SetObjectProperties")]
pub struct SetProperties {
    /// Which copy.
    pub project: ContainerId,
    /// A string sets, null removes; keys that are not named stay.
    pub properties: PropertyChanges,
}

/// Input of `/<object>/addTags` and `/<object>/removeTags`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct ChangeTags {
    /// Which copy.
    pub project: ContainerId,
    /// What to add or remove.
    pub tags: Tags,
}

/// Input of `/<object>/addTypes` and `/<object>/removeTypes`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct ChangeTypes {
    /// What to add or remove.
    pub types: TypeNames,
}

/// Input of `/<object>/setVisibility`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct SetVisibility {
    /// Left out of ordinary lists.
    pub hidden: bool,
}

/// Input of `/<object>/getDetails` and `/applet-xxxx/get`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct WhichCopy {
    /// Which copy is meant; any that the caller may see when absent.
    pub project: Option<ContainerId>,
}

/// Answer of `/<object>/getDetails`: the details themselves.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct DetailsAnswer(#[schemars(with = "Value")] pub Box<RawValue>);

/// Answer of `/<object>/close`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Closed {
    /// The object.
    pub id: Id,
    /// Says so when there was nothing left to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

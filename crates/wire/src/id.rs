//! Ids of entities (contract: data 1).
//!
//! Most ids are `<class>-` and 24 characters. They are *read* with the wide alphabet `[0-9A-Za-z]`, since
//! clients send such ids, and *minted* with 32 symbols, 5 bits each. Users and organisations are named by
//! handle instead: `user-<handle>`, `org-<handle>`, lower case.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The 32 symbols minted ids are made of: 5 bits each, 120 in all.
pub const MINT_ALPHABET: &[u8; 32] = b"0123456789BFGJKPQVXYZbfgjkpqvxyz";
/// Characters after the `-` of a minted id.
pub const HASH_LEN: usize = 24;
/// Longest handle of a user or organisation, in characters.
pub const MAX_HANDLE_LEN: usize = 255;

macro_rules! classes {
    ($($variant:ident => $word:literal),+ $(,)?) => {
        /// The class of an entity: the part of its id before the first `-`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the names are the field's own")]
        pub enum Class { $($variant),+ }

        impl Class {
            /// Every class.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word before the `-`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads a class word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

classes! {
    Project => "project", Container => "container",
    Record => "record", File => "file", Applet => "applet", Workflow => "workflow",
    Database => "database", Dbcluster => "dbcluster",
    Job => "job", Analysis => "analysis", App => "app", Globalworkflow => "globalworkflow",
    User => "user", Org => "org", Team => "team", Workgroup => "workgroup", Drive => "drive",
}

impl Class {
    /// Whether ids of this class carry a name instead of 24 minted characters.
    #[must_use]
    pub fn is_named(self) -> bool {
        matches!(self, Self::User | Self::Org)
    }

    /// What follows the first `-` in ids of this class, as a regular expression without anchors.
    #[must_use]
    pub fn tail_pattern(self) -> String {
        if self.is_named() {
            format!("[a-z0-9_.-]{{1,{MAX_HANDLE_LEN}}}")
        } else {
            format!("[0-9A-Za-z]{{{HASH_LEN}}}")
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A well-formed id of any class. Being well-formed says nothing of whether the entity exists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    class: Class,
    text: Box<str>,
}

impl Id {
    /// Reads an id; `None` when the text is not a well-formed id of a known class.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (word, rest) = text.split_once('-')?;
        let class = Class::parse(word)?;
        let well_formed =
            if class.is_named() { is_handle(rest) } else { rest.len() == HASH_LEN && is_alphanumeric(rest) };
        well_formed.then(|| Self { class, text: text.into() })
    }

    /// Makes an id out of 15 random bytes: 24 symbols of 5 bits.
    #[must_use]
    pub fn mint(class: Class, random: [u8; 15]) -> Self {
        let mut text = String::with_capacity(class.as_str().len() + 1 + HASH_LEN);
        text.push_str(class.as_str());
        text.push('-');
        for group in random.chunks_exact(5) {
            let bits = group.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
            for place in (0..8).rev() {
                let symbol = (bits >> (place * 5)) & 31;
                text.push(char::from(MINT_ALPHABET[symbol as usize]));
            }
        }
        Self { class, text: text.into() }
    }

    /// The class of the entity.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }

    /// The id as clients write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part after the first `-`: the minted characters, or the lower-case handle.
    #[must_use]
    pub fn tail(&self) -> &str {
        &self.text[self.class.as_str().len() + 1..]
    }
}

fn is_alphanumeric(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Handles in ids are lower case: letters, digits, `_`, `.`, and `-` for names taken over from elsewhere.
fn is_handle(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_HANDLE_LEN
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.' | b'-')
        })
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom(format!("\"{text}\" is not a well-formed id")))
    }
}

/// The schema of ids of these classes.
pub(crate) fn id_schema(what: &str, classes: &[Class]) -> schemars::Schema {
    let of = |named: bool| {
        let classes: Vec<Class> = classes.iter().copied().filter(|class| class.is_named() == named).collect();
        let words: Vec<&str> = classes.iter().map(|class| class.as_str()).collect();
        classes.first().map(|class| format!("({})-{}", words.join("|"), class.tail_pattern()))
    };
    let pattern = [of(false), of(true)].into_iter().flatten().collect::<Vec<_>>().join("|");
    schemars::json_schema!({
        "type": "string",
        "description": format!("The id of {what}."),
        "pattern": format!("^({pattern})$"),
    })
}

impl JsonSchema for Id {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        id_schema("anything: a class word, `-`, and 24 letters or digits or a lower-case handle", Class::ALL)
    }
}

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident: $what:literal, $($class:ident)|+;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Id);

        impl $name {
            /// Reads an id of this kind; `None` for anything else.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::from_id(Id::parse(text)?)
            }

            /// Narrows an id of any class.
            #[must_use]
            pub fn from_id(id: Id) -> Option<Self> {
                matches!(id.class(), $(Class::$class)|+).then_some(Self(id))
            }

            /// The id without its kind.
            #[must_use]
            pub fn as_id(&self) -> &Id {
                &self.0
            }

            /// The id as clients write it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            /// The class of the entity.
            #[must_use]
            pub fn class(&self) -> Class {
                self.0.class()
            }
        }

        impl From<$name> for Id {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                Self::parse(&text)
                    .ok_or_else(|| de::Error::custom(format!("\"{text}\" is not the id of {}", $what)))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                id_schema($what, &[$(Class::$class),+])
            }
        }
    )+};
}

typed_ids! {
    /// A person's account.
    UserId: "a user", User;
    /// An organisation.
    OrgId: "an organisation", Org;
    /// A project: made by people, shared with people.
    ProjectId: "a project", Project;
    /// Whatever holds folders: a project, or a container that the system made.
    ContainerId: "a project or container", Project | Container;
    /// A data object of any class.
    ObjectId: "a data object", Record | File | Applet | Workflow | Database | Dbcluster;
    /// A file.
    FileId: "a file", File;
    /// A record.
    RecordId: "a record", Record;
    /// An applet.
    AppletId: "an applet", Applet;
    /// A billing account: a user or an organisation.
    BillToId: "a user or an organisation", User | Org;
}

impl UserId {
    /// The id that goes with a handle; handles differ in letter case only for show.
    #[must_use]
    pub fn from_handle(handle: &str) -> Option<Self> {
        Self::parse(&format!("user-{}", handle.to_ascii_lowercase()))
    }
}

impl OrgId {
    /// The id that goes with a handle.
    #[must_use]
    pub fn from_handle(handle: &str) -> Option<Self> {
        Self::parse(&format!("org-{}", handle.to_ascii_lowercase()))
    }
}

impl From<ProjectId> for ContainerId {
    fn from(project: ProjectId) -> Self {
        Self(project.0)
    }
}

impl From<FileId> for ObjectId {
    fn from(file: FileId) -> Self {
        Self(file.0)
    }
}

impl From<AppletId> for ObjectId {
    fn from(applet: AppletId) -> Self {
        Self(applet.0)
    }
}

impl From<RecordId> for ObjectId {
    fn from(record: RecordId) -> Self {
        Self(record.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_clients_send() {
        for text in [
            "project-012301230123012301230123",
            "file-B0000000000000000000000z",
            "applet-abcdefabcdefabcdefabcdef",
            "user-alice",
            "org-team_odd",
            "org-a..b",
        ] {
            assert_eq!(Id::parse(text).map(|id| id.to_string()).as_deref(), Some(text));
        }
    }

    #[test]
    fn refuses_what_is_no_id() {
        for text in [
            "",
            "-",
            "file",
            "file-",
            "file-short",
            "project-эксперимент",
            "user-",
            "user-Alice",
            "thing-012301230123012301230123",
            "file-01230123012301230123012/",
        ] {
            assert_eq!(Id::parse(text), None, "{text}");
        }
    }

    #[test]
    fn mints_from_the_32_symbols() {
        assert_eq!(Id::mint(Class::File, [0; 15]).as_str(), "file-000000000000000000000000");
        assert_eq!(Id::mint(Class::File, [255; 15]).as_str(), "file-zzzzzzzzzzzzzzzzzzzzzzzz");
        let id = Id::mint(Class::Record, [7; 15]);
        assert!(id.tail().bytes().all(|byte| MINT_ALPHABET.contains(&byte)));
        assert_eq!(Id::parse(id.as_str()), Some(id));
    }
}

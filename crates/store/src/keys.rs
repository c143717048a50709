//! Keys: what rows are called inside the database. They never leave the server; ids do.

use crate::db::{FromValue, Value};

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// The number itself, for cursors and logs.
            #[must_use]
            pub fn number(self) -> i64 {
                self.0
            }

            /// A key that came back in a cursor. Whether there is such a row is for the query to say.
            #[must_use]
            pub fn from_number(number: i64) -> Self {
                Self(number)
            }
        }

        impl From<$name> for Value {
            fn from(key: $name) -> Self {
                Self::Int(key.0)
            }
        }

        impl FromValue for $name {
            const WANTED: &'static str = "a key";
            fn from_value(value: &Value) -> Option<Self> {
                i64::from_value(value).map(Self)
            }
        }
    )+};
}

keys! {
    /// A person's account.
    AccountKey;
    /// A token or web session.
    TokenKey;
    /// An organisation.
    OrgKey;
    /// A project or container.
    ProjectKey;
    /// A folder of a project.
    FolderKey;
    /// A data object.
    ObjectKey;
    /// A copy of a data object in a project.
    PlacementKey;
    /// A stored blob.
    BlobKey;
    /// An audit event.
    EventKey;
    /// What is counted, to become an audit event.
    CountedKey;
    /// Something to send.
    OutboxKey;
    /// Work that goes on in the background.
    TaskKey;
}

//! Members of a project: who they are, and giving, lowering and leaving access (contract: identity-and-sharing 5.4).

mod change;
mod invite;
mod list;

pub use change::{decrease, leave};
pub use invite::{accept_invite, invite, join};
pub(crate) use list::Teams;
pub use list::{find_members, find_project_members};

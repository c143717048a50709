//! Data objects: making, describing and changing them (contract: data 5 to 9).

mod applet;
mod bulk;
mod close;
mod content;
mod copy;
mod create;
mod describe;
mod projects;

pub use applet::{get_applet, new_applet, run_applet};
pub use bulk::describe_all;
pub use close::close;
pub use content::{add_types, get_details, remove_types, set_details, set_visibility};
pub use copy::{add_tags, remove_tags, rename, set_properties};
pub use create::{new_file, new_record};
pub use describe::{describe, describe_many};
pub use projects::list_projects;

pub(crate) use close::settle;

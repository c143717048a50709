//! Data objects: making, describing and changing them (contract: data 5 to 9).

mod describe;

pub use describe::describe_many;

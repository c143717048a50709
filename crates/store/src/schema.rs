//! The migrations, in their order. A migration that was released is never edited; a change is a new one.

use crate::db::Migration;

/// Every migration of this program.
pub const MIGRATIONS: &[Migration] = &[
    Migration { name: "0001_init", sql: include_str!("../migrations/0001_init.sql") },
    Migration { name: "0002_plans", sql: include_str!("../migrations/0002_plans.sql") },
];

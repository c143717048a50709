//! The migrations, in their order. A migration that was released is never edited; a change is a new one.

use crate::db::Migration;

/// Every migration of this program.
pub const MIGRATIONS: &[Migration] = &[
    Migration { name: "0001_people", sql: include_str!("../migrations/0001_people.sql") },
    Migration { name: "0002_projects", sql: include_str!("../migrations/0002_projects.sql") },
    Migration { name: "0003_objects", sql: include_str!("../migrations/0003_objects.sql") },
    Migration { name: "0004_bytes", sql: include_str!("../migrations/0004_bytes.sql") },
    Migration { name: "0005_work", sql: include_str!("../migrations/0005_work.sql") },
    Migration { name: "0006_audit", sql: include_str!("../migrations/0006_audit.sql") },
    Migration { name: "0007_plans", sql: include_str!("../migrations/0007_plans.sql") },
];

//! What Operon keeps: transactions and statements over SQLite and PostgreSQL.

pub mod db;

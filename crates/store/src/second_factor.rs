//! The second factor of an account: a sealed seed, the last code that was used, and hashes of backup codes.

use crate::access::SystemPermit;
use crate::db::{DbError, Tx, params};
use crate::keys::AccountKey;

/// What is kept of a second factor. Seeds are sealed by the server's keys, which lie outside the database.
#[derive(Debug, Clone)]
pub struct SecondFactor {
    /// The seed in use; none when the second factor is off.
    pub secret: Option<String>,
    /// A seed that is being set up.
    pub pending: Option<String>,
    /// The step of the code that was used last.
    pub last_step: i64,
}

/// The second factor of an account.
pub fn of(tx: &Tx, account: AccountKey) -> Result<SecondFactor, DbError> {
    let row = tx.query_one(
        "select otp_secret, otp_pending, otp_last_step from account where key = $1",
        params![account],
    )?;
    Ok(SecondFactor { secret: row.get(0)?, pending: row.get(1)?, last_step: row.get(2)? })
}

/// Keeps a seed that is being set up, in place of an earlier one.
pub fn begin(tx: &Tx, _permit: &SystemPermit<'_>, account: AccountKey, sealed: &str) -> Result<(), DbError> {
    tx.execute("update account set otp_pending = $2 where key = $1", params![account, sealed])?;
    Ok(())
}

/// Switches the second factor on, with the seed that was being set up. `step` is that of the confirming code.
pub fn switch_on(
    tx: &Tx,
    _permit: &SystemPermit<'_>,
    account: AccountKey,
    step: i64,
    backup_hashes: &[String],
) -> Result<(), DbError> {
    tx.execute(
        "update account set otp_secret = otp_pending, otp_pending = null, otp_last_step = $2, epoch = epoch + 1
         where key = $1",
        params![account, step],
    )?;
    tx.execute("delete from backup_code where account = $1", params![account])?;
    for hash in backup_hashes {
        tx.execute(
            "insert into backup_code (account, hash) values ($1, $2)",
            params![account, hash.as_str()],
        )?;
    }
    Ok(())
}

/// Switches the second factor off.
pub fn switch_off(tx: &Tx, _permit: &SystemPermit<'_>, account: AccountKey) -> Result<(), DbError> {
    remove(tx, account)
}

/// Takes everything about the second factor of an account out.
pub(crate) fn remove(tx: &Tx, account: AccountKey) -> Result<(), DbError> {
    tx.execute(
        "update account set otp_secret = null, otp_pending = null, otp_last_step = 0, epoch = epoch + 1 where key = $1",
        params![account],
    )?;
    tx.execute("delete from backup_code where account = $1", params![account])?;
    Ok(())
}

/// Marks the code of a step as used. False when that code, or a later one, was used already.
pub fn use_step(tx: &Tx, account: AccountKey, step: i64) -> Result<bool, DbError> {
    let used = tx.execute(
        "update account set otp_last_step = $2 where key = $1 and otp_last_step < $2",
        params![account, step],
    )?;
    Ok(used == 1)
}

/// The hashes of the backup codes that are left; ten at most.
pub fn backup_hashes(tx: &Tx, account: AccountKey) -> Result<Vec<String>, DbError> {
    tx.query("select hash from backup_code where account = $1 order by hash", params![account])?
        .iter()
        .map(|row| row.get(0))
        .collect()
}

/// Uses a backup code up. False when it was used already.
pub fn use_backup(tx: &Tx, account: AccountKey, hash: &str) -> Result<bool, DbError> {
    Ok(tx.execute("delete from backup_code where account = $1 and hash = $2", params![account, hash])? == 1)
}

//! Closing files (contract: data 8.1, invariants 5 to 8 and 10).

use policy::Action;
use serde_json::json;
use store::object::ObjectState;
use store::part::Sum;
use store::seal::WholeFile;
use wire::answer::NoInput;
use wire::id::FileId;
use wire::transfer::{FileClosed, UPLOAD_PARAMETERS};
use wire::{ApiError, ErrorType};

use super::bytes;
use crate::context::Ctx;
use crate::error::Result;
use crate::event::{Event, EventName};

/// `/file-xxxx/close`: freezes a file. One of a single part is closed at once, since its digests are known; one of several
/// is `closing` until the server has read it once.
///
/// # Errors
/// `ResourceNotFound`, `PermissionDenied`; `InvalidState` when a part is missing, unfinished or too small.
pub async fn close(ctx: Ctx, id: FileId, _: NoInput) -> Result<FileClosed> {
    let app = std::sync::Arc::clone(&ctx.app);
    let closed = ctx
        .change(move |work| {
            let copy = work.any_copy(&id.clone().into(), None)?;
            let permit = work.permit(&copy.access, Action::CloseObject)?;
            if copy.object.state != ObjectState::Open {
                let detail = Some("The file was closed before; nothing was changed.");
                return Ok(FileClosed { id: id.clone().into(), detail });
            }
            let file = copy.object.key;
            let sum = store::part::sum(work.tx, file)?;
            complete(&id, &sum)?;
            store::part::freeze(work.tx, &permit, work.now())?;
            if sum.parts == 1
                && let [only] = store::blob::of_file(work.tx, file)?.as_slice()
            {
                let whole = WholeFile {
                    size: only.size,
                    md5: only.md5.clone(),
                    sha256: only.sha256.clone(),
                    blake3: only.blake3.clone(),
                };
                store::seal::seal(work.tx, file, &whole, work.now())?;
            }
            work.record(
                Event::done(EventName::ObjectFrozen)
                    .project(&copy.project.id)
                    .subject(&id)
                    .rule(permit.rule().code())
                    .after(json!({ "parts": sum.parts, "size": sum.bytes })),
            )?;
            crate::object::settle(work, &[file])?;
            Ok(FileClosed { id: id.clone().into(), detail: None })
        })
        .await?;
    app.memory.transfers.closing.notify_one();
    Ok(closed)
}

/// Whether the parts make a file.
fn complete(id: &FileId, sum: &Sum) -> Result<()> {
    let allowed = UPLOAD_PARAMETERS;
    let why = if sum.parts == 0 {
        "it has no parts. Upload its bytes first; an empty file is one empty part".to_owned()
    } else if sum.pending > 0 {
        format!("{} of its parts have not arrived yet. Upload them, then close the file", sum.pending)
    } else if let Some(small) =
        sum.smallest_before_last.filter(|size| bytes(*size) < allowed.minimum_part_size)
    {
        format!(
            "a part before the last has {small} bytes, and every part but the last must have at least {}. Upload the file in larger parts",
            allowed.minimum_part_size
        )
    } else if bytes(sum.bytes) > allowed.maximum_file_size {
        format!("it has {} bytes, and a file can have at most {}", sum.bytes, allowed.maximum_file_size)
    } else {
        return Ok(());
    };
    Err(ApiError::new(ErrorType::InvalidState, format!("{id} cannot be closed: {why}.")).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contract: data 8.1, invariant 8. The sizes are those of [`UPLOAD_PARAMETERS`].
    #[test]
    fn what_makes_no_file_is_not_closed() {
        let id = FileId::parse("file-012301230123012301230123").unwrap();
        let (least, most) = (5 << 20, 5_497_558_138_880);
        let good = Sum { parts: 2, pending: 0, smallest_before_last: Some(least), bytes: most };
        for (sum, says) in [
            (good, None),
            (Sum { parts: 1, smallest_before_last: None, bytes: 0, ..good }, None),
            (Sum { parts: 0, smallest_before_last: None, bytes: 0, ..good }, Some("no parts")),
            (Sum { pending: 1, ..good }, Some("have not arrived")),
            (Sum { smallest_before_last: Some(least - 1), ..good }, Some("at least 5242880")),
            (Sum { bytes: most + 1, ..good }, Some("at most 5497558138880")),
        ] {
            let refused = complete(&id, &sum).err().map(|error| error.into_wire().message);
            assert_eq!(refused.is_some(), says.is_some(), "{sum:?}: {refused:?}");
            assert!(refused.unwrap_or_default().contains(says.unwrap_or_default()), "{sum:?}");
        }
    }
}

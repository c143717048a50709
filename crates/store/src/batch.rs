//! Long lists of values, a bounded number per statement.

use crate::db::DbError;

/// The lengths that lists are brought to, so that few statement texts exist and stay prepared.
const SIZES: [usize; 4] = [1, 8, 64, 512];

/// Calls `f` with all the items, some hundred at a time. A batch may repeat its last item, so `f` is for `in (…)` and
/// other things that repetition does not change.
pub(crate) fn in_batches<T: Clone>(
    items: &[T],
    mut f: impl FnMut(&[T]) -> Result<(), DbError>,
) -> Result<(), DbError> {
    let [.., largest] = SIZES;
    for chunk in items.chunks(largest) {
        let size = SIZES.into_iter().find(|size| *size >= chunk.len()).unwrap_or(largest);
        let Some(last) = chunk.last() else { continue };
        let mut batch = chunk.to_vec();
        batch.resize(size, last.clone());
        f(&batch)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_item_comes_in_a_batch_of_a_known_length() {
        for count in [0, 1, 2, 8, 9, 64, 65, 512, 513, 1500] {
            let items: Vec<usize> = (0..count).collect();
            let mut seen = BTreeSet::new();
            in_batches(&items, |batch| {
                assert!(SIZES.contains(&batch.len()), "{}", batch.len());
                seen.extend(batch.iter().copied());
                Ok(())
            })
            .unwrap();
            assert_eq!(seen.len(), count);
        }
    }
}

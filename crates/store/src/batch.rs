//! Long lists of values, a bounded number per statement.

use crate::db::DbError;

/// The lengths that lists are brought to, so that few statement texts exist and stay prepared.
const SIZES: [usize; 4] = [1, 8, 64, 512];

/// The items, the last one repeated until their number is one of the known lengths. At most as many as the longest.
pub(crate) fn padded<T: Clone>(items: &[T]) -> Vec<T> {
    let size = SIZES.into_iter().find(|size| *size >= items.len()).unwrap_or(items.len());
    let mut batch = items.to_vec();
    if let Some(last) = items.last() {
        batch.resize(size, last.clone());
    }
    batch
}

/// Calls `f` with all the items, some hundred at a time. A batch may repeat its last item, so `f` is for `in (…)` and
/// other things that repetition does not change.
pub(crate) fn in_batches<T: Clone>(
    items: &[T],
    mut f: impl FnMut(&[T]) -> Result<(), DbError>,
) -> Result<(), DbError> {
    let [.., largest] = SIZES;
    for chunk in items.chunks(largest) {
        f(&padded(chunk))?;
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

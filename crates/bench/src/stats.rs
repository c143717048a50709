//! What many measurements say together.

use std::time::{Duration, Instant};

/// The value below which this part (0 to 1) of the values lies.
///
/// # Panics
/// Without values.
pub(crate) fn quantile(values: &mut [f64], part: f64) -> f64 {
    assert!(!values.is_empty(), "nothing was measured");
    values.sort_by(f64::total_cmp);
    let place = (part * (values.len() - 1) as f64).round();
    values[place as usize]
}

/// How long something takes, and what it answers.
pub(crate) fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let answer = work();
    (start.elapsed(), answer)
}

/// Compares two sides in turn, A B B A, so that a machine that grows slower hurts both: seconds of each round.
///
/// # Errors
/// Those of either side.
pub(crate) fn in_turn(
    rounds: usize,
    mut a: impl FnMut() -> anyhow::Result<f64>,
    mut b: impl FnMut() -> anyhow::Result<f64>,
) -> anyhow::Result<(Vec<f64>, Vec<f64>)> {
    let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
    a()?;
    b()?;
    for round in 0..rounds {
        if round % 2 == 0 {
            of_a.push(a()?);
            of_b.push(b()?);
        } else {
            of_b.push(b()?);
            of_a.push(a()?);
        }
    }
    Ok((of_a, of_b))
}

/// The median of the ratios a/b, round by round, with the range that holds the middle half of them.
pub(crate) fn ratio(a: &[f64], b: &[f64]) -> (f64, String) {
    let mut ratios: Vec<f64> = a.iter().zip(b).map(|(a, b)| a / b).collect();
    let median = quantile(&mut ratios, 0.5);
    let (low, high) = (quantile(&mut ratios, 0.25), quantile(&mut ratios, 0.75));
    (median, format!("middle half of {} rounds {low:.2} to {high:.2}", ratios.len()))
}

/// The exponent `e` for which time grows as size to the power of `e`: the slope in a plot with logarithmic axes.
pub(crate) fn exponent(points: &[(f64, f64)]) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|(size, time)| (size.ln(), time.ln())).collect();
    let count = logs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let above: f64 = logs.iter().map(|(size, time)| (size - x) * (time - y)).sum();
    let below: f64 = logs.iter().map(|(size, _)| (size - x).powi(2)).sum();
    above / below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_of_the_list() {
        let mut values: Vec<f64> = (1..=101).rev().map(f64::from).collect();
        assert!((quantile(&mut values, 0.5) - 51.0).abs() < f64::EPSILON);
        assert!((quantile(&mut values, 0.99) - 100.0).abs() < f64::EPSILON);
    }

    #[test]
    fn the_exponent_of_a_square_is_two() {
        let square = [(10.0, 100.0), (100.0, 10_000.0), (1000.0, 1_000_000.0)];
        assert!((exponent(&square) - 2.0).abs() < 1e-9);
        assert!(exponent(&[(10.0, 3.0), (1000.0, 3.0)]).abs() < 1e-9);
    }
}

//! How long something takes: medians, since a machine has other things to do now and then.

use std::time::{Duration, Instant};

/// The median nanoseconds of one call, over batches long enough for the clock to resolve.
///
/// `work` does its work once per call; batches are sized so that each lasts about 5 ms.
pub(crate) fn nanoseconds(mut work: impl FnMut()) -> f64 {
    let mut count: u32 = 1;
    loop {
        let took = batch(count, &mut work);
        if took >= Duration::from_millis(5) || count > 1 << 28 {
            break;
        }
        count = count.saturating_mul(2);
    }
    let samples = (0..61).map(|_| batch(count, &mut work).as_secs_f64() * 1e9 / f64::from(count));
    median(samples.collect())
}

/// As [`nanoseconds`], but what the work yields is put aside and dropped when no clock runs: a cold
/// start keeps what it loads.
pub(crate) fn nanoseconds_kept<T>(mut work: impl FnMut() -> T) -> f64 {
    const COUNT: u32 = 64;
    let samples = (0..61).map(|_| {
        let mut kept = Vec::with_capacity(COUNT as usize);
        let took = batch(COUNT, &mut || kept.push(work()));
        took.as_secs_f64() * 1e9 / f64::from(COUNT)
    });
    median(samples.collect())
}

fn batch(count: u32, work: &mut impl FnMut()) -> Duration {
    let began = Instant::now();
    for _ in 0..count {
        work();
    }
    began.elapsed()
}

/// The middle one of the samples; not a number if there are none.
pub(crate) fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Nanoseconds in the unit that reads best.
pub(crate) fn human(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n < 1e3 => format!("{n:.0} ns"),
        n if n < 1e6 => format!("{:.1} us", n / 1e3),
        n if n < 1e9 => format!("{:.1} ms", n / 1e6),
        n => format!("{:.2} s", n / 1e9),
    }
}

//! Memory for the outputs that a host leaves out, on the **audio thread**.
//!
//! nice-plug does not call a plugin at all when the host has no memory for one of its outputs, as
//! hosts have none for outputs that are switched off, and reads past the end of a host's list that
//! is too short. So the entry points give it memory of their own for these: on the stack, since
//! nobody hears it and nothing else belongs to one block alone.

use std::mem::MaybeUninit;

/// Main output and one a part.
pub const N_OUTPUTS: usize = 5;

/// Samples of the usual block; longer ones need the large memory, whose pages are touched.
const SMALL: usize = 512;

/// Samples of the longest block with outputs left out.
const LARGE: usize = 8192;

/// Channels of each output, as hosts list them.
type Channels = [[*mut f32; 2]; N_OUTPUTS];

/// Runs `block` with all outputs: those that the host gives, for the others what `make` makes of
/// the two channels that it is pointed to. They end with the call.
///
/// `None`, without a run, when there is no main output, or a block with outputs left out is longer
/// than 8,192 samples.
pub fn complete<T: Copy, R>(
    n_samples: usize,
    given: [Option<T>; N_OUTPUTS],
    make: impl Fn(*mut *mut f32) -> T,
    block: impl FnOnce(&mut [T; N_OUTPUTS]) -> R,
) -> Option<R> {
    let main = given[0]?;
    if given.iter().all(Option::is_some) {
        return Some(block(&mut given.map(|output| output.unwrap_or(main))));
    }
    let run = |channels: &mut Channels| {
        let mut all = std::array::from_fn(|index| {
            given[index].unwrap_or_else(|| make(channels[index].as_mut_ptr()))
        });
        block(&mut all)
    };
    match n_samples {
        n if n <= SMALL => Some(with_memory::<SMALL, R>(run)),
        n if n <= LARGE => Some(with_memory::<LARGE, R>(run)),
        _ => None,
    }
}

/// A function of its own, so that a short block never reserves the large memory.
#[inline(never)]
fn with_memory<const N: usize, R>(run: impl FnOnce(&mut Channels) -> R) -> R {
    let mut memory = [[const { MaybeUninit::<[f32; N]>::uninit() }; 2]; N_OUTPUTS];
    run(&mut memory.each_mut().map(|pair| pair.each_mut().map(|one| one.as_mut_ptr().cast())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_left_out_get_memory_of_their_own() {
        let mut host = [[[0.0_f32; LARGE]; 2]; 2];
        let mut lists = host.each_mut().map(|pair| pair.each_mut().map(|one| one.as_mut_ptr()));
        let [main, bass] = lists.each_mut().map(|list| list.as_mut_ptr());
        for n_samples in [0, 1, SMALL, SMALL + 1, LARGE] {
            let given = [Some(main), None, Some(bass), None, None];
            let kept = complete(
                n_samples,
                given,
                |list| list,
                |outputs| {
                    assert_eq!([outputs[0], outputs[2]], [main, bass]);
                    let channel = |index: usize| {
                        // SAFETY: every output is a list of two channels of `n_samples` samples, all
                        // of them memory of their own, and one is looked at at a time.
                        unsafe {
                            let start = *outputs[index / 2].add(index % 2);
                            std::slice::from_raw_parts_mut(start, n_samples)
                        }
                    };
                    (0..2 * N_OUTPUTS).for_each(|index| channel(index).fill(index as f32));
                    (0..2 * N_OUTPUTS)
                        .all(|index| channel(index).iter().all(|sample| *sample == index as f32))
                },
            );
            assert_eq!(kept, Some(true), "{n_samples} samples");
        }
    }

    #[test]
    fn only_what_can_be_completed_runs() {
        let run = |n_samples, given| complete(n_samples, given, |_| 0, |outputs| *outputs);
        assert_eq!(run(64, [None, Some(1), Some(2), Some(3), Some(4)]), None);
        assert_eq!(run(LARGE + 1, [Some(1), None, None, None, None]), None);
        assert_eq!(run(64, [Some(1), None, None, None, None]), Some([1, 0, 0, 0, 0]));
        let all = [Some(1), Some(2), Some(3), Some(4), Some(5)];
        assert_eq!(run(LARGE + 1, all), Some([1, 2, 3, 4, 5]));
    }
}

//! Which bytes of an instance buffer have to be uploaded: those that differ from what is there.

use std::ops::Range;

/// Compared and uploaded in blocks of this many bytes.
const BLOCK: usize = 4096;
/// One upload of everything costs less than more uploads than this.
const RANGES_MAX: usize = 64;

/// Where `new` differs from `old`, in rising order and apart from each other. Bytes that only `old` has are not drawn.
pub(crate) fn ranges(old: &[u8], new: &[u8]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for start in (0..new.len()).step_by(BLOCK) {
        let end = (start + BLOCK).min(new.len());
        if old.get(start..end) == Some(&new[start..end]) {
            continue;
        }
        let is_full = ranges.len() == RANGES_MAX;
        match ranges.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ if is_full => return std::iter::once(0..new.len()).collect(),
            _ => ranges.push(start..end),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(range: Range<usize>) -> Vec<Range<usize>> {
        std::iter::once(range).collect()
    }

    #[test]
    fn only_blocks_that_differ_are_uploaded() {
        let old = vec![0u8; 10 * BLOCK + 16];
        assert!(ranges(&old, &old).is_empty());
        let mut new = old.clone();
        new[3 * BLOCK] = 1;
        new[4 * BLOCK + 5] = 1;
        new[10 * BLOCK + 1] = 1;
        assert_eq!(ranges(&old, &new), [3 * BLOCK..5 * BLOCK, 10 * BLOCK..10 * BLOCK + 16]);
    }

    #[test]
    fn what_is_new_at_the_end_is_uploaded_and_what_is_gone_is_not() {
        let old = vec![7u8; BLOCK];
        assert_eq!(ranges(&old, &vec![7u8; BLOCK + 32]), only(BLOCK..BLOCK + 32));
        assert!(ranges(&old, &[7u8; 64]).is_empty());
        assert_eq!(ranges(&[], &[1, 2, 3, 4]), only(0..4));
    }

    #[test]
    fn many_small_changes_become_one() {
        let old = vec![0u8; 400 * BLOCK];
        let mut new = old.clone();
        (0..200).for_each(|n| new[n * 2 * BLOCK] = 1);
        assert_eq!(ranges(&old, &new), only(0..new.len()));
    }
}

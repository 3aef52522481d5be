//! Searches a text for any number of secrets at once, in a time that depends on the text alone.
//!
//! A run of 10,000 repositories has 10,000 tokens, and each of its outputs is searched for all of them. So every
//! secret is filed under its last bytes, which two tokens seldom share (their beginnings are alike: `eyJhbGciOi…`),
//! and a text is read once: only where it holds such an ending is anything compared.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

/// How many last bytes short secrets are filed under. No secret is shorter.
pub(super) const SHORT_ENDING: usize = 6;
/// How many last bytes the others are filed under.
const LONG_ENDING: usize = 16;

/// How many lengths of secrets with one ending are kept apart. A server that hands out more than that is up to
/// something; then everything that could be one of them is masked, and nothing is compared.
const MOST_LENGTHS: usize = 16;

/// Most texts hold no secret, and most endings in them are ruled out here, without a look into a map.
const FILTER_BITS: u32 = 17;

/// How many bytes a secret takes beside its own: its places in the tables, and its lengths.
const OF_A_NEEDLE: usize = 150;

/// The secrets that are searched for.
pub(super) struct Needles {
    all: HashSet<Arc<str>>,
    /// The lengths of the secrets with an ending, longest first.
    short: HashMap<u64, Vec<usize>>,
    long: HashMap<u128, Vec<usize>>,
    filter: Vec<u64>,
    /// The length of the longest secret.
    longest: usize,
    /// How much room was taken by [`insert_within`](Self::insert_within).
    taken: usize,
}

impl Default for Needles {
    fn default() -> Self {
        let filter = vec![0; 1 << (FILTER_BITS - u64::BITS.ilog2())];
        Self {
            all: HashSet::new(),
            short: HashMap::new(),
            long: HashMap::new(),
            filter,
            longest: 0,
            taken: 0,
        }
    }
}

/// Where a text holds a secret, and what it took to find out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The places, in order, none of which touch each other's inside.
    pub(super) places: Vec<Range<usize>>,
    /// How many candidates were compared with the text.
    pub(super) compared: usize,
}

impl Needles {
    /// Adds a secret of [`SHORT_ENDING`] bytes or more; a shorter one is ignored.
    pub(super) fn insert(&mut self, needle: Arc<str>) {
        let length = needle.len();
        if length < SHORT_ENDING || self.all.contains(&needle) {
            return;
        }
        let end = needle.bytes().fold(0_u128, |end, byte| end << 8 | u128::from(byte));
        let short = last_six(end);
        let lengths = if length < LONG_ENDING {
            self.short.entry(short).or_default()
        } else {
            self.long.entry(end).or_default()
        };
        let place = lengths.partition_point(|known| *known > length);
        if lengths.get(place) != Some(&length) {
            lengths.insert(place, length);
        }
        let (word, bit) = filed(short);
        if let Some(word) = self.filter.get_mut(word) {
            *word |= bit;
        }
        self.longest = self.longest.max(length);
        self.all.insert(needle);
    }

    /// The length of the longest secret.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// Adds a secret if all that were added so take no more than `most` bytes. Whether it is there now.
    pub(super) fn insert_within(&mut self, needle: Arc<str>, most: usize) -> bool {
        if self.all.contains(&needle) {
            return true;
        }
        let taken = self.taken.saturating_add(needle.len() + OF_A_NEEDLE);
        if taken > most {
            return false;
        }
        self.taken = taken;
        self.insert(needle);
        true
    }

    /// Every place in `text` that a secret covers; secrets that overlap are one place.
    pub(super) fn find(&self, text: &str) -> Found {
        let mut found = Found::default();
        if self.all.is_empty() {
            return found;
        }
        let mut recent = 0_u128;
        for (index, byte) in text.bytes().enumerate() {
            recent = recent << 8 | u128::from(byte);
            let end = index + 1;
            let short = last_six(recent);
            let (word, bit) = filed(short);
            if self.filter.get(word).is_none_or(|word| word & bit == 0) || end < SHORT_ENDING {
                continue;
            }
            let long = self.long.get(&recent).filter(|_| end >= LONG_ENDING);
            let start = long
                .and_then(|lengths| self.start(text, end, lengths, &mut found.compared))
                .or_else(|| {
                    let lengths = self.short.get(&short)?;
                    self.start(text, end, lengths, &mut found.compared)
                });
            if let Some(start) = start {
                found.add(start..end);
            }
        }
        found
    }

    /// Where the longest secret begins that ends at `end` and has one of `lengths`.
    fn start(
        &self,
        text: &str,
        end: usize,
        lengths: &[usize],
        compared: &mut usize,
    ) -> Option<usize> {
        if lengths.len() > MOST_LENGTHS {
            let longest = lengths.first().copied().unwrap_or_default();
            let start = end.saturating_sub(longest);
            return (start..=end).find(|start| text.is_char_boundary(*start));
        }
        lengths.iter().find_map(|length| {
            let start = end.checked_sub(*length)?;
            *compared += 1;
            // `None` where a character would be cut: no secret ends or begins inside one.
            let candidate = text.get(start..end)?;
            self.all.contains(candidate).then_some(start)
        })
    }
}

impl Found {
    /// Adds a place that ends behind all others.
    fn add(&mut self, place: Range<usize>) {
        let mut start = place.start;
        while let Some(before) = self.places.pop_if(|before| before.end > start) {
            start = start.min(before.start);
        }
        self.places.push(start..place.end);
    }
}

fn last_six(recent: u128) -> u64 {
    u64::try_from(recent & ((1 << (8 * SHORT_ENDING)) - 1)).unwrap_or_default()
}

/// The word of the filter that an ending is filed in, and its bit.
fn filed(ending: u64) -> (usize, u64) {
    // Fibonacci hashing: the upper bits of the product depend on every bit of the ending.
    let hash = ending.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - FILTER_BITS);
    (usize::try_from(hash >> 6).unwrap_or(usize::MAX), 1 << (hash & 63))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn needles(secrets: impl IntoIterator<Item = impl AsRef<str>>) -> Needles {
        let mut needles = Needles::default();
        for secret in secrets {
            needles.insert(secret.as_ref().into());
        }
        needles
    }

    #[test]
    fn what_servers_make_up_is_kept_within_bounds() {
        let mut needles = needles(["a secret of the run"]);
        let most = 3 * (20 + OF_A_NEEDLE);
        let secret = |number: usize| format!("signature-{number:010}").into();
        let kept: Vec<_> = (0..5).map(|n| needles.insert_within(secret(n), most)).collect();
        assert_eq!(kept, [true, true, true, false, false]);
        assert!(needles.insert_within(secret(1), most), "it is there already");
        assert!(needles.insert_within("a secret of the run".into(), most));
        let found = needles.find("signature-0000000002 signature-0000000003");
        assert_eq!(found.places.len(), 1);
    }

    /// Which bytes of a text some secret covers, the slow way.
    fn covered(secrets: &[String], text: &str) -> Vec<bool> {
        let mut covered = vec![false; text.len()];
        for secret in secrets.iter().filter(|secret| secret.len() >= SHORT_ENDING) {
            for start in 0..text.len() {
                if text.as_bytes()[start..].starts_with(secret.as_bytes()) {
                    covered[start..start + secret.len()].fill(true);
                }
            }
        }
        covered
    }

    fn masked(found: &Found, text: &str) -> Vec<bool> {
        let mut masked = vec![false; text.len()];
        for place in &found.places {
            assert!(text.get(place.clone()).is_some(), "{place:?} cuts a character of {text:?}");
            masked[place.clone()].fill(true);
        }
        masked
    }

    /// Tokens as a server issues them: one beginning, and an end of their own.
    fn tokens(count: usize) -> Vec<String> {
        let head = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.".repeat(20);
        (0..count).map(|number| format!("{head}{:016x}", number * 0x9e37_79b9)).collect()
    }

    #[test]
    fn ten_thousand_tokens_cost_a_text_no_more_comparisons_than_it_has_endings_of_them() {
        let tokens = tokens(10_000);
        let needles = needles(&tokens);
        let plain = "registry.digitalocean.com/keepkey/support-email:latest-dev\n".repeat(10_000);
        assert_eq!(needles.find(&plain), Found::default());
        // Every token once, and as often cut short: a comparison for each ending.
        let text = tokens
            .iter()
            .fold(String::new(), |text, token| text + token + " " + &token[20..] + " ");
        let found = needles.find(&text);
        assert_eq!((found.places.len(), found.compared), (10_000, 20_000));
    }

    #[test]
    fn tokens_that_share_their_ending_on_purpose_are_masked_without_a_comparison() {
        let tokens: Vec<_> =
            (1..1_000).map(|length| "a".repeat(length) + "0123456789abcdef").collect();
        let needles = needles(&tokens);
        let text = "b0123456789abcdef".repeat(1_000);
        let found = needles.find(&text);
        assert_eq!((found.compared, found.places.len()), (0, 1));
        let found = needles.find(&tokens[900]);
        assert!(masked(&found, &tokens[900]).iter().all(|masked| *masked));
    }

    proptest! {
        #[test]
        fn what_is_masked_is_what_the_secrets_cover(
            secrets in prop::collection::vec("[abä]{1,40}", 0..12),
            before in "[abä]{0,40}", after in "[abä]{0,40}", at: prop::sample::Index,
        ) {
            let inside = if secrets.is_empty() { "" } else { at.get(&secrets).as_str() };
            let text = format!("{before}{inside}{after}");
            let found = needles(&secrets).find(&text);
            prop_assert_eq!(masked(&found, &text), covered(&secrets, &text));
        }

        #[test]
        fn no_byte_of_a_secret_is_missed_however_many_share_its_ending(
            starts in prop::collection::vec("[abä]{0,60}", 1..60), ending in "[abä]{6,20}", text in "[abä]{0,80}",
            at: prop::sample::Index,
        ) {
            let secrets: Vec<_> = starts.iter().map(|start| format!("{start}{ending}")).collect();
            let text = format!("{text}{}{text}", at.get(&secrets));
            let found = needles(&secrets).find(&text);
            for (masked, covered) in masked(&found, &text).into_iter().zip(covered(&secrets, &text)) {
                prop_assert!(masked || !covered);
            }
        }
    }
}

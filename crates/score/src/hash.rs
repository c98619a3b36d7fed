//! Numbers that tell things apart, the same on every machine and in every version.

/// 64-bit FNV-1a.
///
/// Source: Fowler, Noll, Vo & Eastlake, "The FNV non-cryptographic hash algorithm".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fnv1a(u64);

impl Default for Fnv1a {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv1a {
    const PRIME: u64 = 0x0100_0000_01b3;

    /// Takes in some bytes, as the algorithm says.
    pub fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(Self::PRIME);
        }
    }

    /// Takes in a word at once, which is no FNV-1a any more but eight times as fast.
    pub fn word(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(Self::PRIME);
        // Multiplication moves bits up only.
        self.0 ^= self.0 >> 32;
    }

    /// The number of what was taken in.
    pub fn finish(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_algorithm() {
        let of = |text: &str| {
            let mut hash = Fnv1a::default();
            hash.bytes(text.as_bytes());
            hash.finish()
        };
        // From the algorithm's own test vectors.
        assert_eq!(of(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(of("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(of("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn words_that_differ_in_high_bits_alone_are_told_apart() {
        let of = |words: [u64; 2]| {
            let mut hash = Fnv1a::default();
            words.iter().for_each(|word| hash.word(*word));
            hash.finish() & 0xffff
        };
        assert_ne!(of([1 << 60, 0]), of([1 << 61, 0]));
    }
}

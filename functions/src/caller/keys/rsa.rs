//! Which RSA keys are keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// How many bytes a modulus has: 2048 bits at least (RFC 7518, section 3.3), and no more than 4096,
/// which nobody publishes.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=512;
/// The smallest exponent (FIPS 186-5, appendix A.1.1).
const SMALLEST_EXPONENT: u64 = 65_537;

/// Whether a modulus and an exponent, in base64url, make a key that only its owner signs with.
pub(super) fn is_sound(n: &str, e: &str) -> bool {
    let (Ok(n), Ok(e)) = (URL_SAFE_NO_PAD.decode(n), URL_SAFE_NO_PAD.decode(e)) else {
        return false;
    };
    let long = MODULUS.contains(&n.len()) && n.first().is_some_and(|first| *first >= 0x80);
    long && is_exponent(&e) && !is_roca(&n)
}

/// An odd number of at most 64 bits. With an exponent of 1 every message signs itself.
fn is_exponent(bytes: &[u8]) -> bool {
    let value = (bytes.len() <= 8).then(|| {
        bytes
            .iter()
            .fold(0_u64, |value, byte| value << 8 | u64::from(*byte))
    });
    value.is_some_and(|value| value >= SMALLEST_EXPONENT && value % 2 == 1)
}

/// Whether the modulus is one of those that a library of smart cards chose so that it can be
/// factored (ROCA, CVE-2017-15361). Both its primes are powers of 65537 modulo many small primes at
/// once, and so is their product; of other keys one in a hundred million is.
fn is_roca(modulus: &[u8]) -> bool {
    const PRIMES: [u32; 38] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89,
        97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ];
    PRIMES.iter().all(|prime| {
        let residue = modulus
            .iter()
            .fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        let generator = 65_537 % prime;
        let next = |power: &u32| Some(power * generator % prime).filter(|power| *power != 1);
        std::iter::successors(Some(1), next).any(|power| power == residue)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(n: &[u8], e: &[u8]) -> bool {
        is_sound(&URL_SAFE_NO_PAD.encode(n), &URL_SAFE_NO_PAD.encode(e))
    }

    #[test]
    fn a_modulus_has_2048_to_4096_bits() {
        let e = [1, 0, 1];
        let mut small = [0xff; 256];
        small[0] = 0x7f;
        for (n, good) in [
            (&[0xbf; 256][..], true),
            (&[0xbf; 512][..], true),
            (&[0xbf; 255][..], false),
            (&[0xbf; 513][..], false),
            (&small[..], false),
        ] {
            assert_eq!(sound(n, &e), good, "{}", n.len());
        }
        assert!(!is_sound("=", "AQAB") && !is_sound(&URL_SAFE_NO_PAD.encode([0xbf; 256]), "!"));
    }

    #[test]
    fn an_exponent_is_odd_and_large() {
        for (e, good) in [
            (&[1, 0, 1][..], true),
            (&[0xff; 8][..], true),
            (&[1, 0, 3][..], true),
            (&[0xff; 9][..], false),
            (&[1][..], false),
            (&[3][..], false),
            (&[1, 0, 2][..], false),
            (&[][..], false),
        ] {
            assert_eq!(sound(&[0xbf; 256], e), good, "{e:?}");
        }
    }
}

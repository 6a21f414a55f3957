//! How long after its slot a batch starts, where its group asks for `jitter:`. Pure.

use std::time::Duration;

use crate::model::{Entry, EntryKey};

/// The delay of an entry: a stable fraction of its group's jitter, so that each night
/// looks like the last and groups of one minute are spread.
pub(crate) fn delay(entry: &Entry<'_>) -> Duration {
    // A release check follows its own grid.
    let group = entry.group().filter(|_| !entry.is_release_check());
    group.map_or(Duration::ZERO, |group| {
        group.jitter.mul_f64(fraction(entry.key())).min(group.jitter)
    })
}

/// From 0 to 1, and the same on every machine and in every version: FNV-1a over the
/// entry's name (the hasher of the standard library may change between versions), then
/// the last steps of MurmurHash3, since FNV alone barely tells `group-1` from `group-2`.
fn fraction(key: &EntryKey) -> f64 {
    let mut hash = key
        .to_string()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        hash = (hash ^ (hash >> 33)).wrapping_mul(factor);
    }
    // 32 bits are exact in a float.
    f64::from(u32::try_from(hash >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GroupName;

    #[test]
    fn fractions_are_stable_and_spread() {
        let of = |name: String| fraction(&EntryKey::Group(GroupName::new(name)));
        assert!((of("github".into()) - of("github".into())).abs() < f64::EPSILON);
        let mut tenths = [0; 10];
        for number in 0..1000 {
            let fraction = of(format!("group-{number}"));
            assert!((0.0..=1.0).contains(&fraction));
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 9")]
            let tenth = (fraction * 9.999) as usize;
            tenths[tenth] += 1;
        }
        assert!(tenths.iter().all(|&count| count > 50), "{tenths:?}");
    }
}

//! Lists that are kept in order as they are made.
//!
//! What a request carries is short and mostly in order already: each item goes to its place at once, and
//! the module carries none of the standard library's sorts, which take five kilobytes for every type.

use std::cmp::Ordering;

/// Puts an item where `order` has it, behind those that are equal to it.
pub(crate) fn insert<T>(items: &mut Vec<T>, item: T, order: impl Fn(&T, &T) -> Ordering) {
    let place = items.partition_point(|known| order(known, &item) != Ordering::Greater);
    items.insert(place, item);
}

/// The items in their own order.
pub(crate) fn ordered<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut sorted = Vec::new();
    items.for_each(|item| insert(&mut sorted, item, T::cmp));
    sorted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_a_stable_sort(items in proptest::collection::vec((0_u8..8, any::<u8>()), 0..40)) {
            let mut inserted = Vec::new();
            items.iter().for_each(|item| insert(&mut inserted, *item, |one, other| one.0.cmp(&other.0)));
            let mut expected = items.clone();
            expected.sort_by_key(|item| item.0);
            prop_assert_eq!(inserted, expected);
            let mut expected = items.clone();
            expected.sort_unstable();
            prop_assert_eq!(ordered(items.into_iter()), expected);
        }
    }

    #[test]
    fn compares_an_item_with_few_others_in_whatever_order_they_come() {
        let compared = std::cell::Cell::new(0);
        let mut items = Vec::new();
        for item in (0..1000).rev() {
            insert(&mut items, item, |one, other| {
                compared.set(compared.get() + 1);
                one.cmp(other)
            });
        }
        assert!(items.is_sorted() && compared.get() <= 10_000, "{}", compared.get());
    }
}

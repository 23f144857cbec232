//! Lists that are kept in order as they are made.
//!
//! What a request carries is short and mostly in order already: each item goes to its place at once, and
//! the module carries none of the standard library's sorts, which take five kilobytes for every type.

use std::cmp::Ordering;

/// Puts a name and its value where `order` has the name, behind those that are equal to it. Compiled once.
#[inline(never)]
pub(crate) fn insert<'n, 'v>(
    items: &mut Vec<(&'n str, &'v str)>,
    item: (&'n str, &'v str),
    order: &dyn Fn(&str, &str) -> Ordering,
) {
    let place = items.partition_point(|(known, _)| order(known, item.0) != Ordering::Greater);
    items.insert(place, item);
}

/// Names and values, in the byte order of the names.
pub(crate) fn ordered<'t>(items: impl Iterator<Item = (&'t str, &'t str)>) -> Vec<(&'t str, &'t str)> {
    let mut sorted = Vec::new();
    items.for_each(|item| insert(&mut sorted, item, &str::cmp));
    sorted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_a_stable_sort(items in proptest::collection::vec(("[a-h]", "[a-z]"), 0..40)) {
            let items: Vec<_> = items.iter().map(|(name, value)| (&**name, &**value)).collect();
            let mut expected = items.clone();
            expected.sort_by_key(|item| item.0);
            prop_assert_eq!(ordered(items.into_iter()), expected);
        }
    }

    #[test]
    fn compares_an_item_with_few_others_in_whatever_order_they_come() {
        let compared = std::cell::Cell::new(0);
        let names: Vec<_> = (1000..2000).rev().map(|number| number.to_string()).collect();
        let mut items = Vec::new();
        for name in &names {
            insert(&mut items, (name, ""), &|one, other| {
                compared.set(compared.get() + 1);
                one.cmp(other)
            });
        }
        assert!(items.is_sorted() && compared.get() <= 10_000, "{}", compared.get());
    }
}

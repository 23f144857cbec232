//! Values by their names.

use crate::baked::{Baked, Image};
use crate::id_table::IdTable;

/// Values in the order of their insertion, found in a time that doesn't depend on their number.
pub(crate) struct ByName<V> {
    names: IdTable,
    values: Vec<V>,
}

impl<V> ByName<V> {
    /// Adds a value; `false`, and the earlier one stays, when there is one of this name.
    pub(crate) fn insert(&mut self, name: &str, value: V) -> bool {
        let new = self.names.insert(name);
        if new {
            self.values.push(value);
        }
        new
    }

    pub(crate) fn get(&self, name: &str) -> Option<&V> {
        self.values.get(self.names.find(name)?)
    }

    /// A value, and how many are before it.
    pub(crate) fn find(&self, name: &str) -> Option<(usize, &V)> {
        let number = self.names.find(name)?;
        Some((number, self.values.get(number)?))
    }

    /// Names and values, in the order of their insertion.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &V)> {
        self.names.ids().zip(&self.values)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.values.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl<V: Baked> Baked for ByName<V> {
    fn bake(&self, image: &mut Vec<u8>) {
        self.names.bake(image);
        self.values.bake(image);
    }

    fn read(image: &mut Image<'_>) -> Self {
        let by_name = ByName { names: IdTable::read(image), values: Vec::read(image) };
        if by_name.names.len() != by_name.values.len() {
            image.damage();
        }
        by_name
    }
}

impl<V> Default for ByName<V> {
    fn default() -> Self {
        ByName { names: IdTable::default(), values: Vec::new() }
    }
}

impl<'n, V> FromIterator<(&'n str, V)> for ByName<V> {
    fn from_iter<I: IntoIterator<Item = (&'n str, V)>>(entries: I) -> Self {
        let mut by_name = ByName::default();
        for (name, value) in entries {
            by_name.insert(name, value);
        }
        by_name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baked::tests as image;

    #[test]
    fn is_read_with_a_value_of_each_name() {
        assert_eq!(image::read::<ByName<u32>>(b"\x01\x01\x01a\x01\x07").unwrap().get("a"), Some(&7));
        assert!(image::read::<ByName<u32>>(b"\x01\x01\x01a\x00").is_none());
    }

    #[test]
    fn keeps_the_first_of_a_name() {
        let mut by_name = ByName::from_iter([("a", 1), ("b", 2)]);
        assert!(!by_name.insert("a", 3));
        assert!(by_name.insert("c", 4));
        assert_eq!((by_name.get("a"), by_name.get("c"), by_name.get("d")), (Some(&1), Some(&4), None));
        assert_eq!(by_name.values().copied().collect::<Vec<_>>(), [1, 2, 4]);
    }
}

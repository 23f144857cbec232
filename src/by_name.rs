//! Values by their names.

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

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.values.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
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

    #[test]
    fn keeps_the_first_of_a_name() {
        let mut by_name = ByName::from_iter([("a", 1), ("b", 2)]);
        assert!(!by_name.insert("a", 3));
        assert!(by_name.insert("c", 4));
        assert_eq!((by_name.get("a"), by_name.get("c"), by_name.get("d")), (Some(&1), Some(&4), None));
        assert_eq!(by_name.values().copied().collect::<Vec<_>>(), [1, 2, 4]);
    }
}

//! Ids that are found in a time that doesn't depend on their number.

use crate::baked::{Baked, Image};
use crate::texts::{Rest, Texts, same};

/// Ids, each once, in the order of their insertion.
#[derive(Default)]
pub(crate) struct IdTable {
    ids: Texts,
    /// An open-addressing table, at most half full: ordinals plus one, 0 where there is none. Its
    /// length is a power of two.
    slots: Vec<usize>,
}

impl IdTable {
    /// Adds an id, whose ordinal is the number of those before it; `false` when it is there already.
    pub(crate) fn insert(&mut self, id: &str) -> bool {
        if (self.ids.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let (slot, known) = self.slot_of(id);
        if known.is_some() {
            return false;
        }
        self.ids.push(id);
        let ordinal = self.ids.len();
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = ordinal;
        }
        true
    }

    /// The ordinal of an id.
    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        self.slot_of(id).1
    }

    /// In the order of their insertion.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|ordinal| self.ids.get(ordinal))
    }

    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.ids.shrink_to_fit();
    }

    /// Makes room for what is to come.
    pub(crate) fn make_room(&mut self, rest: Rest) {
        self.ids.make_room(rest);
    }

    /// The slot that holds an id and its ordinal, or the slot where it would be.
    fn slot_of(&self, id: &str) -> (usize, Option<usize>) {
        let mask = self.slots.len().wrapping_sub(1);
        let mut slot = hash(id) & mask;
        while let Some(ordinal) = self.slots.get(slot).and_then(|ordinal| ordinal.checked_sub(1)) {
            if self.ids.get(ordinal).is_some_and(|known| same(known, id)) {
                return (slot, Some(ordinal));
            }
            slot = (slot + 1) & mask;
        }
        (slot, None)
    }

    fn grow(&mut self) {
        self.make_slots((self.slots.len() * 2).max(FEWEST_SLOTS));
    }

    /// Makes the table of the ids anew; `None` when one of them is there twice.
    fn make_slots(&mut self, length: usize) -> Option<()> {
        self.slots = Vec::new();
        self.slots.resize(length, 0);
        for ordinal in 0..self.ids.len() {
            let (slot, known) = self.slot_of(self.ids.get(ordinal)?);
            if known.is_some() {
                return None;
            }
            *self.slots.get_mut(slot)? = ordinal + 1;
        }
        Some(())
    }
}

/// The ids alone: their table is made anew.
impl Baked for IdTable {
    fn bake(&self, image: &mut Vec<u8>) {
        self.ids.bake(image);
    }

    #[inline(never)]
    fn read(image: &mut Image<'_>) -> Self {
        let mut table = IdTable { ids: Texts::read(image), slots: Vec::new() };
        if table.len() > 0 && table.make_slots((table.len() * 2).next_power_of_two().max(FEWEST_SLOTS)).is_none() {
            image.damage();
        }
        table
    }
}

impl<'i> FromIterator<&'i str> for IdTable {
    fn from_iter<I: IntoIterator<Item = &'i str>>(ids: I) -> Self {
        let mut table = IdTable::default();
        for id in ids {
            table.insert(id);
        }
        table
    }
}

const FEWEST_SLOTS: usize = 8;

/// Eight bytes at a time are multiplied into the state. The ids in a table are the operator's own, so nobody
/// can choose them to collide; who looks others up walks one run of neighbours at the most.
#[inline(never)]
pub(crate) fn hash(id: &str) -> usize {
    let (words, rest) = id.as_bytes().as_chunks();
    let length = u64::try_from(id.len()).unwrap_or_default();
    let state = words.iter().fold(length, |state, word| mixed(state, u64::from_le_bytes(*word)));
    let last = rest.iter().rev().fold(0, |last, byte| last << 8 | u64::from(*byte));
    usize::try_from(mixed(state, last) >> 32).unwrap_or_default()
}

fn mixed(state: u64, word: u64) -> u64 {
    // 2^64 divided by the golden ratio.
    let product = (state ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ (product >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baked::tests as image;

    #[test]
    fn finds_every_id_and_no_other() {
        let mut table = IdTable::default();
        assert_eq!(table.find(""), None);
        let id = |number: usize| format!("LTAI5t{number}");
        for number in 0..5000 {
            assert!(table.insert(&id(number)));
        }
        assert!((0..5000).all(|number| !table.insert(&id(number)) && table.find(&id(number)) == Some(number)));
        assert!((5000..10_000).all(|number| table.find(&id(number)).is_none()));
        assert_eq!(table.len(), 5000);
    }

    #[test]
    fn is_read_with_room_to_find_ids_and_with_each_id_once() {
        for count in [0, 1, 4, 5, 1000] {
            let ids: Vec<_> = (0..count).map(|number| format!("LTAI5t{number}")).collect();
            let mut image = Vec::new();
            ids.iter().map(|id| &**id).collect::<IdTable>().bake(&mut image);
            let table = image::read::<IdTable>(&image).unwrap();
            assert!(table.slots.len() >= 2 * count && table.slots.len() <= 8.max(4 * count), "{count}");
            assert!(ids.iter().enumerate().all(|(ordinal, id)| table.find(id) == Some(ordinal)));
            assert_eq!(table.find("other"), None);
        }
        assert!(image::read::<IdTable>(b"\x02\x01\x01\x02ab").is_some());
        assert!(image::read::<IdTable>(b"\x02\x01\x01\x02aa").is_none());
    }

    #[test]
    fn keeps_the_runs_of_neighbours_short_whatever_the_number_of_ids_and_their_form() {
        let forms: [fn(u32) -> String; 6] = [
            |number| number.to_string(),
            |number| format!("OE-{number:08}"),
            |number| format!("LTAI5tFleet{number:013}"),
            |number| format!("{number:024X}"),
            |number| format!("{:08}-device", number * 1000),
            |number| format!("a1.{}", number.wrapping_mul(0x9e37_79b9)),
        ];
        for (form, count) in forms.into_iter().flat_map(|form| [(form, 1000), (form, 16_000)]) {
            let mut table = IdTable::default();
            (0..count).for_each(|number| assert!(table.insert(&form(number))));
            let longest = table.slots.split(|ordinal| *ordinal == 0).map(<[usize]>::len).max();
            assert!(longest < Some(40), "{} and {count} more: {longest:?}", form(0));
        }
    }
}

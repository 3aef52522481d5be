//! Lists and objects that are read to a limit: what is made of a document stays in proportion to its bytes.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A list of no more than so many.
#[derive(Debug)]
pub(super) struct AtMost<const MOST: usize, T>(pub(super) Vec<T>);

/// An object of no more than so many fields. Of two that are named alike the last one counts, as it does for Go.
#[derive(Debug)]
pub(super) struct MapOfAtMost<const MOST: usize, T>(pub(super) BTreeMap<String, T>);

impl<const MOST: usize, T> Default for AtMost<MOST, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<const MOST: usize, T> Default for MapOfAtMost<MOST, T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'de, const MOST: usize, T: Deserialize<'de>> Deserialize<'de> for AtMost<MOST, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<const MOST: usize, T>(PhantomData<T>);
        impl<'de, const MOST: usize, T: Deserialize<'de>> Visitor<'de> for List<MOST, T> {
            type Value = Vec<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
                let mut read = Vec::new();
                while let Some(element) = list.next_element()? {
                    if read.len() == MOST {
                        return Err(A::Error::custom(TooMany(MOST)));
                    }
                    read.push(element);
                }
                Ok(read)
            }
        }
        deserializer.deserialize_seq(List::<MOST, T>(PhantomData)).map(Self)
    }
}

impl<'de, const MOST: usize, T: Deserialize<'de>> Deserialize<'de> for MapOfAtMost<MOST, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map<const MOST: usize, T>(PhantomData<T>);
        impl<'de, const MOST: usize, T: Deserialize<'de>> Visitor<'de> for Map<MOST, T> {
            type Value = BTreeMap<String, T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }
            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<BTreeMap<String, T>, A::Error> {
                let mut read = BTreeMap::new();
                while let Some((key, value)) = map.next_entry()? {
                    read.insert(key, value);
                    if read.len() > MOST {
                        return Err(A::Error::custom(TooMany(MOST)));
                    }
                }
                Ok(read)
            }
        }
        deserializer.deserialize_map(Map::<MOST, T>(PhantomData)).map(Self)
    }
}

/// What an error says of more.
struct TooMany(usize);

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "more than {} entries in one place, which is more than are read", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_within_the_limit_is_read_and_one_more_is_not() {
        let list = |text: &str| serde_json::from_str::<AtMost<2, u8>>(text).map(|read| read.0);
        assert_eq!(list("[]").unwrap(), Vec::<u8>::new());
        assert_eq!(list("[1,2]").unwrap(), [1, 2]);
        insta::assert_snapshot!(list("[1,2,3]").unwrap_err(), @"more than 2 entries in one place, which is more than are read at line 1 column 7");
        let map = |text: &str| serde_json::from_str::<MapOfAtMost<2, u8>>(text).map(|read| read.0);
        assert_eq!(
            map(r#"{"a":1,"b":2,"a":3}"#).unwrap(),
            BTreeMap::from([("a".into(), 3), ("b".into(), 2)])
        );
        insta::assert_snapshot!(map(r#"{"a":1,"b":2,"c":3}"#).unwrap_err(), @"more than 2 entries in one place, which is more than are read at line 1 column 19");
    }
}

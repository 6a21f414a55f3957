//! Where the parser stands. serde gives no positions, but an error of the
//! parser does: the probe fails on purpose at the node that comes next and
//! leaves it unread, so that it can be read for real afterwards.
//!
//! It asks for newtypes within newtypes, which consume nothing, until the
//! parser's own limit of recursion ends that with the mark of the next node.
//! Inside a sequence or mapping the type of the error is hidden, so the mark
//! is read from its text; a test pins that text for the locked version.

use std::convert::Infallible;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

/// Never succeeds; the error says where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlaceProbe(u8);

impl PlaceProbe {
    /// More attempts than the parser's limit of 128 levels allows.
    pub(crate) const NEW: Self = Self(u8::MAX);
}

impl<'de> DeserializeSeed<'de> for PlaceProbe {
    type Value = Infallible;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Infallible, D::Error> {
        match self.0.checked_sub(1) {
            Some(left) => deserializer.deserialize_newtype_struct("", Self(left)),
            None => Err(D::Error::custom("the parser has no limit of recursion")),
        }
    }
}

impl<'de> Visitor<'de> for PlaceProbe {
    type Value = Infallible;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a position")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Infallible, D::Error> {
        self.deserialize(deserializer)
    }
}

/// Line and column, from 1, out of the text of a parser's error. The parser
/// leaves the very first character of a file unmentioned.
pub(crate) fn place(error: &impl fmt::Display) -> (usize, usize) {
    let text = error.to_string();
    let place = text.rsplit_once(" at line ").and_then(|(_, place)| {
        let (line, column) = place.split_once(" column ")?;
        Some((line.parse().ok()?, column.parse().ok()?))
    });
    place.unwrap_or((1, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places of the items of a list.
    struct Items;

    impl<'de> Visitor<'de> for Items {
        type Value = Vec<(usize, usize)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut places = Vec::new();
            loop {
                match items.next_element_seed(PlaceProbe::NEW) {
                    Ok(Some(never)) => match never {},
                    Ok(None) => return Ok(places),
                    Err(error) => places.push(place(&error)),
                }
                items.next_element::<serde::de::IgnoredAny>()?;
            }
        }
    }

    #[test]
    fn a_probe_finds_every_kind_of_node_and_consumes_none() {
        let yaml = "- plain\n- \"quoted\"\n-   [flow, {a: b}]\n- key: value\n-\n  - nested\n- &a 1\n- *a\n- !tag x\n-\n- |\n  block\n";
        let places = serde_yaml::Deserializer::from_str(yaml)
            .deserialize_seq(Items)
            .unwrap();
        let expected = [
            (1, 3),
            (2, 3),
            (3, 5),
            (4, 3),
            (6, 3),
            (7, 3),
            (8, 3),
            (9, 3),
            (10, 2),
            (11, 3),
        ];
        assert_eq!(places, expected);
    }

    #[test]
    fn the_typed_location_agrees_with_the_text() {
        let document = serde_yaml::Deserializer::from_str("\n\n  - x").next().unwrap();
        let error = PlaceProbe::NEW.deserialize(document).unwrap_err();
        let location = error.location().unwrap();
        assert_eq!((location.line(), location.column()), (3, 3));
        assert_eq!(place(&error), (3, 3));
    }
}

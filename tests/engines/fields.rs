//! The fields that engines have in their structures (`fields.txt`), and values to put there (`values.txt`).

#[derive(Clone, Copy)]
pub(crate) struct Field {
    pub(crate) document: &'static str,
    pub(crate) path: &'static str,
    /// A value of its right type.
    pub(crate) right: &'static str,
}

impl Field {
    pub(crate) const fn another_type(self) -> &'static str {
        match self.right.as_bytes() {
            [b'"', ..] => "1",
            _ => "\"a\"",
        }
    }
}

pub(crate) fn all() -> Vec<Field> {
    let field = |line: &'static str| {
        let mut words = line.splitn(3, ' ');
        Some(Field { document: words.next()?, path: words.next()?, right: words.next()? })
    };
    include_str!("fields.txt").lines().filter_map(field).collect()
}

/// The values of a field of this name; `any` for all.
pub(crate) fn values(name: &str) -> Vec<&'static str> {
    let value = |line: &'static str| line.strip_prefix(name)?.strip_prefix(' ');
    include_str!("values.txt").lines().filter_map(value).collect()
}

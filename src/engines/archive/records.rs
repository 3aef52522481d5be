//! What stands before an entry: PAX records, and GNU's long names.

use super::header::{Header, text};

/// What the next entry is called and how long it is, where that stands before it.
#[derive(Debug, Default)]
pub(super) struct Extended {
    records: Records,
    long_name: Vec<u8>,
    long_target: Vec<u8>,
}

/// The records that count, each by its last value.
#[derive(Debug, Default)]
struct Records {
    values: [Vec<u8>; KEYS.len()],
    /// An extended attribute that docker cannot set on any usual file system.
    odd_attribute: Option<Vec<u8>>,
}

const KEYS: [&[u8]; 12] = [
    b"path",
    b"linkpath",
    b"size",
    b"uid",
    b"gid",
    b"mtime",
    b"atime",
    b"ctime",
    b"GNU.sparse.major",
    b"GNU.sparse.minor",
    b"GNU.sparse.map",
    b"GNU.sparse.name",
];

/// What Linux has of extended attributes on some file system that docker keeps layers on.
const ATTRIBUTES: [&[u8]; 6] =
    [b"user.", b"trusted.", b"security.", b"system.posix_acl_", b"btrfs.", b"os2."];

impl Extended {
    /// Reads what such a header holds; `None` where Go refuses it.
    pub(super) fn read(&mut self, kind: u8, bytes: &[u8]) -> Option<()> {
        match kind {
            b'L' => self.long_name = text(bytes).to_vec(),
            b'K' => self.long_target = text(bytes).to_vec(),
            // Only the last of them counts.
            b'x' => self.records = Records::read(bytes)?,
            // What a header for all entries says is checked, and not applied. What came before it is forgotten.
            _ => {
                Records::read(bytes)?;
                *self = Self::default();
            }
        }
        Some(())
    }

    /// Corrects a header by what stood before it; `None` where Go refuses it.
    pub(super) fn merge_into(self, header: &mut Header) -> Option<()> {
        let Self { records: Records { values, odd_attribute }, long_name, long_target } = self;
        let [path, linkpath, size, uid, gid, mtime, atime, ctime, major, minor, map, sparse_name] =
            values;
        for number in [&uid, &gid].into_iter().filter(|number| !number.is_empty()) {
            whole(number)?;
        }
        for moment in [&mtime, &atime, &ctime].into_iter().filter(|moment| !moment.is_empty()) {
            time(moment)?;
        }
        if !size.is_empty() {
            header.size = whole(&size)?;
        }
        let known = |texts: [Vec<u8>; 2]| texts.into_iter().rfind(|text| !text.is_empty());
        if let Some(name) = known([path, long_name]) {
            header.name = name;
        }
        if let Some(target) = known([linkpath, long_target]) {
            header.target = target;
        }
        let is_sparse = match (major.as_slice(), minor.as_slice()) {
            (b"0", b"0" | b"1") | (b"1", b"0") => true,
            (b"", b"") => !map.is_empty(),
            _ => false,
        };
        if is_sparse && !sparse_name.is_empty() {
            header.name = sparse_name;
        }
        header.odd_attribute = odd_attribute;
        Some(())
    }
}

impl Records {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut records = Self::default();
        let mut rest = bytes;
        while !rest.is_empty() {
            let (key, value, behind) = record(rest)?;
            rest = behind;
            if let Some(place) = KEYS.iter().position(|known| *known == key)
                && let Some(kept) = records.values.get_mut(place)
            {
                value.clone_into(kept);
            }
            if let Some(attribute) = key.strip_prefix(b"SCHILY.xattr.")
                && !ATTRIBUTES.iter().any(|known| attribute.starts_with(known))
            {
                records.odd_attribute = Some(attribute.to_vec());
            }
        }
        Some(records)
    }
}

/// `LENGTH KEY=VALUE\n`, and what is behind it.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = bytes.iter().position(|byte| *byte == b' ')?;
    let length = usize::try_from(whole(bytes.get(..space)?)?).ok()?;
    let (line, behind) = bytes.split_at_checked(length)?;
    let text = line.strip_suffix(b"\n")?.get(space + 1..)?;
    let equals = text.iter().position(|byte| *byte == b'=')?;
    let (key, value) = (text.get(..equals)?, text.get(equals + 1..)?);
    let has_nul = if matches!(key, b"path" | b"linkpath" | b"uname" | b"gname") {
        value.contains(&0)
    } else {
        key.contains(&0)
    };
    (!key.is_empty() && !has_nul).then_some((key, value, behind))
}

fn whole(value: &[u8]) -> Option<i64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// Seconds, perhaps with a fraction.
fn time(value: &[u8]) -> Option<()> {
    let text = std::str::from_utf8(value).ok()?;
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    seconds.parse::<i64>().ok()?;
    fraction.bytes().all(|byte| byte.is_ascii_digit()).then_some(())
}

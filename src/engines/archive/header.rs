//! One header of a tar archive, as Go's `archive/tar` reads it.

pub(super) const BLOCK: usize = 512;

/// A header, as far as rows look at it.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) kind: u8,
    pub(super) name: Vec<u8>,
    pub(super) target: Vec<u8>,
    pub(super) size: i64,
    /// An extended attribute that docker cannot set.
    pub(super) odd_attribute: Option<Vec<u8>>,
}

impl Header {
    /// `None` where Go refuses it.
    pub(super) fn read(block: &[u8; BLOCK]) -> Option<Self> {
        let field = |from: usize, length: usize| block.get(from..from + length);
        let sum = field(148, 8)?;
        // The checksum counts as blanks in itself.
        let unsigned = |bytes: &[u8]| bytes.iter().map(|byte| i64::from(*byte)).sum::<i64>();
        let signed =
            |bytes: &[u8]| bytes.iter().map(|byte| i64::from(byte.cast_signed())).sum::<i64>();
        let written = octal(sum)?;
        if written != unsigned(block) - unsigned(sum) + 8 * 32
            && written != signed(block) - signed(sum) + 8 * 32
        {
            return None;
        }
        let size = number(field(124, 12)?)?;
        // Mode, user, group and time are not looked at, but have to be numbers.
        for (from, length) in [(100, 8), (108, 8), (116, 8), (136, 12)] {
            number(field(from, length)?)?;
        }
        let is_ustar = field(257, 6)? == b"ustar\0";
        let has_star_end = is_ustar && field(508, 4)? == b"tar\0";
        if is_ustar || field(257, 8)? == b"ustar  \0" {
            for from in [329, 337] {
                number(field(from, 8)?)?;
            }
        }
        let prefix = if has_star_end { field(345, 131)? } else { field(345, 155)? };
        let mut name = text(field(0, 100)?).to_vec();
        if is_ustar && !text(prefix).is_empty() {
            name = [text(prefix), &name].join(&b'/');
        }
        if has_star_end {
            for from in [476, 488] {
                number(field(from, 12)?)?;
            }
        }
        let kind = *block.get(156)?;
        Some(Self {
            kind,
            name,
            target: text(field(157, 100)?).to_vec(),
            size,
            odd_attribute: None,
        })
    }

    /// How many bytes are behind it; `None` where Go refuses their number.
    pub(super) fn data(&self) -> Option<u64> {
        // A link, a device, a folder and a pipe have none, whatever is written.
        if matches!(self.kind, b'1'..=b'6') { Some(0) } else { u64::try_from(self.size).ok() }
    }
}

/// Up to the first NUL.
pub(super) fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Octal digits, or a binary number where the first bit says so.
fn number(bytes: &[u8]) -> Option<i64> {
    let first = *bytes.first()?;
    if first & 0x80 == 0 {
        return octal(bytes);
    }
    let inversion = if first & 0x40 == 0 { 0 } else { 0xff };
    let mut number: u64 = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let byte = (byte ^ inversion) & if at == 0 { 0x7f } else { 0xff };
        if number >> 56 != 0 {
            return None;
        }
        number = number << 8 | u64::from(byte);
    }
    let number = i64::try_from(number).ok()?;
    Some(if inversion == 0 { number } else { !number })
}

/// Octal digits between blanks and NULs; nothing is 0.
fn octal(bytes: &[u8]) -> Option<i64> {
    let is_digit = |byte: &u8| !matches!(byte, b' ' | 0);
    let Some(first) = bytes.iter().position(is_digit) else { return Some(0) };
    let last = bytes.iter().rposition(is_digit)?;
    let digits = text(bytes.get(first..=last)?);
    // No field has as many digits as would be too large.
    digits.iter().try_fold(0, |sum: i64, digit| match digit {
        b'0'..=b'7' => sum.checked_mul(8)?.checked_add(i64::from(digit - b'0')),
        _ => None,
    })
}

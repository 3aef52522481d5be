//! JSON as Go reads it, stepped over and never kept.

use std::borrow::Cow;

/// How deep a document may be.
const MOST_DEEP: usize = 10_000;

/// Reads JSON from its beginning on.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Steps over one byte, if it is this.
    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek() == Some(byte)).then(|| self.at += 1)
    }

    /// Steps into a list or an object.
    pub(super) fn open(&mut self) {
        self.at += 1;
    }

    /// Steps over what is between two entries; whether the list or object ends there.
    pub(super) fn closes(&mut self, end: u8) -> bool {
        self.space();
        let _ = self.take(b',');
        self.space();
        // Only of what is known to be JSON is asked; at the end of anything else this ends, too.
        self.peek().is_none() || self.take(end).is_some()
    }

    /// Reads a name and the colon behind it.
    pub(super) fn key(&mut self) -> Cow<'a, str> {
        self.space();
        let start = self.at;
        let _ = self.string();
        let key = unquoted(self.bytes.get(start..self.at).unwrap_or_default());
        self.space();
        let _ = self.take(b':');
        key
    }

    /// Steps over one value of any kind. `None`: it is no JSON, or too deep.
    pub(super) fn skip(&mut self) -> Option<()> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            self.space();
            match self.peek()? {
                byte @ (b'{' | b'[') => {
                    self.at += 1;
                    open.push(if byte == b'{' { b'}' } else { b']' });
                    if open.len() > MOST_DEEP {
                        return None;
                    }
                    self.space();
                    if self.peek() != open.last().copied() {
                        self.name(&open)?;
                        continue;
                    }
                }
                b'"' => self.string()?,
                b't' => self.literal(b"true")?,
                b'f' => self.literal(b"false")?,
                b'n' => self.literal(b"null")?,
                _ => self.number()?,
            }
            // The value has ended, or what it is in ends here, too.
            loop {
                let Some(end) = open.last().copied() else { return Some(()) };
                self.space();
                if self.take(end).is_some() {
                    open.pop();
                    continue;
                }
                self.take(b',')?;
                self.name(&open)?;
                break;
            }
        }
    }

    /// Steps over the name of a field, where an object is open.
    fn name(&mut self, open: &[u8]) -> Option<()> {
        if open.last() == Some(&b'}') {
            self.space();
            self.string()?;
            self.space();
            self.take(b':')?;
        }
        Some(())
    }

    fn literal(&mut self, word: &[u8]) -> Option<()> {
        let is_it = self.bytes.get(self.at..)?.starts_with(word);
        is_it.then(|| self.at += word.len())
    }

    fn string(&mut self) -> Option<()> {
        self.take(b'"')?;
        loop {
            let rest = self.bytes.get(self.at..)?;
            self.at += rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => {
                    self.at += 1;
                    match self.peek()? {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
                        b'u' => {
                            let hex = self.bytes.get(self.at + 1..self.at + 5)?;
                            hex.iter().all(u8::is_ascii_hexdigit).then(|| self.at += 5)?;
                        }
                        _ => return None,
                    }
                }
                _ => return None,
            }
        }
    }

    fn number(&mut self) -> Option<()> {
        let _ = self.take(b'-');
        if self.take(b'0').is_none() {
            self.digits()?;
        }
        if self.take(b'.').is_some() {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}

/// The text inside its quotation marks. Broken characters become replacement characters, as in Go.
pub(super) fn unquoted(text: &[u8]) -> Cow<'_, str> {
    let inside = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
    if !inside.contains(&b'\\') {
        return String::from_utf8_lossy(inside);
    }
    let mut read = Vec::with_capacity(inside.len());
    let mut rest = inside;
    while let [first, behind @ ..] = rest {
        rest = match (first, behind) {
            (b'\\', [b'u', digits @ ..]) => {
                let hex = digits.get(..4).and_then(|hex| std::str::from_utf8(hex).ok());
                let code = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok());
                let character =
                    code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
                read.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                digits.get(4..).unwrap_or_default()
            }
            (b'\\', [escaped, behind @ ..]) => {
                read.push(match escaped {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    b'b' => 8,
                    b'f' => 12,
                    other => *other,
                });
                behind
            }
            (byte, behind) => {
                read.push(*byte);
                behind
            }
        };
    }
    Cow::Owned(String::from_utf8_lossy(&read).into_owned())
}

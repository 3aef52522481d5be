//! JSON as bytes in order: doubled keys, any case and texts that are no UTF-8 survive.

/// A value. What is not an object or a list stays as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Raw(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Json {
    /// Parses what the generator writes; anything that is not an object or a list of it stays raw.
    pub(crate) fn parse(text: &str) -> Self {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value();
        reader.space();
        if reader.at == text.len() { value } else { Self::Raw(text.to_owned()) }
    }

    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Raw(text) => out.push_str(text),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { "," });
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (at, (key, value)) in fields.iter().enumerate() {
                    out.push_str(if at == 0 { "\"" } else { ",\"" });
                    out.push_str(key);
                    out.push_str("\":");
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// The value at a path; what is missing on the way is made.
    fn at(&mut self, path: &[String]) -> &mut Self {
        let Some((first, rest)) = path.split_first() else { return self };
        if let Ok(place) = first.parse::<usize>()
            && let Self::List(items) = self
        {
            while items.len() <= place {
                items.push(Self::Raw("null".to_owned()));
            }
            return items[place].at(rest);
        }
        if !matches!(self, Self::Object(_)) {
            *self = Self::Object(Vec::new());
        }
        let Self::Object(fields) = self else { unreachable!() };
        let place = fields.iter().position(|(key, _)| key == first).unwrap_or_else(|| {
            fields.push((first.clone(), Self::Raw("null".to_owned())));
            fields.len() - 1
        });
        fields[place].1.at(rest)
    }

    /// Changes the value at a JSON pointer.
    pub(crate) fn change(&mut self, path: &str, verb: &str, argument: &str) {
        let path: Vec<String> = path.split('/').skip(1).map(|key| key.replace("~1", "/")).collect();
        let Some((last, parents)) = path.split_last() else {
            *self = Self::parse(argument);
            return;
        };
        match verb {
            "set" => *self.at(&path) = Self::parse(argument),
            "nest" => {
                let depth = argument.parse().unwrap();
                *self.at(&path) = Self::Raw("[".repeat(depth) + &"]".repeat(depth));
            }
            "push" => match self.at(&path) {
                Self::List(items) => items.push(Self::parse(argument)),
                other @ (Self::Raw(_) | Self::Object(_)) => {
                    *other = Self::List(vec![Self::parse(argument)]);
                }
            },
            _ => self.at(parents).change_field(last, verb, argument),
        }
    }

    fn change_field(&mut self, key: &str, verb: &str, argument: &str) {
        match self {
            Self::List(items) => {
                let Some(place) = key.parse().ok().filter(|at| *at < items.len()) else { return };
                match verb {
                    "delete" => drop(items.remove(place)),
                    "double" => items.insert(place + 1, Self::parse(argument)),
                    "before" => items.insert(place, Self::parse(argument)),
                    "again" => items.insert(place, items[place].clone()),
                    "repeat" => {
                        let more = vec![items[place].clone(); argument.parse().unwrap()];
                        items.splice(place..place, more).for_each(drop);
                    }
                    "last" => {
                        let item = items.remove(place);
                        items.push(item);
                    }
                    _ => {}
                }
            }
            Self::Object(fields) => {
                let Some(place) = fields.iter().position(|(name, _)| name == key) else { return };
                match verb {
                    "delete" => drop(fields.remove(place)),
                    "double" => fields.insert(place + 1, (key.into(), Self::parse(argument))),
                    "before" => fields.insert(place, (key.into(), Self::parse(argument))),
                    "again" => fields.insert(place, fields[place].clone()),
                    "rename" => fields[place].0 = argument.to_owned(),
                    // The same field twice, under another spelling of its name.
                    "beside" => {
                        fields.insert(place + 1, (argument.into(), fields[place].1.clone()));
                    }
                    "last" => {
                        let field = fields.remove(place);
                        fields.push(field);
                    }
                    other => panic!("no verb `{other}`"),
                }
            }
            Self::Raw(_) => {}
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or_default()
    }

    fn space(&mut self) {
        while self.peek().is_ascii_whitespace() {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Json {
        self.space();
        match self.peek() {
            b'{' => {
                let mut fields = Vec::new();
                while self.more(b'}') {
                    let key = self.raw();
                    self.space();
                    self.at += 1;
                    let key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"'));
                    fields.push((key.unwrap_or_default().to_owned(), self.value()));
                }
                Json::Object(fields)
            }
            b'[' => {
                let mut items = Vec::new();
                while self.more(b']') {
                    items.push(self.value());
                }
                Json::List(items)
            }
            _ => Json::Raw(self.raw()),
        }
    }

    /// Steps over the bracket or comma that stands here; whether an item follows it.
    fn more(&mut self, end: u8) -> bool {
        self.space();
        if self.peek() == end {
            self.at += 1;
            return false;
        }
        self.at += 1;
        self.space();
        let is_end = self.peek() == end;
        self.at += usize::from(is_end);
        !is_end && self.peek() != 0
    }

    fn raw(&mut self) -> String {
        self.space();
        let start = self.at;
        if self.peek() == b'"' {
            self.at += 1;
            while self.at < self.text.len() && self.peek() != b'"' {
                self.at += if self.peek() == b'\\' { 2 } else { 1 };
            }
            self.at += 1;
        } else {
            while !matches!(self.peek(), b',' | b']' | b'}' | b':' | 0) {
                self.at += 1;
            }
        }
        self.at = self.at.min(self.text.len());
        self.text[start..self.at].trim_end().to_owned()
    }
}

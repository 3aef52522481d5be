//! What looks like a token of DigitalOcean's, whoever's it is.

use super::Redactor;

/// The parts of a text that look like DigitalOcean's tokens.
pub(crate) fn token_like(text: &str) -> impl Iterator<Item = &str> {
    ["dop_v1_", "doo_v1_", "dor_v1_"].into_iter().flat_map(move |prefix| {
        text.match_indices(prefix).filter_map(move |(start, _)| {
            let rest = text.get(start..)?;
            let end = rest
                .find(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
                .unwrap_or(rest.len());
            rest.get(..end).filter(|token| token.len() >= prefix.len() + 8)
        })
    })
}

impl Redactor {
    /// Whether a text holds a secret of this run, or anything that looks like a token.
    pub(crate) fn finds_token_in(&self, text: &str) -> bool {
        self.finds_in(text) || token_like(text).next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str = "dop_v1_0123456789abcdef0123456789abcdef";

    #[test]
    fn what_looks_like_a_token_is_found_in_a_text() {
        let found = |text: &str| token_like(text).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(found(&format!("x={TOKEN},y")), [TOKEN.to_owned()]);
        assert_eq!(found("dop_v1_short dop_v1_").len(), 0);
        assert_eq!(found("doo_v1_0123456789 ünï dor_v1_0123456789").len(), 2);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text: String) {
            let _ = token_like(&text).count();
        }
    }
}

//! The packed orb that is committed, so that a URL orb needs no namespace.

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::Path;

    use crate::pack::{pack, pack_to_text};
    use crate::source::Source;

    #[test]
    fn the_committed_orb_is_what_the_sources_pack_to() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("orb/orb.yml");
        let packed = pack_to_text(&Source::committed().unwrap()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "a switch of this test, not of the program")]
        let is_update = std::env::var_os("UPDATE_ORB").is_some();
        if is_update {
            std::fs::File::create(&path).unwrap().write_all(packed.as_bytes()).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            committed, packed,
            "run `UPDATE_ORB=1 cargo test --test orb` and commit orb/orb.yml"
        );
        let read: serde_yaml::Value = serde_yaml::from_str(&committed).unwrap();
        assert_eq!(read, pack(&Source::committed().unwrap()).unwrap());
    }
}

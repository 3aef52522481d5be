use super::*;
use crate::output::fixtures;

#[test]
fn the_published_schema_is_the_derived_one() {
    fixtures::assert_published::<Record>(
        "schema/record.json",
        "Deployment record of verify-registry-image",
        SCHEMA,
    );
}

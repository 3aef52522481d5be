use super::*;
use crate::output::fixtures;

/// What can stand on standard output.
#[derive(Serialize, schemars::JsonSchema)]
#[serde(untagged)]
enum Document {
    /// A run, whatever its verdict.
    Report(Report),
    /// Nothing was asked.
    Error(ErrorReport),
}

#[test]
fn the_published_schema_is_the_derived_one() {
    fixtures::assert_published::<Document>(
        "schema/report.json",
        "Report of verify-registry-image",
        SCHEMA,
    );
}

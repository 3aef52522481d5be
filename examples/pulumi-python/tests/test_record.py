"""What record.py refuses: the table that all programs of examples/ share, and what is Python's own."""

import json
import pathlib
import sys
import tempfile
import unittest

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER.parent), str(FOLDER)]

import records
from record import RefusedRecord, check_record, config_key, read_record


class Records(unittest.TestCase):
    def test_every_record_of_the_table_gets_its_answer(self):
        for case in records.TABLE["cases"]:
            with self.subTest(case["what"]):
                attempt = (records.changed(case), "the record", records.wanted(case), records.now(case))
                if case["refused"] is None:
                    self.assertIs(check_record(*attempt), attempt[0])
                    continue
                with self.assertRaises(RefusedRecord) as refused:
                    check_record(*attempt)
                self.assertIn(case["refused"], str(refused.exception))
                self.assertTrue(str(refused.exception).startswith("the record "))

    def test_without_a_time_of_its_own_it_is_the_clocks(self):
        with self.assertRaisesRegex(RefusedRecord, "more than 24 hours ago"):
            check_record(records.RECORD, "the record", records.TABLE["wanted"])

    def test_a_greatest_age_that_is_none_lets_nothing_pass(self):
        for age in (0, -1, float("nan"), "24", True):
            with self.assertRaisesRegex(ValueError, "must be a number of hours above 0"):
                check_record(records.RECORD, "it", {**records.TABLE["wanted"], "max_age_hours": age}, records.VERIFIED_AT)

    def test_a_record_that_cannot_be_read_is_refused_and_says_what_to_do(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "record.json")
            with self.assertRaisesRegex(RefusedRecord, r"cannot be read \(No such file.* from the Artifacts tab of a green"):
                read_record(path, records.TABLE["wanted"])
            for text in (b'{"schema_version": 1,', b"\xff\xfe", b""):
                path.write_bytes(text)
                with self.assertRaisesRegex(RefusedRecord, "is not JSON. Download it again"):
                    read_record(path, records.TABLE["wanted"])

    def test_a_services_key_is_the_one_that_the_gate_writes(self):
        keys = json.loads((records.EXAMPLES / "pulumi/tests/keys.json").read_text(encoding="utf-8"))
        self.assertEqual({name: config_key(name) for name in keys}, keys)


if __name__ == "__main__":
    unittest.main()

# tested by: tests/views/test_reasons.py
"""Describe the faults of rows in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_TYPES: Mapping[str, str] = {
    "text": "not a text",
    "integer": "not a whole number that JSON carries exactly",
    "number": "not a number that JSON carries exactly",
    "boolean": "neither true nor false",
}
"""What a value is not, by the type that the manifest declares."""

ROW_FAULTS: Mapping[str, str | Callable[[Mapping[str, Any]], str]] = {
    "too_few_fields": "the row has too few fields",
    "too_many_fields": "the row has too many fields",
    "not_json": "the line is not valid JSON",
    "not_a_json_object": "the line is not a JSON object",
    "key_twice": "a key stands in the object twice",
    "key_written_otherwise": "the object has no key `{key}`, but one that is written almost like it",
    "row_hidden": "the row is hidden in the sheet: show it, or delete it",
    "cell_error": "a cell holds an error, or a formula that was never computed",
    "cell_merged": "a cell is merged with another, which alone has the value",
    "no_record_id": "no Id",
    "field_not_in_reply": "the reply lacks the field `{field}`",
    "empty": "{field} is empty",
    "not_a_number": "{field} is not a number",
    "not_exact": "{field} is neither a text nor a whole number",
    "too_many_digits": "{field} is neither a text nor a whole number of at most 15 digits",
    "nested": "`{field}` is a list or an object, and not a value",
    "endless_number": "`{field}` is a number that JSON does not have",
    "wrong_type": lambda args: f"`{args['field']}` is {_TYPES.get(args['type'], 'not ' + args['type'])}",
    "not_an_id": "{field} is not an id",
    "no_time_zone": "{field} has no time zone: write it in UTC with Z",
    "not_a_time": "{field} is not a time in ISO 8601",
    "not_a_day_or_time": "{field} is not a day or a time in ISO 8601",
    "in_the_future": "{field} is in the future",
    "not_in_capitals": "{field} is not in capitals",
    "not_in_matrix": "{field} is not in the matrix",
    "unfit_text": "{field} has control characters, or more than {longest:,}",
    "too_long": "{field} have more than {longest:,} characters",
    "control_characters": "{field} have control characters",
    "no_phone_key": "it has none of the keys that hold phones",
    "answer_empty": "the answer is empty",
    "answer_unknown": "the answer is none of those that the manifest names",
    "number_empty": "empty",
    "number_without_digits": "not a number",
    "number_with_letters": "letters in it",
    "number_with_wildcard": "a wildcard in it",
    "number_rounded": "rounded by a spreadsheet",
    "more_than_a_number": "more than a number",
    "number_too_short": "too short",
    "number_too_long": "too long",
    "number_of_wrong_length": "wrong length",
    "no_area_code": "no area code",
    "no_region": "no region and no country code",
    "region_unknown": "unknown region and no country code",
    "no_such_country_code": "no such country code",
    "no_such_number_in": "no such number in {region}",
    "no_such_number_under": "no such number under +{calling_code}",
}
"""By code; the values of its arguments stand in braces."""

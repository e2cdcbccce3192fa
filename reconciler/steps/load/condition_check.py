# tested by: tests/steps/load/test_cases.py
"""Check that the conditions over columns can be evaluated.

Whether there are the columns that they speak of is known when the source is read.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.kinds import contact_source, suppression_list
from reconciler.model.problem import Problem, Problems
from reconciler.model.resource import Catalogue
from reconciler.model.source_parsing import PEOPLE


def check(catalogue: Catalogue) -> Iterator[Problem]:
    """Every condition for consent, and every `where` of do-not-call entries, that says what is not allowed."""
    for resource in (*catalogue.of_kind(contact_source.KIND.name), *catalogue.of_kind(suppression_list.KIND.name)):
        for part in PEOPLE:
            spec = resource.spec.get(part, {})
            for field in ("optedIn", "where"):
                # `where` of records is asked of Salesforce, and is none of ours
                if field not in spec or (field == "where" and part == "salesforce"):
                    continue
                # its parser is loaded where there is something to read
                from reconciler.audience.staging import consent_and_dnc_conditions

                of = consent_and_dnc_conditions.CONSENT if field == "optedIn" else consent_and_dnc_conditions.ENTRIES
                refused = Problems()
                with refused.collect():
                    consent_and_dnc_conditions.list_columns(spec[field], resource.where("spec", part, field), of=of)
                yield from refused

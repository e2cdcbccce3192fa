"""The base URL of a surface is found by what a token and documents say, and nobody but the vendor gets a token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.cxone.base_discovery import BaseUnknown, find_base, find_token_url
from reconciler.model.base_discovery import fill, keep_tame, read_claims
from reconciler.model.secret import Secret
from reconciler.model.tenant import Login, TokenRequest
from reconciler.surfaces.nice.api import DISCOVERY, OPEN_ID

ISSUER = {"issuer": "https://cxone.niceincontact.com", "version": "33"}


class Documents:
    """Answers by the end of a URL's path, and what was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers, self.asked = answers, list[tuple[str, Mapping[str, str], bool]]()

    def __call__(self, url: str, query: Mapping[str, str], shape: Any, bearer: bool) -> Any:
        self.asked.append((url, query, bearer))
        return self.answers[url.rpartition("/")[2].replace("-", "_")]


def find(claims: Mapping[str, Any], documents: Documents, **known: str) -> str:
    return find_base(DISCOVERY, {**ISSUER, **known}, lambda: claims, documents)


@pytest.mark.parametrize("host", ["api-na1.niceincontact.com", "api-c32.nice-incontact.com", "cxone.niceincontact.com"])
def test_a_host_of_the_vendors_is_taken(host: str) -> None:
    documents = Documents(cxone_configuration={"api_endpoint": f"https://{host}/"})
    assert find({"tenantId": "11eb"}, documents) == f"https://{host}/incontactAPI/services/v33.0"
    # what is told to everybody is asked without the token
    assert documents.asked == [
        ("https://cxone.niceincontact.com/.well-known/cxone-configuration", {"tenantId": "11eb"}, False)
    ]


@pytest.mark.parametrize(
    "where",
    [
        "https://niceincontact.com.example.net",
        "https://evil-niceincontact.com",
        "http://api-na1.niceincontact.com",
        "https://127.0.0.1:8443",
    ],
)
def test_a_host_that_is_not_the_vendors_never_gets_a_token(where: str) -> None:
    documents = Documents(cxone_configuration={"api_endpoint": where})
    with pytest.raises(BaseUnknown, match="not the vendor's"):
        find({"tenantId": "11eb"}, documents)


def test_a_tenant_that_its_token_does_not_name_is_asked_for_at_its_area() -> None:
    documents = Documents(
        business_unit={"businessUnits": [{"tenantId": "11eb"}]},
        cxone_configuration={"api_endpoint": "https://api-na1.niceincontact.com"},
    )
    assert find({"area": "na1"}, documents).startswith("https://api-na1.")
    assert [each[2] for each in documents.asked] == [True, False]


def test_where_nothing_is_told_the_cluster_leads_there() -> None:
    assert find({}, Documents(), cluster="c32").startswith("https://api-c32.nice-incontact.com/")
    with pytest.raises(BaseUnknown, match="does not lead"):
        find({}, Documents())


def test_what_the_manifest_says_counts_more_than_what_is_told() -> None:
    documents = Documents(
        cxone_configuration={"api_endpoint": "https://api-na1.niceincontact.com", "area": "na2"},
        apiversion={"apiInfo": [{"version": 30}]},
    )
    assert find({"tenantId": "told"}, documents, tenantId="said", version="34").endswith("/v34.0")
    assert documents.asked[0][1] == {"tenantId": "said"}


def test_claims_are_read_of_a_token_and_nothing_of_what_is_none() -> None:
    assert read_claims("e30.eyJ0ZW5hbnRJZCI6IjExZWIifQ.c2ln") == {"tenantId": "11eb"}
    for none in ("", "opaque", "a.b.c", "e30.W10.c2ln", "e30.!!.c2ln"):
        assert read_claims(none) == {}


@pytest.mark.parametrize("odd", ["a/b", "../x", "a b", "", "a?b", "a" * 200, None, True, ["a"], "https://x/?q"])
def test_what_could_lead_elsewhere_in_a_url_is_not_known(odd: Any) -> None:
    assert keep_tame({"tenantId": odd}) == {}
    assert fill("https://x/{tenantId}", {}) is None


def test_a_token_url_that_a_document_names_is_the_vendors() -> None:
    request = TokenRequest(
        "https://cxone.niceincontact.com/.well-known/openid-configuration",
        "form",
        "",
        "key",
        Secret("secret"),
        300,
        login=OPEN_ID,
        domains=DISCOVERY.domains,
    )
    good = "https://cxone.niceincontact.com/auth/token"
    assert find_token_url(request, Documents(openid_configuration={"token_endpoint": good})) == good
    with pytest.raises(BaseUnknown):
        find_token_url(request, Documents(openid_configuration={"token_endpoint": "https://example.net/token"}))
    assert Login().named_at is None

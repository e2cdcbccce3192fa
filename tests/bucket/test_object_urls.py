"""Is a URL of an object store understood, and is none that holds a secret?"""

from __future__ import annotations

import pytest

from reconciler.bucket.object_urls import NotAnAddress, Url, parse_url, scheme_of


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("s3://contacts/day=1/a.csv", Url("s3", "contacts", "day=1/a.csv")),
        ("S3://contacts/*/a?.csv", Url("s3", "contacts", "*/a?.csv")),
        ("gs://a.bucket_of-ours/a", Url("gs", "a.bucket_of-ours", "a")),
        ("az://$web/a@b.csv", Url("az", "$web", "a@b.csv")),
        ("az://con-tainer", Url("az", "con-tainer", "")),
    ],
)
def test_a_url_is_a_scheme_a_bucket_and_a_key(text: str, url: Url) -> None:
    assert parse_url(text) == url


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("s3://id:not-a-secret@bucket/a", "credentials"),
        ("s3://id:not-a/secret@bucket/a", "the name of a bucket"),
        ("s3://bucket/a?X-Amz-Signature=not-a-secret", "a query"),
        ("az://container/a.csv?sv=2026&sig=not-a-secret", "a query"),
        ("az://-container/a", "the name of a container"),
        ("s3:///a", "the name of a bucket"),
        ("gs://bucket/../a", "no object's key"),
        ("https://bucket/a", "`s3://`, `gs://` and `az://`"),
        ("bucket/a", "`s3://`, `gs://` and `az://`"),
    ],
)
def test_what_is_no_url_of_an_object_store_is_told_without_what_it_holds(text: str, words: str) -> None:
    with pytest.raises(NotAnAddress, match=words) as caught:
        parse_url(text)
    assert "not-a" not in str(caught.value)


def test_a_path_has_no_scheme() -> None:
    assert scheme_of("data/a.csv") is None
    assert scheme_of("data/s3://a.csv") is None
    assert scheme_of("S3://a") == "s3"

"""What travels: pairs, requests, responses."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk.http import FORM, HttpRequest, Written, decode_pairs, encode_pairs, is_loopback, percent

words = st.text(st.characters(codec="utf-8"))


@given(st.lists(st.tuples(words, words)))
def test_what_is_written_is_read_again(pairs):
    assert decode_pairs(encode_pairs(pairs)) == tuple(pairs)


@given(st.lists(st.tuples(words, words), min_size=1), words, words)
def test_pairs_that_were_encoded_once_are_written_as_if_they_had_not_been(pairs, name, value):
    written = Written.of(pairs).plus(name, value)
    assert written == (*pairs, (name, value))
    assert encode_pairs(written) == encode_pairs([*pairs, (name, value)])


def test_only_what_need_not_be_encoded_stays_as_it_is():
    assert percent("AZaz09-_.~") == "AZaz09-_.~"
    assert percent(" +*/=&%é😀\n") == "%20%2B%2A%2F%3D%26%25%C3%A9%F0%9F%98%80%0A"


def test_a_plus_is_read_as_a_space_and_bytes_that_are_no_text_as_a_mark():
    assert decode_pairs("a=b+c&d=%FF&e=&f") == (("a", "b c"), ("d", "\ufffd"), ("e", ""), ("f", ""))


@given(
    st.lists(st.sampled_from(["a", "é", "=", "&", "+", "%", "%2", "%41", "%C3%A9", "%c3", ";", "\ud800"])).map("".join)
)
def test_a_query_is_read_as_the_standard_library_reads_it(text):
    assert decode_pairs(text) == tuple(parse_qsl(text, keep_blank_values=True, errors="replace"))


def test_a_request_knows_its_target_and_its_url_and_shows_neither():
    request = HttpRequest(method="POST", scheme="https", host="dms.example:8443", query=(("Signature", "hu sh"),))
    assert request.target == "/?Signature=hu%20sh"
    assert request.url == "https://dms.example:8443/?Signature=hu%20sh"
    assert repr(request) == "HttpRequest(method='POST', scheme='https', host='dms.example:8443', path='/')"


@pytest.mark.parametrize(
    ("content_type", "form"),
    [(FORM, (("a", "1"),)), (f"{FORM.upper()} ; charset=utf-8", (("a", "1"),)), ("application/json", ()), ("", ())],
)
def test_only_a_form_body_is_read_as_one(content_type, form):
    request = HttpRequest(
        method="POST", scheme="https", host="any", headers={"content-type": content_type}, body=b"a=1"
    )
    assert request.form == form


@pytest.mark.parametrize("host", ["localhost", "localhost:80", "127.0.0.1", "127.8.9.1:8080", "[::1]", "[::1]:8080"])
def test_these_hosts_are_this_very_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "dms.example", "localhost.example", "127.0.0.1.example", "10.0.0.1", "[::2]:80", "0.0.0.0:80", "[::1"]
)
def test_these_are_not(host):
    assert not is_loopback(host)

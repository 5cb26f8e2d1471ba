"""The choice of the server: argument over environment over file, and the errors of an invalid file."""

import pytest

from aero_jupyter.core.config import DEFAULT_SERVER, profile_from, with_slash
from aero_jupyter.core.errors import InvalidArgument

LAB = {"server": "https://lab.example/fhwa", "client_uuid": "c", "portal_client_id": "p", "cache_dir": "~/cache"}
FILE = {"default": {**LAB, "server": "https://aero.example/"}, "lab": LAB}


@pytest.mark.parametrize(
    ("environ", "server", "name", "found"),
    [
        ({}, None, None, "https://aero.example/"),
        ({}, None, "lab", "https://lab.example/fhwa/"),
        ({"AERO_PROFILE": "lab"}, None, None, "https://lab.example/fhwa/"),
        ({"AERO_PROFILE": "lab"}, None, "default", "https://aero.example/"),
        ({"AERO_SERVER": "http://127.0.0.1:1/x"}, None, "lab", "http://127.0.0.1:1/x/"),
        ({"AERO_SERVER": "http://127.0.0.1:1/x"}, "https://other.example", None, "https://other.example/"),
    ],
)
def test_argument_over_environment_over_file(environ, server, name, found):
    profile = profile_from(FILE, environ, server=server, name=name)
    assert profile is not None
    assert (profile.server, profile.portal_client_id) == (found, "p")


@pytest.mark.parametrize(("environ", "server"), [({}, None), ({"AERO_SERVER": "local"}, None), ({}, "local")])
def test_the_local_aero_is_the_default_and_can_be_asked_for(environ, server):
    assert profile_from({} if not environ and server is None else FILE, environ, server=server) is None


def test_the_older_file_without_tables_is_read():
    old = {"client_uuid": "c", "portal_client_id": "p", "aero": {"cache_dir": "x", "server": "https://old.example"}}
    profile = profile_from(old, {})
    assert profile is not None
    assert (profile.server, profile.cache_dir) == ("https://old.example/", "x")
    assert profile_from({**old, "aero": {"cache_dir": "x"}}, {}).server == with_slash(DEFAULT_SERVER)


@pytest.mark.parametrize(
    ("document", "name", "sentence"),
    [
        (FILE, "fhwa", "no profile 'fhwa' in the configuration file"),
        ({}, "fhwa", "because there is no configuration file"),
        ({"default": {"server": "https://x"}}, None, "lacks client_uuid, portal_client_id, cache_dir"),
        ({"default": {**LAB, "server": "aero.example"}}, None, "not the address of a server"),
    ],
)
def test_what_is_wrong_is_named(document, name, sentence):
    with pytest.raises(InvalidArgument, match=sentence):
        profile_from(document, {}, name=name)


def test_collections_are_a_list_of_ids():
    assert profile_from({"default": {**LAB, "collections": ["a", "b"]}}, {}).collections == ("a", "b")
    with pytest.raises(InvalidArgument, match="collections of profile 'default' are no list of ids"):
        profile_from({"default": {**LAB, "collections": "a"}}, {})

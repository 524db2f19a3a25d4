"""`fhir-pgx hook --client`: the card as that client would get it."""

import pytest

from .conftest import order_sign


def offered(answer):
    return {
        action["type"]
        for card in answer["cards"]
        for suggestion in card.get("suggestions", [])
        for action in suggestion["actions"]
    }


@pytest.mark.parametrize(
    ("client", "actions"),
    [
        ("generic", {"update"}),
        ("epic", {"create", "delete"}),
        ("oracle", set()),
        ("cds-hooks-sandbox", {"update"}),
    ],
)
def test_hook_shapes_the_cards_for_the_client_named(run, write, client, actions):
    code, answer, _ = run("hook", write("request.json", order_sign()), "--client", client)
    assert (code, offered(answer)) == (0, actions)


def test_without_a_name_the_settings_say_which_client_it_is(run, write, monkeypatch):
    monkeypatch.setenv("FHIR_PGX_CLIENT_PROFILES", "https://epic.example.org=epic")
    request = write("request.json", order_sign(fhirServer="https://epic.example.org/api/R4"))
    assert offered(run("hook", request)[1]) == {"create", "delete"}
    assert offered(run("hook", request, "--client", "generic")[1]) == {"update"}


def test_a_client_there_is_none_of_is_wrong_usage(run, write):
    code, _, told = run("hook", write("request.json", order_sign()), "--client", "cerner")
    assert code == 2
    assert "cds-hooks-sandbox" in told

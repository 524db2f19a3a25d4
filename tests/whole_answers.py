"""Every card that each case gets, in a line: what `cases/answers.json` holds.

The tests of a domain read the cards of that domain closely. Here all cards of an answer stand side
by side, so that one too many, one twice, or one of another domain is seen.
"""

import json
from pathlib import Path

from flask.testing import FlaskClient

CASES = Path(__file__).resolve().parent / "cases"
ANSWERS = CASES / "answers.json"


def listed_cases() -> list[Path]:
    """The folders of all cases, by name."""
    return sorted(each for each in CASES.iterdir() if each.is_dir())


def told(client: FlaskClient, case: Path) -> list[str]:
    """The cards of a case, weightiest first: `[warning] Clopidogrel: …`."""
    body = (case / "request.json").read_bytes()
    service = f"pgx-{json.loads(body)['hook'].lower()}"
    answer = client.post(f"/cds-services/{service}", data=body, content_type="application/json")
    cards = answer.get_json().get("cards")
    if cards is None:
        return [f"status {answer.status_code}"]
    return [f"[{card['indicator']}] {card['summary']}" for card in cards]


def write_answers(client: FlaskClient) -> list[str]:
    """Write what every case gets now; the names of the cases whose cards are others than before."""
    before = json.loads(ANSWERS.read_bytes()) if ANSWERS.exists() else {}
    found = {case.name: told(client, case) for case in listed_cases()}
    text = json.dumps(found, ensure_ascii=False, indent=1)
    ANSWERS.write_text(f"{text}\n", encoding="utf-8")
    return [name for name, cards in found.items() if before.get(name) != cards]

"""Writes the answers of all examples anew: `python -m tests.rewrite_examples`.

Never run by tests. Read what it changed line by line before it goes in.
"""

import json
import sys
import tempfile
from pathlib import Path

from tests.genome_examples import listed_genomes, printed
from tests.operation_examples import asked, listed_questions, operations_client
from tests.replay import demo_client, differences, listed_examples, send
from tests.whole_answers import write_answers


def main() -> int:
    """Write every answer that differs; return 1 where a status is not the listed one.

    Such an answer is not written: a fault of ours must not become what is expected.
    """
    wrong = 0
    with tempfile.TemporaryDirectory() as folder, demo_client(Path(folder)) as client:
        for example in listed_examples():
            status, body = send(client, example)
            if status != example.status:
                wrong += 1
                sys.stdout.write(f"{example.name}: {example.status} is listed, {status} came\n")
                continue
            file = example.answer_file
            if file.exists() and not differences(json.loads(file.read_bytes()), body):
                continue
            text = json.dumps(body, ensure_ascii=False, indent=2)
            file.write_text(f"{text}\n", encoding="utf-8")
            sys.stdout.write(f"{example.name}: written\n")
        for name in write_answers(client):
            sys.stdout.write(f"cases/{name}: other cards than before\n")
    with tempfile.TemporaryDirectory() as folder, operations_client(Path(folder)) as client:
        for question in listed_questions():
            status, body = asked(client, question)
            if status != question.status:
                wrong += 1
                sys.stdout.write(f"{question.name}: {question.status} is listed, {status} came\n")
                continue
            file = question.answer_file
            if file.exists() and not differences(json.loads(file.read_bytes()), body):
                continue
            text = json.dumps(body, ensure_ascii=False, indent=2)
            file.write_text(f"{text}\n", encoding="utf-8")
            sys.stdout.write(f"{question.name}: written\n")
    for genome in listed_genomes():
        text = printed(genome)
        if not genome.answer_file.exists() or genome.answer_file.read_text("utf-8") != text:
            genome.answer_file.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{genome.name}: written\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

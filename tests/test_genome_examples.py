"""Every command of `examples/genomes/README.md` prints the answer written beside it."""

import pytest

from .genome_examples import FOLDER, listed_genomes, printed

LISTED = listed_genomes()


@pytest.mark.parametrize("example", LISTED, ids=lambda example: example.name)
def test_a_genome_gives_the_answer_written_beside_it(example):
    assert printed(example) == example.answer_file.read_text(encoding="utf-8")


def test_every_file_is_in_the_table_and_says_that_it_is_synthetic():
    used = {word for example in LISTED for word in example.arguments}
    answers = {example.name for example in LISTED}
    for file in FOLDER.iterdir():
        if file.suffix in (".vcf", ".tsv"):
            assert file.name in used
            assert "synthetic" in file.read_text(encoding="utf-8")
        else:
            assert file.name in answers | {"README.md"}

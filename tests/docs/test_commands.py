"""Every command of the papers runs, in the order of its page, and answers what the page shows."""

import pytest

from tests.docs.blocks import PAPERS, SHELL, Block, blocks_of, name_of, read_blocks
from tests.docs.given import ENDS, instead_of, lay_out, needs
from tests.docs.session import Session
from tests.docs.shown import Command, commands_of, is_as_shown

# Whatever is not run stands here, with its reason; in the pages of docs/ beside it, too.
INSTALLED = "the package is installed where the tests run"
NOT_RUN = {
    ("README.md", "make demo"): "CI runs it",
    ("README.md", "docker build -t fhir_pgx ."): "no Docker where the tests run",
    ("examples/README.md", "python -m tests.rewrite_examples"): "it writes the examples anew",
    ("docs/tutorial.md", "$ python3 -m venv .venv"): INSTALLED,
    (
        "docs/smart.md",
        'curl -i https://pgx.example.org/fhir/Observation -H "Authorization: Bearer $TOKEN"',
    ): "a server of yours",
    ("docs/how-to/postgresql.md", "$ pip install 'fhir-pgx[postgres]'"): INSTALLED,
    ("docs/how-to/postgresql.md", "$ createuser pgx"): "a database server of yours",
}


def is_settings(block: Block) -> bool:
    """Whether it holds settings as the environment has them, and no command."""
    return all(line.startswith("FHIR_PGX_") and " " not in line for line in block.text.split("\n")
               if line.strip())  # fmt: skip


SHOWN = {
    name_of(path): [
        block for block in blocks_of(path) if block.language in SHELL and not is_settings(block)
    ]
    for path in PAPERS
}
RUN = {
    page: [block for block in blocks if (page, block.first) not in NOT_RUN]
    for page, blocks in SHOWN.items()
}


@pytest.mark.parametrize("page", [page for page, blocks in RUN.items() if blocks])
def test_the_commands_of_a_page_do_what_it_says(page, tmp_path):
    needs("".join(block.text for block in RUN[page]))
    session = Session(tmp_path, instead_of(page))
    try:
        lay_out(page, session)
        # In the order of the page: a name may be of two files, one after another.
        for block in blocks_of(next(path for path in PAPERS if name_of(path) == page)):
            if block.title:
                session.write(block.title, block.text)
            elif block in RUN[page]:
                *others, last = commands_of(block.text, block.language)
                for command in others:
                    session.run(command, code=ENDS.get((page, command.text), 0))
                session.run(last, code=block.code)
    finally:
        session.stop()


def test_nothing_goes_unrun_but_what_is_listed_here():
    shown = {(page, block.first) for page, blocks in SHOWN.items() for block in blocks}
    assert set(NOT_RUN) <= shown, "a block that is listed here is no more"
    marked = {
        (page, block.first): block.not_run
        for page, blocks in SHOWN.items()
        for block in blocks
        if block.not_run
    }
    assert marked == {
        block: reason for block, reason in NOT_RUN.items() if block[0].startswith("docs/")
    }


def test_the_papers_have_commands_to_run():
    assert sum(len(blocks) for blocks in RUN.values()) > 50


CONSOLE = """\
<!-- fails with 1 -->
```console
$ one \\
>   two
three
$ four
```

<!-- not run: it is long -->
```console
$ five
```

    fhir-pgx hook x.json

    text that is indented
"""


def test_blocks_are_read_with_their_language_and_their_marks():
    found = read_blocks(CONSOLE, "page.md")
    assert [(each.language, each.code, each.not_run) for each in found] == [
        ("console", 1, ""),
        ("console", 0, "it is long"),
        ("sh", 0, ""),
    ]


def test_a_console_is_read_as_commands_with_their_answers():
    (block, *_) = read_blocks(CONSOLE, "page.md")
    assert commands_of(block.text, "console") == [
        Command("one \\\n  two", "three"),
        Command("four"),
    ]


def test_a_script_is_read_as_whole_commands():
    text = "# why\ncurl -d '{\n  1}' \\\n  x\n\nA=1 b\n"
    assert [each.text for each in commands_of(text, "sh")] == [
        "curl -d '{\n  1}' \\\n  x",
        "A=1 b",
    ]


@pytest.mark.parametrize("shown", ["a\nb\nc", "a\n…\nc", "…\nc", "a\n…", "a\n…b…\nc", "…\na\n…"])
def test_an_answer_is_as_shown_whatever_the_dots_stand_for(shown):
    assert is_as_shown("a\nb \nc\n", shown)


@pytest.mark.parametrize("shown", ["a\nc", "a\nb", "b\n…", "a\n…\nb", "A\n…"])
def test_another_answer_is_not(shown):
    assert not is_as_shown("a\nb\nc\n", shown)


def test_a_command_that_fails_or_answers_otherwise_fails_the_page(tmp_path):
    session = Session(tmp_path)
    with pytest.raises(AssertionError, match="ended with 3"):
        session.run(Command("exit 3"))
    with pytest.raises(AssertionError, match="answered"):
        session.run(Command("echo one", "two"))
    session.run(Command("export A=one"))
    session.run(Command("echo $A", "one"))

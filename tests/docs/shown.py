"""What a page says that a command answers, against what it answered.

`…` stands for anything within a line, and a line that is nothing else for any number of lines.
"""

import re
from dataclasses import dataclass
from subprocess import run


@dataclass(frozen=True, slots=True)
class Command:
    """One command with the answer that the page shows; None where it shows none."""

    text: str
    answer: str | None = None


def commands_of(text: str, language: str) -> list[Command]:
    """The commands of a block: of a `console` the lines after `$ `, going on after `> `, each with
    the lines up to the next; of any other shell block, each that bash takes for a whole one."""
    return _console(text) if language == "console" else _script(text)


def _console(text: str) -> list[Command]:
    found: list[tuple[list[str], list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append(([line[2:]], []))
        elif found and line.startswith("> ") and not found[-1][1]:
            found[-1][0].append(line[2:])
        elif found:
            found[-1][1].append(line)
        elif line.strip():
            raise ValueError(f"a console begins with its prompt, not with {line!r}")
    return [
        Command("\n".join(typed), "\n".join(shown) if shown else None) for typed, shown in found
    ]


def _script(text: str) -> list[Command]:
    found: list[Command] = []
    waiting = ""
    for line in text.splitlines():
        waiting += f"\n{line}" if waiting else line
        if not waiting.strip() or waiting.lstrip().startswith("#"):
            waiting = ""
        elif not line.endswith("\\") and _is_whole(waiting):
            found.append(Command(waiting))
            waiting = ""
    if waiting:
        raise ValueError(f"bash does not take it for a whole command: {waiting}")
    return found


def _is_whole(command: str) -> bool:
    return run(["bash", "-n", "-c", command], capture_output=True, check=False).returncode == 0


def is_as_shown(answered: str, shown: str) -> bool:
    """Whether an answer is what a page shows."""
    lines = (line.rstrip() for line in answered.strip().splitlines())
    return bool(_pattern(shown).fullmatch("".join(f"{line}\n" for line in lines)))


def _pattern(shown: str) -> re.Pattern[str]:
    parts = []
    for line in shown.strip().splitlines():
        if line.strip() == "…":
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            parts.append(re.escape(line.rstrip()).replace("…", r"[^\n]*?") + r"\n")
    return re.compile("".join(parts))

"""Which bases of GRCh37 and GRCh38 are the same ones."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """An interval of a chromosome that is on both builds without an insertion or deletion.

    `start37` and `start38` are 0-based, `length` in bases. `strand` is -1 where GRCh38 has it on
    the other strand: the first base on GRCh37 is then the complement of the last on GRCh38.
    """

    chromosome: str
    start37: int
    start38: int
    length: int
    strand: int = 1

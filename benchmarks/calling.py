"""From a VCF to the phenotypes of all genes, beside only reading the same file, in one run.

Files are made from the allele definitions with random genotypes: synthetic people. Shown is the
median. Run: python benchmarks/calling.py [--rounds 20] [--samples 100] [--lines 5000000]
"""

import argparse
import gzip
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import pysam

from fhir_pgx.cli.inputs import read_files
from fhir_pgx.model.definition import Site
from fhir_pgx.model.document import Calling, Options
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.settings import Settings

OPTIONS = Options(calling=Calling(cyp2d6_from_snvs=True))
HEADER = "##fileformat=VCFv4.2\n##reference=GRCh38\n"
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"
CHROMOSOME_LENGTH = 60_000_000  # of every chromosome alike: only the number of lines matters


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--lines", type=int, default=5_000_000)
    given = parser.parse_args()
    pipeline = Pipeline.load(Settings())
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder, "one.vcf")
        one.write_text(panel(pipeline, 1))
        many = Path(folder, "many.vcf")
        many.write_text(panel(pipeline, given.samples))
        print(f"decision positions: {one.read_text().count('PASS')}")
        show(
            "one sample to phenotypes, after start", given.rounds, lambda: interpret(pipeline, one)
        )
        show("  only read and split its lines", given.rounds, lambda: fields_of(one))
        show(f"{given.samples} samples, each", 3, lambda: cohort(pipeline, many), given.samples)
        show(
            f"  only read and split, each of {given.samples}",
            3,
            lambda: fields_of(many),
            given.samples,
        )
        show("the whole command", 5, lambda: command(one))
        if given.lines:
            whole_genome(pipeline, Path(folder), given.lines)


def whole_genome(pipeline: Pipeline, folder: Path, lines: int) -> None:
    genome = folder / "genome.vcf"
    with genome.open("w") as file:
        file.writelines(genome_lines(pipeline, lines))
    packed = Path(f"{genome}.gz")
    pysam.tabix_compress(str(genome), str(packed), force=True)
    genome.unlink()
    print(f"a genome of {lines} lines, {packed.stat().st_size >> 20} MB compressed")
    show("  unpacked and split into lines", 3, lambda: lines_of(packed))
    show("  to phenotypes, streamed", 3, lambda: interpret(pipeline, packed))
    pysam.tabix_index(str(packed), preset="vcf")
    show("  to phenotypes, by its index", 3, lambda: interpret(pipeline, packed))


def show(what: str, rounds: int, work: Callable[[], object], share: int = 1) -> None:
    spent = []
    for _ in range(rounds):
        started = perf_counter()
        work()
        spent.append(perf_counter() - started)
    print(f"{what:45} {statistics.median(spent) / share * 1000:10.2f} ms")


def interpret(pipeline: Pipeline, path: Path) -> object:
    return pipeline.interpret_documents(read_files([str(path)]), OPTIONS)


def cohort(pipeline: Pipeline, path: Path) -> int:
    (document,) = read_files([str(path)])
    return sum(1 for _ in pipeline.interpret_samples(document, OPTIONS))


def fields_of(path: Path) -> int:
    return sum(len(line.split(b"\t")) for line in path.read_bytes().split(b"\n"))


def lines_of(path: Path) -> int:
    found = 0
    with gzip.open(path) as file:
        while chunk := file.read(1 << 20):
            found += len(chunk.split(b"\n"))
    return found


def command(path: Path) -> None:
    arguments = [sys.executable, "-m", "fhir_pgx", "interpret", str(path)]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)


def panel(pipeline: Pipeline, samples: int) -> str:
    """A VCF of every decision position with random genotypes, the reference's mostly."""
    chance = random.Random(7)
    names = "\t".join(f"synthetic-{n}" for n in range(samples))
    rows = [f"{HEADER}{COLUMNS}\t{names}\n"]
    for chromosome, site in sites(pipeline):
        genotypes = "\t".join(genotype(chance, site, chromosome) for _ in range(samples))
        rows.append(row(chromosome, site, genotypes))
    return "".join(rows)


def sites(pipeline: Pipeline) -> Iterator[tuple[str, Site]]:
    for definition in pipeline.knowledge.definitions.values():
        for site in definition.sites:
            yield definition.chromosome, site


def genotype(chance: random.Random, site: Site, chromosome: str) -> str:
    if chromosome == "MT":
        return "0"
    if chance.random() > 0.01:
        return "0/0"
    return f"0/{chance.randint(1, len(site.alts))}"


def row(chromosome: str, site: Site, genotypes: str) -> str:
    place = f"chr{chromosome}\t{site.start + 1}\t{site.name}\t{site.ref}\t{','.join(site.alts)}"
    return f"{place}\t.\tPASS\t.\tGT\t{genotypes}\n"


def genome_lines(pipeline: Pipeline, lines: int) -> Iterator[str]:
    """Random variants over the genome, sorted, with the decision positions among them."""
    chance = random.Random(11)
    by_chromosome: dict[str, list[Site]] = {}
    for chromosome, site in sites(pipeline):
        by_chromosome.setdefault(chromosome, []).append(site)
    names = [str(n) for n in range(1, 23)] + ["X"]
    yield HEADER
    yield "".join(f"##contig=<ID=chr{name},assembly=GRCh38>\n" for name in names)
    yield f"{COLUMNS}\tsynthetic\n"
    each = lines // len(names)
    step = CHROMOSOME_LENGTH * 3 // each
    for name in names:
        waiting = sorted(by_chromosome.get(name, []), key=lambda site: -site.start)
        position = 10_000
        for _ in range(each):
            position += chance.randint(1, step)
            while waiting and waiting[-1].start + 1 <= position:
                yield row(name, waiting.pop(), "0/0")
            info = f"AC=1;AF=0.5;AN=2;DP={position % 60};FS=0.0;MQ=60.0;QD=17.2;SOR=0.7"
            yield (
                f"chr{name}\t{position}\t.\tA\tG\t{position % 900}.77\tPASS\t{info}"
                f"\tGT:AD:DP:GQ:PL\t0/1:15,16:31:99:435,0,408\n"
            )
        for site in reversed(waiting):
            yield row(name, site, "0/0")


if __name__ == "__main__":
    main()

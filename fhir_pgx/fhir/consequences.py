"""What a change does to gene and transcript: Sequence Ontology codes and words, by one name."""

import re

from fhir_pgx.fhir.values import Concept

_TERMS = {
    1565: "gene_fusion", 1886: "transcript_fusion", 1882: "feature_fusion", 806: "fusion",
    199: "translocation", 1000044: "translocation", 2060: "interchromosomal_translocation",
    2061: "intrachromosomal_translocation", 1000173: "tandem_duplication",
    1880: "feature_amplification", 1889: "transcript_amplification",
    1742: "copy_number_gain", 1743: "copy_number_loss", 1019: "copy_number_variation",
    1879: "feature_ablation", 1893: "transcript_ablation", 1572: "exon_loss_variant",
    1574: "splice_acceptor_variant", 1575: "splice_donor_variant", 1629: "splice_site_variant",
    1630: "splice_region_variant", 1587: "stop_gained", 1589: "frameshift_variant",
    1909: "frameshift_elongation", 1910: "frameshift_truncation",
    2012: "start_lost", 1582: "initiator_codon_variant", 1578: "stop_lost",
    1583: "missense_variant", 1819: "synonymous_variant", 1820: "inframe_indel",
    1821: "inframe_insertion", 1822: "inframe_deletion", 1818: "protein_altering_variant",
    1627: "intron_variant", 1786: "loss_of_heterozygosity", 2054: "loss_of_function_variant",
    2053: "gain_of_function_variant", 1619: "non_coding_transcript_variant",
    1623: "5_prime_UTR_variant", 1624: "3_prime_UTR_variant",
}  # fmt: skip
_NAMES = frozenset(_TERMS.values())
# `SO:001565` is met too: a nought is missing, the number is the same.
_CODE = re.compile(r"SO[:_]?0*([1-9][0-9]{2,6})", re.IGNORECASE)
_OTHER_NAMES = {
    "missense": "missense_variant", "nonsense": "stop_gained", "frameshift": "frameshift_variant",
    "frame_shift": "frameshift_variant", "stopgain": "stop_gained", "fusion_gene": "gene_fusion",
    "rearrangement": "rearrangement", "amplification": "feature_amplification",
    "copy_number_amplification": "feature_amplification", "splice_donor": "splice_donor_variant",
    "splice_acceptor": "splice_acceptor_variant", "silent": "synonymous_variant",
    "synonymous": "synonymous_variant", "copy_gain": "copy_number_gain",
    "copy_loss": "copy_number_loss", "loss_of_function": "loss_of_function_variant",
    "gain_of_function": "gain_of_function_variant", "in_frame_deletion": "inframe_deletion",
    "in_frame_insertion": "inframe_insertion", "start_loss": "start_lost",
}  # fmt: skip


def consequences_of(concept: Concept) -> tuple[str, ...]:
    """The terms that a concept names, in Sequence Ontology's words; unknown ones are left out."""
    found: dict[str, None] = {}
    for coding in concept.codings:
        code = _CODE.fullmatch(coding.code)
        term = _TERMS.get(int(code[1]), "") if code else ""
        if term:
            found[term] = None
    for words, _ in concept.stated:
        name = re.sub(r"[\s-]+", "_", words.strip().lower())
        name = _OTHER_NAMES.get(name, name)
        if name in _NAMES or name == "rearrangement":
            found[name] = None
    return tuple(found)


def code_of_term(term: str) -> str:
    """The Sequence Ontology's code of one of its terms (`SO:0001583`); empty for a word that is no
    term of it."""
    return _CODES.get(term, "")


_CODES = {term: f"SO:{number:07d}" for number, term in reversed(_TERMS.items())}

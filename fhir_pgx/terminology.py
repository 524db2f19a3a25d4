"""Code systems and codes that we read or write, each named once.

LOINC content is copyright Regenstrief Institute, Inc. and the LOINC Committee, available at no
cost under the licence at http://loinc.org/license.
"""

LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
NDC = "http://hl7.org/fhir/sid/ndc"
SNOMED = "http://snomed.info/sct"
ATC = "http://www.whocc.no/atc"
UNII = "http://fdasis.nlm.nih.gov"
HGNC = "http://www.genenames.org/geneId"
PHARMVAR = "http://www.pharmvar.org"
GL_STRING = "http://glstring.org"
DBSNP = "http://www.ncbi.nlm.nih.gov/snp"
TBD = "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/tbd-codes-cs"
OBSERVATION_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
DIAGNOSTIC_SERVICE = "http://terminology.hl7.org/CodeSystem/v2-0074"

# Ours: what marks a resource as a conclusion of this software (`meta.tag`), so that nobody, we
# ourselves first, takes it for a finding; and the genotypes that one of several stands for.
DERIVATION = "urn:fhir-pgx:derivation"
DERIVED = "derived"  # of a report that was asked for
KEPT_DERIVATION = "kept"  # of a report that a store keeps up to date beside its sources
POSSIBLE_GENOTYPES = "urn:fhir-pgx:possible-genotypes"
AUDIT = "urn:fhir-pgx:audit-event"  # our own kinds of AuditEvents (docs/audit.md)
GENE_CLASS = "urn:fhir-pgx:gene-class"  # classes of genes that a Consent can name
URI = "urn:ietf:rfc:3986"  # the system of an identifier that is a URI

# Observation.code and component codes of the Genomics Reporting guide (STU1 to CI 4.0).
GENE_STUDIED = "48018-6"
GENOMIC_SOURCE_CLASS = "48002-0"
GENOTYPE = "84413-4"
HAPLOTYPE = "84414-2"
VARIANT = "69548-6"
MEDICATION_ASSESSED = "51963-7"
PHASE_RELATIONSHIP = "82120-7"
GENETIC_REPORT = "51969-4"

# Clinical implication codes of STU1, whose value is the phenotype itself.
STU1_IMPLICATIONS = {
    "53040-2": "metabolism",
    "51961-1": "efficacy",
    "83009-1": "high risk",
}
TBD_THERAPEUTIC_IMPLICATION = "therapeutic-implication"
TBD_PREDICTED_IMPLICATION = "predicted-therapeutic-implication"
TBD_TRANSPORTER_FUNCTION = "effect-transporter-function"

# DNA change types (48019-4): the Sequence Ontology's own names (CC BY 4.0).
SEQUENCE_ONTOLOGY_TERMS = {
    "SO:0001483": "SNV",
    "SO:0002007": "MNV",
    "SO:1000002": "substitution",
    "SO:0000159": "deletion",
    "SO:0000667": "insertion",
    "SO:1000032": "delins",
    "SO:1000035": "duplication",
    "SO:1000036": "inversion",
    "SO:0001019": "copy_number_variation",
    "SO:0001742": "copy_number_gain",
    "SO:0001743": "copy_number_loss",
}

"""FHIR XML in and out: the mapping rules, tolerance, and what attacks are refused."""

import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from fhir.resources.R4B.observation import Observation
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_pgx.errors import NotFhir, PgxError, TooDeep, TooLarge, UnreadableXml
from fhir_pgx.fhir.json import read_json
from fhir_pgx.fhir.xml import (
    parse_xml,
    parse_xml_with_notes,
    write_xml,
    write_xml_with_notes,
)
from fhir_pgx.fhir.xml.elements import find_resource

FHIR = 'xmlns="http://hl7.org/fhir"'
PATIENT = f'<Patient {FHIR}><id value="é"/></Patient>'


def observation(inner: str) -> bytes:
    return f"<Observation {FHIR}>{inner}</Observation>".encode()


@pytest.mark.parametrize(
    ("xml", "json"),
    [
        ('<id value="a"/>', {"id": "a"}),
        ('<valueBoolean value="true"/>', {"valueBoolean": True}),
        ('<valueInteger value="-3"/>', {"valueInteger": -3}),
        ('<valueQuantity><value value="7.50"/></valueQuantity>', {"valueQuantity": {"value": 0}}),
        ('<valueString value="&lt;5 &amp; é"/>', {"valueString": "<5 & é"}),
        ('<category><text value="x"/></category>', {"category": [{"text": "x"}]}),
        ('<code><text value="x"/></code>', {"code": {"text": "x"}}),
        (
            '<component id="c1"><code><coding id="k"><code value="1"/></coding></code></component>',
            {"component": [{"id": "c1", "code": {"coding": [{"id": "k", "code": "1"}]}}]},
        ),
        (
            '<extension url="http://x"><valueDecimal value="1"/></extension>',
            {"extension": [{"url": "http://x", "valueDecimal": Decimal(1)}]},
        ),
        (
            '<issued id="i"><extension url="http://x"><valueCode value="unknown"/></extension>'
            "</issued>",
            {"_issued": {"id": "i", "extension": [{"url": "http://x", "valueCode": "unknown"}]}},
        ),
        (
            '<status id="s" value="final"/>',
            {"status": "final", "_status": {"id": "s"}},
        ),
        (
            '<contained><Patient><id value="p"/></Patient></contained>'
            '<contained><Specimen><id value="s"/></Specimen></contained>',
            {
                "contained": [
                    {"resourceType": "Patient", "id": "p"},
                    {"resourceType": "Specimen", "id": "s"},
                ]
            },
        ),
    ],
)
def test_each_mapping_rule_both_ways(xml: str, json: dict[str, Any]) -> None:
    if "valueQuantity" in json:
        json = {"valueQuantity": {"value": Decimal("7.50")}}
    expected = {"resourceType": "Observation", **json}
    reading = parse_xml_with_notes(observation(xml))
    assert (reading.resource, reading.skipped) == (expected, ())
    writing = write_xml_with_notes(expected)
    assert (parse_xml(writing.data), writing.skipped) == (expected, ())


def test_a_decimal_keeps_its_text_form_in_both_directions() -> None:
    sent = observation('<valueQuantity><value value="7.50"/></valueQuantity>')
    value = parse_xml(sent)["valueQuantity"]["value"]
    assert (type(value), str(value)) == (Decimal, "7.50")
    assert b'<value value="7.50"/>' in write_xml(parse_xml(sent))


@pytest.mark.parametrize(
    ("given_names", "values", "extras"),
    [
        ('<given value="A"/><given value="B"/>', ["A", "B"], None),
        ('<given value="A"/><given id="x" value="B"/>', ["A", "B"], [None, {"id": "x"}]),
        ('<given id="x" value="A"/><given value="B"/>', ["A", "B"], [{"id": "x"}, None]),
        ('<given value="A"/><given id="x"/>', ["A", None], [None, {"id": "x"}]),
        ('<given id="x"/><given id="y"/>', None, [{"id": "x"}, {"id": "y"}]),
    ],
)
def test_extensions_of_repeated_primitives_stay_beside_their_value(
    given_names: str, values: Any, extras: Any
) -> None:
    sent = f"<Patient {FHIR}><name>{given_names}</name></Patient>".encode()
    name = parse_xml(sent)["name"][0]
    assert (name.get("given"), name.get("_given")) == (values, extras)
    assert parse_xml(write_xml(parse_xml(sent))) == parse_xml(sent)


@pytest.mark.parametrize(
    "document",
    [
        f'<f:Patient {FHIR.replace("xmlns", "xmlns:f")}><f:id value="é"/></f:Patient>'.encode(),
        f"\ufeff{PATIENT}".encode(),
        f'<?xml version="1.0" encoding="UTF-8"?>\n{PATIENT}'.encode(),
        f'<?xml version="1.0" encoding="ISO-8859-1"?>{PATIENT}'.encode("latin-1"),
        f'<?xml version="1.0" encoding="UTF-16"?>{PATIENT}'.encode("utf-16"),
        PATIENT.encode("utf-16-be"),
        f'<!-- a --><?pi x?><Patient {FHIR}><!-- b --><id value="é"/><?pi y?></Patient>'.encode(),
        f'<Patient {FHIR} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="http://hl7.org/fhir a.xsd"><id value="é"/></Patient>'.encode(),
    ],
    ids=["prefixed", "bom", "declared", "latin-1", "utf-16", "utf-16-be", "comments", "xsi"],
)
def test_legal_forms_of_one_document_read_the_same(document: bytes) -> None:
    reading = parse_xml_with_notes(document)
    assert reading.resource == {"resourceType": "Patient", "id": "é"}
    assert reading.skipped == ()


def test_a_bundle_wraps_resources_and_the_outcome_of_its_entries() -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "batch-response",
        "total": 1,
        "entry": [
            {
                "fullUrl": "urn:uuid:1",
                "resource": {"resourceType": "Patient", "active": False},
                "response": {
                    "status": "200",
                    "outcome": {"resourceType": "OperationOutcome", "issue": [{"code": "x"}]},
                },
            }
        ],
    }
    assert parse_xml(write_xml(bundle)) == bundle


def test_parameters_nest_and_hold_values_and_resources() -> None:
    parameters = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "gene", "valueString": "CYP2C19"},
            {"name": "part", "part": [{"name": "r", "resource": {"resourceType": "Patient"}}]},
        ],
    }
    assert parse_xml(write_xml(parameters)) == parameters


def test_the_sequence_of_stu3_and_of_r5_are_read() -> None:
    stu3 = (
        f'<Sequence {FHIR}><coordinateSystem value="0"/><variant><start value="5"/>'
        '<observedAllele value="A"/></variant></Sequence>'
    )
    assert parse_xml(stu3.encode())["variant"] == [{"start": 5, "observedAllele": "A"}]
    r5 = (
        f"<MolecularSequence {FHIR}><relative><edit>"
        '<start value="7"/><replacementSequence value="T"/></edit></relative></MolecularSequence>'
    )
    edit = {"start": 7, "replacementSequence": "T"}
    assert parse_xml(r5.encode())["relative"] == [{"edit": [edit]}]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (
            '<div xmlns="http://www.w3.org/1999/xhtml"><p>a &amp; <b>b</b></p></div>',
            '<div xmlns="http://www.w3.org/1999/xhtml"><p>a &amp; <b>b</b></p></div>',
        ),
        ("<div><p>no namespace</p></div>", None),
        ("a < b &nbsp; not XML", None),
        ("<script>x</script>", None),
        ("<!DOCTYPE x [<!ENTITY e 'boom'>]><div>&e;</div>", None),
    ],
)
def test_a_narrative_is_written_as_xhtml_whatever_was_stored(sent: str, kept: str | None) -> None:
    patient = {"resourceType": "Patient", "text": {"status": "generated", "div": sent}}
    div = parse_xml(write_xml(patient))["text"]["div"]
    assert div.startswith('<div xmlns="http://www.w3.org/1999/xhtml">')
    assert kept is None or div == kept
    assert "<script" not in div


def test_members_are_written_in_the_order_of_the_specification() -> None:
    written = write_xml({"code": {"text": "c"}, "status": "final", "resourceType": "Observation"})
    assert written.index(b"<status") < written.index(b"<code>")


def test_text_survives_with_line_breaks_and_characters_xml_forbids_are_replaced() -> None:
    sent = {"resourceType": "Observation", "valueString": 'a\nb\t"<&>\x00\ud800😀'}
    assert parse_xml(write_xml(sent))["valueString"] == 'a\nb\t"<&>\ufffd\ufffd😀'


@pytest.mark.parametrize(
    ("inner", "where", "says"),
    [
        ('<vendor value="1"/>', "Observation", "does not have"),
        ('<x:a xmlns:x="urn:x"/>', "Observation", "does not have"),
        ('<code><vendor value="1"/></code>', "Observation.code", "does not have"),
        ('<component><odd/></component><component id="c"/>', "Observation.component[0]", "have"),
        ('<issued value="1"/><issued value="2"/>', "Observation.issued", "second value"),
        ("<issued/>", "Observation.issued", "without value"),
        ("<issued>today</issued>", "Observation.issued", "text"),
        ("<subject/>", "Observation.subject", "without value"),
        ('<valueInteger value="3.5"/>', "Observation.valueInteger", "type integer"),
        ('<valueBoolean value="yes"/>', "Observation.valueBoolean", "type boolean"),
        ('<code lang="en"><text value="x"/></code>', "Observation.code", "attribute"),
        ('<issued value="1"><code/></issued>', "Observation.issued", "inside a primitive"),
        ("<contained><Dragon/></contained>", "Observation.contained[0]", "not a FHIR resource"),
        ('<code id="c"/>loose text', "Observation", "text"),
    ],
)
def test_one_odd_element_is_listed_and_does_not_lose_the_rest(
    inner: str, where: str, says: str
) -> None:
    reading = parse_xml_with_notes(observation(f'<status value="final"/>\n{inner}'))
    assert reading.resource["status"] == "final"
    note = next(note for note in reading.skipped if note.where == where)
    assert says in note.text
    assert "line 2" in note.text
    assert note.severity == "warning"


def test_a_value_of_the_wrong_type_is_kept_as_text() -> None:
    assert parse_xml(observation('<valueInteger value="3.5"/>'))["valueInteger"] == "3.5"


def test_the_list_of_notes_has_an_end() -> None:
    reading = parse_xml_with_notes(observation("<odd/>" * 5000))
    assert len(reading.skipped) < 300


@pytest.mark.parametrize(
    ("document", "error", "says"),
    [
        (b"", UnreadableXml, "no XML"),
        (b"<Patient>", UnreadableXml, "line 1"),
        (b'<Patient><id value="a"/></Patient>', UnreadableXml, "namespace"),
        (b'<Patient xmlns="urn:hl7-org:v3"/>', UnreadableXml, "namespace"),
        (b"<report><gene>CYP2C19</gene></report>", UnreadableXml, "namespace"),
        (f"<Dragon {FHIR}/>".encode(), NotFhir, "not a FHIR resource"),
        (f"<CodeableConcept {FHIR}/>".encode(), NotFhir, "not a FHIR resource"),
        (observation("\n<a></b>"), UnreadableXml, "line 2"),
        (observation("\n&nbsp;"), UnreadableXml, "named entity"),
        (b"\xff\xfe\x00\x00<\x00\x00\x00", UnreadableXml, "encoding"),
        (b'<?xml version="1.0" encoding="EBCDIC"?><a/>', UnreadableXml, "encoding"),
        (observation('<id value="\xe9"/>').decode().encode("latin-1"), UnreadableXml, "bytes"),
    ],
)
def test_what_is_not_fhir_xml_is_refused_with_place_and_mend(
    document: bytes, error: type[PgxError], says: str
) -> None:
    with pytest.raises(error, match=says) as refusal:
        parse_xml(document)
    assert refusal.value.mend


BOMB = (
    "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>"
    "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]>"
)
EXTERNAL = "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/hostname'>]>"
REMOTE = "<!DOCTYPE x SYSTEM 'http://127.0.0.1:1/x.dtd'>"


@pytest.mark.parametrize("doctype", [BOMB, EXTERNAL, REMOTE, "<!DOCTYPE Observation>"])
@pytest.mark.parametrize("before", ["", '<?xml version="1.0"?>\n', "<!-- > --><?a >?> \n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_every_doctype_is_refused_wherever_it_hides(
    doctype: str, before: str, encoding: str
) -> None:
    document = before + doctype + observation('<valueString value="&c;&e;"/>').decode()
    with pytest.raises(UnreadableXml, match="DOCTYPE"):
        parse_xml(document.encode(encoding))


def test_a_document_cannot_hide_a_doctype_behind_the_encoding_it_claims() -> None:
    document = f'<?xml version="1.0" encoding="UTF-7"?>{BOMB}<Patient {FHIR}/>'
    with pytest.raises(UnreadableXml):
        parse_xml(document.encode())


@pytest.mark.parametrize("levels", [100, 300, 100_000])
def test_endless_nesting_is_refused_without_a_crash(levels: int) -> None:
    opened, closed = '<extension url="u">' * levels, "</extension>" * levels
    with pytest.raises((TooDeep, UnreadableXml)):
        parse_xml(observation(opened + closed))


def test_nesting_within_the_limit_is_read() -> None:
    assert parse_xml(observation('<extension url="u">' * 40 + "</extension>" * 40))


def test_writing_endless_nesting_is_refused_without_a_crash() -> None:
    item: dict[str, Any] = {"url": "u"}
    for _ in range(5000):
        item = {"url": "u", "extension": [item]}
    with pytest.raises(TooDeep):
        write_xml({"resourceType": "Observation", "extension": [item]})


def test_a_document_over_the_size_limit_is_refused() -> None:
    document = observation("")
    assert parse_xml(document, max_bytes=len(document))
    with pytest.raises(TooLarge):
        parse_xml(document, max_bytes=len(document) - 1)


XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'


def _div_of_namespaces(count: int) -> str:
    declared = " ".join(f'xmlns:n{i}="urn:{i}"' for i in range(count))
    return f"<div {XHTML} {declared}>{''.join(f'<n{i}:p/>' for i in range(count))}</div>"


@pytest.mark.parametrize(
    "make",
    [
        lambda n: observation("<odd/>" * n),
        lambda n: observation('<category><text value="x"/></category>' * n),
        lambda n: observation("<contained><Patient/></contained>" * n),
        lambda n: observation("<id " + " ".join(f'a{i}="1"' for i in range(n)) + "/>"),
        lambda n: observation(f"<text>{_div_of_namespaces(n)}</text>"),
        lambda n: b"<!---->" * n + observation(""),
    ],
    ids=["unknown", "repeated", "contained", "attributes", "namespaces", "comments"],
)
def test_the_cost_grows_with_the_size_not_with_its_square(make: Any) -> None:
    def seconds(document: bytes) -> float:
        start = time.process_time()
        parse_xml(document)
        return time.process_time() - start

    small, large = make(2_000), make(30_000)
    seconds(small)
    # 15 times the size: a square would cost 225 times as much.
    assert seconds(large) < max(80 * min(seconds(small) for _ in range(3)), 0.5)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_raise_anything_but_our_errors(data: bytes) -> None:
    for document in (data, observation("").replace(b"></", b">" + data + b"</")):
        try:
            parse_xml(document)
        except PgxError as error:
            assert error.text  # noqa: PT017 - any refusal of ours will do


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.decimals(-9, 9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "resourceType",
                    "id",
                    "_id",
                    "code",
                    "text",
                    "div",
                    "coding",
                    "extension",
                    "contained",
                ]
                + ["url", "value", "valueString", "_valueString", "component", "subject", "odd"]
            ),
            inner | st.just("Observation"),
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.text(max_size=9), _json, max_size=4), _json)
def test_any_json_is_written_as_xml_that_reads_again(top: dict[str, Any], inner: Any) -> None:
    written = write_xml({**top, "component": inner, "resourceType": "Observation"})
    assert parse_xml(written)["resourceType"] == "Observation"


def test_a_resource_of_no_known_type_is_not_written() -> None:
    with pytest.raises(NotFhir):
        write_xml({"resourceType": "Dragon"})


def test_members_that_xml_has_no_place_for_are_listed() -> None:
    writing = write_xml_with_notes(
        {"resourceType": "Observation", "status": "final", "vendor": 1, "code": "text"}
    )
    assert [note.where for note in writing.skipped] == ["Observation", "Observation.code[0]"]
    assert parse_xml(writing.data) == {"resourceType": "Observation", "status": "final"}


@pytest.mark.parametrize(
    ("name", "kind", "elements"),
    [
        ("Encounter", "Encounter", ["class", "status"]),
        ("Task", "Task", ["for", "input"]),
        ("MedicationStatement", "MedicationStatement", ["medicationReference"]),
    ],
)
def test_the_table_has_the_elements_of_the_specification(
    name: str, kind: str, elements: list[str]
) -> None:
    found = find_resource(name)
    assert found is not None
    model = get_fhir_model_class(kind)
    assert list(found.by_name) == model.elements_sequence()
    assert set(elements) <= set(found.by_name)


@pytest.mark.parametrize("file", ["02_stu1_pgxexample.xml", "07_stu1_snvexample.xml"])
def test_published_stu1_reports_survive_reading_and_writing(shared: Path, file: str) -> None:
    first = parse_xml_with_notes((shared / "samples" / file).read_bytes())
    again = write_xml_with_notes(first.resource)
    assert (first.skipped, again.skipped) == ((), ())
    assert parse_xml(again.data) == first.resource


@pytest.mark.parametrize(
    "file",
    [
        "01_ig_pgxexample.json",
        "03_emerge_negative1.json",
        "04_ig_hla_glstring.json",
        "06_r4core_molecularsequence.json",
        "08_vcf2fhir_example3.json",
    ],
)
def test_published_json_reports_survive_the_way_through_xml(shared: Path, file: str) -> None:
    sent = read_json((shared / "samples" / file).read_bytes(), max_bytes=10**8)
    writing = write_xml_with_notes(sent)
    assert writing.skipped == ()
    read = parse_xml_with_notes(writing.data)
    assert read.skipped == ()
    assert _without_divs(read.resource) == _without_divs(sent)


def _without_divs(value: Any) -> Any:
    """Narratives may change in spelling on the way through XML, so they are not compared."""
    if isinstance(value, dict):
        return {k: _without_divs(v) for k, v in value.items() if k != "div"}
    return [_without_divs(v) for v in value] if isinstance(value, list) else value


def test_what_we_read_the_class_of_fhir_resources_accepts() -> None:
    sent = observation(
        '<status value="final"/><code><text value="x"/></code>'
        '<component><code><text value="y"/></code><valueInteger value="3"/></component>'
    )
    assert Observation.model_validate(parse_xml(sent)).component[0].valueInteger == 3

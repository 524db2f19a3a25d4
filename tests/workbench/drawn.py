"""What is drawn, parsed: nothing that runs, nothing styled inline, no tag that is not ours."""

from lxml import etree, html

# Tags that a fragment may hold; a text of somebody else that became a tag is found by it.
TAGS = frozenset(
    """
    a article bdi blockquote br button caption code dd details div dl dt em fieldset figcaption
    figure footer form h2 h3 h4 h5 h6 header hr input label legend li ol option p pre s section
    select span strong summary table tbody td textarea th thead time tr ul
    svg g path circle rect line polygon polyline text tspan title desc defs pattern
    """.split()  # noqa: SIM905 - read more easily than a list of strings
)
HOSTILE = {
    "script": '<script>alert("x")</script>',
    "image": '<img src=x onerror="alert(1)">',
    "svg": '</text></svg><svg onload="alert(1)">',
    "attribute": '" onmouseover="alert(1)" x="',
    "template": "{{ 7*7 }}{% raw %}",
    "link": "[click](javascript:alert(1)) <javascript:alert(1)> http://evil.example.org",
    "reading": "warfarin \u202egm 5\u202c \u200b\u2066x\u2069 \x00\x1b[31m",
    "stars": "*2/*2 **bold** _x_ `y` | a | b |",
    "long": "x" * 10_000,
    "entity": "&lt;b&gt; &#60;script&#62;",
}


def parsed(markup):
    """The tree of a fragment. Fails where it holds what no page of ours may."""
    tree = html.fragment_fromstring(f"<div>{markup}</div>")
    for element in tree.iter(etree.Element):
        assert element.tag in TAGS, f"a tag that is not ours: {element.tag}"
        for name, value in element.attrib.items():
            assert name != "style", "a style inline: the pages' policy forbids it"
            assert not name.startswith("on"), f"a handler inline: {name}"
            if name in ("href", "src", "action", "xlink:href"):
                assert value.startswith(("http://", "https://", "/", "#")), f"an address: {value}"
                assert not value.startswith("//"), f"an address elsewhere: {value}"
    return tree


def text_of(element):
    """Its words on one line."""
    return " ".join("".join(element.itertext()).split())


def ids_of(tree):
    return list(tree.xpath("//@id"))


def well_labelled(tree):
    """Every id once, and every reference to one meets it."""
    ids = ids_of(tree)
    assert len(ids) == len(set(ids)), f"an id twice: {sorted(ids)}"
    for name in ("for", "aria-labelledby", "aria-describedby"):
        for value in tree.xpath(f"//@{name}"):
            assert set(value.split()) <= set(ids), f"{name} meets nothing: {value}"

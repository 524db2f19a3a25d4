"""The Markdown of a card's detail as markup of a page.

The text is parsed by `markdown-it-py` with raw HTML and linkification off, tables on; the tree is
written here, node by node. Only what is named below becomes a tag, and everything else stays text:
there is no way from the text to an attribute, save an address of http or https in a link. Headings
are set as bold lines, because the page has headings of its own; pictures are never loaded.
"""

import functools
import re
from collections.abc import Callable

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from markupsafe import Markup, escape

from fhir_pgx.workbench.text.plain import link, visible

LONGEST = 60_000  # code points of one detail; the longest of ours has about 20,000
_MARKED = {
    "paragraph": Markup("<p>{}</p>"),
    "bullet_list": Markup("<ul>{}</ul>"),
    "ordered_list": Markup("<ol>{}</ol>"),
    "list_item": Markup("<li>{}</li>"),
    "blockquote": Markup("<blockquote>{}</blockquote>"),
    "strong": Markup("<strong>{}</strong>"),
    "em": Markup("<em>{}</em>"),
    "s": Markup("<s>{}</s>"),
    "thead": Markup("<thead>{}</thead>"),
    "tbody": Markup("<tbody>{}</tbody>"),
    "tr": Markup("<tr>{}</tr>"),
    "td": Markup("<td>{}</td>"),
    "heading": Markup('<p class="md-heading"><strong>{}</strong></p>'),
    "table": Markup(
        '<div class="md-scroll" role="region" aria-label="Table" tabindex="0">'
        "<table>{}</table></div>"
    ),
    "th": Markup('<th scope="col">{}</th>'),
}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATED = Markup('<td class="nowrap">{}</td>')  # a browser would break it at its hyphens
_CODE = Markup("<code>{}</code>")
_BLOCK = Markup("<pre><code>{}</code></pre>")
_LEAVES: dict[str, Callable[[str], Markup]] = {
    "text": escape,
    "softbreak": lambda _: Markup("\n"),
    "hardbreak": lambda _: Markup("<br>"),
    "hr": lambda _: Markup("<hr>"),
    "code_inline": _CODE.format,
    "code_block": _BLOCK.format,
    "fence": _BLOCK.format,
}


@functools.cache
def _parser() -> MarkdownIt:
    options = {"html": False, "linkify": False, "typographer": False}
    parser = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    return parser.disable(["image", "html_block", "html_inline"])


def write_markdown(text: object) -> Markup:
    """The markup of a Markdown text; nothing for what is no text."""
    return _write(SyntaxTreeNode(_parser().parse(visible(text, LONGEST))))


def _write(node: SyntaxTreeNode) -> Markup:
    if node.type in ("root", "inline"):
        return _inside(node)
    if node.type == "link":
        return link(node.attrs.get("href"), _inside(node))
    if node.type == "td" and _DATE.fullmatch(found := _inside(node)):
        return _DATED.format(found)
    if (wrapped := _MARKED.get(node.type)) is not None:
        return wrapped.format(_inside(node))
    if (leaf := _LEAVES.get(node.type)) is not None:
        return leaf(node.content)
    return _inside(node) if node.children else escape(node.content)


def _inside(node: SyntaxTreeNode) -> Markup:
    return Markup("").join(_write(child) for child in node.children)

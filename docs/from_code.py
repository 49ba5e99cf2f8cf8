# ruff: noqa: INP001  Sphinx finds it by path
"""Directives that render what the code declares, so that nobody writes it down a second time.

``{operations} FAMILY``   the operations of a family: a table, then every class
``{codes}``               the error codes, and what is made of each
``{switches}``            the emulator's switches
``{public} MODULE``       the public names of a module, as the package's face has them
"""

import re
from collections.abc import Callable, Iterable, Iterator
from inspect import cleandoc, getsourcelines
from typing import Any, ClassVar, get_args

import attrs
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import dms_backfill_sdk as face
from dms_backfill_sdk import Client, DmsError, Switches
from dms_backfill_sdk.backfill.campaign import AnyCampaign
from dms_backfill_sdk.backfill.flow import AnyTaskFlow
from dms_backfill_sdk.backfill.job import AnyJob
from dms_backfill_sdk.backfill.plan import AnyPlan
from dms_backfill_sdk.codes import CODES, Code
from dms_backfill_sdk.line import Settings
from dms_backfill_sdk.operations import FAMILIES
from dms_backfill_sdk.retry import may_repeat

Lines = Iterable[str]


def table(widths: str, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A reStructuredText list-table."""
    yield from (".. list-table::", f"   :widths: {widths}", "   :header-rows: 1", "")
    for row in (header, *rows):
        for column, cell in enumerate(row):
            lines = cell.splitlines() or [""]
            yield f"   {'*' if column == 0 else ' '} - {lines[0]}"
            yield from (f"       {line}" for line in lines[1:])
    yield ""


#: What two sisters share, of whom one is awaited: it is shown at each, as if it were her own.
SHARED = (AnyCampaign, AnyJob, AnyPlan, AnyTaskFlow, Settings)


def described(*names: str) -> Iterator[str]:
    """The documentation of public names."""
    for name in names:
        cls = getattr(face, name)
        yield from (f".. autoclass:: dms_backfill_sdk.{name}", "   :members:", "   :exclude-members: answers")
        if issubclass(cls, SHARED):
            yield from ("   :inherited-members: Shown, Generic", "")
        else:
            # "Bases: object" says nothing.
            yield from ("   :show-inheritance:", "") if cls.__bases__ != (object,) else ("",)


# -- operations ------------------------------------------------------------------------------------------------------

#: Which method of the client sends which request.
METHODS = {
    method.__annotations__["request"].rpartition(".")[2]: name
    for name, method in vars(Client).items()
    if callable(method) and isinstance(getattr(method, "__annotations__", {}).get("request"), str)
}


def fields(cls: type) -> str:
    """The fields of a request; those it needs in bold."""
    return ", ".join(
        f"**{field.name}**" if field.default is attrs.NOTHING else field.name
        for field in sorted(attrs.fields(cls), key=lambda field: field.default is not attrs.NOTHING)
    ).replace("_", r"\_")


def operations(family: str) -> Iterator[str]:
    requests = [getattr(face, f"{action}Request") for action in FAMILIES[family]]
    yield from table(
        "30 35 9 26",
        ("Operation", "Method of the client", "May be repeated", "Fields of the request"),
        (
            (
                f":class:`{cls.action} <dms_backfill_sdk.{cls.__name__}>`",
                ":meth:`{0} <dms_backfill_sdk.Client.{0}>`".format(METHODS[cls.__name__]),
                "yes" if cls.repeatable else "no",
                fields(cls),
            )
            for cls in requests
        ),
    )
    for cls in requests:
        yield from described(cls.__name__, cls.answers.__name__)


# -- error codes -----------------------------------------------------------------------------------------------------


def repeated(code: Code) -> str:
    """Whether a call that ended in this code is sent again."""
    error = code.raises("", code=code.name.rstrip("*"), http_status=code.status)
    if may_repeat(error, repeatable=False):
        return "yes"
    return "if harmless" if may_repeat(error, repeatable=True) else "no"


def codes(_: str) -> Iterator[str]:
    yield from table(
        "54 8 26 12",
        ("Code, the service's words, and what to do", "HTTP", "Raised as", "Sent again"),
        (
            (
                f"``{code.name}``\n\n{code.message.replace('{}', '…')}" + (code.advice and f"\n\n*{code.advice}*"),
                str(code.status),
                f":class:`~dms_backfill_sdk.{code.raises.__name__}`",
                repeated(code),
            )
            for code in CODES
        ),
    )


# -- switches --------------------------------------------------------------------------------------------------------


def sentences(cls: type) -> dict[str, str]:
    """What a class's docstring says of each attribute."""
    _, _, section = cleandoc(cls.__doc__ or "").partition("Attributes:\n")
    section = section.partition("\n\n")[0]
    found = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", section, re.MULTILINE)
    return {name: re.sub(r"\s+", " ", text) for name, text in found}


def switches(_: str) -> Iterator[str]:
    said = sentences(Switches)
    rows = []
    for field in attrs.fields(Switches):
        choices = sorted(get_args(field.type) or (True, False), key=lambda choice: choice != field.default)
        question, _, answer = said[field.name].partition(". ")
        settings = " (default)\n\n".join(f"``{choice!r}``" for choice in choices).replace("'", '"')
        rows.append((f"``{field.name}``", f"{question[0].upper()}{question[1:]}.", settings, answer))
    yield from table("22 25 17 36", ("Switch", "What is unknown", "Settings", "What they do"), rows)


# -- public names ----------------------------------------------------------------------------------------------------


def as_written(name: str) -> tuple[str, int]:
    """Where a public name is defined: what matters more mostly stands further up."""
    value = getattr(face, name)
    return value.__module__, getsourcelines(value)[1]


def public(module: str) -> Iterator[str]:
    return described(*sorted(face._NAMES[module], key=as_written))  # noqa: SLF001  the face's own table


RENDERERS: dict[str, Callable[[str], Lines]] = {
    "operations": operations,
    "codes": codes,
    "switches": switches,
    "public": public,
}


class Rendered(SphinxDirective):
    """Parse the reStructuredText that a renderer writes, where the directive stands."""

    optional_arguments: ClassVar[int] = 1

    def run(self) -> list[nodes.Node]:
        lines = list(RENDERERS[self.name](self.arguments[0] if self.arguments else ""))
        return self.parse_text_to_nodes("\n".join(lines))


def shown_signature(_app: Sphinx, _what: str, _name: str, value: Any, *rest: Any) -> tuple[str, str | None] | None:
    """Errors show none: nobody makes them. A default that attrs makes anew each time shows as ``...``."""
    _options, signature, returns = rest
    if isinstance(value, type) and issubclass(value, DmsError):
        return "", None
    return signature and (signature.replace("= NOTHING", "= ..."), returns)


def setup(app: Sphinx) -> dict[str, Any]:
    for name in RENDERERS:
        app.add_directive(name, Rendered)
    app.connect("autodoc-process-signature", shown_signature)
    return {"parallel_read_safe": True}

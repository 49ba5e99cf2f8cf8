"""Pictures are read back as XML, so that nothing is taken for drawn that a browser would not see."""

import re
from xml.etree import ElementTree as ET

import pytest

SVG = "{http://www.w3.org/2000/svg}"


class Picture:
    """An SVG picture, or a piece of a page, read back."""

    def __init__(self, markup: str) -> None:
        self.root = ET.fromstring(markup)
        self.label = self.root.get("aria-label", "")

    def every(self, name: str, style: str | None = None) -> list[ET.Element]:
        """The elements of that name; with ``style``, those that are inside one of that class, or have it."""
        within = [self.root]
        if style is not None:
            within = [one for one in self.root.iter() if style in (one.get("class") or "").split()]
        return [one for top in within for one in top.iter() if one.tag in (name, SVG + name)]

    def titles(self, style: str | None = None) -> list[str]:
        return [title.text or "" for title in self.every("title", style)]

    def texts(self) -> list[str]:
        return [text.text or "" for text in self.every("text")]

    @staticmethod
    def numbers(written: str) -> list[float]:
        return [float(number) for number in re.findall(r"-?[0-9]+(?:\.[0-9]+)?", written)]


@pytest.fixture(scope="session")
def read() -> type[Picture]:
    return Picture

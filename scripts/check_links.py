"""Checks the links of a built site: every file, picture and heading that a page names is there.

In: the folder of the site. Out: one line for each broken link; exit code 1 if there is one. Addresses of other sites
are not opened; `make links` does that.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ATTRIBUTES = {"a": "href", "link": "href", "img": "src", "script": "src", "audio": "src", "source": "src"}


class Page(HTMLParser):
    """Names of the places inside a page, and what it links to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.places.update(value for name in ("id", "name") if (value := values.get(name)))
        if link := values.get(ATTRIBUTES.get(tag, "")):
            self.links.append(link)


def broken(site: Path) -> list[str]:
    """One line for each link that leads nowhere."""
    pages = {path.resolve(): Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    faults = []
    for path, page in pages.items():
        for link in dict.fromkeys(page.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.exists():
                faults.append(f"{path.relative_to(site.resolve())}: {link}: there is no such file")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].places:
                faults.append(f"{path.relative_to(site.resolve())}: {link}: there is no such heading")
    return faults


def main() -> None:
    faults = broken(Path(sys.argv[1]))
    print("\n".join(faults) if faults else "all links lead somewhere")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()

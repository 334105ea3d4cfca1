"""Templates of a package, with every value escaped and no undefined name passed over."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from edge.core.civil_time import civil_minute


def environment(package: str) -> Environment:
    """The templates in the folder `templates` of `package`; `civil` writes a moment in UTC as people read it."""
    made = Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["civil"] = civil_minute
    return made

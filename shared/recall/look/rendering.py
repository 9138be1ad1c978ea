"""Templates of a service, with the NHS components beside them.

The components come from `nhsuk_frontend_jinja`, by its own names:
`{% from "nhsuk/components/button/macro.jinja" import button %}`.
"""

from collections.abc import MutableMapping
from typing import Any

import jinja2

from recall.look.assets import Assets


class _NhsComponents(jinja2.PackageLoader):
    """Loads the NHS components, which name values that nobody gave.

    Their documentation asks for an environment where that is allowed.  Ours is not one: a name
    that is misspelt in a template of ours is an error.
    """

    def load(
        self,
        environment: jinja2.Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - jinja2 names it so.
    ) -> jinja2.Template:
        """A component, in an environment that is as lenient as it needs."""
        lenient = environment.overlay(undefined=jinja2.ChainableUndefined)
        return super().load(lenient, name, globals)


def environment(package: str, assets: Assets) -> jinja2.Environment:
    """Templates of a package; `asset('recall.css')` is where a file is to be asked for."""
    found = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [jinja2.PackageLoader(package), _NhsComponents("nhsuk_frontend_jinja")]
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Templates come with the code: looking for newer files takes a call each, on every page.
        auto_reload=False,
    )
    found.globals["asset"] = assets.address
    return found

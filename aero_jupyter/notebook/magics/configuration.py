"""Settings of the magics, as ``%config AeroMagics`` lists and sets them."""

from __future__ import annotations

from typing import Any  # traitlets' messages, which have no types

from IPython.core.magic import Magics
from traitlets import Bool, CaselessStrEnum, Enum, Float, Int, TraitError, Unicode, observe, validate

from aero_jupyter.core.as_of import configured_zone
from aero_jupyter.notebook.settings import options


class ConfigurableMagics(Magics):
    """Magics with AERO's settings; those of tables and panels are copied to `settings.options`."""

    limit = Int(50, min=1, help="Rows of a new frame when --limit is not given.").tag(config=True)
    page_size = Enum((15, 30, 60), 15, help="Rows on a page of the live table.").tag(config=True)
    max_rows = Int(60, min=1, help="Rows of a frame that is shown without a live table.").tag(config=True)
    time_zone = Unicode("UTC", help="The zone of clock times and dates, such as Europe/Berlin.").tag(config=True)
    theme = CaselessStrEnum(("auto", "light", "dark"), "auto", help="auto follows the front end.").tag(config=True)
    plain = Bool(False, help="Show frames as static tables only.").tag(config=True)
    timeout = Float(300.0, min=0, help="Seconds to wait for a run when --timeout is not given.").tag(config=True)

    def __init__(self, shell: Any = None, **kwargs: Any) -> None:
        super().__init__(shell=shell, **kwargs)
        # Settings from before the extension was loaded notify no observer.
        vars(options).update({name: getattr(self, name) for name in vars(options)})
        configured_zone.name = self.time_zone

    @observe("page_size", "max_rows", "time_zone", "theme", "plain")
    def _copy_setting(self, change: Any) -> None:
        setattr(options, change["name"], change["new"])
        configured_zone.name = options.time_zone

    @property
    def _names(self) -> dict[str, Any]:
        names: dict[str, Any] = self._shell.user_ns
        return names

    @property
    def _shell(self) -> Any:
        return self.shell

    @validate("time_zone")
    def _validate_zone(self, proposal: Any) -> str:
        import zoneinfo

        name = str(proposal["value"])
        try:
            zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            raise TraitError(f"There is no time zone {name!r}. Write it as Europe/Berlin.") from None
        return name

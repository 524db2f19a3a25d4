"""The settings of this server that are not as shipped; a secret is never shown, only that it is
set."""

from dataclasses import dataclass, fields

from fhir_pgx.settings import PREFIX, Settings

_FOLLOWING = ("base_url", "store_servers")  # filled in from host and port where they are not set


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """A setting with its value and default as text; `value` is empty where it is secret."""

    variable: str
    value: str
    default: str
    is_secret: bool


def changed_settings(settings: Settings) -> tuple[ShownSetting, ...]:
    """Every setting that differs from its default, in the order of the documentation."""
    shipped = Settings()
    followed = Settings(host=settings.host, port=settings.port, base_url=settings.base_url)
    as_listened = Settings(host=settings.host, port=settings.port)
    found = []
    for each in fields(Settings):
        name = each.name
        value = getattr(settings, name)
        follows = followed if name == "store_servers" else as_listened
        default = getattr(follows if name in _FOLLOWING else shipped, name)
        if value != default:
            is_secret = bool(each.metadata["secret"])
            shown = "" if is_secret else _text(value)
            variable = f"{PREFIX}{name.upper()}"
            found.append(ShownSetting(variable, shown, _text(each.default), is_secret))
    return tuple(found)


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "(empty)"
    return str(value) if value != "" else "(empty)"

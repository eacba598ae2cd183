"""``muster.yml``: read with its line numbers, checked as a whole, every problem told at once."""

from bot.config_file.load import Config, load_all, load_catalog, load_config
from bot.config_file.sections import Sections
from bot.domain.alert_sources import Alerts, AlertSource
from bot.domain.catalog import Notification

__all__ = [
    "AlertSource",
    "Alerts",
    "Config",
    "Notification",
    "Sections",
    "load_all",
    "load_catalog",
    "load_config",
]

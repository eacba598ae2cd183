"""Modals: ``build`` and ``parse`` of one form side by side in one file each."""

from blocks.forms.base import FieldErrors, field_errors
from blocks.forms.plain import loading, message_view

__all__ = ["FieldErrors", "field_errors", "loading", "message_view"]

"""Texts of the school in versions, who has taken note of them, and who has signed them."""

from drystone.registers.documents.models.acknowledgements import Acknowledgement, How, Reminder
from drystone.registers.documents.models.signatures import Signature
from drystone.registers.documents.models.texts import Document, Kind, Version

__all__ = ["Acknowledgement", "Document", "How", "Kind", "Reminder", "Signature", "Version"]

"""Paicha (排查): a self-hosted Matrix bot for field reporting."""

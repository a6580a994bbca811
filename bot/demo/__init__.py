"""Trying the whole thing on one machine: an embedded homeserver, its accounts, and a chat in the terminal."""

"""The Matrix edge: the only package that speaks with a homeserver; everything else speaks the values of `bot.chat`."""

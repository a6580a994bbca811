"""What Paicha keeps: one SQLite file, one small module a subject, SQL visible as SQL."""

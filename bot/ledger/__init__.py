"""The ledger: rows that are already worded become an .xlsx in the official form. Knows no database and no chat."""

"""Store: a temporary DuckDB database within a stated memory, which spills to disk and goes away at the end."""

"""Store: external sorting of n-gram tables in a temporary DuckDB database with a memory limit.

In: NumPy columns, in chunks. Out: the same, sorted, in chunks. An n-gram is a 128-bit key in two columns, `high` and
`low` (native/src/ngram_key.hh), plus value columns.
"""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from deepspeech.errors import LmError
from deepspeech.lm.texts import MEGABYTE

Columns = tuple[NDArray[Any], ...]

# Python, NumPy, DuckDB's code and untracked allocations, and a few table chunks.
PROCESS_BYTES = 130 * MEGABYTE
LEAST_DATABASE_BYTES = 70 * MEGABYTE  # DuckDB 2.0 cannot sort with less
WORD_BYTES = 100  # per vocabulary entry, while n-grams are counted
KNOWN_ROWS_A_BYTE = 16  # table rows on disk per byte of DuckDB's untracked row index
THREADS = 2
LEAST_PIECE_ROWS, MOST_PIECE_ROWS = 1 << 14, 1 << 20  # limits of the chunk size
PIECE_BYTES = 2000  # memory limit in bytes per row of a chunk
ROW_BYTES = 25  # memory per table row
SORTING_BYTES = 40  # memory per row while sorting
SQL_TYPES = {"u4": "UINTEGER", "u8": "UBIGINT", "f4": "FLOAT"}


class Store:
    """Tables and temporary files of one job. Not thread-safe. Close it, or use it in a `with` block."""

    def __init__(self, memory_bytes: int, folder: Path | None = None) -> None:
        """`memory_bytes`: memory limit of the process; `folder`: where to spill (default: the system's)."""
        self._memory_bytes = memory_bytes - PROCESS_BYTES
        self.piece_rows = min(MOST_PIECE_ROWS, max(LEAST_PIECE_ROWS, memory_bytes // PIECE_BYTES))
        self._rows: dict[str, int] = {}
        self._database: duckdb.DuckDBPyConnection | None = None
        try:
            self.folder = Path(tempfile.mkdtemp(prefix="deepspeech-lm-", dir=folder))
        except OSError as error:
            raise LmError(f"{folder}: cannot create a temporary folder here ({error.strerror}); name another") from None

    def open(self, expected_rows: int, words: int) -> None:
        """Create the database, before any table, for about `expected_rows` rows in total and `words` distinct words.

        It is in memory where that suffices, else in a file.
        """
        beside = WORD_BYTES * words + expected_rows // KNOWN_ROWS_A_BYTE
        self._memory_bytes -= beside
        if self._memory_bytes < LEAST_DATABASE_BYTES:
            least = (PROCESS_BYTES + beside + LEAST_DATABASE_BYTES) // MEGABYTE + 1
            raise LmError(f"the memory limit is too low for a text of this size; allow at least {least} MB")
        fits = expected_rows * ROW_BYTES <= self._memory_bytes
        self._database = duckdb.connect(
            ":memory:" if fits else str(self.folder / "database"),
            config={
                "memory_limit": f"{self._memory_bytes // MEGABYTE}MB",
                "temp_directory": str(self.folder / "spilled"),
                "threads": THREADS,
                "autoinstall_known_extensions": False,  # no downloads
                "autoload_known_extensions": False,
            },
        )
        # Tables are short-lived: compression would cost more than it saves.
        self._do("SET force_compression = 'uncompressed'")

    @property
    def is_open(self) -> bool:
        return self._database is not None

    @contextmanager
    def filling(self) -> Iterator[None]:
        """A transaction around many append() calls, which skips the write-ahead log."""
        self._do("BEGIN")
        yield
        self._do("COMMIT")

    def append(self, table: str, names: Sequence[str], columns: Columns) -> None:
        """Append rows to `table`; the first call creates it."""
        piece = dict(zip(names, columns, strict=True))
        if table not in self._rows:
            types = ", ".join(f"{name} {SQL_TYPES[column.dtype.str[1:]]}" for name, column in piece.items())
            self._do(f"CREATE TABLE {table} ({types})")
            self._rows[table] = 0
        if len(columns[0]):
            self._do(f"INSERT INTO {table} SELECT * FROM piece", piece)
            self._rows[table] += len(columns[0])

    def sort(self, table: str, into: str) -> None:
        """Sort `table` by key and rename it to `into`."""
        rows = self._rows[table]
        self._do(f"CREATE TABLE sorting AS SELECT * FROM {table} LIMIT 0")
        for where in self._parts(table):
            self._do(f"INSERT INTO sorting SELECT * FROM {table} WHERE {where} ORDER BY high, low")
        self.drop(table)
        self._do(f"ALTER TABLE sorting RENAME TO {into}")
        self._rows[into] = rows

    def _parts(self, table: str) -> list[str]:
        """SQL conditions that split a table by key ranges, each of which DuckDB can sort in memory.

        DuckDB's own external sort merges all runs at once, which fails with little memory.
        """
        parts = self._rows[table] * SORTING_BYTES // self._memory_bytes + 1
        if parts == 1:
            return ["TRUE"]
        quantiles = [part / parts for part in range(1, parts)]
        found = self._do(f"SELECT approx_quantile(high, {quantiles}) FROM {table}").fetchall()[0][0]
        bounds = sorted({int(bound) for bound in found})
        return [
            f"high < {bounds[0]}",
            *(f"high >= {low} AND high < {high}" for low, high in pairwise(bounds)),
            f"high >= {bounds[-1]}",
        ]

    def drop(self, table: str) -> None:
        """Drop a table; its disk space is reused."""
        self._do(f"DROP TABLE {table}")
        self._do("CHECKPOINT")
        del self._rows[table]

    def rows(self, table: str) -> int:
        return self._rows.get(table, 0)

    def pieces(
        self, table: str, names: Sequence[str], rows: int | None = None, where: str = "TRUE"
    ) -> Iterator[Columns]:
        """The columns `names` of `table` in insertion order, in chunks of up to `rows` (default: `piece_rows`)."""
        rows = rows or self.piece_rows
        for first in range(0, self.rows(table), rows):
            here = f"rowid >= {first} AND rowid < {first + rows} AND {where}"
            found = self._do(f"SELECT {', '.join(names)} FROM {table} WHERE {here}").fetchnumpy()
            yield tuple(np.asarray(found[name]) for name in names)

    def add(self, table: str, to: str) -> None:
        """Append the rows of `table` to the table `to`, and drop `table`."""
        self._do(f"INSERT INTO {to} SELECT * FROM {table}")
        self._rows[to] += self._rows[table]
        self.drop(table)

    def look_up(self, table: str, high: NDArray[Any], low: NDArray[Any], name: str) -> NDArray[Any]:
        """The value in column `name` of each n-gram; 0 where `table` has no such n-gram."""
        piece = {"high": high, "low": low, "row": np.arange(len(high))}
        found = self._do(
            f"SELECT coalesce({name}, 0) AS found FROM piece LEFT JOIN {table} USING (high, low) ORDER BY row", piece
        )
        return np.asarray(found.fetchnumpy()["found"])

    def put(self, table: str, high: NDArray[Any], low: NDArray[Any], name: str, values: NDArray[Any]) -> None:
        """Update column `name` of the given n-grams of `table`."""
        piece = {"high": high, "low": low, "value": values}
        same = f"{table}.high = piece.high AND {table}.low = piece.low"
        self._do(f"UPDATE {table} SET {name} = piece.value FROM piece WHERE {same}", piece)

    def close(self) -> None:
        """Delete the database and its folder."""
        if self._database is not None:
            self._database.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _do(self, query: str, piece: dict[str, NDArray[Any]] | None = None) -> duckdb.DuckDBPyConnection:
        """Run `query`; in it `piece` is a table, which DuckDB finds among the local variables of this function."""
        assert self._database is not None, "open the store first"
        try:
            return self._database.execute(query)
        except duckdb.OutOfMemoryException:
            raise LmError("the memory limit is too low for this language model; raise it") from None
        except duckdb.Error as error:
            first_line = str(error).splitlines()[0]
            raise LmError(f"{self.folder}: the temporary database failed: {first_line}") from None

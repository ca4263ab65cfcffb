"""Store: a temporary DuckDB database within a stated memory, which spills to disk and goes away at the end.

In: columns of NumPy arrays, in pieces. Out: the same, sorted, in pieces. N-grams stand in tables as two columns `high`
and `low`, the number that native/src/ngram_key.hh makes of their words, and further columns for what belongs to them.
"""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from deepspeech.errors import LmError

Columns = tuple[NDArray[Any], ...]

MEGABYTE = 1_000_000
# Python, NumPy, DuckDB's code and what it does not count among its memory, and a few pieces of tables under way.
PROCESS_BYTES = 130 * MEGABYTE
LEAST_DATABASE_BYTES = 70 * MEGABYTE  # with less, DuckDB 2.0 cannot sort
LEAST_MEMORY_BYTES = PROCESS_BYTES + LEAST_DATABASE_BYTES
THREADS = 2
SQL_TYPES = {"u4": "UINTEGER", "u8": "UBIGINT", "f4": "FLOAT"}


class Store:
    """Tables and files of one job. Not for several threads at a time; close it, or use it in a `with` block."""

    def __init__(self, memory_bytes: int, folder: Path | None = None) -> None:
        """`memory_bytes`: of the whole process; `folder`: where what does not fit goes (default: the system's)."""
        self._memory_bytes = memory_bytes - PROCESS_BYTES
        if self._memory_bytes < LEAST_DATABASE_BYTES:
            raise LmError(
                f"{memory_bytes // MEGABYTE} MB of memory are not enough; allow at least {LEAST_MEMORY_BYTES // MEGABYTE} MB"
            )
        try:
            self.folder = Path(tempfile.mkdtemp(prefix="deepspeech-lm-", dir=folder))
        except OSError as error:
            raise LmError(f"{folder}: no temporary folder can be made here ({error.strerror}); name another") from None
        self._database = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": f"{self._memory_bytes // MEGABYTE}MB",
                "temp_directory": str(self.folder / "spilled"),
                "threads": THREADS,
                "preserve_insertion_order": True,
            },
        )
        self._rows: dict[str, int] = {}

    def leave(self, memory_bytes: int) -> None:
        """From now on the database leaves so much to others."""
        self._memory_bytes -= memory_bytes
        if self._memory_bytes < LEAST_DATABASE_BYTES:
            more = (LEAST_DATABASE_BYTES - self._memory_bytes) // MEGABYTE + 1
            raise LmError(f"the words of this text take so much memory that little is left; allow {more} MB more")
        self._do(f"SET memory_limit = '{self._memory_bytes // MEGABYTE}MB'")

    def append(self, table: str, names: Sequence[str], columns: Columns) -> None:
        """Adds rows to `table`, which comes into being with its first."""
        piece = dict(zip(names, columns, strict=True))
        if table not in self._rows:
            types = ", ".join(f"{name} {SQL_TYPES[column.dtype.str[1:]]}" for name, column in piece.items())
            self._do(f"CREATE TABLE {table} ({types})")
            self._rows[table] = 0
        if len(columns[0]):
            self._do(f"INSERT INTO {table} SELECT * FROM piece", piece)
            self._rows[table] += len(columns[0])

    def sort(self, table: str, by: str, into: str) -> None:
        """Replaces `table` by a sorted one of the name `into`."""
        rows = self._rows[table]
        self._do(f"CREATE TABLE sorting AS SELECT * FROM {table} ORDER BY {by}")
        self.drop(table)
        self._do(f"ALTER TABLE sorting RENAME TO {into}")
        self._rows[into] = rows

    def drop(self, table: str) -> None:
        self._do(f"DROP TABLE {table}")
        del self._rows[table]

    def rows(self, table: str) -> int:
        return self._rows.get(table, 0)

    def pieces(self, table: str, names: Sequence[str], rows: int, where: str = "TRUE") -> Iterator[Columns]:
        """The columns `names` of `table` in the order in which its rows were put there, up to `rows` at a time."""
        for first in range(0, self.rows(table), rows):
            here = f"rowid >= {first} AND rowid < {first + rows} AND {where}"
            found = self._do(f"SELECT {', '.join(names)} FROM {table} WHERE {here}").fetchnumpy()
            yield tuple(np.asarray(found[name]) for name in names)

    def add(self, table: str, to: str) -> None:
        """Moves the rows of `table` to the end of the table `to`."""
        self._do(f"INSERT INTO {to} SELECT * FROM {table}")
        self._rows[to] += self._rows[table]
        self.drop(table)

    def look_up(self, table: str, high: NDArray[Any], low: NDArray[Any], name: str) -> NDArray[Any]:
        """The value in column `name` of each n-gram, 0 where `table` has it not."""
        piece = {"high": high, "low": low, "place": np.arange(len(high))}
        found = self._do(
            f"SELECT coalesce({name}, 0) AS found FROM piece LEFT JOIN {table} USING (high, low) ORDER BY place", piece
        )
        return np.asarray(found.fetchnumpy()["found"])

    def put(self, table: str, high: NDArray[Any], low: NDArray[Any], name: str, values: NDArray[Any]) -> None:
        """Gives n-grams of `table` new values in column `name`."""
        piece = {"high": high, "low": low, "value": values}
        same = f"{table}.high = piece.high AND {table}.low = piece.low"
        self._do(f"UPDATE {table} SET {name} = piece.value FROM piece WHERE {same}", piece)

    def close(self) -> None:
        """Removes the database and all files of its folder."""
        self._database.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _do(self, query: str, piece: dict[str, NDArray[Any]] | None = None) -> duckdb.DuckDBPyConnection:
        """`piece` is the table of that name in the query: DuckDB finds it among the variables of this function."""
        try:
            return self._database.execute(query)
        except duckdb.OutOfMemoryException:
            raise LmError("the memory allowed is not enough for this language model; allow more") from None
        except duckdb.Error as error:
            first_line = str(error).splitlines()[0]
            raise LmError(f"{self.folder}: the temporary database failed: {first_line}") from None

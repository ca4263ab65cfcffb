"""Store: a temporary DuckDB database within a stated memory, which spills to disk and goes away at the end.

In: columns of NumPy arrays, in pieces. Out: the same, sorted, in pieces. N-grams stand in tables as two columns `high`
and `low`, the number that native/src/ngram_key.hh makes of their words, and further columns for what belongs to them.
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

# Python, NumPy, DuckDB's code and what it does not count among its memory, and a few pieces of tables under way.
PROCESS_BYTES = 130 * MEGABYTE
LEAST_DATABASE_BYTES = 70 * MEGABYTE  # with less, DuckDB 2.0 cannot sort
WORD_BYTES = 100  # for each different word, while n-grams are counted
KNOWN_ROWS_A_BYTE = 16  # rows of tables on disk of which DuckDB knows where they are, beside the memory that it counts
THREADS = 2
LEAST_PIECE_ROWS, MOST_PIECE_ROWS = 1 << 14, 1 << 20  # of a table, under way at a time
PIECE_SHARE = 2000  # a row under way for so many bytes of memory
ROW_BYTES = 25  # of memory for a row of any of our tables
SORTING_BYTES = 40  # of memory for sorting a row
SQL_TYPES = {"u4": "UINTEGER", "u8": "UBIGINT", "f4": "FLOAT"}


class Store:
    """Tables and files of one job. Not for several threads at a time; close it, or use it in a `with` block."""

    def __init__(self, memory_bytes: int, folder: Path | None = None) -> None:
        """`memory_bytes`: of the whole process; `folder`: where what does not fit goes (default: the system's)."""
        self._memory_bytes = memory_bytes - PROCESS_BYTES
        self.piece_rows = min(MOST_PIECE_ROWS, max(LEAST_PIECE_ROWS, memory_bytes // PIECE_SHARE))
        self._rows: dict[str, int] = {}
        self._database: duckdb.DuckDBPyConnection | None = None
        try:
            self.folder = Path(tempfile.mkdtemp(prefix="deepspeech-lm-", dir=folder))
        except OSError as error:
            raise LmError(f"{folder}: no temporary folder can be made here ({error.strerror}); name another") from None

    def open(self, expected_rows: int, words: int) -> None:
        """Before any table: how many rows all tables will have, more or less, and how many words there are.

        What will fit into memory stays there; other tables are written to a file, which DuckDB needs less memory for.
        """
        beside = WORD_BYTES * words + expected_rows // KNOWN_ROWS_A_BYTE
        self._memory_bytes -= beside
        if self._memory_bytes < LEAST_DATABASE_BYTES:
            least = (PROCESS_BYTES + beside + LEAST_DATABASE_BYTES) // MEGABYTE + 1
            raise LmError(f"the memory allowed is not enough for a text of this size; allow at least {least} MB")
        fits = expected_rows * ROW_BYTES <= self._memory_bytes
        self._database = duckdb.connect(
            ":memory:" if fits else str(self.folder / "database"),
            config={
                "memory_limit": f"{self._memory_bytes // MEGABYTE}MB",
                "temp_directory": str(self.folder / "spilled"),
                "threads": THREADS,
                "autoinstall_known_extensions": False,  # DuckDB would ask its makers' server for them
                "autoload_known_extensions": False,
            },
        )
        # Tables live for seconds: packing them would cost more than it saves.
        self._do("SET force_compression = 'uncompressed'")

    @property
    def is_open(self) -> bool:
        return self._database is not None

    @contextmanager
    def filling(self) -> Iterator[None]:
        """Around many append(): the database then writes every row once, not first to its log."""
        self._do("BEGIN")
        yield
        self._do("COMMIT")

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

    def sort(self, table: str, into: str) -> None:
        """Replaces `table` by one of the name `into`, sorted by its keys."""
        rows = self._rows[table]
        self._do(f"CREATE TABLE sorting AS SELECT * FROM {table} LIMIT 0")
        for where in self._parts(table):
            self._do(f"INSERT INTO sorting SELECT * FROM {table} WHERE {where} ORDER BY high, low")
        self.drop(table)
        self._do(f"ALTER TABLE sorting RENAME TO {into}")
        self._rows[into] = rows

    def _parts(self, table: str) -> list[str]:
        """Conditions that cut a table into parts of rising keys, each of which DuckDB can sort in its memory.

        It would cut a larger table itself, but merges at once whatever it cut: with little memory it gives up there.
        """
        parts = self._rows[table] * SORTING_BYTES // self._memory_bytes + 1
        if parts == 1:
            return ["TRUE"]
        shares = [part / parts for part in range(1, parts)]
        found = self._do(f"SELECT approx_quantile(high, {shares}) FROM {table}").fetchall()[0][0]
        bounds = sorted({int(bound) for bound in found})
        return [
            f"high < {bounds[0]}",
            *(f"high >= {low} AND high < {high}" for low, high in pairwise(bounds)),
            f"high >= {bounds[-1]}",
        ]

    def drop(self, table: str) -> None:
        """Forgets a table; its place on the disk is used again."""
        self._do(f"DROP TABLE {table}")
        self._do("CHECKPOINT")
        del self._rows[table]

    def rows(self, table: str) -> int:
        return self._rows.get(table, 0)

    def pieces(
        self, table: str, names: Sequence[str], rows: int | None = None, where: str = "TRUE"
    ) -> Iterator[Columns]:
        """The columns `names` of `table` in the order in which its rows were put there, up to `rows` at a time.

        `rows` is `piece_rows` by default.
        """
        rows = rows or self.piece_rows
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
        if self._database is not None:
            self._database.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _do(self, query: str, piece: dict[str, NDArray[Any]] | None = None) -> duckdb.DuckDBPyConnection:
        """`piece` is the table of that name in the query: DuckDB finds it among the variables of this function."""
        assert self._database is not None, "open the store first"
        try:
            return self._database.execute(query)
        except duckdb.OutOfMemoryException:
            raise LmError("the memory allowed is not enough for this language model; allow more") from None
        except duckdb.Error as error:
            first_line = str(error).splitlines()[0]
            raise LmError(f"{self.folder}: the temporary database failed: {first_line}") from None

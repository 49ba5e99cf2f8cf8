"""The file of a ledger: what is in it, how it is opened, who may write to it, and what is said when it cannot be used.

It is a SQLite database in WAL mode, so that others read it while a campaign writes; every commit is on the disk before
anything goes on (``synchronous=FULL``). Whoever runs the campaign holds a lock on a file beside it, which the operating
system takes away from a process that ends, however it ends.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from dms_backfill_sdk.errors import LedgerError

__all__ = ["VERSION", "held", "is_ledger", "locked", "made", "opened", "said"]

#: What a database says of itself that is a campaign's ledger: "DMSB".
APPLICATION_ID = 0x444D5342
#: Seconds that a commit waits for another process that writes.
BUSY = 5.0

#: Script N brings a ledger from version N to N + 1; an empty file has version 0.
MIGRATIONS: tuple[str, ...] = (
    """
    create table campaign (settings text not null, made_at text not null, made_by text not null);
    create table flow (
        id integer primary key, dag_id integer not null, name text not null, tid integer, interval integer not null,
        choice text not null
    );
    create table dependency (flow integer not null, after integer not null, primary key (flow, after)) without rowid;
    -- In the order in which they are to be started.
    create table window (
        id integer primary key, flow integer not null, slot integer not null, first text not null, last text not null,
        runs integer not null, state text not null default 'pending', run_id integer, before text, note text
    );
    create index window_by_state on window (state, id, runs);
    create index window_by_slot on window (slot, flow, state);
    -- What was about to be sent; without an outcome, nobody knows yet whether it was. run_began: of a run that is run
    -- again, when it had begun before.
    create table intent (
        id integer primary key, window integer not null, what text not null, at text not null, day text not null,
        runs integer not null, since text not null, before text not null, run_id integer, run_began text, outcome text
    );
    create index intent_open on intent (id) where outcome is null;
    create index intent_by_day on intent (day, runs);
    -- How the days of windows stand that were started. tries: how often it may still be run again.
    create table run (
        window integer not null, business_time text not null, run_id integer, standing text not null, began text,
        ended text, tries integer not null, primary key (window, business_time)
    ) without rowid;
    create table event (id integer primary key, at text not null, who text not null, what text not null, window integer,
        said text not null default '');
    create index event_wishes on event (id) where what in ('pause', 'resume', 'cancel');
    """,
)
VERSION = len(MIGRATIONS)

_SENTENCES = {
    sqlite3.SQLITE_FULL: "There is no space left on the disk for {path}. What it holds is safe; make space.",
    sqlite3.SQLITE_IOERR: "{path} cannot be written or read ({why}). What it holds is safe; see to the disk.",
    sqlite3.SQLITE_BUSY: "{path} is locked by another program that writes to it; end that one.",
    sqlite3.SQLITE_LOCKED: "{path} is locked by another program that writes to it; end that one.",
    sqlite3.SQLITE_READONLY: "{path} may not be written; give yourself the right to write it, and its folder.",
    sqlite3.SQLITE_PERM: "{path} may not be used; give yourself the right to read and write it, and its folder.",
    sqlite3.SQLITE_CANTOPEN: "{path} cannot be opened or made; name a file in a folder that you may write to.",
    sqlite3.SQLITE_CORRUPT: "{path} is damaged; restore it from a copy.",
    sqlite3.SQLITE_NOTADB: "{path} is no ledger but another kind of file; name another one.",
}
AGAIN = "Nothing is sent without it; take the campaign up again afterwards."


@contextmanager
def said(path: Path) -> Iterator[None]:
    """A block in which what SQLite says becomes a sentence.

    Raises:
        LedgerError: it says no.
    """
    try:
        yield
    except sqlite3.Error as wrong:
        sentence = _SENTENCES.get(getattr(wrong, "sqlite_errorcode", 0) & 0xFF, "{path} cannot be used: {why}.")
        raise LedgerError(sentence.format(path=path, why=wrong), advice=AGAIN) from wrong


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    # Whoever carries out a conversation may do so from several threads, one after another.
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=BUSY, check_same_thread=False
    )


@contextmanager
def locked(path: Path, wait: float = 1.0) -> Iterator[None]:
    """A block in which this process alone runs the campaign of a ledger.

    Args:
        path: the ledger.
        wait: seconds to wait for the lock; somebody who looks whether it is held holds it for a moment.

    Raises:
        LedgerError: another process does, or the file of the lock cannot be made.
    """
    with said(path), closing(_connected(_lock(path), "rwc")) as connection:
        connection.execute(f"pragma busy_timeout = {round(wait * 1000)}")
        try:
            connection.execute("begin exclusive")
        except sqlite3.OperationalError as wrong:
            if wrong.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            raise LedgerError(
                f"Another process runs the campaign of {path}.",
                advice="Watch it, or ask it to pause or cancel; it takes requests from other processes.",
            ) from wrong
        yield


def held(path: Path) -> bool:
    """Whether a process runs the campaign of a ledger now."""
    if not _lock(path).exists():
        return False
    try:
        with locked(path, wait=0):
            return False
    except LedgerError as error:
        return getattr(error.__cause__, "sqlite_errorcode", 0) == sqlite3.SQLITE_BUSY


def _lock(path: Path) -> Path:
    return path.with_name(path.name + "-lock")


def opened(path: Path, *, write: bool, make: bool = False) -> sqlite3.Connection:
    """The ledger, of this version.

    Args:
        path: the file.
        write: whether to be able to write; an older version is then brought up to this one.
        make: whether to make one where there is none. Its tables come with its first transaction.

    Raises:
        LedgerError: there is none, or it cannot be used.
    """
    if not make and not path.exists():
        raise LedgerError(f"There is no ledger {path}.", advice="Start a campaign with it first.")
    if path.is_dir():
        raise LedgerError(f"{path} is a folder.", advice="Name a file in it.")
    with said(path):
        connection = _connected(path, "rwc" if make else "rw" if write else "ro")
        try:
            _check(connection, path, write=write, make=make)
            if write:
                connection.execute("pragma journal_mode = wal")
                connection.execute("pragma synchronous = full")
                # Pages beside the ledger before they are put into it; SQLite would let them come to 4 MB.
                connection.execute("pragma wal_autocheckpoint = 100")
                # Refuses what may not be written now, and not after something was sent.
                connection.execute("begin immediate")
                version = _version(connection)
                for script in MIGRATIONS[version:]:
                    for statement in script.split(";\n"):
                        connection.execute(statement)
                connection.execute(f"pragma application_id = {APPLICATION_ID}")
                connection.execute(f"pragma user_version = {VERSION}")
                if not make:
                    connection.execute("commit")
        except BaseException:
            connection.close()
            raise
    return connection


def made(path: Path) -> bool:
    """Whether there is something in the file. A process that was killed while it made a ledger leaves an empty one."""
    if not path.is_file():
        return False
    with said(path), closing(_connected(path, "ro")) as connection:
        return not _is_empty(connection)


def is_ledger(path: Path) -> bool:
    """Whether a file is a ledger, by the first bytes of it."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(72)
    return head[:15] == b"SQLite format 3" and int.from_bytes(head[68:72]) == APPLICATION_ID


def _is_empty(connection: sqlite3.Connection) -> bool:
    tables = connection.execute("select count(*) from sqlite_master").fetchone()[0]
    return (_application(connection), tables) == (0, 0)


def _application(connection: sqlite3.Connection) -> int:
    application: int = connection.execute("pragma application_id").fetchone()[0]
    return application


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("pragma user_version").fetchone()[0]
    return version


def _check(connection: sqlite3.Connection, path: Path, *, write: bool, make: bool) -> None:
    if _is_empty(connection):
        if not make:
            raise LedgerError(f"{path} is empty.", advice="Start a campaign with it first.")
        return
    if _application(connection) != APPLICATION_ID:
        raise LedgerError(f"{path} is a database of something else.", advice="Name another file.")
    version = _version(connection)
    if version > VERSION:
        raise LedgerError(
            f"{path} was written by a newer version of this package (schema {version}; this one knows {VERSION}).",
            advice="Upgrade the package.",
        )
    if version < VERSION and not write:
        raise LedgerError(f"{path} was written by an older version.", advice="Take its campaign up once to convert it.")
    wrong = connection.execute("pragma quick_check(1)").fetchone()[0]
    if wrong != "ok":
        raise LedgerError(f"{path} is damaged ({' '.join(wrong.split())}).", advice=f"Restore it from a copy. {AGAIN}")

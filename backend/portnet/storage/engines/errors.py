"""What can go wrong between us and a database, in our words, the same on both engines.

An error that is not listed here (wrong SQL, wrong types) is a bug and stays the driver's.
"""


class DatabaseError(Exception):
    """The root of the expected failures below."""


class TransactionConflict(DatabaseError):
    """Another transaction was in the way; nothing of this one was written: run all of it again."""


class DatabaseBusy(TransactionConflict):
    """Another process kept SQLite's write lock for longer than the busy timeout."""


class ConstraintViolated(DatabaseError):
    """A unique, foreign key, check or not-null constraint refused the rows; nothing was written."""


class DatabaseUnavailable(DatabaseError):
    """No database to talk to: stopped, unreachable, out of space, connection lost.

    Raised out of a commit, the outcome is unknown: all of the transaction or nothing of it.
    """


class TransactionOver(RuntimeError):
    """A transaction was used after it had failed, been committed or been left: a caller's bug."""


class TransactionNested(RuntimeError):
    """A task that already holds a transaction asked for another, which could wait for ever."""

-- A history of Heartline, version 1. `docs/history.md` shows how to read it. Only `heartline serve` and `heartline history` write it.

-- What the program keeps about the file itself.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE rooms (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    -- What its places count in. Another epoch tells clients that what they know of places means nothing any more.
    epoch    TEXT NOT NULL,
    -- The highest place given; it never goes down.
    last     INTEGER NOT NULL DEFAULT 0,
    -- The highest place whose message was let go of.
    trimmed  INTEGER NOT NULL DEFAULT 0,
    -- How many messages are kept, and how many bytes they count for: those of text and name, and 128 for each.
    messages INTEGER NOT NULL DEFAULT 0,
    bytes    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE messages (
    room   INTEGER NOT NULL REFERENCES rooms (id),
    seq    INTEGER NOT NULL,
    -- The place before it.
    prev   INTEGER NOT NULL,
    -- When it came, in milliseconds since 1970 UTC.
    at     INTEGER NOT NULL,
    -- A hash of the author's secret, as others see it.
    author TEXT NOT NULL,
    -- What the author was called then.
    name   TEXT NOT NULL,
    -- The author's number for it in this room.
    id     INTEGER NOT NULL,
    text   TEXT NOT NULL,
    -- How a bullet comment looks, in JSON.
    style  TEXT,
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX messages_by_author ON messages (room, author, id);

-- The highest number of each author among the messages that were let go of, as long as an outbox may send it again.
CREATE TABLE authors (
    room    INTEGER NOT NULL REFERENCES rooms (id),
    author  TEXT NOT NULL,
    highest INTEGER NOT NULL,
    -- When the newest of those messages came.
    at      INTEGER NOT NULL,
    UNIQUE (room, author)
) STRICT;

CREATE INDEX authors_by_age ON authors (at);

-- Who, where, what was said, and what is to be said. Times are ISO 8601 with offset unless a comment says otherwise.

CREATE TABLE meta (            -- facts about this file itself
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('instance', lower(hex(randomblob(4))));  -- keeps transaction ids of two files apart

CREATE TABLE checklists (      -- every version of checklist.json an answer was ever given under
    version TEXT PRIMARY KEY,
    text    TEXT NOT NULL,
    since   TEXT NOT NULL
) STRICT;

CREATE TABLE units (           -- 责任单位: townships and county departments
    id   TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('township', 'department')),
    rank INTEGER NOT NULL      -- order of the roster file
) STRICT;

CREATE TABLE places (          -- 排查点: a village, a township itself, a department itself
    id      TEXT PRIMARY KEY,
    name    TEXT NOT NULL,
    kind    TEXT NOT NULL CHECK (kind IN ('village', 'township', 'department')),
    unit_id TEXT NOT NULL REFERENCES units (id),
    rank    INTEGER NOT NULL,
    active  INTEGER NOT NULL DEFAULT 1  -- 0: no longer in the roster; its answers stay
) STRICT;
CREATE INDEX places_of_unit ON places (unit_id, rank);

CREATE TABLE people (          -- a Matrix user id with a role; access is decided from here and nowhere else
    id       INTEGER PRIMARY KEY,
    user_id  TEXT NOT NULL UNIQUE,
    name     TEXT NOT NULL,
    role     TEXT NOT NULL CHECK (role IN ('reporter', 'coordinator', 'county', 'observer')),
    unit_id  TEXT REFERENCES units (id),
    language TEXT NOT NULL,
    buttons  TEXT NOT NULL DEFAULT 'off' CHECK (buttons IN ('off', 'reactions', 'polls')),
    active   INTEGER NOT NULL DEFAULT 1,
    greeted  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX people_of_unit ON people (unit_id);

CREATE TABLE person_places (   -- the places a reporter answers for, in roster order
    person_id INTEGER NOT NULL REFERENCES people (id),
    place_id  TEXT NOT NULL REFERENCES places (id),
    rank      INTEGER NOT NULL,
    PRIMARY KEY (person_id, place_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX person_places_by_place ON person_places (place_id);

CREATE TABLE strangers (       -- people not in the roster: only the fact that they were told so, once
    user_id TEXT PRIMARY KEY,
    told_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE rooms (            -- every room we were ever in or asked into
    room_id    TEXT PRIMARY KEY,
    kind       TEXT NOT NULL CHECK (kind IN ('direct', 'group', 'county')),
    person_id  INTEGER REFERENCES people (id),  -- the other one, in a direct room
    encrypted  INTEGER NOT NULL DEFAULT 0,
    state      TEXT NOT NULL CHECK (state IN ('invited', 'joined', 'left')),
    changed_at TEXT NOT NULL
) STRICT;
CREATE INDEX rooms_of_person ON rooms (person_id) WHERE person_id IS NOT NULL;

CREATE TABLE position (        -- how far the homeserver's stream is taken in; moves with its effects or not at all
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    next_batch TEXT NOT NULL
) STRICT;

CREATE TABLE inbox (           -- every event taken in: the key that makes "twice" impossible
    seq       INTEGER PRIMARY KEY,       -- order of arrival
    event_id  TEXT NOT NULL UNIQUE,
    room_id   TEXT NOT NULL,
    person_id INTEGER REFERENCES people (id),
    at        TEXT NOT NULL,   -- when it was written, by the homeserver's clock
    kind      TEXT NOT NULL,   -- said | edited | redacted | reacted | unreadable
    question  TEXT,            -- the question it answered, as JSON: an edit is read against the same question
    opened_questions TEXT,     -- JSON list of the questions it brought up, which leave with it; NULL: none
    state     TEXT NOT NULL DEFAULT 'done' CHECK (state IN ('done', 'withdrawn', 'failed', 'ignored'))
) STRICT;
CREATE INDEX inbox_of_person ON inbox (person_id, room_id, seq);

CREATE TABLE early (           -- edits and redactions that came before the message they speak of
    event_id TEXT PRIMARY KEY,
    target   TEXT NOT NULL,
    room_id  TEXT NOT NULL,
    sender   TEXT NOT NULL,
    at       TEXT NOT NULL,
    words    TEXT              -- NULL: a redaction
) STRICT;
CREATE INDEX early_by_target ON early (target);

CREATE TABLE unreadable (      -- encrypted events whose key has not come; read again when it does
    event_id   TEXT PRIMARY KEY,
    room_id    TEXT NOT NULL,
    sender     TEXT NOT NULL,
    at         TEXT NOT NULL,
    session_id TEXT NOT NULL,
    source     TEXT NOT NULL,
    came_at    TEXT NOT NULL,
    told_at    TEXT            -- the person was asked to send it again
) STRICT;
CREATE INDEX unreadable_by_session ON unreadable (session_id);

CREATE TABLE conversations (   -- where each person stands in each room
    room_id    TEXT NOT NULL,
    person_id  INTEGER NOT NULL REFERENCES people (id),
    state      TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    PRIMARY KEY (room_id, person_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX conversations_of_person ON conversations (person_id);

CREATE TABLE checks (          -- 排查结果: the latest answer for a place and an item; how it came about is in history
    place_id  TEXT NOT NULL REFERENCES places (id),
    item_id   TEXT NOT NULL,
    answer    TEXT NOT NULL CHECK (answer IN ('clear', 'found', 'not_applicable', 'later')),
    basis     TEXT NOT NULL DEFAULT '',
    person_id INTEGER NOT NULL REFERENCES people (id),
    version   TEXT NOT NULL REFERENCES checklists (version),
    at        TEXT NOT NULL,
    PRIMARY KEY (place_id, item_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE findings (        -- 问题
    no          INTEGER PRIMARY KEY AUTOINCREMENT,  -- the number people say; starts above the item numbers
    place_id    TEXT NOT NULL REFERENCES places (id),
    item_id     TEXT NOT NULL,
    object      TEXT NOT NULL DEFAULT '',   -- 对象: the household, well, project it is about
    description TEXT NOT NULL,
    cause       TEXT NOT NULL DEFAULT '',
    measure     TEXT NOT NULL DEFAULT '',
    horizon     TEXT NOT NULL DEFAULT '',   -- horizon id; '' not said yet
    due         TEXT,                       -- a date; NULL: none (long-term) or not said yet
    mechanism   TEXT NOT NULL DEFAULT '',   -- 长效机制 of a long-term finding
    unit        TEXT NOT NULL DEFAULT '',   -- responsible unit by name: it need not be in the roster
    responsible TEXT NOT NULL DEFAULT '',   -- responsible person by name
    result      TEXT NOT NULL DEFAULT '',
    source      TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('draft', 'rectifying', 'submitted', 'returned', 'closed', 'reopened', 'void')),
    reporter_id INTEGER NOT NULL REFERENCES people (id),
    verifier_id INTEGER REFERENCES people (id),
    opened_at   TEXT NOT NULL,
    closed_at   TEXT,
    recurrences INTEGER NOT NULL DEFAULT 0,
    extensions  INTEGER NOT NULL DEFAULT 0,
    version     TEXT NOT NULL REFERENCES checklists (version),
    rev         INTEGER NOT NULL DEFAULT 1   -- optimistic version: grows with each change
) STRICT;
CREATE INDEX findings_at ON findings (place_id, item_id);
INSERT INTO sqlite_sequence (name, seq) VALUES ('findings', 100);

CREATE TABLE evidence (        -- photos, voice, files and places on the map that people sent
    id         INTEGER PRIMARY KEY,
    finding_no INTEGER REFERENCES findings (no),  -- NULL: not bound yet
    person_id  INTEGER NOT NULL REFERENCES people (id),
    room_id    TEXT NOT NULL,
    event_id   TEXT NOT NULL UNIQUE,
    kind       TEXT NOT NULL CHECK (kind IN ('image', 'audio', 'video', 'file', 'location')),
    name       TEXT NOT NULL DEFAULT '',
    mimetype   TEXT NOT NULL DEFAULT '',
    size       INTEGER NOT NULL DEFAULT 0,  -- bytes
    url        TEXT NOT NULL DEFAULT '',    -- mxc address, or geo URI of a location
    key        TEXT,                        -- encrypted-file object, as JSON
    sha256     TEXT,                        -- of the content; also its name under media/
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'stored', 'gone', 'withdrawn')),
    why        TEXT NOT NULL DEFAULT '',    -- why it is gone
    at         TEXT NOT NULL
) STRICT;
CREATE INDEX evidence_of_finding ON evidence (finding_no);
CREATE INDEX evidence_waiting ON evidence (id) WHERE state = 'waiting';
CREATE INDEX evidence_by_content ON evidence (sha256) WHERE sha256 IS NOT NULL;

CREATE TABLE submissions (     -- 提交 of a place by its reporter
    id        INTEGER PRIMARY KEY,
    place_id  TEXT NOT NULL REFERENCES places (id),
    person_id INTEGER NOT NULL REFERENCES people (id),
    figures   TEXT NOT NULL,   -- JSON: clear, found, not_applicable, later, missing
    at        TEXT NOT NULL
) STRICT;
CREATE INDEX submissions_of_place ON submissions (place_id);

CREATE TABLE feedback (        -- 意见; anonymous ones carry no person
    id        INTEGER PRIMARY KEY,
    person_id INTEGER REFERENCES people (id),
    words     TEXT NOT NULL,
    at        TEXT NOT NULL
) STRICT;

CREATE TABLE history (         -- everything that ever changed; append-only, each row sealed with the one before it
    seq       INTEGER PRIMARY KEY,
    at        TEXT NOT NULL,
    person_id INTEGER,         -- NULL: the system
    event_id  TEXT,            -- the message that caused it
    subject   TEXT NOT NULL,   -- check/PLACE/ITEM | finding/NO | evidence/ID | place/ID | person/ID
    action    TEXT NOT NULL,   -- answered | opened | changed | withdrawn | restored | attached | submitted | ...
    before    TEXT NOT NULL,   -- JSON of the fields that changed
    after     TEXT NOT NULL,
    hash      TEXT NOT NULL    -- SHA-256 over the previous hash and this row
) STRICT;
CREATE INDEX history_of_event ON history (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX history_of_subject ON history (subject, seq);
CREATE TRIGGER history_stays BEFORE UPDATE ON history BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER history_keeps BEFORE DELETE ON history BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;

CREATE TABLE outbox (          -- what the bot will do to the world outside, in order; only the postman does it
    id         INTEGER PRIMARY KEY AUTOINCREMENT,  -- also the transaction id, so a repeated send is the same send
    room_id    TEXT,           -- NULL: the direct room of person_id, to be found or opened
    person_id  INTEGER REFERENCES people (id),
    act        TEXT NOT NULL CHECK (act IN ('message', 'ledger', 'join', 'leave')),
    type       TEXT NOT NULL DEFAULT 'm.room.message',
    content    TEXT NOT NULL,  -- JSON: event content, or the ledger's scope
    about      TEXT,           -- JSON: the question or finding a reply to it speaks of
    initiated  INTEGER NOT NULL DEFAULT 0,  -- 1: nobody asked for it; counts against the daily limit
    written_at TEXT NOT NULL,
    sent_at    TEXT,
    event_id   TEXT,
    failed     TEXT            -- why it can never be sent
) STRICT;
CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL AND failed IS NULL;
CREATE INDEX outbox_by_event ON outbox (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX outbox_initiated ON outbox (person_id, written_at) WHERE initiated = 1;

CREATE TABLE slots (           -- scheduled messages already decided on: late, doubled or crashed ticks change nothing
    kind  TEXT NOT NULL,       -- reminder | digest
    scope TEXT NOT NULL,       -- person id or room
    slot  TEXT NOT NULL,       -- what it was for: a day, a phase and its distance
    at    TEXT NOT NULL,
    PRIMARY KEY (kind, scope, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE digests (         -- the figures of each daily digest: tomorrow's is compared with them
    day     TEXT PRIMARY KEY,
    figures TEXT NOT NULL      -- JSON
) STRICT, WITHOUT ROWID;

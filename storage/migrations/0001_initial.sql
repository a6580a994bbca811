-- Who, where, what was said, and what is to be said. Times are ISO 8601 with offset, days ISO dates of the campaign's
-- zone: a comment says which. `since` and `until` are days; until is the first day on which it no longer holds.

CREATE TABLE meta (            -- facts about this file itself: instance, campaign
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta (key, value) VALUES ('instance', lower(hex(randomblob(4))));  -- keeps transaction ids of two files apart

CREATE TABLE checklists (      -- every version of checklist.json an answer was ever given under
    version  TEXT PRIMARY KEY,
    campaign TEXT NOT NULL,    -- id of the campaign
    text     TEXT NOT NULL,
    since    TEXT NOT NULL
) STRICT;

CREATE TABLE items (           -- the items of every version, so that views can name them without the file
    version TEXT NOT NULL REFERENCES checklists (version),
    item_id TEXT NOT NULL,
    no      INTEGER NOT NULL,  -- as printed
    PRIMARY KEY (version, item_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE units (           -- 责任单位: townships and county departments
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('township', 'department')),
    rank        INTEGER NOT NULL,  -- order of the roster
    since       TEXT,          -- day; NULL: always
    until       TEXT,          -- day; NULL: still
    replaced_by TEXT REFERENCES units (id)  -- merged or renamed into this one; both histories stay
) STRICT;
CREATE UNIQUE INDEX units_by_name ON units (name) WHERE until IS NULL;

CREATE TABLE places (          -- 排查点: a village, a township itself, a department itself
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('village', 'township', 'department')),
    unit_id     TEXT NOT NULL REFERENCES units (id),
    rank        INTEGER NOT NULL,
    practice    INTEGER NOT NULL DEFAULT 0,  -- 1: 练习, kept out of every figure
    since       TEXT,
    until       TEXT,          -- day; its answers stay
    replaced_by TEXT REFERENCES places (id)
) STRICT;
CREATE INDEX places_of_unit ON places (unit_id, rank);

CREATE TABLE people (          -- somebody with a part in the campaign; with or without a Matrix id
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    phone    TEXT NOT NULL DEFAULT '',
    language TEXT NOT NULL,
    buttons  TEXT NOT NULL DEFAULT 'off' CHECK (buttons IN ('off', 'reactions', 'polls')),
    greeted  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE person_ids (      -- the Matrix ids of people over time; access is decided from here and nowhere else
    id        INTEGER PRIMARY KEY,
    person_id INTEGER NOT NULL REFERENCES people (id),
    user_id   TEXT NOT NULL,
    since     TEXT NOT NULL,
    until     TEXT
) STRICT;
CREATE UNIQUE INDEX person_ids_in_use ON person_ids (user_id) WHERE until IS NULL;
CREATE INDEX person_ids_of_person ON person_ids (person_id);

CREATE TABLE grants (          -- what a person may do where: role x unit x place; nobody without one takes part
    id        INTEGER PRIMARY KEY,
    person_id INTEGER NOT NULL REFERENCES people (id),
    role      TEXT NOT NULL CHECK (role IN ('reporter', 'coordinator', 'county', 'observer')),
    unit_id   TEXT REFERENCES units (id),
    place_id  TEXT REFERENCES places (id),
    rank      INTEGER NOT NULL DEFAULT 0,  -- order of a person's places
    since     TEXT NOT NULL,
    until     TEXT
) STRICT;
CREATE INDEX grants_of_person ON grants (person_id, rank);
CREATE INDEX grants_of_place ON grants (place_id) WHERE place_id IS NOT NULL;

CREATE TABLE invitations (     -- one-time codes by which a person joins
    code_hash  TEXT PRIMARY KEY,
    person_id  INTEGER NOT NULL REFERENCES people (id),
    invited_by INTEGER NOT NULL REFERENCES people (id),
    expires_at TEXT NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 0,
    used_at    TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE strangers (       -- people not in the roster: only the fact that they were told so, once
    user_id TEXT PRIMARY KEY,
    told_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE rooms (           -- every room we were ever in or asked into
    room_id     TEXT PRIMARY KEY,
    kind        TEXT NOT NULL CHECK (kind IN ('direct', 'group', 'unit', 'county')),
    person_id   INTEGER REFERENCES people (id),  -- the other one, in a direct room
    unit_id     TEXT REFERENCES units (id),      -- whose room it is, of a unit's room
    encrypted   INTEGER NOT NULL DEFAULT 0,
    state       TEXT NOT NULL CHECK (state IN ('invited', 'joined', 'left')),
    changed_at  TEXT NOT NULL,
    others      INTEGER,       -- how many people are in it or asked into it beside us; NULL: not known, to be asked (again)
    space       INTEGER NOT NULL DEFAULT 0,  -- 1: made to hold rooms, not talk: never direct
    predecessor TEXT NOT NULL DEFAULT '',    -- the room that its own creation names as replaced by it
    successor   TEXT NOT NULL DEFAULT ''     -- the room that a tombstone here names: believed when that one names this one
) STRICT;
CREATE INDEX rooms_of_person ON rooms (person_id) WHERE person_id IS NOT NULL;
CREATE INDEX rooms_by_successor ON rooms (successor) WHERE successor <> '';

CREATE TABLE position (        -- how far the homeserver's stream is taken in; moves with its effects or not at all
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    next_batch TEXT NOT NULL,
    at         TEXT NOT NULL    -- when it last moved, by our clock
) STRICT;

CREATE TABLE inbox (           -- every event taken in: the key that makes "twice" impossible
    seq       INTEGER PRIMARY KEY,       -- order of arrival
    event_id  TEXT NOT NULL UNIQUE,
    room_id   TEXT NOT NULL,
    person_id INTEGER REFERENCES people (id),
    at        TEXT NOT NULL,   -- when it was written, by the homeserver's clock
    kind      TEXT NOT NULL CHECK (kind IN ('said', 'edited', 'redacted', 'reacted', 'unreadable')),
    thread    TEXT NOT NULL DEFAULT '',  -- the root of the thread it stands in: what is said of it later is said there
    question  TEXT,            -- the question it answered, as JSON: an edit is read against the same question
    opened_questions TEXT,     -- JSON list of the questions it brought up, which leave with it; NULL: none
    state     TEXT NOT NULL DEFAULT 'done' CHECK (state IN ('done', 'withdrawn', 'failed', 'ignored')),
    reply     INTEGER,         -- the outbox row it was answered with: corrected when the message is
    edits     TEXT,            -- of an edit: the message it is of, however many edits there were between
    words     TEXT             -- as they were said, of what recorded something: they come back when a later edit is deleted
) STRICT;
CREATE INDEX inbox_of_edits ON inbox (edits, seq) WHERE edits IS NOT NULL;
CREATE INDEX inbox_of_person ON inbox (person_id, room_id, seq);

CREATE TABLE early_edits (     -- edits and redactions that came before the message they speak of
    event_id TEXT PRIMARY KEY,
    target   TEXT NOT NULL,
    room_id  TEXT NOT NULL,
    sender   TEXT NOT NULL,
    at       TEXT NOT NULL,
    words    TEXT              -- NULL: a redaction
) STRICT;
CREATE INDEX early_edits_by_target ON early_edits (target);

CREATE TABLE unreadable (      -- encrypted events whose key has not come; read again when it does
    event_id   TEXT PRIMARY KEY,
    room_id    TEXT NOT NULL,
    sender     TEXT NOT NULL,
    at         TEXT NOT NULL,
    session_id TEXT NOT NULL,  -- of the Megolm session
    source     TEXT NOT NULL,
    came_at    TEXT NOT NULL,
    told_at    TEXT            -- the person was asked to send it again
) STRICT;
CREATE INDEX unreadable_by_session ON unreadable (session_id);

CREATE TABLE sessions (        -- where each person stands in each room
    room_id    TEXT NOT NULL,
    person_id  INTEGER NOT NULL REFERENCES people (id),
    state      TEXT NOT NULL,  -- JSON
    changed_at TEXT NOT NULL,
    PRIMARY KEY (room_id, person_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_person ON sessions (person_id);

CREATE TABLE checks (          -- 排查结果: the latest answer for a place and an item; how it came about is in changes
    place_id     TEXT NOT NULL REFERENCES places (id),
    item_id      TEXT NOT NULL,
    answer       TEXT NOT NULL CHECK (answer IN ('clear', 'found', 'not_applicable', 'later')),
    basis        TEXT NOT NULL DEFAULT '',
    person_id    INTEGER NOT NULL REFERENCES people (id),
    on_behalf_of INTEGER REFERENCES people (id),
    campaign     TEXT NOT NULL,
    version      TEXT NOT NULL REFERENCES checklists (version),
    at           TEXT NOT NULL,
    PRIMARY KEY (place_id, item_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE findings (        -- 问题
    no             INTEGER PRIMARY KEY AUTOINCREMENT,  -- the number people say; starts above the item numbers
    place_id       TEXT NOT NULL REFERENCES places (id),
    item_id        TEXT NOT NULL,
    object         TEXT NOT NULL DEFAULT '',   -- 对象: the household, well, project it is about
    description    TEXT NOT NULL DEFAULT '',   -- '': a draft whose words are still to come
    cause          TEXT NOT NULL DEFAULT '',
    measure        TEXT NOT NULL DEFAULT '',
    horizon        TEXT NOT NULL DEFAULT '',   -- horizon id; '' not said yet
    due            TEXT,                       -- day; NULL: none (long-term) or not said yet
    mechanism      TEXT NOT NULL DEFAULT '',   -- 长效机制 of a long-term finding
    unit           TEXT NOT NULL DEFAULT '',   -- responsible unit as printed: it need not be in the roster
    unit_id        TEXT REFERENCES units (id),
    responsible    TEXT NOT NULL DEFAULT '',   -- responsible person as printed
    responsible_id INTEGER REFERENCES people (id),
    result         TEXT NOT NULL DEFAULT '',
    source         TEXT NOT NULL,              -- 自查, 国家后评估, …: one of the campaign's
    state          TEXT NOT NULL CHECK (state IN ('draft', 'rectifying', 'submitted', 'verified', 'returned', 'closed', 'reopened', 'void')),
    reporter_id    INTEGER NOT NULL REFERENCES people (id),
    on_behalf_of   INTEGER REFERENCES people (id),
    verifier_id    INTEGER REFERENCES people (id),
    opened_at      TEXT NOT NULL,
    closed_at      TEXT,
    recurrences    INTEGER NOT NULL DEFAULT 0,
    extensions     INTEGER NOT NULL DEFAULT 0,
    campaign       TEXT NOT NULL,
    version        TEXT NOT NULL REFERENCES checklists (version),
    put_off        INTEGER NOT NULL DEFAULT 0, -- 1: its reporter said 稍后; it is not asked about by itself any more
    rev            INTEGER NOT NULL DEFAULT 1  -- optimistic version: grows with each change
) STRICT;
CREATE INDEX findings_at ON findings (place_id, item_id);
CREATE INDEX findings_of_reporter ON findings (reporter_id, no);
INSERT INTO sqlite_sequence (name, seq) VALUES ('findings', 100);

CREATE TABLE stages (          -- the dated stages of a long-term finding
    finding_no INTEGER NOT NULL REFERENCES findings (no),
    n          INTEGER NOT NULL,
    due        TEXT NOT NULL,  -- day
    words      TEXT NOT NULL DEFAULT '',
    done_at    TEXT,
    PRIMARY KEY (finding_no, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE requests (        -- 延期, 办不了, 作废 asked of the level above; at most one open a finding and kind
    id         INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL CHECK (kind IN ('extension', 'cannot', 'void')),
    finding_no INTEGER NOT NULL REFERENCES findings (no),
    asked_by   INTEGER NOT NULL REFERENCES people (id),
    asked_at   TEXT NOT NULL,
    reason     TEXT NOT NULL,
    due        TEXT,           -- day wished for, of an extension
    state      TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'granted', 'refused', 'withdrawn')),
    decided_by INTEGER REFERENCES people (id),
    decided_at TEXT,
    decision   TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX requests_open ON requests (finding_no, kind) WHERE state = 'open';

CREATE TABLE contacts (        -- items 71-72: what is done meanwhile about what cannot be solved now, and when to ask again
    id         INTEGER PRIMARY KEY,
    finding_no INTEGER NOT NULL REFERENCES findings (no),
    person_id  INTEGER NOT NULL REFERENCES people (id),
    opinion    TEXT NOT NULL,  -- 阶段性处置意见
    next_on    TEXT,           -- day of the next contact
    at         TEXT NOT NULL
) STRICT;
CREATE INDEX contacts_of_finding ON contacts (finding_no);

CREATE TABLE fan_outs (        -- 举一反三: a finding that other places were asked to look for
    finding_no INTEGER NOT NULL REFERENCES findings (no),
    place_id   TEXT NOT NULL REFERENCES places (id),
    asked_at   TEXT NOT NULL,
    answer     TEXT CHECK (answer IN ('clear', 'found', 'not_applicable')),
    PRIMARY KEY (finding_no, place_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE draws (           -- 回头看: findings drawn at random to be looked at again; the seed makes the draw repeatable
    id        INTEGER PRIMARY KEY,
    seed      TEXT NOT NULL,
    scope     TEXT NOT NULL,   -- JSON
    person_id INTEGER NOT NULL REFERENCES people (id),
    at        TEXT NOT NULL
) STRICT;

CREATE TABLE drawn_findings (  -- what a draw picked and what was seen there
    draw_id    INTEGER NOT NULL REFERENCES draws (id),
    finding_no INTEGER NOT NULL REFERENCES findings (no),
    verdict    TEXT CHECK (verdict IN ('true', 'untrue')),
    person_id  INTEGER REFERENCES people (id),
    at         TEXT,
    PRIMARY KEY (draw_id, finding_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE evidence (        -- photos, voice, files and places on the map that people sent
    id         INTEGER PRIMARY KEY,
    finding_no INTEGER REFERENCES findings (no),  -- NULL: not bound yet
    person_id  INTEGER NOT NULL REFERENCES people (id),
    room_id    TEXT NOT NULL,
    event_id   TEXT NOT NULL,
    part       INTEGER NOT NULL DEFAULT 0,  -- which file of the event
    kind       TEXT NOT NULL CHECK (kind IN ('image', 'audio', 'video', 'file', 'location')),
    name       TEXT NOT NULL DEFAULT '',
    mimetype   TEXT NOT NULL DEFAULT '',
    size       INTEGER NOT NULL DEFAULT 0,  -- bytes
    url        TEXT NOT NULL DEFAULT '',    -- mxc address, or geo URI of a location
    key        TEXT,                        -- encrypted-file object, as JSON
    sha256     TEXT,                        -- of the content; also its name under media/
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'stored', 'gone', 'withdrawn')),
    why        TEXT NOT NULL DEFAULT '',    -- why it is gone
    tries      INTEGER NOT NULL DEFAULT 0,  -- how often fetching it failed
    first_try  TEXT,                        -- when it first failed, by our clock
    next_try   TEXT,                        -- not before this time; NULL: at once
    at         TEXT NOT NULL,
    UNIQUE (event_id, part)
) STRICT;
CREATE INDEX evidence_of_finding ON evidence (finding_no);
CREATE INDEX evidence_waiting ON evidence (id) WHERE state = 'waiting';
CREATE INDEX evidence_by_content ON evidence (sha256) WHERE sha256 IS NOT NULL;

CREATE TABLE fetched (         -- how much was fetched for each person on each day: there is a limit
    day       TEXT NOT NULL,
    person_id INTEGER NOT NULL REFERENCES people (id),
    files     INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    PRIMARY KEY (day, person_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE hand_ins (        -- 提交 of a place, 上报 of a unit's ledger or report; each with its receipt
    id           INTEGER PRIMARY KEY,
    kind         TEXT NOT NULL CHECK (kind IN ('place', 'ledger', 'report')),
    place_id     TEXT REFERENCES places (id),
    unit_id      TEXT REFERENCES units (id),
    person_id    INTEGER NOT NULL REFERENCES people (id),
    on_behalf_of INTEGER REFERENCES people (id),
    figures      TEXT NOT NULL,  -- JSON: clear, found, not_applicable
    seq          INTEGER NOT NULL REFERENCES actions (seq) DEFERRABLE INITIALLY DEFERRED,  -- the state that was handed in
    at           TEXT NOT NULL,
    withdrawn_at TEXT
) STRICT;
CREATE INDEX hand_ins_of_place ON hand_ins (place_id);

CREATE TABLE exports (         -- every file that was handed out in chat: a version is a seq of the history
    id           INTEGER PRIMARY KEY,
    kind         TEXT NOT NULL,  -- ledger
    scope        TEXT NOT NULL,  -- JSON
    seq          INTEGER NOT NULL,  -- with head the anchor printed on it
    head         TEXT NOT NULL,
    person_id    INTEGER REFERENCES people (id),
    at           TEXT NOT NULL,
    sha256       TEXT NOT NULL,  -- of the file
    content_hash TEXT NOT NULL,  -- of what it says, whatever its layout
    final        INTEGER NOT NULL DEFAULT 0,
    reason       TEXT NOT NULL DEFAULT ''  -- why a final version went out although it has gaps
) STRICT;

CREATE TABLE feedback (        -- 意见; anonymous ones carry no person
    id        INTEGER PRIMARY KEY,
    person_id INTEGER REFERENCES people (id),
    words     TEXT NOT NULL,
    state     TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'answered')),
    answer    TEXT NOT NULL DEFAULT '',
    at        TEXT NOT NULL
) STRICT;

CREATE TABLE actions (         -- everything anybody ever did; append-only, each row sealed with the one before it
    seq          INTEGER PRIMARY KEY,
    at           TEXT NOT NULL,   -- when it was said, by the clock of the sender's homeserver
    received_at  TEXT NOT NULL,   -- when we took it in, by ours
    person_id    INTEGER,         -- NULL: the system
    on_behalf_of INTEGER,
    source       TEXT NOT NULL CHECK (source IN ('chat', 'ledger', 'roster', 'cli', 'system')),
    ref          TEXT,            -- the event or file that caused it
    verb         TEXT NOT NULL,
    undoes       INTEGER REFERENCES actions (seq),
    version      TEXT NOT NULL,   -- of the checklist in force
    hash         BLOB NOT NULL    -- SHA-256 over the hash before, this row and the digests of its changes
) STRICT;
CREATE INDEX actions_of_ref ON actions (ref) WHERE ref IS NOT NULL;
CREATE INDEX actions_undone ON actions (undoes) WHERE undoes IS NOT NULL;
CREATE TRIGGER actions_stay BEFORE UPDATE ON actions BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER actions_keep BEFORE DELETE ON actions BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;

CREATE TABLE changes (         -- the fields an action changed; words can be erased, their digest stays
    action  INTEGER NOT NULL REFERENCES actions (seq),
    n       INTEGER NOT NULL,
    kind    TEXT NOT NULL,     -- check | finding | evidence | place | unit | person | grant | hand_in | export | feedback | ...
    subject TEXT NOT NULL,     -- its id: of a check the place's
    part    TEXT NOT NULL,     -- of a check the item's id, else ''
    field   TEXT NOT NULL,
    before  ANY,
    after   ANY,
    salt    BLOB,              -- NULL: erased by an action of its own
    digest  BLOB NOT NULL,     -- SHA-256 over salt and everything above
    PRIMARY KEY (action, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX changes_of_subject ON changes (kind, subject, part, field, action);
CREATE TRIGGER changes_stay BEFORE UPDATE ON changes
WHEN NEW.action IS NOT OLD.action OR NEW.n IS NOT OLD.n OR NEW.kind IS NOT OLD.kind OR NEW.subject IS NOT OLD.subject
  OR NEW.part IS NOT OLD.part OR NEW.field IS NOT OLD.field OR NEW.digest IS NOT OLD.digest
  OR NEW.before IS NOT NULL OR NEW.after IS NOT NULL OR NEW.salt IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'of a change only the words can go'); END;
CREATE TRIGGER changes_keep BEFORE DELETE ON changes BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;

CREATE TABLE outbox (          -- what the bot will do to the world outside, in order; only the outbox sender does it
    id         INTEGER PRIMARY KEY,  -- also the transaction id, so a repeated send is the same send
    room_id    TEXT,           -- NULL: the direct room of person_id, to be found or opened
    person_id  INTEGER REFERENCES people (id),
    act        TEXT NOT NULL CHECK (act IN ('message', 'ledger', 'join', 'leave')),
    type       TEXT NOT NULL DEFAULT 'm.room.message',
    content    TEXT NOT NULL,  -- JSON: event content, or the ledger's scope
    about      TEXT,           -- JSON: the question or finding a reply to it speaks of
    reason     TEXT NOT NULL CHECK (reason IN ('reply', 'notice', 'reminder', 'digest', 'room', 'instead')),
    priority   INTEGER NOT NULL DEFAULT 0,  -- higher goes first among what waits for one room
    stranger   INTEGER NOT NULL DEFAULT 0,  -- 1: for somebody outside our tables; it holds up nothing and may be given up
    not_before TEXT,           -- time, in UTC, before which it is not sent; it holds up nothing meanwhile
    written_at TEXT NOT NULL,
    sent_at    TEXT,
    event_id   TEXT,
    failed     TEXT            -- why it can never be sent
) STRICT;
CREATE INDEX outbox_unsent ON outbox (priority DESC, id, not_before) WHERE sent_at IS NULL AND failed IS NULL;
CREATE INDEX outbox_later ON outbox (not_before) WHERE not_before IS NOT NULL AND sent_at IS NULL AND failed IS NULL;
CREATE INDEX outbox_by_event ON outbox (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX outbox_reminders ON outbox (person_id, written_at) WHERE reason = 'reminder';

CREATE TABLE stuck (           -- rooms into which nothing gets at the moment
    queue    TEXT PRIMARY KEY, -- room id, or "person N": a direct room that cannot be opened
    row      INTEGER NOT NULL REFERENCES outbox (id),  -- which is on its way: it goes before everything else there
    tries    INTEGER NOT NULL,
    since    TEXT NOT NULL,
    next_try TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER outbox_keep BEFORE DELETE ON outbox  -- the newest row's number would be given again: another send, taken for the same
BEGIN SELECT RAISE(ABORT, 'rows of the outbox stay'); END;

CREATE TABLE slots (           -- scheduled messages already decided on: late, doubled or crashed ticks change nothing
    kind  TEXT NOT NULL,       -- reminder | digest | awake
    scope TEXT NOT NULL,       -- person id or room
    slot  TEXT NOT NULL,       -- what it was for: a day, a phase and its distance
    at    TEXT NOT NULL,
    PRIMARY KEY (kind, scope, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE digests (         -- the figures of each daily digest: tomorrow's is compared with them
    scope   TEXT NOT NULL,     -- '' the county, else a unit's id
    day     TEXT NOT NULL,
    figures TEXT NOT NULL,     -- JSON
    PRIMARY KEY (scope, day)
) STRICT, WITHOUT ROWID;

-- What other tools may read: docs/data.md. Names stay; places, units and people by name, items by printed number. Words
-- that nobody said, or that were erased, are NULL.

CREATE VIEW v_checks AS
SELECT c.place_id, p.name AS place, u.name AS unit, c.item_id, i.no AS item, c.answer,
       c.basis,
       person.name AS person, behalf.name AS on_behalf_of, c.at, c.version
FROM checks c JOIN places p ON p.id = c.place_id JOIN units u ON u.id = p.unit_id
LEFT JOIN items i ON i.version = c.version AND i.item_id = c.item_id
JOIN people person ON person.id = c.person_id LEFT JOIN people behalf ON behalf.id = c.on_behalf_of;

CREATE VIEW v_findings AS
SELECT f.no, f.place_id, p.name AS place, u.name AS unit_of_place, f.item_id, i.no AS item,
       f.object, f.description, f.cause,
       f.measure, f.horizon, f.due, f.mechanism,
       f.unit, f.responsible, f.result,
       f.state, f.source,
       person.name AS reporter, f.extensions, f.recurrences, f.opened_at, f.closed_at, f.version
FROM findings f JOIN places p ON p.id = f.place_id JOIN units u ON u.id = p.unit_id
LEFT JOIN items i ON i.version = f.version AND i.item_id = f.item_id
JOIN people person ON person.id = f.reporter_id;

CREATE VIEW v_evidence AS
SELECT id, finding_no AS finding, kind, state, sha256, at FROM evidence;

CREATE VIEW v_submissions AS
SELECT h.id, h.kind, p.name AS place, u.name AS unit, person.name AS person, h.at, h.seq
FROM hand_ins h LEFT JOIN places p ON p.id = h.place_id LEFT JOIN units u ON u.id = coalesce(h.unit_id, p.unit_id)
JOIN people person ON person.id = h.person_id WHERE h.withdrawn_at IS NULL;

CREATE VIEW v_exports AS
SELECT e.id, e.kind, e.scope, person.name AS person, e.at, e.seq, e.head, e.sha256, e.content_hash
FROM exports e LEFT JOIN people person ON person.id = e.person_id;

CREATE VIEW v_feedback AS
SELECT id, state, words, answer, at FROM feedback;

CREATE VIEW v_actions AS
SELECT a.seq, a.at, a.received_at, person.name AS person, behalf.name AS on_behalf_of, a.source, a.verb, a.ref,
       (SELECT c.after FROM changes c WHERE c.action = a.seq AND c.kind = 'action' AND c.field = 'reason') AS reason,
       a.undoes
FROM actions a LEFT JOIN people person ON person.id = a.person_id LEFT JOIN people behalf ON behalf.id = a.on_behalf_of;

CREATE VIEW v_changes AS
SELECT c.action AS seq, c.kind,
       CASE c.kind
           WHEN 'check' THEN coalesce((SELECT name FROM places WHERE id = c.subject), c.subject) || ' '
               || coalesce((SELECT no FROM items WHERE version = a.version AND item_id = c.part), c.part)
           WHEN 'place' THEN coalesce((SELECT name FROM places WHERE id = c.subject), c.subject)
           WHEN 'unit' THEN coalesce((SELECT name FROM units WHERE id = c.subject), c.subject)
           WHEN 'person' THEN coalesce((SELECT name FROM people WHERE id = CAST(c.subject AS INTEGER)), c.subject)
           ELSE c.subject
       END AS subject,
       c.field, c.before, c.after
FROM changes c JOIN actions a ON a.seq = c.action;

-- What the provider remembers. A change of this file needs a new SCHEMA_VERSION in sqlite_storage.py.

-- What the provider's keys follow from; one row.
CREATE TABLE secret (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    value BLOB NOT NULL
);

-- Where other providers keep assets.
CREATE TABLE asset_host (
    provider TEXT NOT NULL,
    host TEXT NOT NULL,
    PRIMARY KEY (provider, host)
) WITHOUT ROWID;

CREATE TABLE user (
    uri TEXT PRIMARY KEY,
    search_types INTEGER NOT NULL,  -- bit N is set when SearchIdentifierType N may find the user
    deleted INTEGER NOT NULL
);

CREATE TABLE profile_entry (
    user TEXT NOT NULL REFERENCES user (uri),
    type INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    searchable INTEGER NOT NULL,
    shared INTEGER NOT NULL
);
CREATE INDEX profile_entry_user ON profile_entry (user);

CREATE TABLE client (
    uri TEXT PRIMARY KEY,
    user TEXT NOT NULL REFERENCES user (uri)
);
CREATE INDEX client_user ON client (user);

CREATE TABLE key_package (
    reference BLOB PRIMARY KEY,
    client TEXT NOT NULL REFERENCES client (uri),
    body BLOB NOT NULL,
    used INTEGER NOT NULL
);
CREATE INDEX key_package_client ON key_package (client, used);

-- Where the KeyPackages of other providers came from that went through us, as long as a Welcome for them may come.
CREATE TABLE key_package_route (
    reference BLOB PRIMARY KEY,
    provider TEXT NOT NULL,
    expires INTEGER NOT NULL  -- in seconds of the Unix epoch
) WITHOUT ROWID;
CREATE INDEX key_package_route_expires ON key_package_route (expires);

-- In both tables of consent an empty room means any room.
CREATE TABLE consent_decision (
    requester TEXT NOT NULL,
    target TEXT NOT NULL,
    room TEXT NOT NULL,
    granted INTEGER NOT NULL,
    PRIMARY KEY (requester, target, room)
) WITHOUT ROWID;

CREATE TABLE consent_request (
    requester BLOB NOT NULL,
    target BLOB NOT NULL,
    room BLOB NOT NULL,
    PRIMARY KEY (requester, target, room)
) WITHOUT ROWID;

-- Requests that are recognised when they come again. Position counts up per provider, so that its newest N are found
-- without counting.
CREATE TABLE seen_request (
    provider TEXT NOT NULL,
    position INTEGER NOT NULL,
    digest BLOB NOT NULL,
    received INTEGER NOT NULL,
    answer BLOB NOT NULL,
    PRIMARY KEY (provider, position)
) WITHOUT ROWID;
CREATE UNIQUE INDEX seen_request_digest ON seen_request (provider, digest);

CREATE TABLE room_client (
    room TEXT NOT NULL,
    client TEXT NOT NULL REFERENCES client (uri),
    leaf_index INTEGER,  -- in the groups of our own rooms
    since INTEGER NOT NULL,  -- in milliseconds of the Unix epoch: what was accepted before is not for it
    UNIQUE (room, client)
);
CREATE INDEX room_client_client ON room_client (client);

-- Since when messages in a room of another hub are not for a client any more; what was accepted before may come later.
CREATE TABLE room_leaver (
    room TEXT NOT NULL,
    client TEXT NOT NULL REFERENCES client (uri),
    since INTEGER NOT NULL,  -- in milliseconds of the Unix epoch
    PRIMARY KEY (room, client)
) WITHOUT ROWID;
CREATE INDEX room_leaver_client ON room_leaver (client);

-- Codes by which newcomers may join our rooms, and who has shown one when asking for the GroupInfo.
CREATE TABLE joining_code (
    room TEXT NOT NULL,
    code BLOB NOT NULL,
    role_index INTEGER NOT NULL,
    PRIMARY KEY (room, code)
) WITHOUT ROWID;

CREATE TABLE shown_code (
    room TEXT NOT NULL,
    user BLOB NOT NULL,
    code BLOB NOT NULL,
    PRIMARY KEY (room, user)
) WITHOUT ROWID;

-- Who has to leave our rooms: a user of the participant list (BLOB), or a leaf (INTEGER).
CREATE TABLE departure (
    room TEXT NOT NULL,
    who NOT NULL,
    PRIMARY KEY (room, who)
) WITHOUT ROWID;

-- What was reported of our rooms.
CREATE TABLE abuse_report (
    id INTEGER PRIMARY KEY,
    room TEXT NOT NULL,
    source TEXT NOT NULL,
    received INTEGER NOT NULL,
    body BLOB NOT NULL,
    doubts TEXT NOT NULL  -- a JSON array
);

-- A room that is hosted or followed. What makes up an epoch is empty only while the room is being founded.
CREATE TABLE room (
    id INTEGER PRIMARY KEY,
    uri TEXT NOT NULL UNIQUE,
    changeable TEXT,  -- a JSON array
    destroyed INTEGER NOT NULL DEFAULT 0,
    context BLOB NOT NULL DEFAULT x'',
    confirmation_tag BLOB NOT NULL DEFAULT x'',
    committer INTEGER NOT NULL DEFAULT 0,
    reinit BLOB,
    group_info BLOB,
    parent TEXT,  -- the room that a parent-dependent room depends on
    fixed_members BLOB  -- the digest of the users of a fixed-membership room
);
CREATE INDEX room_parent ON room (parent) WHERE parent IS NOT NULL;
CREATE INDEX room_fixed_members ON room (fixed_members) WHERE fixed_members IS NOT NULL;

-- Where peers keep their assets by the policy of a room.
CREATE TABLE room_asset_host (
    room INTEGER NOT NULL REFERENCES room (id),
    host TEXT NOT NULL,
    PRIMARY KEY (room, host)
) WITHOUT ROWID;

CREATE TABLE room_node (
    room INTEGER NOT NULL REFERENCES room (id),
    node INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (room, node)
) WITHOUT ROWID;

-- What waits for a commit; messages with the same batch were accepted together.
CREATE TABLE room_proposal (
    room INTEGER NOT NULL REFERENCES room (id),
    position INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    content BLOB NOT NULL,
    pending BLOB,  -- as it came, and when
    PRIMARY KEY (room, position)
) WITHOUT ROWID;

-- Events of rooms of other hubs that wait for their turn, in the order of their places: the times at which the hub has
-- accepted them, but those that it notified stay in the order in which they came. Of our own, the sender is the client.
CREATE TABLE arrival (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    room TEXT NOT NULL,
    place INTEGER NOT NULL,
    notified INTEGER NOT NULL,
    epoch INTEGER,
    behind INTEGER NOT NULL,
    received INTEGER NOT NULL,
    sender TEXT,
    body BLOB NOT NULL
);
CREATE INDEX arrival_room ON arrival (room, place, notified, position);

-- The newest events of each of these rooms that our clients have sent, for those who come in by a Welcome that they have
-- overtaken.
CREATE TABLE own_event (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    room TEXT NOT NULL,
    accepted INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX own_event_room ON own_event (room, position);

-- Requests of our clients that may become events of rooms of other hubs, and have no answer yet.
CREATE TABLE open_request (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    client TEXT NOT NULL,
    room TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX open_request_room ON open_request (room, number);

CREATE TABLE delivery (
    cursor INTEGER PRIMARY KEY AUTOINCREMENT,
    client TEXT NOT NULL REFERENCES client (uri),
    kind TEXT NOT NULL,
    provider TEXT NOT NULL,
    room TEXT,
    body BLOB NOT NULL
);
CREATE INDEX delivery_client ON delivery (client, cursor);

-- An event that is to go to followers, until the last of them has it.
CREATE TABLE outbox_event (
    id INTEGER PRIMARY KEY,
    body BLOB NOT NULL
);

-- One event for one provider. Entries with the same first one are sent as one notify body; that one has no first itself.
CREATE TABLE outbox_entry (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL,
    room TEXT NOT NULL,
    event INTEGER NOT NULL REFERENCES outbox_event (id),
    accepted INTEGER NOT NULL,
    first INTEGER,
    size INTEGER NOT NULL  -- of the body up to here
);
CREATE INDEX outbox_entry_lane ON outbox_entry (provider, room);  -- ends with the position
CREATE INDEX outbox_entry_event ON outbox_entry (event);

-- What was given up.
CREATE TABLE outbox_loss (
    provider TEXT NOT NULL,
    room TEXT NOT NULL,
    events INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    given_up INTEGER NOT NULL,
    reason TEXT NOT NULL
);

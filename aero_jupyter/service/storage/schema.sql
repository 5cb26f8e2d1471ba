CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE data (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, url TEXT, description TEXT,
    tags TEXT NOT NULL DEFAULT '', collection_uuid TEXT NOT NULL, collection_url TEXT,
    no_copy INTEGER NOT NULL DEFAULT 0, newest INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL,
    read_options TEXT, promise TEXT, promised_since TEXT, keep TEXT
);
CREATE INDEX data_name ON data (name);
CREATE VIRTUAL TABLE data_fts USING fts5 (
    name, description, url, tags, everything, tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TABLE version (
    id TEXT NOT NULL UNIQUE, data_id TEXT NOT NULL REFERENCES data (id), version INTEGER NOT NULL,
    checksum TEXT NOT NULL, created_at TEXT NOT NULL, source_key TEXT,
    file_name TEXT, file_type TEXT, size INTEGER, encoding TEXT, object_url TEXT, signed_url TEXT, source_time TEXT,
    as_of TEXT, removed_at TEXT,
    PRIMARY KEY (data_id, version)
);
CREATE INDEX version_checksum ON version (checksum);

CREATE TABLE source_type (name TEXT PRIMARY KEY, data_id TEXT NOT NULL UNIQUE REFERENCES data (id));
CREATE TABLE source_url (
    object_key TEXT PRIMARY KEY, url TEXT NOT NULL, type TEXT NOT NULL REFERENCES source_type (name)
);

CREATE TABLE function (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, code TEXT NOT NULL, serialized INTEGER NOT NULL,
    description TEXT, meta TEXT, created_at TEXT NOT NULL
);

CREATE TABLE flow (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, function_id TEXT NOT NULL, endpoint TEXT NOT NULL,
    policy INTEGER NOT NULL, timer INTEGER, timer_job_id TEXT, next_due TEXT, description TEXT, email TEXT,
    flow_kwargs TEXT NOT NULL, arg_hash TEXT NOT NULL, pull_function_id TEXT, commit_function_id TEXT,
    last_executed TEXT, created_at TEXT NOT NULL, paused INTEGER NOT NULL DEFAULT 0,
    aligned INTEGER NOT NULL DEFAULT 0, endpoint_config TEXT
);
CREATE TABLE earlier_function (
    flow_id TEXT NOT NULL REFERENCES flow (id) ON DELETE CASCADE, number INTEGER NOT NULL, function_id TEXT NOT NULL,
    registered_at TEXT NOT NULL, replaced_at TEXT NOT NULL, PRIMARY KEY (flow_id, number)
);
CREATE INDEX flow_due ON flow (next_due) WHERE next_due IS NOT NULL;
CREATE TABLE flow_input (
    flow_id TEXT NOT NULL REFERENCES flow (id) ON DELETE CASCADE, parameter TEXT NOT NULL,
    data_id TEXT NOT NULL REFERENCES data (id), pinned INTEGER, fetch INTEGER NOT NULL DEFAULT 1,
    used INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (flow_id, parameter)
);
CREATE INDEX flow_input_data ON flow_input (data_id);
CREATE TABLE flow_output (
    flow_id TEXT NOT NULL REFERENCES flow (id) ON DELETE CASCADE, name TEXT NOT NULL,
    data_id TEXT NOT NULL REFERENCES data (id), etag TEXT, modified TEXT, url TEXT, source_kind TEXT,
    source_check TEXT, source_headers TEXT, source_auth TEXT, optional INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (flow_id, name)
);
CREATE INDEX flow_output_data ON flow_output (data_id);
CREATE TABLE source_change (
    seq INTEGER PRIMARY KEY, data_id TEXT NOT NULL, flow_id TEXT NOT NULL, previous TEXT NOT NULL, url TEXT,
    created_at TEXT NOT NULL
);
CREATE INDEX source_change_data ON source_change (data_id);

CREATE TABLE run (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, flow_id TEXT NOT NULL, state TEXT NOT NULL,
    cause TEXT NOT NULL, overrides TEXT NOT NULL DEFAULT '{}', created_at TEXT NOT NULL, started_at TEXT,
    ended_at TEXT, error TEXT, traceback TEXT, flow_name TEXT,
    chain TEXT, mixed TEXT, circle TEXT, environment TEXT
);
CREATE UNIQUE INDEX run_one_queued ON run (flow_id, overrides) WHERE state = 'queued';
CREATE INDEX run_open ON run (flow_id, state) WHERE state IN ('queued', 'pulling', 'running', 'committing');
CREATE INDEX run_flow ON run (flow_id, seq);
CREATE TABLE run_input (
    run_id TEXT NOT NULL, parameter TEXT NOT NULL, data_id TEXT NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (run_id, parameter)
);
CREATE TABLE run_step (
    run_id TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT, result TEXT,
    PRIMARY KEY (run_id, name)
);

CREATE TABLE prov (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, flow_id TEXT NOT NULL, run_id TEXT, task INTEGER NOT NULL,
    created_at TEXT NOT NULL, UNIQUE (run_id, task)
);
CREATE TABLE prov_used (prov_id TEXT NOT NULL, version_id TEXT NOT NULL, PRIMARY KEY (prov_id, version_id));
CREATE TABLE prov_made (
    prov_id TEXT NOT NULL, version_id TEXT NOT NULL, is_new INTEGER NOT NULL, PRIMARY KEY (prov_id, version_id)
);
CREATE INDEX prov_made_version ON prov_made (version_id);
CREATE INDEX prov_used_version ON prov_used (version_id);

CREATE TABLE file (
    collection TEXT NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, size INTEGER NOT NULL,
    created_at TEXT NOT NULL, PRIMARY KEY (collection, name)
);
CREATE INDEX file_checksum ON file (checksum);
CREATE TABLE compact (checksum TEXT PRIMARY KEY, base TEXT, size INTEGER NOT NULL, stored INTEGER NOT NULL);
CREATE INDEX compact_base ON compact (base);
CREATE TABLE compact_due (data_id TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (data_id, version));
CREATE TABLE hold (
    version_id TEXT NOT NULL, reason TEXT NOT NULL, created_at TEXT NOT NULL, PRIMARY KEY (version_id, reason)
);

CREATE TABLE notice (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, event TEXT NOT NULL, data_id TEXT NOT NULL,
    dataset TEXT NOT NULL, text TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE TABLE notice_target (id TEXT PRIMARY KEY, done INTEGER NOT NULL);
CREATE TABLE problem (data_id TEXT NOT NULL, kind TEXT NOT NULL, level INTEGER NOT NULL, PRIMARY KEY (data_id, kind));
CREATE TABLE drift (
    data_id TEXT NOT NULL, version INTEGER NOT NULL, profile TEXT, notes TEXT, PRIMARY KEY (data_id, version)
);
CREATE INDEX drift_due ON drift (data_id, version) WHERE notes IS NULL;

CREATE TABLE task (
    id TEXT PRIMARY KEY, function_id TEXT NOT NULL, group_id TEXT NOT NULL, status TEXT NOT NULL,
    result TEXT, exception TEXT, completed_at REAL, created_at TEXT NOT NULL
);
CREATE INDEX task_group ON task (group_id);

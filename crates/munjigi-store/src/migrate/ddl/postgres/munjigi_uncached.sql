CREATE TABLE munjigi_uncached (
    session_key varchar(40) NOT NULL PRIMARY KEY,
    changed_at bigint NOT NULL,
    due_at bigint NOT NULL
);
CREATE INDEX munjigi_uncached_due_at ON munjigi_uncached (due_at);

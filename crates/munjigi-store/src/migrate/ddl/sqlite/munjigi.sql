CREATE TABLE munjigi_migration (
    name varchar(255) NOT NULL PRIMARY KEY,
    applied_at bigint NOT NULL
);
CREATE TABLE munjigi_origin (
    created_by varchar(32) NOT NULL PRIMARY KEY,
    user_model varchar(255) NOT NULL
);
CREATE TABLE munjigi_email (
    folded varchar(320) NOT NULL PRIMARY KEY,
    user_id varchar(255) NOT NULL
);
CREATE TABLE munjigi_session (
    sid varchar(64) NOT NULL PRIMARY KEY,
    user_id varchar(255) NOT NULL,
    opened_at bigint NOT NULL,
    last_seen_at bigint NOT NULL,
    idle_end bigint,
    absolute_end bigint,
    auth_hash varchar(128) NOT NULL,
    django_session_key varchar(40),
    jti varchar(255),
    jti_exp bigint,
    previous_jti varchar(255),
    rotated_at bigint,
    sealed_successor blob,
    rotations bigint NOT NULL,
    ended_at bigint,
    end_reason varchar(32),
    client_name text,
    client_address text,
    client_agent text
);
CREATE INDEX munjigi_session_user_id ON munjigi_session (user_id);
CREATE INDEX munjigi_session_django_session_key ON munjigi_session (django_session_key)
    WHERE django_session_key IS NOT NULL;
CREATE INDEX munjigi_session_absolute_end ON munjigi_session (absolute_end);
CREATE INDEX munjigi_session_ended_at ON munjigi_session (ended_at) WHERE ended_at IS NOT NULL;

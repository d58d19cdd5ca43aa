CREATE TABLE munjigi_counter (
    name varchar(32) NOT NULL PRIMARY KEY,
    value bigint NOT NULL
) WITH (fillfactor = 10);
CREATE TABLE munjigi_ended (
    seq bigint NOT NULL PRIMARY KEY,
    sid varchar(64) NOT NULL,
    until bigint NOT NULL
);
CREATE INDEX munjigi_ended_until ON munjigi_ended (until);
-- What ended before there was a list: an access token lived for a day after its refresh token at the most.
INSERT INTO munjigi_ended (seq, sid, until)
    SELECT row_number() OVER (ORDER BY ended_at, sid), sid,
        CASE WHEN jti_exp > ended_at THEN jti_exp ELSE ended_at END + 86400000
    FROM munjigi_session WHERE ended_at IS NOT NULL;
INSERT INTO munjigi_counter (name, value) SELECT 'ended', count(*) FROM munjigi_ended;

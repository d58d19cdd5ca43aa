ALTER TABLE munjigi_session ADD COLUMN is_remembered bool NOT NULL DEFAULT 1;

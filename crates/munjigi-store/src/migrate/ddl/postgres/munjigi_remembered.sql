ALTER TABLE munjigi_session ADD COLUMN is_remembered boolean NOT NULL DEFAULT true;

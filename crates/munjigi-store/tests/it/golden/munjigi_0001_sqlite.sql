-- A database of munjigi with the steps up to 0001_initial: `munjigi migrate` of that version, then by its routes one
-- sign-up, four sign-ins and three sign-outs. What `sqlite3 .dump` says of it.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE IF NOT EXISTS "django_migrations" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "app" varchar(255) NOT NULL, "name" varchar(255) NOT NULL, "applied" datetime NOT NULL);
INSERT INTO django_migrations VALUES(1,'contenttypes','0001_initial','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(2,'contenttypes','0002_remove_content_type_name','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(3,'auth','0001_initial','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(4,'auth','0002_alter_permission_name_max_length','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(5,'auth','0003_alter_user_email_max_length','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(6,'auth','0004_alter_user_username_opts','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(7,'auth','0005_alter_user_last_login_null','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(8,'auth','0006_require_contenttypes_0002','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(9,'auth','0007_alter_validators_add_error_messages','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(10,'auth','0008_alter_user_username_max_length','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(11,'auth','0009_alter_user_last_name_max_length','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(12,'auth','0010_alter_group_name_max_length','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(13,'auth','0011_update_proxy_permissions','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(14,'auth','0012_alter_user_first_name_max_length','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(15,'user','0001_initial','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(16,'sessions','0001_initial','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(17,'token_blacklist','0001_initial','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(18,'token_blacklist','0002_outstandingtoken_jti_hex','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(19,'token_blacklist','0003_auto_20171017_2007','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(20,'token_blacklist','0004_auto_20171017_2013','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(21,'token_blacklist','0005_remove_outstandingtoken_jti','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(22,'token_blacklist','0006_auto_20171017_2113','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(23,'token_blacklist','0007_auto_20171017_2214','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(24,'token_blacklist','0008_migrate_to_bigautofield','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(25,'token_blacklist','0010_fix_migrate_to_bigautofield','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(26,'token_blacklist','0011_linearizes_history','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(27,'token_blacklist','0012_alter_outstandingtoken_user','2026-11-22 00:28:16.557033');
INSERT INTO django_migrations VALUES(28,'token_blacklist','0013_alter_blacklistedtoken_options_and_more','2026-11-22 00:28:16.557033');
CREATE TABLE IF NOT EXISTS "django_content_type" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "app_label" varchar(100) NOT NULL, "model" varchar(100) NOT NULL);
CREATE TABLE IF NOT EXISTS "auth_permission" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "codename" varchar(100) NOT NULL, "name" varchar(255) NOT NULL);
CREATE TABLE IF NOT EXISTS "auth_group" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(150) NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS "auth_group_permissions" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "group_id" integer NOT NULL REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED, "permission_id" integer NOT NULL REFERENCES "auth_permission" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE IF NOT EXISTS "user_user" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "password" varchar(128) NOT NULL, "last_login" datetime NULL, "is_superuser" bool NOT NULL, "username" varchar(150) NOT NULL UNIQUE, "first_name" varchar(150) NOT NULL, "last_name" varchar(150) NOT NULL, "email" varchar(254) NOT NULL, "is_staff" bool NOT NULL, "is_active" bool NOT NULL, "date_joined" datetime NOT NULL, "age" integer unsigned NULL CHECK ("age" >= 0));
INSERT INTO user_user VALUES(1,'pbkdf2_sha256$1000$SZdeRCt7YvpsZCca5cJiEQ$lc5riPhIKaUcfGW8huj8gRsaCRjIllRqVCvDSC7X6Qk=','2026-11-22 00:28:16.890978',0,'mseo','','','mseo@naver.com',0,1,'2026-11-22 00:28:16.605071',24);
CREATE TABLE IF NOT EXISTS "user_user_groups" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "user_id" bigint NOT NULL REFERENCES "user_user" ("id") DEFERRABLE INITIALLY DEFERRED, "group_id" integer NOT NULL REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE IF NOT EXISTS "user_user_user_permissions" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "user_id" bigint NOT NULL REFERENCES "user_user" ("id") DEFERRABLE INITIALLY DEFERRED, "permission_id" integer NOT NULL REFERENCES "auth_permission" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE IF NOT EXISTS "django_session" ("session_key" varchar(40) NOT NULL PRIMARY KEY, "session_data" text NOT NULL, "expire_date" datetime NOT NULL);
INSERT INTO django_session VALUES('i8vcklnwlnmgd09cg65ccds8umk6ur8v','.eJxVjjsOwyAQBe9CHVkLCxhcps8ZEOyCP0lsydhVlLtHjlwk7ZvR6L1EiPs2hL3mNYwsOiHF5XdLke55PgBPce6XhpZ5W8fUHEpz0trcFs6P6-n-BYZYB9EJdD4X1qDJA2bSUBz7VCR665VTTC1I53IEXQBj9kmzsojGUYKcWjqiz32exn4M9XsUrDLGSI8yQkpOIYHV6ICN4RJJi_cHMnlF2A:1xUvRI:MACVvGi3D6L2e52pNQiVz5jDJ_snoFUNITP6oCdq1Xo','2026-12-06 00:28:16.879410');
CREATE TABLE IF NOT EXISTS "token_blacklist_outstandingtoken" ("token" text NOT NULL, "created_at" datetime NULL, "expires_at" datetime NOT NULL, "user_id" bigint NULL REFERENCES "user_user" ("id") DEFERRABLE INITIALLY DEFERRED, "jti" varchar(255) NOT NULL UNIQUE, "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT);
INSERT INTO token_blacklist_outstandingtoken VALUES('sha256:RzLizi0XSc9j3wvQ3IRzAi/LP1N/n5QIhuN9gL9Yf8g','2026-11-22 00:28:16','2026-11-29 00:28:16',1,'7bd950ef205144d9be27cbb945635610',1);
INSERT INTO token_blacklist_outstandingtoken VALUES('sha256:AtAp3g0O4KAHMHw79pEh3k3Zqjsc6rbQmyayFt9jxPQ','2026-11-22 00:28:16','2026-11-29 00:28:16',1,'0c99bfddef4d420397ed56f073312ec5',2);
INSERT INTO token_blacklist_outstandingtoken VALUES('sha256:s+FJXvZ9SOxl4pehq3ABqrR0Ud23gLhSS/i40GsI8cE','2026-11-22 00:28:16','2026-11-29 00:28:16',1,'77383e2929c248c9853293868e5f7a3f',3);
CREATE TABLE IF NOT EXISTS "token_blacklist_blacklistedtoken" ("blacklisted_at" datetime NOT NULL, "token_id" bigint NOT NULL UNIQUE REFERENCES "token_blacklist_outstandingtoken" ("id") DEFERRABLE INITIALLY DEFERRED, "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT);
INSERT INTO token_blacklist_blacklistedtoken VALUES('2026-11-22 00:28:16.899352',2,1);
INSERT INTO token_blacklist_blacklistedtoken VALUES('2026-11-22 00:28:16.916511',3,2);
CREATE TABLE munjigi_migration (
    name varchar(255) NOT NULL PRIMARY KEY,
    applied_at bigint NOT NULL
);
INSERT INTO munjigi_migration VALUES('0001_initial',1795307296557);
CREATE TABLE munjigi_origin (
    created_by varchar(32) NOT NULL PRIMARY KEY,
    user_model varchar(255) NOT NULL
);
INSERT INTO munjigi_origin VALUES('munjigi','user.User');
CREATE TABLE munjigi_email (
    folded varchar(320) NOT NULL PRIMARY KEY,
    user_id varchar(255) NOT NULL
);
INSERT INTO munjigi_email VALUES('mseo@naver.com','1');
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
INSERT INTO munjigi_session VALUES('ad1fea67d9796a07db6ad6e67a18cf7a','1',1795307296605,1795307296605,NULL,NULL,'389efd404c903ec40f8d9bf13969282dc70188ea04f03ae9b4d263358cb0eb7c',NULL,'7bd950ef205144d9be27cbb945635610',1795912096000,NULL,NULL,NULL,0,NULL,NULL,NULL,'127.0.0.1','curl/7.88.1');
INSERT INTO munjigi_session VALUES('b30f5f29d0ca8db487821ba21773ad44','1',1795307296625,1795307296625,NULL,NULL,'389efd404c903ec40f8d9bf13969282dc70188ea04f03ae9b4d263358cb0eb7c',NULL,'0c99bfddef4d420397ed56f073312ec5',1795912096000,NULL,NULL,NULL,0,1795307296899,'sign_out',NULL,'127.0.0.1','curl/7.88.1');
INSERT INTO munjigi_session VALUES('eb05c2098250fe0b669687e78baf8ada','1',1795307296779,1795307296779,NULL,NULL,'389efd404c903ec40f8d9bf13969282dc70188ea04f03ae9b4d263358cb0eb7c',NULL,'77383e2929c248c9853293868e5f7a3f',1795912096000,NULL,NULL,NULL,0,1795307296916,'sign_out',NULL,'127.0.0.1','curl/7.88.1');
INSERT INTO munjigi_session VALUES('0625551931a0bb823c064380d55dfac4','1',1795307296879,1795307296879,NULL,NULL,'389efd404c903ec40f8d9bf13969282dc70188ea04f03ae9b4d263358cb0eb7c','i8vcklnwlnmgd09cg65ccds8umk6ur8v',NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,'127.0.0.1','curl/7.88.1');
INSERT INTO munjigi_session VALUES('111263996e04042401f903792d400ae3','1',1795307296890,1795307296890,NULL,NULL,'389efd404c903ec40f8d9bf13969282dc70188ea04f03ae9b4d263358cb0eb7c','whr6mf2pzybfkspzue3ga2uwgm0i87fl',NULL,NULL,NULL,NULL,NULL,0,1795307296932,'sign_out',NULL,'127.0.0.1','curl/7.88.1');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('django_migrations',28);
INSERT INTO sqlite_sequence VALUES('user_user',1);
INSERT INTO sqlite_sequence VALUES('token_blacklist_outstandingtoken',5);
INSERT INTO sqlite_sequence VALUES('token_blacklist_blacklistedtoken',2);
CREATE UNIQUE INDEX "django_content_type_app_label_model_76bd3d3b_uniq" ON "django_content_type" ("app_label", "model");
CREATE INDEX "auth_permission_content_type_id_2f476e4b" ON "auth_permission" ("content_type_id");
CREATE UNIQUE INDEX "auth_permission_content_type_id_codename_01ab375a_uniq" ON "auth_permission" ("content_type_id", "codename");
CREATE INDEX "auth_group_permissions_group_id_b120cbf9" ON "auth_group_permissions" ("group_id");
CREATE UNIQUE INDEX "auth_group_permissions_group_id_permission_id_0cd325b0_uniq" ON "auth_group_permissions" ("group_id", "permission_id");
CREATE INDEX "auth_group_permissions_permission_id_84c5c92e" ON "auth_group_permissions" ("permission_id");
CREATE INDEX "user_user_groups_group_id_c57f13c0" ON "user_user_groups" ("group_id");
CREATE INDEX "user_user_groups_user_id_13f9a20d" ON "user_user_groups" ("user_id");
CREATE UNIQUE INDEX "user_user_groups_user_id_group_id_bb60391f_uniq" ON "user_user_groups" ("user_id", "group_id");
CREATE INDEX "user_user_user_permissions_permission_id_ce49d4de" ON "user_user_user_permissions" ("permission_id");
CREATE INDEX "user_user_user_permissions_user_id_31782f58" ON "user_user_user_permissions" ("user_id");
CREATE UNIQUE INDEX "user_user_user_permissions_user_id_permission_id_64f4d5b8_uniq" ON "user_user_user_permissions" ("user_id", "permission_id");
CREATE INDEX "django_session_expire_date_a5c62663" ON "django_session" ("expire_date");
CREATE INDEX "token_blacklist_outstandingtoken_user_id_83bc629a" ON "token_blacklist_outstandingtoken" ("user_id");
CREATE INDEX munjigi_session_user_id ON munjigi_session (user_id);
CREATE INDEX munjigi_session_django_session_key ON munjigi_session (django_session_key)
    WHERE django_session_key IS NOT NULL;
CREATE INDEX munjigi_session_absolute_end ON munjigi_session (absolute_end);
CREATE INDEX munjigi_session_ended_at ON munjigi_session (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX munjigi_user_email ON "user_user" (lower("email"));
COMMIT;

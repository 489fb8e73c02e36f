-- A database of the first released schema, with something of everything; its clock stood at 1767323053000.
PRAGMA application_id = 1280001369;
CREATE TABLE __drizzle_migrations (id integer primary key, hash text not null, created_at numeric);
INSERT INTO "__drizzle_migrations" VALUES (1, 'a282fc75e097685eef69ea3abf103f4ad4526677026e5ddaddd41e4928362b2a', 1795339392145);
CREATE TABLE `accounts` (
	`user_id` text PRIMARY KEY NOT NULL,
	`created_at` integer NOT NULL,
	`banned_at` integer,
	`banned_until` integer,
	`ban_source` text,
	`banned_by` text,
	`ban_reason` text,
	`banned_in_server` integer DEFAULT false NOT NULL,
	`server_ban_waived` integer DEFAULT false NOT NULL,
	CONSTRAINT "accounts_ban_source" CHECK("accounts"."ban_source" in ('staff', 'server')),
	CONSTRAINT "accounts_ban" CHECK(("accounts"."banned_at" is null) = ("accounts"."ban_source" is null))
);
INSERT INTO "accounts" VALUES ('100000000000000001', 1767323046000, NULL, NULL, NULL, NULL, NULL, 0, 0);
INSERT INTO "accounts" VALUES ('100000000000000002', 1767323050000, NULL, NULL, NULL, NULL, NULL, 0, 0);
INSERT INTO "accounts" VALUES ('100000000000000003', 1767323052000, 1767323052000, 1769915052000, 'staff', '900000000000000009', 'spam', 0, 0);
CREATE TABLE `audit_events` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`actor_kind` text NOT NULL,
	`actor_id` text,
	`request_id` text,
	`action` text NOT NULL,
	`user_id` text NOT NULL,
	`session_id` text,
	`detail` text NOT NULL
);
INSERT INTO "audit_events" VALUES (1, 1767323046000, 'member', '100000000000000001', 'request of 100000000000000001', 'session.created', '100000000000000001', '019b7ca9-9070-7623-8c48-d80365df8eca', '{"type":"api","expiresAt":1801883046000}');
INSERT INTO "audit_events" VALUES (2, 1767323047000, 'member', '100000000000000001', 'request of 100000000000000001', 'session.created', '100000000000000001', '019b7ca9-9458-75ee-89e8-7bf7acdc6f10', '{"type":"api","expiresAt":1767330247000}');
INSERT INTO "audit_events" VALUES (3, 1767323048000, 'member', '100000000000000001', 'request of 100000000000000001', 'session.created', '100000000000000001', '019b7ca9-9840-72c5-a491-290aa07415c1', '{"type":"api","expiresAt":1767409448000}');
INSERT INTO "audit_events" VALUES (4, 1767323048000, 'member', '100000000000000001', 'request of 100000000000000001', 'session.ended', '100000000000000001', '019b7ca9-9840-72c5-a491-290aa07415c1', '{"reason":"revoked","hint":"lYhB","among":1}');
INSERT INTO "audit_events" VALUES (5, 1767323049000, 'member', '100000000000000001', 'request of 100000000000000001', 'session.created', '100000000000000001', '019b7ca9-9c28-72b8-b180-944cbca329ef', '{"type":"api","expiresAt":1769915049000}');
INSERT INTO "audit_events" VALUES (6, 1767323049000, 'member', '100000000000000001', 'request of 100000000000000001', 'session.rotated', '100000000000000001', '019b7ca9-9c28-73b8-a796-37ea634cab58', '{"replaced":"019b7ca9-9c28-72b8-b180-944cbca329ef","expiresAt":1769915049000}');
INSERT INTO "audit_events" VALUES (7, 1767323049000, 'member', '100000000000000001', 'request of 100000000000000001', 'session.ended', '100000000000000001', '019b7ca9-9c28-72b8-b180-944cbca329ef', '{"reason":"rotated","hint":"hHe9","among":1}');
INSERT INTO "audit_events" VALUES (8, 1767323050000, 'member', '100000000000000002', 'request of 100000000000000002', 'session.created', '100000000000000002', '019b7ca9-a010-7478-8c11-a57a3889fc62', '{"type":"api","expiresAt":88167236650000}');
INSERT INTO "audit_events" VALUES (9, 1767323051000, 'member', '100000000000000002', 'http', 'session.created', '100000000000000002', '019b7ca9-a3f8-7611-a270-9be95c30a758', '{"type":"api","expiresAt":1775099051000}');
INSERT INTO "audit_events" VALUES (10, 1767323052000, 'member', '100000000000000003', 'request of 100000000000000003', 'session.created', '100000000000000003', '019b7ca9-a7e0-761c-8e1b-db73b852f6aa', '{"type":"api","expiresAt":1775099052000}');
INSERT INTO "audit_events" VALUES (11, 1767323052000, 'staff', '900000000000000009', 'staff-1', 'account.banned', '100000000000000003', NULL, '{"source":"staff","reason":"spam","until":1769915052000,"ended":0}');
INSERT INTO "audit_events" VALUES (12, 1767323053000, 'member', '100000000000000001', 'request of 100000000000000001', 'session.created', '100000000000000001', '019b7ca9-abc8-761d-a719-b3de31190c72', '{"type":"login","expiresAt":1767326653000}');
CREATE TABLE `authorizations` (
	`user_id` text PRIMARY KEY NOT NULL,
	`user` text NOT NULL,
	`scopes` text NOT NULL,
	`expires_at` integer NOT NULL,
	`checked_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `accounts`(`user_id`) ON UPDATE no action ON DELETE no action
);
INSERT INTO "authorizations" VALUES ('100000000000000001', '{"id":"100000000000000001","username":"ana","global_name":"Ana","avatar":null,"public_flags":64}', '["identify"]', 1767927853000, 1767323053000);
CREATE TABLE `leases` (
	`name` text PRIMARY KEY NOT NULL,
	`holder` text NOT NULL,
	`until` integer NOT NULL
);
INSERT INTO "leases" VALUES ('clockwork', 'first', 1767323068000);
CREATE TABLE `outbox` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`event_id` integer NOT NULL,
	`recipient` text,
	`batch` text,
	`tried_at` integer,
	`attempts` integer DEFAULT 0 NOT NULL,
	`due_at` integer NOT NULL,
	FOREIGN KEY (`event_id`) REFERENCES `audit_events`(`id`) ON UPDATE no action ON DELETE cascade
);
INSERT INTO "outbox" VALUES (1, 11, NULL, NULL, NULL, 0, 1767323052000);
CREATE TABLE `questions` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`act` text NOT NULL,
	`expires_at` integer NOT NULL
);
INSERT INTO "questions" VALUES ('q1', '900000000000000009', '{"do":"revoke-all","userId":"100000000000000002"}', 1767326653000);
CREATE TABLE `sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`token_hash` blob NOT NULL,
	`user_id` text NOT NULL,
	`type` text NOT NULL,
	`name` text,
	`hint` text NOT NULL,
	`parent_id` text,
	`replaces` text,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`last_used_at` integer,
	`ended_at` integer,
	`ended_by` text,
	`end_reason` text,
	FOREIGN KEY (`user_id`) REFERENCES `accounts`(`user_id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`parent_id`) REFERENCES `sessions`(`id`) ON UPDATE no action ON DELETE set null,
	CONSTRAINT "sessions_type" CHECK("sessions"."type" in ('login', 'app_login', 'api')),
	CONSTRAINT "sessions_token_hash_length" CHECK(length("sessions"."token_hash") = 32),
	CONSTRAINT "sessions_ended" CHECK(("sessions"."ended_at" is null) = ("sessions"."end_reason" is null))
);
INSERT INTO "sessions" VALUES ('019b7ca9-9070-7623-8c48-d80365df8eca', x'6401d3c0418fe399b483534ba4362ac5f5c78781d88a7960e16bf6aef3698e26', '100000000000000001', 'api', 'deploy script', 'MlN7', NULL, NULL, 1767323046000, 1801883046000, 1767323053000, NULL, NULL, NULL);
INSERT INTO "sessions" VALUES ('019b7ca9-9458-75ee-89e8-7bf7acdc6f10', x'43aae22d1325912bf2bc69f5cf2a9636d3527e0d54ba82946bd3c43f15053868', '100000000000000001', 'api', 'short', 'xHUe', NULL, NULL, 1767323047000, 1767330247000, NULL, NULL, NULL, NULL);
INSERT INTO "sessions" VALUES ('019b7ca9-9840-72c5-a491-290aa07415c1', x'4afbe908220f11d932ae09c748febc98c3f65628d3440e8873dc8fa5082308d9', '100000000000000001', 'api', 'revoked', 'lYhB', NULL, NULL, 1767323048000, 1767409448000, NULL, 1767323048000, '100000000000000001', 'revoked');
INSERT INTO "sessions" VALUES ('019b7ca9-9c28-72b8-b180-944cbca329ef', x'0b165b46475d2dd8ecbda6cb18fb4893bc5b836d3730e78da6c1ca36a36bbb40', '100000000000000001', 'api', 'rotated', 'hHe9', NULL, NULL, 1767323049000, 1769915049000, NULL, 1767323049000, '100000000000000001', 'rotated');
INSERT INTO "sessions" VALUES ('019b7ca9-9c28-73b8-a796-37ea634cab58', x'05f77636476bbaccb23b9b64cd230802e85e23d0c0f47add0fa18dec94239658', '100000000000000001', 'api', 'rotated', 'WR3N', NULL, '019b7ca9-9c28-72b8-b180-944cbca329ef', 1767323049000, 1769915049000, NULL, NULL, NULL, NULL);
INSERT INTO "sessions" VALUES ('019b7ca9-a010-7478-8c11-a57a3889fc62', x'fe9ef0cd093944cb8f902e2b678b0dbe66a255d5d134a33292bf16282fc384c5', '100000000000000002', 'api', 'Bén''s 🗝 `token`', '10bM', NULL, NULL, 1767323050000, 88167236650000, NULL, NULL, NULL, NULL);
INSERT INTO "sessions" VALUES ('019b7ca9-a3f8-7611-a270-9be95c30a758', x'9b5989200087175edcf233fcae6dd962266ed6e746ef48a327005d244d52bcb2', '100000000000000002', 'api', 'child', 'tUbA', '019b7ca9-a010-7478-8c11-a57a3889fc62', NULL, 1767323051000, 1775099051000, NULL, NULL, NULL, NULL);
INSERT INTO "sessions" VALUES ('019b7ca9-a7e0-761c-8e1b-db73b852f6aa', x'a2379af45a927a93f8a3874b0b06b46db37972fa4f09b5bd5bdcc4a9d048449a', '100000000000000003', 'api', 'of a banned one', 'UGAT', NULL, NULL, 1767323052000, 1775099052000, NULL, NULL, NULL, NULL);
INSERT INTO "sessions" VALUES ('019b7ca9-abc8-761d-a719-b3de31190c72', x'c1482eda1157a6e829a99cc6ce0689547724bade6e8ceed2e5b3a985b18346ae', '100000000000000001', 'login', NULL, 'FfW6', NULL, NULL, 1767323053000, 1767326653000, NULL, NULL, NULL, NULL);
CREATE TABLE `settings` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
INSERT INTO "settings" VALUES ('application', '{"id":"600000000000000006","name":"Lighthouse"}');
CREATE INDEX `accounts_banned` ON `accounts` (`banned_at`) WHERE banned_at is not null;
CREATE INDEX `audit_events_user` ON `audit_events` (`user_id`,`id`);
CREATE INDEX `outbox_event` ON `outbox` (`event_id`);
CREATE UNIQUE INDEX `sessions_token_hash` ON `sessions` (`token_hash`);
CREATE INDEX `sessions_user` ON `sessions` (`user_id`,`id`);
CREATE INDEX `sessions_parent` ON `sessions` (`parent_id`) WHERE parent_id is not null;

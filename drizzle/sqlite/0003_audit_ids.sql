PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_audit_events` (
	`id` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`actor_kind` text NOT NULL,
	`actor_id` text,
	`request_id` text,
	`action` text NOT NULL,
	`user_id` text NOT NULL,
	`session_id` text,
	`detail` text NOT NULL
);
--> statement-breakpoint
INSERT INTO `__new_audit_events`("id", "at", "actor_kind", "actor_id", "request_id", "action", "user_id", "session_id", "detail") SELECT "id", "at", "actor_kind", "actor_id", "request_id", "action", "user_id", "session_id", "detail" FROM `audit_events`;--> statement-breakpoint
DROP TABLE `audit_events`;--> statement-breakpoint
ALTER TABLE `__new_audit_events` RENAME TO `audit_events`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE INDEX `audit_events_user` ON `audit_events` (`user_id`,`id`);
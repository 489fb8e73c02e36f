CREATE TABLE `spent_allowances` (
	`user_id` text PRIMARY KEY NOT NULL,
	`created` integer NOT NULL,
	`rotated` integer NOT NULL,
	`until` integer NOT NULL
);
--> statement-breakpoint
DROP INDEX `sessions_user`;--> statement-breakpoint
ALTER TABLE `sessions` ADD `rotation_told_at` integer;--> statement-breakpoint
ALTER TABLE `sessions` ADD `contested_at` integer;--> statement-breakpoint
CREATE INDEX `sessions_live` ON `sessions` (`user_id`,`expires_at`,`type`,`ended_at`) WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX `sessions_reported` ON `sessions` (`ended_by`) WHERE end_reason = 'leaked';--> statement-breakpoint
CREATE INDEX `sessions_user` ON `sessions` (`user_id`,`id`,`type`,`replaces`);--> statement-breakpoint
ALTER TABLE `audit_events` ADD `actor_session_id` text;--> statement-breakpoint
CREATE INDEX `audit_events_by_others` ON `audit_events` (`actor_id`) WHERE actor_kind = 'member' and actor_id <> user_id;--> statement-breakpoint
ALTER TABLE `notices` ADD `rotation` integer DEFAULT true NOT NULL;
CREATE TABLE `deletions` (
	`place` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`due_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `deletions_due` ON `deletions` (`due_at`);--> statement-breakpoint
CREATE TABLE `notices` (
	`user_id` text PRIMARY KEY NOT NULL,
	`expiry` integer DEFAULT true NOT NULL,
	`first_use` integer DEFAULT true NOT NULL,
	`login` integer DEFAULT true NOT NULL,
	`deletion` integer DEFAULT true NOT NULL,
	`refused_at` integer
);
--> statement-breakpoint
ALTER TABLE `sessions` ADD `rotated_at` integer;--> statement-breakpoint
ALTER TABLE `sessions` ADD `reused_at` integer;--> statement-breakpoint
ALTER TABLE `sessions` ADD `remind_at` integer;--> statement-breakpoint
CREATE INDEX `sessions_replaces` ON `sessions` (`replaces`) WHERE replaces is not null;--> statement-breakpoint
CREATE INDEX `sessions_remind` ON `sessions` (`remind_at`) WHERE remind_at is not null;--> statement-breakpoint
CREATE INDEX `accounts_banned_until` ON `accounts` (`banned_until`) WHERE banned_until is not null;--> statement-breakpoint
CREATE INDEX `outbox_due` ON `outbox` (`due_at`);--> statement-breakpoint
CREATE INDEX `outbox_batch` ON `outbox` (`batch`) WHERE batch is not null;--> statement-breakpoint
CREATE INDEX `outbox_waiting` ON `outbox` (`recipient`,`id`) WHERE batch is null;--> statement-breakpoint
CREATE INDEX `questions_expire` ON `questions` (`expires_at`);--> statement-breakpoint
-- To be looked at; what is due, and when next, is reckoned then.
UPDATE `sessions` SET `remind_at` = `created_at` WHERE `type` = 'api' AND `ended_at` IS NULL;--> statement-breakpoint
UPDATE `sessions` SET `rotated_at` = `ended_at` WHERE `end_reason` = 'rotated';

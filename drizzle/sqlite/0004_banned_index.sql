DROP INDEX `accounts_banned`;--> statement-breakpoint
CREATE UNIQUE INDEX `accounts_banned` ON `accounts` (`user_id`) WHERE banned_at is not null;
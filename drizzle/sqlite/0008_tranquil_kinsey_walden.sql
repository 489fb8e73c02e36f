ALTER TABLE `accounts` ADD `held_roles` text;--> statement-breakpoint
ALTER TABLE `accounts` ADD `held_at` integer;--> statement-breakpoint
ALTER TABLE `accounts` ADD `roles_lost_at` integer;--> statement-breakpoint
ALTER TABLE `accounts` ADD `suspension_told_at` integer;--> statement-breakpoint
CREATE INDEX `accounts_held` ON `accounts` (`held_at`) WHERE held_at is not null;--> statement-breakpoint
CREATE INDEX `accounts_roles_lost` ON `accounts` (`roles_lost_at`) WHERE roles_lost_at is not null;
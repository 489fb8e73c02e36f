ALTER TABLE `accounts` ADD `roles` text;--> statement-breakpoint
ALTER TABLE `accounts` ADD `roles_at` integer;--> statement-breakpoint
ALTER TABLE `sessions` ADD `scope` text;--> statement-breakpoint
ALTER TABLE `sessions` ADD `roles` text;
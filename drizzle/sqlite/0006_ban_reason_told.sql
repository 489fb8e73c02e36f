ALTER TABLE `accounts` ADD `ban_reason_told` integer DEFAULT false NOT NULL;

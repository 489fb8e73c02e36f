-- readable from 0000
ALTER TABLE "accounts" ADD COLUMN "roles" text;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "roles_at" bigint;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "scope" text;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "roles" text;
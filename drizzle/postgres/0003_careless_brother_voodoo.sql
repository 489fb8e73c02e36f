-- readable from 0000
ALTER TABLE "accounts" ADD COLUMN "held_roles" text;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "held_at" bigint;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "roles_lost_at" bigint;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "suspension_told_at" bigint;--> statement-breakpoint
CREATE INDEX "accounts_held" ON "accounts" USING btree ("held_at") WHERE held_at is not null;--> statement-breakpoint
CREATE INDEX "accounts_roles_lost" ON "accounts" USING btree ("roles_lost_at") WHERE roles_lost_at is not null;
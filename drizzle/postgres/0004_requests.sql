-- readable from 0000
CREATE TABLE "requests" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" text collate "C" NOT NULL,
	"name" text NOT NULL,
	"scope" text NOT NULL,
	"why" text NOT NULL,
	"created_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"lapses_at" bigint NOT NULL,
	"approved_at" bigint,
	"approved_by" text collate "C"
);
--> statement-breakpoint
CREATE INDEX "requests_user" ON "requests" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "requests_lapse" ON "requests" USING btree ("lapses_at");
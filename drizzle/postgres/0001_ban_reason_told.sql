-- readable from 0000
ALTER TABLE "accounts" ADD COLUMN "ban_reason_told" boolean DEFAULT false NOT NULL;
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Member } from '../core/actor.ts';
import type { Standing } from '../core/policy/standing.ts';
import type { SessionType } from '../core/sessions/session.ts';
import type { Instant } from '../core/time.ts';

/** What a request carries on its way to a route. */
export interface Env {
  readonly Variables: {
    /** In each answer as `X-Request-Id`, in the log and in the audit. */
    readonly requestId: string;
    /** Who asks; set on the routes that need a token. */
    readonly actor: Member;
    /** The session whose token was sent, on the same routes. */
    readonly session: {
      readonly id: string;
      readonly type: SessionType;
      readonly expiresAt: Instant;
      readonly name: string | null;
      readonly createdAt: Instant;
      /** What it is good for; null where there is no policy. */
      readonly standing: Standing | null;
    };
  };
}

export type Api = OpenAPIHono<Env>;

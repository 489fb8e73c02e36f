import { v7 as uuidv7 } from 'uuid';
import {
  BY_DISCORD,
  type Member,
  type RequestId,
  type Staff,
  SYSTEM,
  type UserId,
} from '../actor.ts';
import type { Act } from '../audit/audit.ts';
import { AppError, banned, type Refusal, refuse } from '../errors.ts';
import { inSlices } from '../jobs/slices.ts';
import { permit, permitStaff } from '../permission.ts';
import { readScopeText } from '../policy/scopes.ts';
import { toNewSession } from '../sessions/minted-token.ts';
import { expiryLike } from '../sessions/session.ts';
import type { Clock } from '../time.ts';
import type { Deliver } from '../tokens/delivery.ts';
import {
  createIssue,
  type DeliveredToken,
  type IssueDeps,
  type NewToken,
} from '../tokens/issue.ts';
import { parseName } from '../tokens/token-name.ts';
import { MOST_REQUESTS, type Request, REQUEST_LIFETIME_MS, requestEvent } from './request.ts';
import type { RequestStore } from './store.ts';

export interface RequestsDeps extends IssueDeps {
  readonly store: IssueDeps['store'] & RequestStore;
}

export interface NewRequest extends NewToken {
  readonly scopes: readonly string[];
  /** For the staff. */
  readonly why: string;
}

/** What became of an approval. */
export interface Approval {
  readonly request: Request;
  /** Why its member has no token yet, which waits to be fetched; null if they have it. */
  readonly undelivered: Refusal | null;
}

/** What members ask the staff for. Nothing is minted before somebody approves. */
export function createRequests(deps: RequestsDeps) {
  const { store, clock, random, limits, policy } = deps;
  const { decide, requireMayCreate, mint, deliverAndStore } = createIssue(deps);

  /** @throws AppError `conflict` if it was answered or has lapsed */
  async function requireOne(
    id: RequestId,
    isMeant: (request: Request) => boolean,
  ): Promise<Request> {
    const request = await store.findRequest(id, clock());
    if (request === null || !isMeant(request)) throw over();
    return request;
  }

  /** Looks again at what may have changed since it was asked. @throws AppError that is about the member */
  async function prepare(actor: Member, request: Request) {
    const scopes = readScopeText(request.scope);
    const isKnown = scopes.every((name) => policy?.scope(name) !== undefined);
    if (!isKnown) throw refuse({ code: 'conflict', reason: 'policy_changed' });
    const look = await requireMayCreate(actor, scopes, true);
    const now = clock();
    const decided = decide(actor, { scopes, expiresAt: expiryLike(request, now) }, look, true);
    const minted = mint(actor, now, { name: request.name, ...decided }, null);
    return { act: { actor, at: now }, minted, look };
  }

  async function issue(
    { id }: Request,
    { act, minted, look }: Awaited<ReturnType<typeof prepare>>,
    approvedBy: UserId,
    deliver: Deliver,
  ): Promise<DeliveredToken> {
    const fresh = { ...toNewSession(minted, look), approvedBy };
    return deliverAndStore(act, minted, deliver, (deletion) =>
      store.issueRequest(act, id, fresh, limits, deletion),
    );
  }

  return {
    /**
     * Asks the staff for a token with a scope that they approve each time.
     * @throws AppError as for a token that is made at once; `restricted` while too many of the member's wait
     */
    async open(actor: Member, input: NewRequest): Promise<Request> {
      await permit(deps, 'requests.open', actor);
      const name = parseName(input.name);
      const look = await requireMayCreate(actor, input.scopes, true);
      const { scope } = decide(actor, input, look, true);
      if (scope === null) throw refuse({ code: 'conflict', reason: 'policy_changed' });
      const now = clock();
      const request: Request = {
        id: uuidv7({ msecs: now, random: random(16) }),
        userId: actor.userId,
        name,
        scope,
        why: input.why,
        createdAt: now,
        expiresAt: input.expiresAt,
        lapsesAt: now + REQUEST_LIFETIME_MS,
        approved: null,
      };
      const { is } = await store.openRequest({ actor, at: now }, request, MOST_REQUESTS);
      if (is === 'banned') throw banned();
      if (is === 'too_many') {
        throw refuse({ code: 'restricted', reason: 'requests_open', max: MOST_REQUESTS });
      }
      return request;
    },

    /** A member's own that wait, for the staff or for them; oldest first. */
    async own(actor: Member): Promise<readonly Request[]> {
      await permit(deps, 'requests.own', actor);
      return store.requestsOf(actor.userId, clock());
    },

    /** One that waits for the staff. @throws AppError `conflict` if it is answered or over */
    async show(actor: Staff, id: RequestId): Promise<Request> {
      permitStaff('requests.show', actor);
      return requireOne(id, ({ approved }) => approved === null);
    },

    /**
     * Approves, and sends the member the token. If it does not reach them, the approval stays.
     * @throws AppError `conflict` if it is answered or over, `restricted` for one's own; whatever else it is, it is about
     * the member: then nothing is approved
     */
    async approve(actor: Staff, id: RequestId, deliver: Deliver): Promise<Approval> {
      permitStaff('requests.approve', actor);
      const { userId, requestId } = actor;
      const asked = await requireOne(id, ({ approved }) => approved === null);
      if (asked.userId === userId) throw refuse({ code: 'restricted', reason: 'own_request' });
      const owner: Member = {
        kind: 'member',
        userId: asked.userId,
        requestId,
        credential: BY_DISCORD,
      };
      const prepared = await prepare(owner, asked);
      const request = await store.approveRequest({ actor, at: clock() }, id);
      if (request === null) throw over();
      try {
        await issue(request, prepared, userId, deliver);
        return { request, undelivered: null };
      } catch (error) {
        if (!(error instanceof AppError) || error.code === 'uncertain') throw error;
        const act = { actor: SYSTEM, at: clock() };
        await store.record(requestEvent(act, request, { action: 'request.undelivered' }));
        return { request, undelivered: error.refusal };
      }
    },

    /** @throws AppError `conflict` if it is answered or over */
    async deny(actor: Staff, id: RequestId, reason: string | null): Promise<Request> {
      permitStaff('requests.deny', actor);
      const denied = await store.denyRequest({ actor, at: clock() }, id, reason);
      if (denied === null) throw over();
      return denied;
    },

    /** The member gets the token of a request that was approved. */
    async fetch(actor: Member, id: RequestId, deliver: Deliver): Promise<DeliveredToken> {
      await permit(deps, 'requests.fetch', actor);
      const request = await requireOne(id, ({ userId }) => userId === actor.userId);
      const { approved } = request;
      if (approved === null) throw over();
      return issue(request, await prepare(actor, request), approved.by, deliver);
    },
  };
}

export type Requests = ReturnType<typeof createRequests>;

const over = () => refuse({ code: 'conflict', reason: 'request_over' });

const SLICE = 50;

/** Removes what nobody answered or fetched in time, a slice at a time; its member is told. */
export async function lapseRequests(
  store: Pick<RequestStore, 'lapseRequests'>,
  clock: Clock,
): Promise<void> {
  const act = (): Act => ({ actor: SYSTEM, at: clock() });
  await inSlices(SLICE, (size) => store.lapseRequests(act(), size));
}

import { serverBan } from '../../src/core/accounts/bans.ts';
import { SYSTEM } from '../../src/core/actor.ts';
import type { Act } from '../../src/core/audit/audit.ts';
import { judgeHeld } from '../../src/core/policy/looks.ts';
import type { Request } from '../../src/core/requests/request.ts';
import type { Store } from '../../src/core/store.ts';
import {
  ANA,
  atMost,
  banBy,
  BEN,
  DAY,
  HOUR,
  idAt,
  member,
  newSession,
  SECOND,
  STAFF,
  START,
} from '../support/fixtures.ts';
import type { OwnerConnection } from '../support/postgres-server.ts';
import { HOLDERS_POLICY, PATRON, see } from '../support/roles.ts';

/** What only looks. Whatever else is in the port writes, and has a case here: else this does not compile. */
type Look =
  | `${'find' | 'check' | 'count'}${string}`
  | 'page'
  | 'history'
  | 'names'
  | 'inventory'
  | 'bannedByServer'
  | 'stats'
  | 'totalLive'
  | 'audit'
  | 'waiting'
  | 'requestsOf'
  | 'ping'
  | 'isWritable'
  | 'close';

/** One that may have to be tried again. */
export interface Write {
  /** What is there before. */
  readonly given?: (store: Store) => Promise<unknown>;
  readonly act: (store: Store) => Promise<unknown>;
  /** What is returned where the first attempt was kept after all, if that is another thing than without it. */
  readonly found?: unknown;
}

const LIMITS = atMost(10);
const by = (userId = ANA, at = START): Act => ({ actor: member(userId), at });
const staff: Act = { actor: STAFF, at: START + SECOND };
const later: Act = { actor: SYSTEM, at: START + 100 * DAY };
const known = {
  user: { id: ANA, username: 'ana' },
  scopes: ['identify'],
  expiresAt: START + DAY,
  checkedAt: START,
};

const old = newSession();
const child = newSession({ parentId: old.session.id });
const fresh = newSession({ createdAt: START + SECOND });
const next = newSession({ createdAt: START + SECOND, replaces: old.session.id });
const login = newSession({ type: 'login', name: null });
const secondLogin = newSession({ type: 'login', name: null, createdAt: START + SECOND });
const lasting = newSession({ expiresAt: START + 101 * DAY });
const question = { id: 'q', userId: ANA, act: { is: 'ban' }, expiresAt: START + HOUR };
const deletion = { messageRef: '1/2', dueAt: START + HOUR };
const event = { ...by(), userId: ANA, action: 'token.undelivered', why: 'unknown' } as const;
const banned = { ...banBy(staff), until: START + DAY };

const request: Request = {
  id: idAt(START),
  userId: ANA,
  name: 'lamp',
  scope: 'lamps:all',
  why: 'for the club',
  createdAt: START,
  expiresAt: START + DAY,
  lapsesAt: START + 7 * DAY,
  approved: null,
};

const withRequest = (store: Store) => store.openRequest(by(), request, 1);
const withOld = (store: Store) => store.add(by(), old, LIMITS);
async function withBoth(store: Store): Promise<void> {
  await withOld(store);
  await store.add(by(), child, LIMITS);
}
async function withNews(store: Store): Promise<void> {
  await withOld(store);
  await store.end(staff, ANA, { one: old.session.id, includeDescendants: false }, 'revoked');
}
async function withPatron(store: Store): Promise<void> {
  await withOld(store);
  await see(store, ANA, { roles: PATRON, at: START }, START);
}
async function withHeld(store: Store): Promise<void> {
  await withPatron(store);
  await store.holdRole(PATRON, START, 10);
}
const rotation = { rotatedAt: null, graceEndsAt: START + HOUR };

const CASES = {
  add: [
    { act: (store) => store.add(by(), fresh, LIMITS) },
    {
      given: async (store) => {
        await withOld(store);
        await store.expectDelivery(fresh.session, START + HOUR);
      },
      // The limit is reached with this one.
      act: (store) => store.add(by(), fresh, atMost(2), deletion),
    },
  ],
  addLogin: [
    {
      given: (store) => store.addLogin(by(), login, known, 1),
      act: (store) => store.addLogin(by(ANA, START + SECOND), secondLogin, known, 1),
    },
  ],
  replace: [
    { given: withOld, act: (store) => store.replace(by(), next, rotation, LIMITS) },
    {
      given: async (store) => {
        await withOld(store);
        await store.expectDelivery(next.session, START + HOUR);
      },
      act: (store) =>
        store.replace(by(), next, { rotatedAt: null, graceEndsAt: START }, LIMITS, null),
    },
  ],
  end: [
    {
      given: withBoth,
      act: (store) =>
        store.end(by(), ANA, { one: old.session.id, includeDescendants: true }, 'revoked'),
    },
    { given: withBoth, act: (store) => store.end(staff, ANA, { allBut: null }, 'revoked') },
    { given: withBoth, act: (store) => store.end(later, ANA, { allBut: null }, 'left') },
    { act: (store) => store.end(by(), ANA, { allBut: null }, 'revoked') },
  ],
  endFound: [
    {
      given: withBoth,
      act: (store) => store.endFound(by(BEN), [old.tokenHash], { as: 'reported', channelId: null }),
    },
    {
      given: withBoth,
      act: (store) =>
        store.endFound(
          { actor: { kind: 'bearer', requestId: 'r' }, at: START },
          [old.tokenHash, child.tokenHash],
          { as: 'revoked' },
        ),
    },
  ],
  rename: [{ given: withOld, act: (store) => store.rename(by(), ANA, old.session.id, 'new') }],
  ban: [
    { act: (store) => store.ban(staff, ANA, banBy(staff), false) },
    { given: withBoth, act: (store) => store.ban(staff, ANA, banBy(staff), true) },
    {
      given: (store) => store.ban(staff, ANA, banBy(staff), false),
      act: (store) => store.ban(later, ANA, serverBan(later.at), false),
    },
    { given: withOld, act: (store) => store.ban(later, ANA, serverBan(later.at), false) },
  ],
  unban: [
    {
      given: (store) => store.ban(staff, ANA, banBy(staff), false),
      act: (store) => store.unban(staff, ANA, 'sorry', null),
    },
    { given: withOld, act: (store) => store.unban(staff, ANA, null, null) },
  ],
  liftExpiredBans: [
    {
      given: (store) => store.ban(staff, ANA, banned, false),
      act: (store) => store.liftExpiredBans(later, 10),
      found: 0,
    },
  ],
  forget: [{ given: withBoth, act: (store) => store.forget(by(), ANA, 100) }],
  purgeAllowances: [
    {
      given: async (store) => {
        await withOld(store);
        await store.forget(by(), ANA, 100);
      },
      act: (store) => store.purgeAllowances(later.at),
    },
  ],
  saveNotice: [{ act: (store) => store.saveNotice(ANA, 'login', false) }],
  saveDmStatus: [{ given: withOld, act: (store) => store.saveDmStatus(ANA, START) }],
  record: [{ given: withOld, act: (store) => store.record(event) }],
  purgeAudit: [
    {
      given: async (store) => {
        await store.record(event);
        await store.record({ ...event, at: START + SECOND });
      },
      act: (store) => store.purgeAudit(START + 1, 1),
      found: 0,
    },
  ],
  takeBatch: [
    {
      given: withNews,
      act: (store) => store.takeBatch(later.at, later.at + SECOND, 'batch'),
      // It is due again soon.
      found: null,
    },
  ],
  dropBatch: [
    {
      given: async (store) => {
        await withNews(store);
        await store.takeBatch(later.at, later.at + SECOND, 'batch');
      },
      act: (store) => store.dropBatch('batch'),
    },
  ],
  postponeBatch: [
    {
      given: async (store) => {
        await withNews(store);
        await store.takeBatch(later.at, later.at + SECOND, 'batch');
      },
      act: (store) => store.postponeBatch('batch', later.at + HOUR),
    },
  ],
  expectDelivery: [{ act: (store) => store.expectDelivery(fresh.session, START + HOUR) }],
  takeDeletion: [
    {
      given: (store) => store.expectDelivery(fresh.session, START),
      act: (store) => store.takeDeletion(START, START + HOUR),
      found: null,
    },
  ],
  dropDeletion: [
    {
      given: async (store) => {
        await store.expectDelivery(fresh.session, START);
        await store.takeDeletion(START, START + HOUR);
      },
      act: (store) => store.dropDeletion(`pending/${ANA}/${fresh.session.id}`),
    },
  ],
  postponeDeletion: [
    {
      given: (store) => store.expectDelivery(fresh.session, START),
      act: (store) => store.postponeDeletion(`pending/${ANA}/${fresh.session.id}`, START + HOUR),
    },
  ],
  touch: [{ given: withOld, act: (store) => store.touch(staff, [[old.session.id, staff.at]]) }],
  warnOfReuse: [{ given: withOld, act: (store) => store.warnOfReuse(staff, [old.session.id]) }],
  warnOfContest: [
    { given: withOld, act: (store) => store.warnOfContest(by(), ANA, old.session.id) },
  ],
  remind: [
    {
      given: (store) => store.add(by(), lasting, LIMITS),
      act: (store) => store.remind(later, 10),
      found: 0,
    },
  ],
  stopReminders: [
    {
      given: (store) => store.add(by(), lasting, LIMITS),
      act: (store) => store.stopReminders(ANA, lasting.session.id),
    },
  ],
  saveSetting: [
    { act: (store) => store.saveSetting('name', { of: 'a thing' }) },
    {
      given: (store) => store.saveSetting('name', 1),
      act: (store) => store.saveSetting('name', null),
    },
  ],
  saveConfirmation: [{ act: (store) => store.saveConfirmation(question) }],
  takeConfirmation: [
    {
      given: (store) => store.saveConfirmation(question),
      act: (store) => store.takeConfirmation('q', ANA, START),
      // Nothing was done, and that is what is said.
      found: null,
    },
  ],
  purgeConfirmations: [
    {
      given: (store) => store.saveConfirmation(question),
      act: (store) => store.purgeConfirmations(later.at, 10),
      found: 0,
    },
  ],
  purge: [
    {
      given: withBoth,
      act: (store) => store.purge(later.at, 10, null),
    },
  ],
  saveLook: [
    {
      given: withOld,
      act: (store) => see(store, ANA, { roles: PATRON, at: START + SECOND }, START + SECOND),
      // Nothing changed for the second attempt, and nobody is told twice.
      found: 'saved',
    },
  ],
  holdRole: [
    {
      given: withPatron,
      act: (store) => store.holdRole(PATRON, later.at, 10),
      found: 0,
    },
  ],
  applyHeld: [
    {
      given: withHeld,
      act: (store) => store.applyHeld(later, later.at, 10, judgeHeld(HOLDERS_POLICY, later)),
      found: 0,
    },
  ],
  keepHeld: [{ given: withHeld, act: (store) => store.keepHeld(staff, ['patron']) }],
  openRequest: [{ act: (store) => store.openRequest(by(), request, 1) }],
  approveRequest: [{ given: withRequest, act: (store) => store.approveRequest(staff, request.id) }],
  denyRequest: [
    { given: withRequest, act: (store) => store.denyRequest(staff, request.id, 'not now') },
  ],
  issueRequest: [
    {
      given: async (store) => {
        await withRequest(store);
        await store.approveRequest(staff, request.id);
        await store.expectDelivery(fresh.session, START + HOUR);
      },
      act: (store) =>
        store.issueRequest(by(ANA, START + SECOND), request.id, fresh, LIMITS, deletion),
    },
  ],
  lapseRequests: [{ given: withRequest, act: (store) => store.lapseRequests(later, 10), found: 0 }],
  takeLease: [{ act: (store) => store.takeLease('jobs', 'one', START, HOUR) }],
  dropLease: [
    {
      given: (store) => store.takeLease('jobs', 'one', START, HOUR),
      act: (store) => store.dropLease('jobs', 'one'),
    },
  ],
} satisfies Readonly<Record<Exclude<keyof Store, Look>, readonly Write[]>>;

/** Each write of the port, with its name. */
export const WRITES = Object.entries(CASES).flatMap(([method, cases]) =>
  (cases as readonly Write[]).map((each, index) => [`${method} ${index + 1}`, each] as const),
);

/** All that is there, but for numbers that are given out in their order. */
const EVERYTHING = `
  select
    (select json_agg(a order by user_id) from accounts a) as accounts,
    (select json_agg(s order by id) from sessions s) as sessions,
    (select json_agg(a order by user_id) from authorizations a) as authorizations,
    (select json_agg(n order by user_id) from notices n) as notices,
    (select json_agg(d order by place) from deletions d) as deletions,
    (select json_agg(s order by user_id) from spent_allowances s) as spent,
    (select json_agg(s order by name) from settings s) as settings,
    (select json_agg(q order by id) from questions q) as questions,
    (select json_agg(json_build_array(name, holder)) from leases) as leases,
    (select json_agg(r order by id) from requests r) as requests,
    (select json_agg(to_jsonb(e) - 'id' order by id) from audit_events e) as events,
    (select json_agg(to_jsonb(o) - 'id' - 'event_id' || to_jsonb(e.action) order by o.id)
      from outbox o join audit_events e on e.id = o.event_id) as outbox`;

export async function readEverything(owner: OwnerConnection): Promise<unknown> {
  return owner.run(EVERYTHING);
}

import { describe, expect, it, onTestFinished } from 'vitest';
import type { Staff } from '../../../src/core/actor.ts';
import { createStaff } from '../../../src/core/staff/staff.ts';
import { createCoreHarness } from '../../support/core-harness.ts';
import {
  ANA,
  BEN,
  DAY,
  everythingOf,
  HOUR,
  idAt,
  member,
  newBan,
  newSession,
  SECOND,
  START,
} from '../../support/fixtures.ts';

const sue: Staff = { kind: 'staff', userId: '900000000000000009', requestId: 'sue-1' };

function setUp() {
  const harness = createCoreHarness({ maxApiTokens: 100 });
  onTestFinished(() => harness.close());
  const { store, lastUsed, clock } = harness;
  return { ...harness, staff: createStaff({ store, lastUsed, clock }) };
}

const KINDS = { login: 'logins', app_login: 'app logins', api: 'API tokens' };

const ids = (sessions: readonly { readonly id: string }[]) => sessions.map(({ id }) => id);

describe('a member', () => {
  type Verbs = ReturnType<typeof createStaff>;
  it.each<[string, (core: Verbs, actor: Staff, id: string) => Promise<unknown>]>([
    ['memberDetails', (staff, actor) => staff.memberDetails(actor, ANA)],
    ['list', (staff, actor) => staff.list(actor, { userId: ANA })],
    ['search', (staff, actor) => staff.search(actor, ANA, { typed: '', kinds: KINDS, limit: 1 })],
    ['show', (core, actor, id) => core.show(actor, ANA, id)],
    ['inventory', (staff, actor) => staff.inventory(actor, { limit: 9 })],
    ['audit', (staff, actor) => staff.audit(actor, { limit: 9 })],
    ['stats', (staff, actor) => staff.stats(actor)],
    ['takeInventory', (staff, actor) => staff.takeInventory(actor, 9)],
    ['revoke', (core, actor, id) => core.revoke(actor, ANA, id, true)],
    ['revokeAll', (staff, actor) => staff.revokeAll(actor, ANA)],
  ])('is refused %s, and nothing is written', async (_, call) => {
    const { staff, token, store } = setUp();
    const { session } = await token();
    const before = await everythingOf(store, ANA);
    // The types would not let a member come here.
    const posing = { ...member(ANA), kind: 'member' } as unknown as Staff;
    await expect(call(staff, posing, session.id)).rejects.toMatchObject({
      code: 'restricted',
      refusal: { reason: 'staff_only' },
    });
    expect(await everythingOf(store, ANA)).toEqual(before);
    await expect(call(staff, sue, session.id)).resolves.toBeDefined();
  });
});

describe('what the staff look at', () => {
  it('is written down, beside whose it is, and its first page alone', async () => {
    const { staff, token, store } = setUp();
    const { session } = await token();
    await staff.memberDetails(sue, ANA);
    await staff.audit(sue, { userId: ANA, limit: 9 });
    await staff.audit(sue, { userId: ANA, limit: 9, before: 99 });
    await staff.audit(sue, { limit: 9 });
    await staff.inventory(sue, { limit: 9 });
    await staff.inventory(sue, { limit: 9, after: session.id });
    const views = await store.audit({ actions: ['staff.viewed'], limit: 9 });
    expect(views.map(({ userId, actorId, detail }) => [userId, actorId, detail['what']])).toEqual([
      [sue.userId, sue.userId, 'sessions'],
      [ANA, sue.userId, 'audit'],
      [ANA, sue.userId, 'member'],
    ]);
  });
});

describe('a memberDetails', () => {
  it('of who is not known is empty', async () => {
    const { staff } = setUp();
    expect(await staff.memberDetails(sue, ANA)).toEqual({
      account: null,
      live: [],
      sessions: [],
      authorization: null,
      audit: [],
      requests: [],
    });
  });

  it('has the newest five live sessions and events, the counts, the login and the ban', async () => {
    const { staff, token, store, clock, accounts, sessions } = setUp();
    const all: string[] = [];
    for (let index = 0; index < 7; index += 1) {
      clock.advance(SECOND);
      all.push((await token()).session.id);
    }
    await sessions.revoke(member(ANA), all.pop()!);
    const login = newSession({ type: 'login', createdAt: clock.advance(SECOND) });
    const said = {
      user: { id: ANA, username: 'ana' },
      scopes: ['identify'],
      expiresAt: clock() + DAY,
      checkedAt: clock(),
    };
    await store.addLogin({ actor: member(ANA), at: clock() }, login, said, 50);
    await accounts.ban(sue, newBan(ANA, 'spam'));
    await token(BEN);
    const memberDetails = await staff.memberDetails(sue, ANA);
    expect(ids(memberDetails.sessions)).toEqual([
      login.session.id,
      ...all.toReversed().slice(0, 4),
    ]);
    expect(memberDetails.account?.ban).toMatchObject({ reason: 'spam', by: sue.userId });
    expect(memberDetails.authorization).toEqual(said);
    const live = memberDetails.live.map(({ type, count }) => [type, count] as const);
    expect(new Map(live)).toEqual(
      new Map([
        ['api', 6],
        ['login', 1],
      ]),
    );
    expect(memberDetails.audit.map(({ action }) => action)).toEqual([
      'account.banned',
      'session.created',
      'session.ended',
      'session.created',
      'session.created',
    ]);
  });
});

describe('what staff see of sessions', () => {
  it('is as members see it, with last uses that are not written yet', async () => {
    const { staff, token, sessions, clock } = setUp();
    const { session, token: secret } = await token();
    const at = clock.advance(HOUR);
    await sessions.verify(secret);
    const expected = [{ ...session, lastUsedAt: at }];
    expect((await staff.memberDetails(sue, ANA)).sessions).toEqual(expected);
    expect((await staff.list(sue, { userId: ANA })).sessions).toEqual(expected);
    expect(await staff.inventory(sue, { limit: 9 })).toEqual(expected);
    expect(await staff.takeInventory(sue, 9)).toEqual(expected);
  });

  it('is live at this moment', async () => {
    const { staff, token, clock } = setUp();
    await token(ANA, 'short', HOUR);
    clock.advance(HOUR);
    expect(await staff.list(sue, { userId: ANA })).toMatchObject({ total: 0 });
    expect(await staff.inventory(sue, { limit: 9 })).toEqual([]);
    expect(await staff.takeInventory(sue, 9)).toEqual([]);
  });

  it('is also of a member who is banned', async () => {
    const { staff, token, accounts } = setUp();
    const { session } = await token();
    await accounts.ban(sue, newBan(ANA));
    expect((await staff.list(sue, { userId: ANA })).sessions).toEqual([session]);
    expect(await staff.show(sue, ANA, session.id)).toEqual({ session, descendants: 0 });
  });

  it('is one of a member, with how many live ones it made', async () => {
    const { staff, token, tokens } = setUp();
    const { session } = await token();
    const actor = member(ANA, session.id);
    await tokens.create(actor, { name: 'child', expiresAt: START + DAY });
    expect(await staff.show(sue, ANA, session.id)).toEqual({ session, descendants: 1 });
    for (const [userId, id] of [
      [BEN, session.id],
      [ANA, idAt(START)],
      [ANA, ''],
    ] as const) {
      await expect(staff.show(sue, userId, id)).rejects.toMatchObject({ code: 'not_found' });
    }
  });

  it('as a file is written down, and is cut where it was told to be', async () => {
    const { staff, token, store, clock } = setUp();
    await token();
    clock.advance(SECOND);
    const { session } = await token(BEN, 'newer');
    clock.advance(HOUR - SECOND);
    expect(ids(await staff.takeInventory(sue, 1))).toEqual([session.id]);
    const [last] = await store.audit({ limit: 1 });
    expect(last).toMatchObject({
      action: 'sessions.exported',
      actorKind: 'staff',
      actorId: sue.userId,
      requestId: sue.requestId,
      at: START + HOUR,
    });
  });
});

describe('staff revoking', () => {
  it('one session leaves what it made, and says how many those are', async () => {
    const { staff, token, sessions, tokens } = setUp();
    const { session, token: secret } = await token();
    const actor = member(ANA, session.id);
    const child = await tokens.create(actor, { name: 'child', expiresAt: START + DAY });
    expect(await staff.revoke(sue, ANA, session.id, false)).toEqual({ session, descendants: 1 });
    expect(await sessions.verify(secret)).toEqual({ is: 'invalid' });
    expect(await sessions.verify(child.token)).toMatchObject({ is: 'valid' });
  });

  it('one session with what it made leaves nothing of it', async () => {
    const { staff, token, sessions, tokens } = setUp();
    const { session } = await token();
    const actor = member(ANA, session.id);
    const child = await tokens.create(actor, { name: 'child', expiresAt: START + DAY });
    expect(await staff.revoke(sue, ANA, session.id, true)).toEqual({ session, descendants: 0 });
    expect(await sessions.verify(child.token)).toEqual({ is: 'invalid' });
    await expect(staff.revoke(sue, ANA, session.id, true)).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it("never ends another member's session under this one's name", async () => {
    const { staff, token, sessions } = setUp();
    const { session, token: secret } = await token(BEN);
    await expect(staff.revoke(sue, ANA, session.id, true)).rejects.toMatchObject({
      code: 'not_found',
    });
    expect(await sessions.verify(secret)).toMatchObject({ is: 'valid' });
  });

  it('everything of a member says how many that were, and is theirs alone', async () => {
    const { staff, token, sessions } = setUp();
    await token();
    await token();
    const theirs = await token(BEN);
    expect(await staff.revokeAll(sue, ANA)).toBe(2);
    expect(await staff.revokeAll(sue, ANA)).toBe(0);
    expect(await sessions.verify(theirs.token)).toMatchObject({ is: 'valid' });
  });
});

it('the numbers are of now and of the day before', async () => {
  const { staff, token, sessions, clock } = setUp();
  const old = await token(ANA, 'old', 9 * DAY);
  const unused = await token(ANA, 'unused', 9 * DAY);
  clock.advance(DAY + 1);
  await token(BEN, 'fresh');
  expect(await staff.stats(sue)).toMatchObject({ live: { api: 3 }, made: 1, used: 0 });
  await sessions.verify(old.token);
  expect(unused.session.lastUsedAt).toBeNull();
});

it('a refusal is written down with what was tried and why', async () => {
  const { staff, store } = setUp();
  await staff.noteRefusal(member(ANA), '/admin ban', 'Only the staff can do that.', false);
  expect(await store.audit({ limit: 9 })).toMatchObject([
    {
      action: 'staff.refused',
      actorKind: 'member',
      actorId: ANA,
      userId: ANA,
      detail: { command: '/admin ban', why: 'Only the staff can do that.' },
    },
  ]);
});

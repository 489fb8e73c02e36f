import { describe, expect, it } from 'vitest';
import type { Ban, BanSource } from '../../../../src/core/accounts/account.ts';
import { ALL_NOTICES } from '../../../../src/core/accounts/notice.ts';
import type { Session } from '../../../../src/core/sessions/session.ts';
import { hashToken } from '../../../../src/core/sessions/token.ts';
import {
  ANA,
  banBy,
  BEN,
  DAY,
  everythingOf,
  forget,
  HOUR,
  newSession,
  START,
} from '../../../support/fixtures.ts';
import { DEV, PATRON, see } from '../../../support/roles.ts';
import {
  act,
  actions,
  add,
  addLogin,
  CHANNEL,
  check,
  CY,
  endOne,
  events,
  fromServer,
  known,
  LIMIT,
  newLogin,
  owed,
  owedToMembers,
  replace,
  report,
  staff,
  store,
  system,
  touch,
} from '../stage.ts';

async function liveThrough(userId: string): Promise<Session> {
  const root = await add({ userId });
  await add({ userId, parentId: root.id });
  const login = newSession({ userId, type: 'login', name: null, createdAt: START + 2 });
  await addLogin(login);
  await store.saveConfirmation({
    id: `question of ${userId}`,
    userId,
    act: { do: 'revoke-all', userId: CY },
    expiresAt: START + DAY,
  });
  await report(root, act(START, CY));
  return root;
}

/** What is known about a member, and what is left of it where they are forgotten. */
export function describeErasureStore(): void {
  describe('everything about a member', () => {
    it('is nothing where nobody knows them', async () => {
      await add({ userId: BEN });
      expect(await everythingOf(store, ANA)).toEqual({
        account: null,
        sessions: [],
        authorization: null,
        notices: ALL_NOTICES,
        audit: [],
      });
    });

    it("is all of theirs, live or not, in order, nothing of another's and no hash", async () => {
      const one = await add();
      const two = await add({ createdAt: START + 1 });
      const login = newLogin(START + 2);
      await addLogin(login);
      await add({ userId: BEN });
      await endOne(two, START);
      await store.ban(staff(), ANA, banBy(staff(), 'spam'), false);
      const { account, sessions, authorization, audit } = await everythingOf(store, ANA);
      expect(account).toMatchObject({ ban: { reason: 'spam' } });
      expect(sessions).toEqual([
        one,
        { ...two, ended: { at: START, by: ANA, reason: 'revoked' } },
        login.session,
      ]);
      expect(authorization).toEqual(known());
      expect(actions(audit)).toEqual([
        'session.created',
        'session.created',
        'session.created',
        'session.ended',
        'account.banned',
      ]);
      expect(new Set(audit.map(({ userId }) => userId))).toEqual(new Set([ANA]));
      const hash = hashToken(one.id);
      expect(JSON.stringify(sessions)).not.toContain(JSON.stringify(hash));
    });
  });

  describe('forgetting a member', () => {
    it('leaves nothing of them', async () => {
      const root = await liveThrough(ANA);
      await forget(store, act(), ANA);
      expect(await everythingOf(store, ANA)).toEqual({
        account: null,
        sessions: [],
        authorization: null,
        notices: ALL_NOTICES,
        audit: [],
      });
      expect(await check(root)).toBeNull();
      expect(await store.takeConfirmation(`question of ${ANA}`, ANA, START)).toBeNull();
      expect(JSON.stringify(await events())).not.toContain(ANA);
      expect((await owed()).map(([recipient]) => recipient)).not.toContain(ANA);
    });

    it('blanks the audit of what was theirs, but for what was done and when', async () => {
      const root = await liveThrough(ANA);
      await store.ban(system(), ANA, { ...fromServer(), reason: 'spam' }, false);
      await store.unban(system(), ANA, 'spam', null);
      const before = await events();
      await forget(store, act(START + HOUR), ANA);
      const after = await events();
      expect(after.map(({ id, at, action }) => [id, at, action]).slice(0, -1)).toEqual(
        before.map(({ id, at, action }) => [id, at, action]),
      );
      const left = JSON.stringify(after);
      for (const personal of [ANA, root.id, CHANNEL, 'Zz09', 'spam', 'request of']) {
        expect(left).not.toContain(personal);
      }
      for (const row of after) expect(row).toMatchObject({ requestId: null, sessionId: null });
      expect(after.at(-1)).toMatchObject({
        action: 'account.forgotten',
        at: START + HOUR,
        actorKind: 'system',
      });
    });

    it('leaves no trace in what they did to others, and of what they rotated', async () => {
      const theirs = await add({ userId: BEN });
      const mine = await add();
      const next = newSession({ replaces: mine.id });
      await replace(act(), next);
      await store.end(act(), BEN, { one: theirs.id, includeDescendants: false }, 'leaked');
      await forget(store, act(), ANA);
      const { sessions } = await everythingOf(store, BEN);
      expect(sessions[0]?.ended).toMatchObject({ reason: 'leaked', by: null });
      expect(JSON.stringify(await events())).not.toContain(mine.id);
    });

    it("leaves what is another's as it is", async () => {
      const theirs = await liveThrough(BEN);
      const [sessions, audit] = [await everythingOf(store, BEN), await events({ userId: BEN })];
      await liveThrough(ANA);
      await forget(store, act(), ANA);
      expect(await everythingOf(store, BEN)).toEqual(sessions);
      expect(await events({ userId: BEN })).toEqual(audit);
      expect(await check(theirs)).toMatchObject({ endReason: 'leaked' });
      expect(await store.takeConfirmation(`question of ${BEN}`, BEN, START)).not.toBeNull();
      expect((await owed()).map(([recipient]) => recipient)).toContain(BEN);
    });

    it('leaves nothing of a ban that is over', async () => {
      await store.ban(staff(), ANA, { ...banBy(staff()), until: START + HOUR }, false);
      await forget(store, act(START + HOUR), ANA);
      expect(await store.liftExpiredBans(system(START + HOUR), 100)).toBe(0);
      expect(await store.findAccount(ANA)).toBeNull();
    });

    it.each<BanSource>(['staff', 'server'])('does not lift a ban by %s', async (source) => {
      const session = await add();
      const theirs: Ban = { ...banBy(staff(), 'spam'), source };
      await store.ban(staff(), ANA, theirs, false);
      await forget(store, act(), ANA);
      expect(await store.findAccount(ANA)).toMatchObject({ ban: theirs });
      expect(await check(session)).toBeNull();
      expect(await store.checkCreation(ANA, LIMIT, START)).toEqual({ is: 'banned' });
    });

    it('leaves no roles of who is banned', async () => {
      await add();
      await see(store, ANA, { roles: `${PATRON} ${DEV}`, at: START }, START);
      await store.holdRole(DEV, START, 9);
      await store.ban(staff(), ANA, banBy(staff()), false);
      await forget(store, act(), ANA);
      expect((await store.findAccount(ANA))?.look).toBeNull();
      expect(await store.findHeld()).toEqual([]);
    });

    it('lets them begin anew, and can be done to who is not known', async () => {
      await forget(store, act(), ANA);
      await add();
      await forget(store, act(), ANA);
      const again = await add({ createdAt: START + 9 });
      expect(await everythingOf(store, ANA)).toMatchObject({
        account: { createdAt: START + 9, ban: null },
        sessions: [again],
      });
    });

    it('is done a slice at a time, the live first, and goes on where it was left', async () => {
      for (let index = 0; index < 9; index += 1) {
        const each = await add({ createdAt: START + index });
        if (index < 6) await endOne(each, START);
      }
      const later = act(START + 2 * HOUR);
      expect(await store.forget(later, ANA, 4)).toBe(true);
      expect(await store.page({ userId: ANA, now: START })).toMatchObject({ total: 0 });
      expect((await everythingOf(store, ANA)).sessions).toHaveLength(2);
      expect(await store.findAccount(ANA)).not.toBeNull();
      await forget(store, later, ANA);
      expect(await everythingOf(store, ANA)).toMatchObject({
        account: null,
        sessions: [],
        audit: [],
      });
      expect(actions(await events()).filter((action) => action === 'account.forgotten')).toEqual([
        'account.forgotten',
      ]);
    });

    it('leaves what was made within the hour to count on, for that hour', async () => {
      const limits = { maxApiTokens: 9, creationsPerHour: 3 };
      const make = (createdAt: number) =>
        store.add(act(createdAt), newSession({ createdAt }), limits);
      for (const at of [START, START + 1]) expect(await make(at)).toEqual({ is: 'stored' });
      await forget(store, act(START + 2), ANA);
      expect(await make(START + 3)).toEqual({ is: 'stored' });
      const until = START + 2 + HOUR;
      expect(await make(START + 4)).toEqual({
        is: 'rate_limited',
        what: 'created',
        most: 3,
        until,
      });
      await forget(store, act(START + 5), ANA);
      expect(await make(START + 6)).toMatchObject({ is: 'rate_limited' });
      const over = START + 5 + HOUR;
      await store.purgeAllowances(over - 1);
      expect(await make(over - 1)).toMatchObject({ is: 'rate_limited', until: over });
      await store.purgeAllowances(over);
      expect(await make(over)).toEqual({ is: 'stored' });
    });

    it('leaves no choice, no message that is owed, and deletes what holds a token now', async () => {
      const session = await add({}, { messageRef: '5/8', dueAt: START + HOUR });
      await add({ userId: BEN }, { messageRef: '5/9', dueAt: START + HOUR });
      await store.saveNotice(ANA, 'expiry', false);
      await store.saveNotice(BEN, 'expiry', false);
      await touch(session, START + 1);
      await forget(store, act(START + 2), ANA);
      expect(await owedToMembers()).toEqual([]);
      expect(await store.findNotices(ANA)).toEqual(ALL_NOTICES);
      expect((await store.findNotices(BEN)).expiry).toBe(false);
      expect(await store.takeDeletion(START + 2, START + HOUR)).toMatchObject({
        messageRef: '5/8',
      });
      expect(await store.takeDeletion(START + 2, START + HOUR)).toBeNull();
    });

    it('leaves nothing either when a message comes back that was under way', async () => {
      const session = await add();
      await touch(session, START + 1);
      const batch = await store.takeBatch(START + 2, START + HOUR, 'one');
      await forget(store, act(START + 3), ANA);
      await store.saveDmStatus(ANA, START + 4);
      await store.dropBatch(batch!.id);
      await touch(session, START + 5);
      await store.warnOfReuse(system(START + 5), [session.id]);
      await store.stopReminders(ANA, session.id);
      expect(await store.findAccount(ANA)).toBeNull();
      expect(await everythingOf(store, ANA)).toMatchObject({
        sessions: [],
        audit: [],
        notices: ALL_NOTICES,
      });
    });

    it('is preceded by an export of what was chosen', async () => {
      await add();
      await store.saveNotice(ANA, 'login', false);
      await store.saveDmStatus(ANA, START);
      const { notices } = await everythingOf(store, ANA);
      expect(notices).toEqual({ ...ALL_NOTICES, login: false, refusedAt: START });
    });
  });
}

import { describe, expect, it } from 'vitest';
import { judgeHeld } from '../../../../src/core/policy/looks.ts';
import type { LookOutcome } from '../../../../src/core/policy/store.ts';
import type { RoleLook } from '../../../../src/core/policy/standing.ts';
import type { Instant } from '../../../../src/core/time.ts';
import type { NewSession } from '../../../../src/core/sessions/minted-token.ts';
import type { Session } from '../../../../src/core/sessions/session.ts';
import { ANA, BEN, DAY, HOUR, newSession, SECOND, START } from '../../../support/fixtures.ts';
import { DEV, HOLDERS_POLICY, PATRON, see } from '../../../support/roles.ts';
import {
  act,
  add,
  check,
  CY,
  endOne,
  events,
  KEEPER,
  LIMIT,
  owedToMembers,
  since,
  staff,
  store,
  system,
  touch,
} from '../stage.ts';

const look = (roles: string, at = START): RoleLook => ({ roles, at });

const addFresh = (fresh: NewSession) => {
  const { userId, createdAt } = fresh.session;
  return store.add(act(createdAt, userId), fresh, LIMIT);
};

/** Made by what was seen of its owner's roles. */
async function addSeen(seen: RoleLook, overrides: Partial<Session> = {}): Promise<Session> {
  const fresh = newSession(overrides);
  expect(await addFresh({ ...fresh, look: seen })).toEqual({ is: 'stored' });
  return fresh.session;
}

async function scopeAndRoles(session: Session) {
  const found = await check(session);
  return found && { scope: found.scope, roles: found.roles };
}

const saveLook = (userId: string, seen: RoleLook, now: Instant) => see(store, userId, seen, now);

const lookOf = async (userId = ANA) => (await store.findAccount(userId))?.look;

const idOf = (n: number) => `1000000000000${String(n).padStart(5, '0')}`;

/** So many who have a role, of whom some lose it one after the other within the minute. */
async function lose(members: number, losers: number, every = SECOND): Promise<LookOutcome[]> {
  for (let n = 0; n < members; n += 1) await addSeen(look(DEV), { userId: idOf(n) });
  const outcomes: LookOutcome[] = [];
  for (let n = 0; n < losers; n += 1) {
    const at = START + SECOND + n * every;
    outcomes.push(await saveLook(idOf(n), look('', at), at));
  }
  return outcomes;
}

const count = (outcomes: readonly LookOutcome[], which: LookOutcome) =>
  outcomes.filter((each) => each === which).length;

const findUnseen = (before = START + DAY, limit = 9) =>
  store.findUnseen(START + HOUR, before, limit);

/** What sessions may do, and the roles of their owners. */
export function describeRoleStore(): void {
  describe('the role store', () => {
    it('keeps what was written out, and tells what is from before from what may do nothing', async () => {
      const fresh = await add({ scope: 'lamps:read lamps:write' });
      expect(await scopeAndRoles(fresh)).toEqual({ scope: 'lamps:read lamps:write', roles: null });
      expect(await scopeAndRoles(await add({ scope: null }))).toEqual({ scope: null, roles: null });
      expect(await scopeAndRoles(await add({ scope: '' }))).toEqual({ scope: '', roles: null });
      const live = await store.findLive(ANA, fresh.id, START);
      expect(live?.scope).toBe('lamps:read lamps:write');
    });

    it('writes a look down for the account and all that is live of it, and for nobody else', async () => {
      const [one, other, of] = [await add(), await add(), await add({ userId: BEN })];
      const long = `${PATRON} ${DEV}`;
      expect(await saveLook(ANA, look(long), START)).toBe('changed');
      expect(await lookOf()).toEqual(look(long));
      for (const each of [one, other]) expect((await scopeAndRoles(each))?.roles).toBe(long);
      expect((await scopeAndRoles(of))?.roles).toBeNull();
      expect(await lookOf(BEN)).toBeNull();
    });

    it('says whether something else was known before', async () => {
      await add();
      await saveLook(ANA, look(PATRON), START);
      expect(await saveLook(ANA, look(PATRON, START + 1), START)).toBe('saved');
      expect((await lookOf())?.at).toBe(START + 1);
      expect(await saveLook(ANA, look('', START + 2), START)).toBe('changed');
      expect(await saveLook(ANA, look(DEV, START + 3), START)).toBe('changed');
    });

    it('never puts an older look in the place of a newer one', async () => {
      const fresh = await add();
      await saveLook(ANA, look('', START + SECOND), START);
      expect(await saveLook(ANA, look(PATRON), START + SECOND)).toBe('older');
      expect(await lookOf()).toMatchObject(look('', START + SECOND));
      expect((await scopeAndRoles(fresh))?.roles).toBe('');
    });

    it('keeps the newest of looks that arrive together, whatever their order', async () => {
      const fresh = await add();
      const order = [3, 1, 5, 2, 4];
      await Promise.all(
        order.map((at) => saveLook(ANA, look(at === 5 ? DEV : PATRON, START + at), START)),
      );
      expect(await lookOf()).toEqual(look(DEV, START + 5));
      expect((await scopeAndRoles(fresh))?.roles).toBe(DEV);
    });

    it('knows nobody who has no account, and makes none', async () => {
      expect(await saveLook(ANA, look(PATRON), START)).toBe('unknown');
      expect(await store.findAccount(ANA)).toBeNull();
    });

    it('leaves what has ended as it was', async () => {
      const fresh = await add();
      await endOne(fresh, START);
      expect(await saveLook(ANA, look(PATRON), START)).toBe('changed');
      expect((await scopeAndRoles(fresh))?.roles).toBeNull();
      const expired = await add({ expiresAt: START + HOUR });
      await saveLook(ANA, look(DEV, START + DAY), START + DAY);
      expect((await scopeAndRoles(expired))?.roles).toBe(PATRON);
    });

    it('gives a new session what is known of its owner already', async () => {
      await add();
      await saveLook(ANA, look(PATRON), START);
      expect((await scopeAndRoles(await add()))?.roles).toBe(PATRON);
    });

    it('takes a newer look that a session was made with, for the others too', async () => {
      const old = await addSeen(look(PATRON));
      expect((await scopeAndRoles(old))?.roles).toBe(PATRON);
      const next = await addSeen(look(DEV, START + SECOND), { createdAt: START + SECOND });
      for (const each of [old, next]) expect((await scopeAndRoles(each))?.roles).toBe(DEV);
      expect(await lookOf()).toEqual(look(DEV, START + SECOND));
    });

    it('makes nothing by a look that is not true any more', async () => {
      await add();
      await saveLook(ANA, look('', START + SECOND), START);
      const outdated = { ...newSession({ scope: 'lamps:all' }), look: look(DEV) };
      expect(await addFresh(outdated)).toEqual({ is: 'roles_changed' });
      expect(await scopeAndRoles(outdated.session)).toBeNull();
      // The same roles, seen earlier, are as good.
      const same = { ...newSession(), look: look('') };
      expect(await addFresh(same)).toEqual({ is: 'stored' });
      expect((await lookOf())?.at).toBe(START + SECOND);
    });

    it('rotates nothing by a look that is not true any more', async () => {
      const old = await addSeen(look(DEV));
      await saveLook(ANA, look('', START + 2 * SECOND), START);
      const fresh = newSession({ createdAt: START + SECOND, replaces: old.id });
      const rotation = { rotatedAt: null, graceEndsAt: START + HOUR };
      const rotateSeen = (seen: RoleLook) =>
        store.replace(act(START + SECOND), { ...fresh, look: seen }, rotation, LIMIT);
      expect(await rotateSeen(look(DEV, START + SECOND))).toEqual({ is: 'roles_changed' });
      expect(await scopeAndRoles(fresh.session)).toBeNull();
      expect(await rotateSeen(look('', START + 2 * SECOND))).toEqual({ is: 'stored' });
      expect((await scopeAndRoles(fresh.session))?.roles).toBe('');
    });

    it('keeps the roles that count where the loss of them is held, in what is made meanwhile too', async () => {
      const old = await addSeen(look(`${PATRON} ${DEV}`));
      expect(await store.holdRole(DEV, START + SECOND, 10)).toBe(1);
      expect(await lookOf()).toEqual({
        ...look(`${PATRON} ${DEV}`),
        held: { roles: PATRON, since: START + SECOND },
      });
      const at = START + 2 * SECOND;
      const next = await addSeen(look(PATRON, at), { createdAt: at });
      for (const each of [old, next]) {
        expect((await scopeAndRoles(each))?.roles).toBe(`${PATRON} ${DEV}`);
      }
      expect((await lookOf())?.held).toEqual({ roles: PATRON, since: START + SECOND });
    });

    it('makes nothing by a look that is not true any more, though what is true is held', async () => {
      await addSeen(look(DEV));
      await store.holdRole(DEV, START, 10);
      expect(await saveLook(ANA, look('', START + SECOND), START + SECOND)).toBe('held');
      expect(await addFresh({ ...newSession(), look: look(DEV) })).toEqual({ is: 'roles_changed' });
    });

    it('holds a role for everybody who has it, a slice at a time, and for nobody twice', async () => {
      for (let n = 0; n < 5; n += 1) {
        const userId = `10000000000000010${n}`;
        await addSeen(look(n === 4 ? PATRON : `${PATRON} ${DEV}`), { userId });
      }
      expect(await store.holdRole(DEV, START, 3)).toBe(3);
      expect(await store.holdRole(DEV, START + SECOND, 3)).toBe(1);
      expect(await store.holdRole(DEV, START + SECOND, 3)).toBe(0);
      expect(await store.findHeld()).toEqual([
        { roles: `${PATRON} ${DEV}`, held: PATRON, count: 4, first: START, last: START + SECOND },
      ]);
      expect(await store.holdRole(PATRON, START + SECOND, 9)).toBe(5);
      const held = (await store.findHeld()).map((each) => each.held);
      expect(held).toEqual(['', '']);
    });

    it('holds no role by a part of its id', async () => {
      await addSeen(look(PATRON));
      expect(await store.holdRole(PATRON.slice(0, 17), START, 9)).toBe(0);
      expect(await store.holdRole(PATRON.slice(1), START, 9)).toBe(0);
    });

    it('lets what is held since then take effect, with what its owners are told', async () => {
      const [first, second] = [await addSeen(look(DEV)), await addSeen(look(DEV), { userId: BEN })];
      await store.holdRole(DEV, START, 1);
      await store.holdRole(DEV, START + HOUR, 1);
      const by = system(START + 2 * HOUR);
      const judge = judgeHeld(HOLDERS_POLICY, by);
      expect(await store.applyHeld(by, START, 9, judge)).toBe(1);
      expect((await scopeAndRoles(first))?.roles).toBe('');
      expect((await scopeAndRoles(second))?.roles).toBe(DEV);
      expect(await lookOf()).toEqual({ ...look(''), toldAt: by.at });
      expect(await store.applyHeld(by, by.at, 9, judge)).toBe(1);
      expect(await store.applyHeld(by, by.at, 9, judge)).toBe(0);
      expect((await scopeAndRoles(second))?.roles).toBe('');
      const told = (await owedToMembers()).map(({ recipient, events: all }) => [
        recipient,
        all[0]?.action,
      ]);
      expect(told).toEqual([
        [ANA, 'roles.changed'],
        [BEN, 'roles.changed'],
      ]);
    });

    it('lets what is held wait on, and writes down by whom', async () => {
      await addSeen(look(DEV));
      expect(await store.keepHeld(staff(), ['dev'])).toBe(0);
      await store.holdRole(DEV, START, 9);
      const before = await events();
      expect(await store.keepHeld(staff(START + HOUR), ['dev'])).toBe(1);
      expect((await lookOf())?.held).toEqual({ roles: '', since: START + HOUR });
      expect(await since(before)).toMatchObject([
        { action: 'roles.kept', actorId: KEEPER, detail: { roles: ['dev'], count: 1 } },
      ]);
    });

    it('releases what is held once the role is seen again', async () => {
      await addSeen(look(DEV));
      await store.holdRole(DEV, START, 9);
      expect(await saveLook(ANA, look(DEV, START + SECOND), START + SECOND)).toBe('saved');
      expect(await lookOf()).toEqual(look(DEV, START + SECOND));
      expect(await store.findHeld()).toEqual([]);
    });

    it('holds the change of who comes after twenty others, and one in ten, within a minute', async () => {
      const outcomes = await lose(200, 23);
      expect(count(outcomes, 'changed')).toBe(20);
      expect(outcomes.slice(20)).toEqual(['held', 'held', 'held']);
    });

    it('holds nothing of what one in ten or fewer lose', async () => {
      expect(count(await lose(230, 23), 'changed')).toBe(23);
    });

    it('holds nothing of what twenty lose, however few have it', async () => {
      expect(count(await lose(20, 20), 'changed')).toBe(20);
    });

    it('holds nothing of what is lost over more than a minute', async () => {
      expect(count(await lose(30, 30, 4 * SECOND), 'changed')).toBe(30);
    });

    it('finds whose tokens were used since somebody looked, the longest ago first', async () => {
      const unused = await addSeen(look(DEV), { userId: BEN });
      const [never, old] = [await add({ userId: CY }), await addSeen(look(DEV))];
      expect(await findUnseen()).toEqual([]);
      expect(await store.findOldestLook(START + HOUR)).toBeNull();
      await touch(old, START + SECOND);
      expect(await store.findOldestLook(START + HOUR)).toEqual({ at: START });
      await touch(never, START + SECOND);
      expect(await findUnseen()).toEqual([CY, ANA]);
      expect(await store.findOldestLook(START + HOUR)).toEqual({ at: null });
      expect(await findUnseen(START + DAY, 1)).toEqual([CY]);
      expect(await findUnseen(START)).toEqual([CY]);
      await saveLook(ANA, look(DEV, START + SECOND), START + SECOND);
      expect(await findUnseen()).toEqual([CY]);
      await touch(unused, START + HOUR);
      expect(await findUnseen()).toEqual([CY, BEN]);
      await endOne(never, START + SECOND);
      expect(await findUnseen()).toEqual([BEN]);
      expect(await store.findUnseen(START + 2 * DAY, START + 3 * DAY, 9)).toEqual([]);
    });

    it('finds one among many', async () => {
      const seen: Session[] = [];
      for (let n = 0; n < 260; n += 1) seen.push(await addSeen(look(DEV), { userId: idOf(n) }));
      for (const session of [seen.at(0)!, seen.at(-1)!]) await touch(session, START + SECOND);
      expect((await findUnseen()).toSorted()).toEqual([idOf(0), idOf(259)]);
    });

    it('takes a look of long after now for that of a clock that was wrong', async () => {
      const fresh = await addSeen(look(DEV, START + DAY));
      await touch(fresh, START + DAY + SECOND);
      expect(await store.findUnseen(START + HOUR, START, 9)).toEqual([ANA]);
      expect(await saveLook(ANA, look('', START + HOUR), START + HOUR)).toBe('changed');
      expect((await lookOf())?.at).toBe(START + HOUR);
    });
  });
}

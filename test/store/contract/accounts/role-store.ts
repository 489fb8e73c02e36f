import { describe, expect, it } from 'vitest';
import type { RoleLook } from '../../../../src/core/policy/standing.ts';
import type { NewSession } from '../../../../src/core/sessions/minted-token.ts';
import type { Session } from '../../../../src/core/sessions/session.ts';
import { ANA, BEN, DAY, HOUR, newSession, SECOND, START } from '../../../support/fixtures.ts';
import { act, add, check, endOne, LIMIT, store } from '../stage.ts';

const PATRON = '112233445566778899';
const DEV = '998877665544332211';

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

const lookOf = async (userId = ANA) => (await store.findAccount(userId))?.look;

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
      expect(await store.saveLook(ANA, look(long), START)).toEqual({ before: null });
      expect(await lookOf()).toEqual(look(long));
      for (const each of [one, other]) expect((await scopeAndRoles(each))?.roles).toBe(long);
      expect((await scopeAndRoles(of))?.roles).toBeNull();
      expect(await lookOf(BEN)).toBeNull();
    });

    it('says what was known before, where that was something else', async () => {
      await add();
      await store.saveLook(ANA, look(PATRON), START);
      expect(await store.saveLook(ANA, look(PATRON, START + 1), START)).toBeNull();
      expect((await lookOf())?.at).toBe(START + 1);
      expect(await store.saveLook(ANA, look('', START + 2), START)).toEqual({ before: PATRON });
      expect(await store.saveLook(ANA, look(DEV, START + 3), START)).toEqual({ before: '' });
    });

    it('never puts an older look in the place of a newer one', async () => {
      const fresh = await add();
      await store.saveLook(ANA, look('', START + SECOND), START);
      expect(await store.saveLook(ANA, look(PATRON), START + SECOND)).toBeNull();
      expect(await lookOf()).toEqual(look('', START + SECOND));
      expect((await scopeAndRoles(fresh))?.roles).toBe('');
    });

    it('keeps the newest of looks that arrive together, whatever their order', async () => {
      const fresh = await add();
      const order = [3, 1, 5, 2, 4];
      await Promise.all(
        order.map((at) => store.saveLook(ANA, look(`${PATRON}${at}`, START + at), START)),
      );
      expect(await lookOf()).toEqual(look(`${PATRON}5`, START + 5));
      expect((await scopeAndRoles(fresh))?.roles).toBe(`${PATRON}5`);
    });

    it('knows nobody who has no account, and makes none', async () => {
      expect(await store.saveLook(ANA, look(PATRON), START)).toBeNull();
      expect(await store.findAccount(ANA)).toBeNull();
    });

    it('leaves what has ended as it was', async () => {
      const fresh = await add();
      await endOne(fresh, START);
      expect(await store.saveLook(ANA, look(PATRON), START)).toEqual({ before: null });
      expect((await scopeAndRoles(fresh))?.roles).toBeNull();
      const expired = await add({ expiresAt: START + HOUR });
      await store.saveLook(ANA, look(DEV, START + DAY), START + DAY);
      expect((await scopeAndRoles(expired))?.roles).toBe(PATRON);
    });

    it('gives a new session what is known of its owner already', async () => {
      await add();
      await store.saveLook(ANA, look(PATRON), START);
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
      await store.saveLook(ANA, look('', START + SECOND), START);
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
      await store.saveLook(ANA, look('', START + 2 * SECOND), START);
      const fresh = newSession({ createdAt: START + SECOND, replaces: old.id });
      const rotation = { rotatedAt: null, graceEndsAt: START + HOUR };
      const rotateSeen = (seen: RoleLook) =>
        store.replace(act(START + SECOND), { ...fresh, look: seen }, rotation, LIMIT);
      expect(await rotateSeen(look(DEV, START + SECOND))).toEqual({ is: 'roles_changed' });
      expect(await scopeAndRoles(fresh.session)).toBeNull();
      expect(await rotateSeen(look('', START + 2 * SECOND))).toEqual({ is: 'stored' });
      expect((await scopeAndRoles(fresh.session))?.roles).toBe('');
    });
  });
}

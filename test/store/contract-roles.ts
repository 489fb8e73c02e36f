import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SYSTEM } from '../../src/core/actor.ts';
import type { RoleLook } from '../../src/core/policy/standing.ts';
import type { NewSession } from '../../src/core/sessions/minted-token.ts';
import type { Session } from '../../src/core/sessions/session.ts';
import type { Store } from '../../src/core/store.ts';
import {
  ANA,
  atMost,
  BEN,
  DAY,
  HOUR,
  member,
  newSession,
  SECOND,
  START,
} from '../support/fixtures.ts';

const LIMIT = atMost(1_000);
const PATRON = '112233445566778899';
const DEV = '998877665544332211';

const look = (roles: string, at = START): RoleLook => ({ roles, at });

/** What every store has to do about the scopes of sessions, and the roles of their owners. */
export function describeRoleStore(name: string, open: () => Promise<Store>): void {
  describe(`the store over ${name}, of scopes and roles`, () => {
    let store: Store;

    beforeEach(async () => {
      store = await open();
    });

    afterEach(() => store.close());

    const addFresh = (fresh: NewSession) => {
      const { userId, createdAt } = fresh.session;
      return store.add({ actor: member(userId), at: createdAt }, fresh, LIMIT);
    };

    async function add(overrides: Partial<Session> = {}, seen?: RoleLook): Promise<NewSession> {
      const fresh = newSession(overrides);
      const withLook = seen === undefined ? fresh : { ...fresh, look: seen };
      expect(await addFresh(withLook)).toEqual({ is: 'stored' });
      return fresh;
    }

    async function check({ tokenHash }: NewSession) {
      const found = await store.findByToken(tokenHash);
      return found && { scope: found.scope, roles: found.roles };
    }

    const lookOf = async (userId = ANA) => (await store.findAccount(userId))?.look;

    it('keeps what was written out, and tells what is from before from what may do nothing', async () => {
      const fresh = await add({ scope: 'lamps:read lamps:write' });
      expect(await check(fresh)).toEqual({ scope: 'lamps:read lamps:write', roles: null });
      expect(await check(await add({ scope: null }))).toEqual({ scope: null, roles: null });
      expect(await check(await add({ scope: '' }))).toEqual({ scope: '', roles: null });
      const live = await store.findLive(ANA, fresh.session.id, START);
      expect(live?.scope).toBe('lamps:read lamps:write');
    });

    it('writes a look down for the account and all that is live of it, and for nobody else', async () => {
      const [one, other, of] = [await add(), await add(), await add({ userId: BEN })];
      const long = `${PATRON} ${DEV}`;
      expect(await store.saveLook(ANA, look(long), START)).toEqual({ before: null });
      expect(await lookOf()).toEqual(look(long));
      for (const each of [one, other]) expect((await check(each))?.roles).toBe(long);
      expect((await check(of))?.roles).toBeNull();
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
      expect((await check(fresh))?.roles).toBe('');
    });

    it('keeps the newest of looks that arrive together, whatever their order', async () => {
      const fresh = await add();
      const order = [3, 1, 5, 2, 4];
      await Promise.all(
        order.map((at) => store.saveLook(ANA, look(`${PATRON}${at}`, START + at), START)),
      );
      expect(await lookOf()).toEqual(look(`${PATRON}5`, START + 5));
      expect((await check(fresh))?.roles).toBe(`${PATRON}5`);
    });

    it('knows nobody who has no account, and makes none', async () => {
      expect(await store.saveLook(ANA, look(PATRON), START)).toBeNull();
      expect(await store.findAccount(ANA)).toBeNull();
    });

    it('leaves what has ended as it was', async () => {
      const fresh = await add();
      await store.end(
        { actor: SYSTEM, at: START },
        ANA,
        { one: fresh.session.id, includeDescendants: false },
        'revoked',
      );
      expect(await store.saveLook(ANA, look(PATRON), START)).toEqual({ before: null });
      expect((await check(fresh))?.roles).toBeNull();
      const expired = await add({ expiresAt: START + HOUR });
      await store.saveLook(ANA, look(DEV, START + DAY), START + DAY);
      expect((await check(expired))?.roles).toBe(PATRON);
    });

    it('gives a new session what is known of its owner already', async () => {
      await add();
      await store.saveLook(ANA, look(PATRON), START);
      expect((await check(await add()))?.roles).toBe(PATRON);
    });

    it('takes a newer look that a session was made with, for the others too', async () => {
      const old = await add({}, look(PATRON));
      expect((await check(old))?.roles).toBe(PATRON);
      const next = await add({ createdAt: START + SECOND }, look(DEV, START + SECOND));
      for (const each of [old, next]) expect((await check(each))?.roles).toBe(DEV);
      expect(await lookOf()).toEqual(look(DEV, START + SECOND));
    });

    it('makes nothing by a look that is not true any more', async () => {
      await add();
      await store.saveLook(ANA, look('', START + SECOND), START);
      const outdated = { ...newSession({ scope: 'lamps:all' }), look: look(DEV) };
      expect(await addFresh(outdated)).toEqual({ is: 'roles_changed' });
      expect(await check(outdated)).toBeNull();
      // The same roles, seen earlier, are as good.
      const same = { ...newSession(), look: look('') };
      expect(await addFresh(same)).toEqual({ is: 'stored' });
      expect((await lookOf())?.at).toBe(START + SECOND);
    });

    it('rotates nothing by a look that is not true any more', async () => {
      const old = await add({}, look(DEV));
      await store.saveLook(ANA, look('', START + 2 * SECOND), START);
      const fresh = newSession({ createdAt: START + SECOND, replaces: old.session.id });
      const act = { actor: member(ANA), at: START + SECOND };
      const rotation = { rotatedAt: null, graceEndsAt: START + HOUR };
      const replace = (seen: RoleLook) =>
        store.replace(act, { ...fresh, look: seen }, rotation, LIMIT);
      expect(await replace(look(DEV, START + SECOND))).toEqual({ is: 'roles_changed' });
      expect(await check(fresh)).toBeNull();
      expect(await replace(look('', START + 2 * SECOND))).toEqual({ is: 'stored' });
      expect((await check(fresh))?.roles).toBe('');
    });
  });
}

import { describe, expect, it, onTestFinished } from 'vitest';
import { upstream } from '../../../src/core/errors.ts';
import type { FindMember } from '../../../src/core/logins/identity.ts';
import { createRoleRound, LOOK_EVERY_MS } from '../../../src/core/policy/role-round.ts';
import { createRoles } from '../../../src/core/policy/roles.ts';
import { createCoreHarness } from '../../support/core-harness.ts';
import { ANA, BEN, communityMember, HOUR, SECOND } from '../../support/fixtures.ts';
import { DEV, HOLDERS_POLICY, see } from '../../support/roles.ts';

const CY = '100000000000000003';
const MINUTE = 60 * SECOND;

interface Options {
  readonly heardSince?: () => number | null;
  readonly answer?: FindMember;
}

/** Members who are developers, each with a token; Discord says what `answer` does. */
function setUp({ heardSince = () => null, answer }: Options = {}) {
  const harness = createCoreHarness({
    policy: HOLDERS_POLICY,
    findMember: async () => communityMember(DEV),
  });
  onTestFinished(() => harness.close());
  const { store, clock } = harness;
  const asked: string[] = [];
  const roles = createRoles({ store, clock, policy: HOLDERS_POLICY });
  const findMember = roles.keeping(async (userId) => {
    asked.push(userId);
    return answer === undefined ? communityMember(DEV) : answer(userId);
  });
  const round = createRoleRound({ store, clock, findMember, heardSince });
  const use = async (id: string) => {
    await store.touch({ actor: { kind: 'system' }, at: clock() }, [[id, clock()]]);
  };
  return {
    ...harness,
    asked,
    use,
    look: () => round.lookAtNext(),
    /** A member who was looked at now, and their token. */
    addMember: async (userId: string) => {
      const { session } = await harness.token(userId);
      await see(store, userId, { roles: DEV, at: clock() }, clock());
      clock.advance(SECOND);
      return session.id;
    },
    rolesOf: async (userId: string) => (await store.findAccount(userId))?.look?.roles,
  };
}

describe('the round', () => {
  it('looks at one after the other whose tokens were used, the longest ago first', async () => {
    const { addMember, use, look, asked, clock } = setUp();
    const [ana, ben] = [await addMember(ANA), await addMember(BEN)];
    await addMember(CY);
    await use(ben);
    await use(ana);
    clock.advance(LOOK_EVERY_MS);
    await look();
    expect(asked).toEqual([ANA]);
    await look();
    await look();
    expect(asked).toEqual([ANA, BEN]);
  });

  it('looks at nobody again within fifteen minutes, however much they do', async () => {
    const { addMember, use, look, asked, clock } = setUp();
    const id = await addMember(ANA);
    for (let minute = 0; minute < 33; minute += 1) {
      await use(id);
      await look();
      clock.advance(MINUTE);
    }
    expect(asked).toHaveLength(2);
  });

  it('looks at nine hundred in fifteen minutes, one a second', async () => {
    const { token, store, use, look, asked, clock } = setUp();
    for (let n = 0; n < 900; n += 1) {
      const userId = `1000000000000${String(n).padStart(5, '0')}`;
      const { session } = await token(userId);
      await see(store, userId, { roles: DEV, at: clock() }, clock());
      clock.advance(1);
      await use(session.id);
    }
    clock.advance(LOOK_EVERY_MS);
    for (let second = 0; second < 900; second += 1) {
      await look();
      clock.advance(SECOND);
    }
    expect(new Set(asked).size).toBe(900);
    expect(asked).toHaveLength(900);
  }, 60_000);

  it('takes what was lost, and gives it back', async () => {
    let held: readonly string[] = [];
    const { addMember, use, look, clock, rolesOf } = setUp({
      answer: async () => communityMember(...held),
    });
    const id = await addMember(ANA);
    await use(id);
    clock.advance(LOOK_EVERY_MS);
    await look();
    expect(await rolesOf(ANA)).toBe('');
    held = [DEV];
    clock.advance(SECOND);
    await use(id);
    clock.advance(LOOK_EVERY_MS);
    await look();
    expect(await rolesOf(ANA)).toBe(DEV);
  });

  it('knows that who is not in the server has no role', async () => {
    const { addMember, use, look, clock, rolesOf } = setUp({ answer: async () => null });
    await use(await addMember(ANA));
    clock.advance(LOOK_EVERY_MS);
    await look();
    expect(await rolesOf(ANA)).toBe('');
  });

  it('changes nothing where Discord fails, and comes to the others first', async () => {
    const { addMember, use, look, asked, clock, rolesOf } = setUp({
      answer: async (userId) => {
        if (userId === ANA) throw upstream(new Error('503'));
        return communityMember();
      },
    });
    const [ana, ben] = [await addMember(ANA), await addMember(BEN)];
    await use(ana);
    await use(ben);
    clock.advance(LOOK_EVERY_MS);
    await expect(look()).rejects.toMatchObject({ code: 'upstream' });
    await look();
    expect([await rolesOf(ANA), await rolesOf(BEN)]).toEqual([DEV, '']);
    await look();
    expect(asked).toEqual([ANA, BEN]);
    clock.advance(30 * SECOND);
    await expect(look()).rejects.toMatchObject({ code: 'upstream' });
  });

  it('leaves to Discord what that tells, and makes up for what was missed', async () => {
    const heard = { since: 0 };
    const { addMember, use, look, asked, clock } = setUp({ heardSince: () => heard.since });
    const id = await addMember(ANA);
    await use(id);
    clock.advance(HOUR);
    await look();
    expect(asked).toEqual([]);
    heard.since = clock();
    clock.advance(MINUTE);
    await look();
    expect(asked).toEqual([ANA]);
    await use(id);
    clock.advance(HOUR);
    await look();
    expect(asked).toEqual([ANA]);
  });

  it('looks at nobody of whom it was heard while they waited for their turn', async () => {
    const { addMember, use, look, asked, clock, store } = setUp();
    const [ana, ben] = [await addMember(ANA), await addMember(BEN)];
    await use(ana);
    await use(ben);
    clock.advance(LOOK_EVERY_MS);
    await look();
    await see(store, BEN, { roles: DEV, at: clock() }, clock());
    await look();
    expect(asked).toEqual([ANA]);
  });
});

import { describe, expect, it, onTestFinished } from 'vitest';
import type { Staff } from '../../../src/core/actor.ts';
import { createHeldRoles, HELD_FOR_MS } from '../../../src/core/policy/held-roles.ts';
import { createRoles } from '../../../src/core/policy/roles.ts';
import { createCoreHarness } from '../../support/core-harness.ts';
import { ANA, BEN, communityMember, DAY, HOUR, SECOND } from '../../support/fixtures.ts';
import { DEV, HOLDERS_POLICY, PATRON, see } from '../../support/roles.ts';

const MINUTE = 60 * SECOND;
const staff: Staff = { kind: 'staff', userId: '900000000000000009', requestId: 'staff-1' };

interface Options {
  readonly isStaffed?: boolean;
  /** The roles of the server; null where Discord does not say. */
  readonly there?: ReadonlySet<string> | null;
}

/** Ana and Ben are developers with a token each. */
async function setUp({ isStaffed = true, there = new Set([PATRON]) }: Options = {}) {
  const harness = createCoreHarness({
    policy: HOLDERS_POLICY,
    findMember: async () => communityMember(DEV),
  });
  onTestFinished(() => harness.close());
  const { store, clock } = harness;
  const policy = HOLDERS_POLICY;
  const held = createHeldRoles({ store, clock, policy, isStaffed });
  const roles = createRoles({ store, clock, policy, findServerRoles: async () => there });
  const tokens: string[] = [];
  for (const userId of [ANA, BEN]) {
    tokens.push((await harness.token(userId, 'lamp', 9 * DAY)).token);
    await see(store, userId, { roles: DEV, at: clock() }, clock());
  }
  clock.advance(SECOND);
  const audit = async () =>
    (await store.audit({ limit: 50 }))
      .filter(({ action }) => action.startsWith('roles.'))
      .map(({ action, actorKind, detail }) => [action, actorKind, detail['count']])
      .toReversed();
  const works = async () =>
    Promise.all(tokens.map(async (token) => (await harness.sessions.verify(token)).is));
  return { ...harness, held, roles, audit, works };
}

const HELD = ['roles.held', 'system', 2];
const CHANGED = (by: string) => ['roles.changed', by, undefined];

describe('a deleted role', () => {
  it('is held for everybody who has it, of which the staff hear once', async () => {
    const { roles, held, clock, audit, works, store } = await setUp();
    await roles.noteDeleted(DEV);
    await held.tell();
    expect(await audit()).toEqual([]);
    clock.advance(10 * SECOND);
    for (let n = 0; n < 3; n += 1) await held.tell();
    expect(await audit()).toEqual([HELD]);
    expect(await works()).toEqual(['valid', 'valid']);
    const batch = await store.takeBatch(clock(), clock() + HOUR, 'b');
    expect([batch?.recipient, batch?.events[0]?.action]).toEqual([null, 'roles.held']);
  });

  it('is nothing to us if the policy does not name it', async () => {
    const { roles, held } = await setUp();
    await roles.noteDeleted('100000000000000000');
    expect(await held.find()).toEqual({ roles: [], count: 0 });
  });

  it('is noticed by the first look that misses it', async () => {
    const { roles, held, works, clock } = await setUp();
    await roles.keep(ANA, { roles: '', at: clock() });
    expect(await held.find()).toEqual({ roles: ['dev'], count: 2 });
    expect(await works()).toEqual(['valid', 'valid']);
  });

  it.each([new Set([PATRON, DEV]), null])(
    'is not what a member lost whose role is there, or of which Discord says nothing',
    async (there) => {
      const { roles, held, works, clock } = await setUp({ there });
      await roles.keep(ANA, { roles: '', at: clock() });
      expect(await held.find()).toEqual({ roles: [], count: 0 });
      expect(await works()).toEqual(['suspended', 'valid']);
    },
  );

  it('is told again where another follows, and anew once nothing was held', async () => {
    const { roles, held, clock, audit, store } = await setUp();
    const tell = async () => {
      clock.advance(MINUTE);
      await held.tell();
    };
    await see(store, BEN, { roles: `${PATRON} ${DEV}`, at: clock() }, clock());
    await roles.noteDeleted(DEV);
    await tell();
    await roles.noteDeleted(PATRON);
    await tell();
    await tell();
    expect((await audit()).filter(([action]) => action === 'roles.held')).toHaveLength(2);
    await held.apply(staff);
    await tell();
    await see(store, ANA, { roles: DEV, at: clock() }, clock());
    await roles.noteDeleted(DEV);
    await tell();
    expect((await audit()).filter(([action]) => action === 'roles.held')).toHaveLength(3);
  });
});

describe('what is held', () => {
  it('takes effect by one press, in the name of who pressed', async () => {
    const { roles, held, audit, works } = await setUp();
    await roles.noteDeleted(DEV);
    expect(await held.apply(staff)).toEqual({ roles: ['dev'], count: 2 });
    expect(await works()).toEqual(['suspended', 'suspended']);
    expect(await audit()).toEqual([
      CHANGED('staff'),
      CHANGED('staff'),
      ['roles.applied', 'staff', 2],
    ]);
    expect(await held.apply(staff)).toEqual({ roles: [], count: 0 });
    expect(await audit()).toHaveLength(3);
  });

  it('takes effect after a day by itself, and not before', async () => {
    const { roles, held, audit, works, clock } = await setUp();
    await roles.noteDeleted(DEV);
    clock.advance(HELD_FOR_MS - SECOND);
    expect(await held.applyOverdue()).toBeNull();
    expect(await works()).toEqual(['valid', 'valid']);
    clock.advance(SECOND);
    expect(await held.applyOverdue()).toEqual({ roles: ['dev'], count: 2 });
    expect((await audit()).at(-1)).toEqual(['roles.applied', 'system', 2]);
    expect(await held.find()).toEqual({ roles: [], count: 0 });
  });

  it('waits a day longer where the staff say so', async () => {
    const { roles, held, audit, clock } = await setUp();
    await roles.noteDeleted(DEV);
    clock.advance(HELD_FOR_MS - SECOND);
    expect(await held.keep(staff)).toEqual({ roles: ['dev'], count: 2 });
    clock.advance(HELD_FOR_MS - SECOND);
    expect(await held.applyOverdue()).toBeNull();
    clock.advance(SECOND);
    expect(await held.applyOverdue()).toMatchObject({ count: 2 });
    expect((await audit())[0]).toEqual(['roles.kept', 'staff', 2]);
  });

  it('takes effect at once where there is nobody to ask', async () => {
    const { roles, held, audit, works } = await setUp({ isStaffed: false });
    await roles.noteDeleted(DEV);
    expect(await held.tell()).toEqual({ roles: ['dev'], count: 2 });
    expect(await works()).toEqual(['suspended', 'suspended']);
    expect((await audit()).at(-1)).toEqual(['roles.applied', 'system', 2]);
    expect(await held.tell()).toBeNull();
  });

  it('is no more once the role is seen again', async () => {
    const { roles, held, works, clock } = await setUp();
    await roles.noteDeleted(DEV);
    await roles.keep(ANA, { roles: DEV, at: clock() });
    expect(await held.find()).toEqual({ roles: ['dev'], count: 1 });
    await held.apply(staff);
    expect(await works()).toEqual(['valid', 'suspended']);
  });
});

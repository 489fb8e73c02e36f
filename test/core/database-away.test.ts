import { expect, it, onTestFinished } from 'vitest';
import { createOwnData } from '../../src/core/accounts/own-data.ts';
import type { Staff } from '../../src/core/actor.ts';
import { createStaff } from '../../src/core/staff/staff.ts';
import { createCoreHarness } from '../support/core-harness.ts';
import {
  ANA,
  atMost,
  createPostbox,
  HOUR,
  member,
  newBan,
  newSession,
} from '../support/fixtures.ts';
import { leavingStore } from '../support/leaving-store.ts';

const ana = member(ANA);
const staff: Staff = { kind: 'staff', userId: '900000000000000009', requestId: 'staff-1' };

/** A member with a token that made another, over a database that goes away once something is done. */
async function setUp() {
  let isArmed = false;
  const harness = createCoreHarness({ through: (store) => leavingStore(store, () => isArmed) });
  onTestFinished(() => harness.close());
  const { tokens, clock, core, sessions } = harness;
  const old = await harness.token();
  const { session } = await tokens.create(member(ANA, old.session.id), {
    name: 'made',
    expiresAt: clock() + HOUR,
  });
  isArmed = true;
  return {
    ...harness,
    id: old.session.id,
    made: session.id,
    token: old.token,
    input: { name: 'new', expiresAt: clock() + HOUR },
    rotation: { id: old.session.id, graceMs: HOUR },
    deliver: createPostbox().deliver,
    sessions,
    staffVerbs: createStaff(core),
    ownData: createOwnData(core),
  };
}

type Stage = Awaited<ReturnType<typeof setUp>>;

it.each<[string, (stage: Stage) => Promise<unknown>]>([
  ['sessions.revoke', ({ sessions, id }) => sessions.revoke(ana, id)],
  ['sessions.revoke with what it made', ({ sessions, id }) => sessions.revoke(ana, id, true)],
  ['sessions.revokeUnrecognized', ({ sessions, id }) => sessions.revokeUnrecognized(ana, id)],
  ['sessions.revokeMadeBy', ({ sessions, id }) => sessions.revokeMadeBy(ana, id)],
  ['sessions.revokeAll', ({ sessions }) => sessions.revokeAll(ana)],
  ['sessions.revokeByToken', ({ sessions, token }) => sessions.revokeByToken(token, 'r')],
  ['sessions.rename', ({ sessions, id }) => sessions.rename(ana, id, 'other')],
  ['tokens.create', ({ tokens, input }) => tokens.create(ana, input)],
  ['tokens.createAndDeliver', (all) => all.tokens.createAndDeliver(ana, all.input, all.deliver)],
  ['tokens.rotate', ({ tokens, rotation }) => tokens.rotate(ana, rotation)],
  [
    'tokens.rotateAndDeliver',
    ({ tokens, rotation, deliver }) => tokens.rotateAndDeliver(ana, rotation, deliver),
  ],
  ['staff.revoke', ({ staffVerbs, id }) => staffVerbs.revoke(staff, ANA, id, false)],
  ['staff.revokeAll', ({ staffVerbs }) => staffVerbs.revokeAll(staff, ANA)],
  ['accounts.ban', ({ accounts }) => accounts.ban(staff, newBan(ANA))],
  ['leaks.report', ({ leaks, token }) => leaks.report(ana, token, null)],
])('%s says what it did, though the database is away then', async (_, act) => {
  await expect(act(await setUp())).resolves.not.toThrow();
});

it('an erasure of which the database saw a part is one of which nobody can tell', async () => {
  const { ownData, store, clock } = await setUp();
  for (let count = 0; count < 600; count += 1) {
    await store.add({ actor: ana, at: clock() }, newSession(), atMost(1_000));
  }
  await expect(ownData.forget(ana)).rejects.toMatchObject({ code: 'uncertain' });
});

it('what made a session that nobody knows is told as before', async () => {
  const { sessions, made, id } = await setUp();
  const { ended, parent } = await sessions.revokeUnrecognized(ana, made);
  expect([ended, parent?.id]).toEqual([1, id]);
});

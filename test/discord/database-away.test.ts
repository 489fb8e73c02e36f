import { expect, it, onTestFinished } from 'vitest';
import { RENAME, writeCustomId } from '../../src/discord/interactions/custom-id.ts';
import {
  createDiscordHarness,
  OTHER_CHANNEL,
  type Person,
  SUE,
  wordsOf,
} from '../support/discord-harness.ts';
import { ANA, newBan, STAFF } from '../support/fixtures.ts';
import { leavingStore } from '../support/leaving-store.ts';

const ANA_HERE: Person = { id: ANA, channel: OTHER_CHANNEL };

/** A member with a token, over a database that goes away once something is done. */
async function setUp({ banned = false } = {}) {
  let isArmed = false;
  const stage = await createDiscordHarness({
    through: (store) => leavingStore(store, () => isArmed),
  });
  onTestFinished(() => stage.close());
  const { session } = await stage.token(ANA, 'lamp');
  if (banned) await stage.accounts.ban(STAFF, newBan(ANA));
  isArmed = true;
  return { ...stage, id: session.id };
}

it.each<[string, RegExp, (stage: Awaited<ReturnType<typeof setUp>>) => Promise<unknown>]>([
  [
    '`/token create`',
    /Your token \*\*door\*\* is in your direct messages/,
    ({ dispatch, slash }) =>
      dispatch(slash(ANA_HERE, 'token', 'create', { options: { name: 'door' } })),
  ],
  [
    '`/session revoke`',
    /^Revoked \*\*lamp\*\*/,
    ({ dispatch, slash, id }) =>
      dispatch(slash(ANA_HERE, 'session', 'revoke', { options: { session: id } })),
  ],
  [
    '*Rename*',
    /\*\*desk\*\*/,
    ({ submit, id }) =>
      submit(RENAME.write(ANA, { type: 'api', id, unused: '' }), { name: 'desk' }, ANA_HERE),
  ],
])('%s says what it did, though the database is away then', async (_, said, act) => {
  const stage = await setUp();
  await act(stage);
  expect(wordsOf(stage.answer())).toMatch(said);
});

it('*Unban* says what it did, though the database is away then', async () => {
  const { press, store } = await setUp({ banned: true });
  expect(wordsOf(await press(writeCustomId('adm-unban', SUE.id, ANA)))).toMatch(/^Unbanned /);
  expect((await store.findAccount(ANA))?.ban).toBeNull();
});

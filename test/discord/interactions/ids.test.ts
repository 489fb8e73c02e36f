import { expect, it, onTestFinished } from 'vitest';
import { writeCustomId } from '../../../src/discord/interactions/custom-id.ts';
import { ANA } from '../../support/fixtures.ts';
import { createDiscordHarness, type Person, SUE, wordsOf } from '../../support/discord-harness.ts';

const ana: Person = { id: ANA };
const OUTDATED = 'This button is from an older version of me. Run the command again.';

async function setUp() {
  const stage = await createDiscordHarness();
  onTestFinished(() => stage.close());
  return { ...stage, minted: await stage.token() };
}

/** What no id is. Some would be one after a look that is not close. */
const MALFORMED = [
  '',
  'x',
  "' or 1=1 --",
  '01890000-0000-7000-8000-00000000000',
  '01890000-0000-7000-8000-000000000000 ',
  '~',
  '__proto__',
];

it.each([
  ['list', 'a member', (id: string) => ['all', 'after', id]],
  ['list', 'a member', (id: string) => ['all', 'before', id]],
  ['revoke', 'a member', (id: string) => ['all', id, 'and-made']],
  ['revoke-made', 'a member', (id: string) => [id]],
  ['rotate', 'a member', (id: string) => [id]],
  ['let-expire', 'a member', (id: string) => [id]],
  ['not-me', 'a member', (id: string) => [id]],
  ['adm-list', 'the staff', (id: string) => [ANA, 'after', id]],
  ['adm-do', 'the staff', (id: string) => [id]],
] as const)('the button %s of %s does nothing with what is no id', async (name, who, args) => {
  const { press, sessions, minted } = await setUp();
  const person = who === 'a member' ? ana : SUE;
  for (const id of MALFORMED) {
    const answer = await press(writeCustomId(name, person.id, ...args(id)), person);
    expect([id, wordsOf(answer)]).toEqual([id, OUTDATED]);
  }
  expect(await sessions.verify(minted.token)).toMatchObject({ is: 'valid' });
});

it.each([
  ['inv', (packed: string) => ['', packed, '', '']],
  ['inv', (packed: string) => ['', '', packed, '']],
  ['inv', (packed: string) => ['', '', '', packed]],
  ['aud', (packed: string) => ['', '', packed, '']],
  ['aud', (packed: string) => ['', '', '', packed]],
] as const)('the button %s does nothing with what is no number, %#', async (name, args) => {
  const { press } = await setUp();
  for (const packed of ['-1', '1.5', 'A', '1 ', 'NaN', 'é', 'zzzzzzzzzzz', '~']) {
    const answer = await press(writeCustomId(name, SUE.id, ...args(packed)));
    expect([packed, wordsOf(answer)]).toEqual([packed, OUTDATED]);
  }
});

it.each(['adm-user', 'adm-list', 'adm-ban', 'adm-unban', 'adm-all', 'aud'])(
  'the button %s does nothing with what is no id of a user',
  async (name) => {
    const { press, sessions, minted } = await setUp();
    for (const id of ['x', '1', `${ANA}x`, ` ${ANA}`, '1'.repeat(21), 'a\0b', '\uD800', '~']) {
      expect([id, wordsOf(await press(writeCustomId(name, SUE.id, id)))]).toEqual([id, OUTDATED]);
    }
    expect(await sessions.verify(minted.token)).toMatchObject({ is: 'valid' });
  },
);

it('an id that a button carries is read in upper case as well', async () => {
  const { press, sessions, minted } = await setUp();
  const id = minted.session.id.toUpperCase();
  expect(wordsOf(await press(writeCustomId('revoke', ANA, 'all', id, 'only'), ana))).toContain(
    'Revoked',
  );
  expect(await sessions.verify(minted.token)).toEqual({ is: 'invalid' });
});

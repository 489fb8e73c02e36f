import { describe, expect, it, onTestFinished } from 'vitest';
import { ANA, BEN, member, SECOND } from '../support/fixtures.ts';
import {
  createDiscordHarness,
  idOfButton,
  OTHER_CHANNEL,
  type Person,
  wordsOf,
} from '../support/discord-harness.ts';

const ANA_HERE: Person = { id: ANA, channel: OTHER_CHANNEL };

/** A member who has asked for a second token of the same name. */
async function setUp() {
  const stage = await createDiscordHarness();
  onTestFinished(() => stage.close());
  await stage.token(ANA, 'lamp');
  stage.clock.advance(SECOND);
  await stage.dispatch(stage.slash(ANA_HERE, 'token', 'create', { options: { name: 'Lamp' } }));
  return {
    ...stage,
    asked: stage.answer(),
    press: (id: string, person = ANA_HERE) => stage.press(id, person),
    names: async () =>
      (await stage.sessions.list(member(ANA), { limit: 9 })).sessions.map(({ name }) => name),
  };
}

describe('*Keep both*', () => {
  it('makes the second one once, however often it is pressed', async () => {
    const { asked, press, names } = await setUp();
    const id = idOfButton(asked, 'Keep both');
    expect(wordsOf(await press(id))).toContain('Your token **Lamp** is in your direct messages');
    expect(wordsOf(await press(id))).toContain('This was answered already, or is too old.');
    expect(await names()).toEqual(['Lamp', 'lamp']);
  });

  it('makes one where it is pressed twice at once', async () => {
    const { asked, press, names } = await setUp();
    const id = idOfButton(asked, 'Keep both');
    await Promise.all([press(id), press(id)]);
    expect(await names()).toHaveLength(2);
  });

  it('does nothing for another, and leaves it to who was asked', async () => {
    const { asked, press, names } = await setUp();
    const id = idOfButton(asked, 'Keep both');
    await press(id, { ...ANA_HERE, id: BEN });
    expect(await names()).toEqual(['lamp']);
    await press(id);
    expect(await names()).toHaveLength(2);
  });
});

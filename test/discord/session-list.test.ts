import { MessageFlags } from 'discord.js';
import { expect, describe, it, onTestFinished } from 'vitest';
import { ANA, BEN, DAY, member, SECOND } from '../support/fixtures.ts';
import {
  buttonsOf,
  createDiscordHarness,
  idOfButton,
  OTHER_CHANNEL,
  type Person,
  wordsOf,
} from '../support/discord-harness.ts';

const ANA_HERE: Person = { id: ANA, channel: OTHER_CHANNEL };
const BEN_HERE: Person = { ...ANA_HERE, id: BEN };

/** A member with so many tokens, `token 1` the oldest. */
async function setUp(count: number) {
  const stage = await createDiscordHarness();
  onTestFinished(() => stage.close());
  const { clock, dispatch, slash, answer } = stage;
  for (let index = 1; index <= count; index += 1) {
    clock.advance(SECOND);
    await stage.token(ANA, `token ${index}`);
  }
  return {
    ...stage,
    press: (id: string, person = ANA_HERE) => stage.press(id, person),
    submit: (id: string, fields: Record<string, string>, person = ANA_HERE) =>
      stage.submit(id, fields, person),
    list: async () => {
      await dispatch(slash(ANA_HERE, 'session', 'list'));
      return answer();
    },
    names: async () =>
      (await stage.sessions.list(member(ANA), { limit: 50 })).sessions.map(({ name }) => name),
  };
}

const labels = (node: unknown) => buttonsOf(node).map(({ label }) => label);

describe('*Search…* in the list', () => {
  it('is offered where not all fits on one page', async () => {
    const { list, token } = await setUp(10);
    expect(labels(await list())).not.toContain('Search…');
    await token(ANA, 'one more');
    expect(labels(await list())).toContain('Search…');
  });

  it('shows what has it in its name, each with a way to manage it', async () => {
    const { list, press, submit } = await setUp(12);
    const id = idOfButton(await list(), 'Search…');
    expect(await press(id)).toMatchObject({ type: 9, data: { title: 'Search your tokens' } });
    const found = await submit(id, { typed: 'token 1' });
    expect(wordsOf(found)).toContain('4 found');
    expect(labels(found).filter((label) => label === 'Manage')).toHaveLength(4);
    expect(wordsOf(await press(idOfButton(found, 'Manage')))).toContain('token 1');
    expect(wordsOf(await press(idOfButton(found, 'Show all')))).toContain('12 active');
  });

  it('says how many there are where more match than a page holds', async () => {
    const { list, submit } = await setUp(12);
    const found = await submit(idOfButton(await list(), 'Search…'), { typed: 'token' });
    expect(wordsOf(found)).toContain('12 found, the best 10 shown');
  });

  it('says so where nothing matches, and formats nothing that was typed', async () => {
    const { list, submit } = await setUp(11);
    const found = await submit(idOfButton(await list(), 'Search…'), { typed: '**@everyone**' });
    expect(wordsOf(found)).toContain('Nothing of yours has');
    expect(wordsOf(found)).not.toContain('**@everyone**');
    expect(labels(found)).toEqual(['Search…', 'Show all']);
  });

  it("finds nothing of another's, nor takes their form", async () => {
    const { list, submit, sent } = await setUp(11);
    const id = idOfButton(await list(), 'Search…');
    sent.length = 0;
    const refused = await submit(id, { typed: 'token' }, BEN_HERE);
    expect(wordsOf(refused)).toContain('someone else');
    const own = await submit(id.replace(ANA, BEN), { typed: 'token' }, BEN_HERE);
    expect(wordsOf(own)).toContain('Nothing of yours has');
  });
});

/** The newest token's. */
const card = async (stage: Awaited<ReturnType<typeof setUp>>) =>
  stage.press(idOfButton(await stage.list(), 'Manage'));

describe('*Only unused* in the list', () => {
  const MONTH = 30 * DAY;

  /** Twelve tokens of a year, of which all but the first two were used within a month. */
  async function setUpUsed() {
    const stage = await setUp(0);
    const { token, clock, sessions } = stage;
    for (const name of ['older', 'old']) {
      await token(ANA, name, 12 * MONTH);
      clock.advance(SECOND);
    }
    clock.advance(MONTH);
    for (let index = 1; index <= 10; index += 1) {
      const { token: used } = await token(ANA, `token ${index}`, 12 * MONTH);
      await sessions.verify(used);
    }
    return stage;
  }

  it('shows what was neither used nor made within 30 days, and the way back', async () => {
    const { list, press } = await setUpUsed();
    const unused = await press(idOfButton(await list(), 'Only unused'));
    expect(wordsOf(unused)).toContain('### Active, but unused for 30 days\n2 active');
    expect(wordsOf(unused)).toMatch(/\*\*old\*\*[^]*\*\*older\*\*/);
    expect(wordsOf(unused)).not.toContain('token 1');
    expect(wordsOf(await press(idOfButton(unused, 'Show all')))).toContain('12 active');
  });

  it('is kept by the way to one token and back', async () => {
    const { list, press } = await setUpUsed();
    const unused = await press(idOfButton(await list(), 'Only unused'));
    const one = await press(idOfButton(unused, 'Manage'));
    expect(wordsOf(one)).toContain('**old**');
    expect(wordsOf(await press(idOfButton(one, 'Back')))).toContain('unused for 30 days');
  });

  it('says so where everything is in use', async () => {
    const { list, press } = await setUp(12);
    const none = await press(idOfButton(await list(), 'Only unused'));
    expect(wordsOf(none)).toContain('was used or made in the last 30 days');
    expect(wordsOf(await press(idOfButton(none, 'Show all')))).toContain('12 active');
  });
});

describe('*Rename…* on a token', () => {
  it('opens with the name as it is, and shows the token under its new one', async () => {
    const stage = await setUp(1);
    const id = idOfButton(await card(stage), 'Rename…');
    const opened = await stage.press(id);
    expect(opened).toMatchObject({ type: 9, data: { custom_id: id } });
    expect(JSON.stringify(opened)).toContain('"value":"token 1"');
    const shown = await stage.submit(id, { name: ' lamps ' });
    expect(wordsOf(shown)).toContain('lamps');
    expect(labels(shown)).toContain('Rename…');
    expect(await stage.names()).toEqual(['lamps']);
    expect(await stage.store.audit({ limit: 1 })).toMatchObject([{ action: 'token.renamed' }]);
  });

  it.each([
    ['an empty name', '   '],
    ['a name that is too long', 'a'.repeat(101)],
  ])('refuses %s beside the token, and keeps the old one', async (_, name) => {
    const stage = await setUp(1);
    const refused = await stage.submit(idOfButton(await card(stage), 'Rename…'), { name });
    expect(refused).toMatchObject({ flags: MessageFlags.Ephemeral });
    expect(await stage.names()).toEqual(['token 1']);
  });

  it("does not open for, nor rename, another's token", async () => {
    const stage = await setUp(1);
    const id = idOfButton(await card(stage), 'Rename…').replace(ANA, BEN);
    expect(wordsOf(await stage.press(id, BEN_HERE))).toContain("can't find");
    expect(wordsOf(await stage.submit(id, { name: 'mine' }, BEN_HERE))).toContain("can't find");
    expect(await stage.names()).toEqual(['token 1']);
  });

  it('says so where the token ended meanwhile', async () => {
    const stage = await setUp(1);
    const id = idOfButton(await card(stage), 'Rename…');
    await stage.sessions.revokeAll(member(ANA));
    expect(wordsOf(await stage.press(id))).toContain("can't find");
  });
});

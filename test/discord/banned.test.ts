import { describe, expect, it, onTestFinished } from 'vitest';
import { memberCommands } from '../../src/discord/interactions/commands/index.ts';
import { writeCustomId } from '../../src/discord/interactions/custom-id.ts';
import { ANA, DAY, newBan, SECOND, STAFF, START } from '../support/fixtures.ts';
import {
  buttonsOf,
  createDiscordHarness,
  type DiscordHarnessOptions,
  idOfButton,
  OTHER_CHANNEL,
  type Person,
  wordsOf,
} from '../support/discord-harness.ts';

const ANA_HERE: Person = { id: ANA, channel: OTHER_CHANNEL };
const APPEAL_URL = 'https://lighthouse.example/appeal';

/** What the banned may do too, since it is theirs or protects others. */
const ALLOWED = ['session notify', 'session export', 'session forget'];
const refused = memberCommands(undefined).flatMap(({ data, subcommands }) =>
  Object.keys(subcommands)
    .map((subcommand) => `${data.name} ${subcommand}`)
    .filter((line) => !ALLOWED.includes(line)),
);

/** A member with twelve tokens. */
async function setUp(harness: DiscordHarnessOptions = { appealUrl: APPEAL_URL }) {
  const stage = await createDiscordHarness(harness);
  onTestFinished(() => stage.close());
  for (let index = 1; index <= 12; index += 1) await stage.token(ANA, `lamp ${index}`);
  const say = async (line: string) => {
    const [name = '', subcommand = ''] = line.split(' ');
    const options = { name: 'lamp 1', token: 'lamp 1', session: 'lamp 1' };
    await stage.dispatch(stage.slash(ANA_HERE, name, subcommand, { options }));
    return stage.answer();
  };
  return {
    ...stage,
    say,
    press: (id: string) => stage.press(id, ANA_HERE),
    submit: (id: string) => stage.submit(id, { typed: 'x', name: 'x' }, ANA_HERE),
    ban: () =>
      stage.accounts.ban(STAFF, {
        ...newBan(ANA),
        reason: 'spam *everywhere*',
        until: START + 7 * DAY,
      }),
  };
}

/** What stands in each refusal: until when, why, what is paused and where to turn. */
const WHOLE = new RegExp(
  [
    "^You are banned here, so I can't do that\\.",
    `<t:${(START + 7 * DAY) / SECOND}:`,
    'spam \\\\\\*everywhere',
    'paused',
    APPEAL_URL,
  ].join('[^]*'),
);

describe('who is banned reads until when, why and where to turn', () => {
  it.each(refused)('after /%s', async (line) => {
    const { say, ban } = await setUp();
    await ban();
    expect(wordsOf(await say(line))).toMatch(WHOLE);
  });

  it('after a press of what was there before', async () => {
    const { say, press, submit, ban } = await setUp();
    const list = await say('session list');
    const one = await press(idOfButton(list, 'Manage'));
    const asked = await press(idOfButton(one, 'Revoke…'));
    const twin = await say('token create');
    const before = [list, one, asked, twin, await say('session revoke-all')];
    await ban();
    const pressed = new Set<string>();
    const answers: unknown[] = [];
    for (const { custom_id: id } of before.flatMap(buttonsOf)) {
      const [does = ''] = id.split(':');
      pressed.add(does);
      // The form to search with asks nothing yet.
      if (does !== 'search') answers.push(await press(id));
      if (does === 'search' || does === 'rename') answers.push(await submit(id));
    }
    for (const answer of answers) expect(wordsOf(answer)).toMatch(WHOLE);
    expect([...pressed].toSorted()).toEqual([
      'again',
      'ask',
      'list',
      'one',
      'rename',
      'revoke',
      'revoke-all',
      'rotate',
      'search',
    ]);
  });

  it('after a press that revokes what a token made', async () => {
    const { token, press, ban } = await setUp();
    const { session } = await token(ANA, 'beacon');
    await ban();
    const id = writeCustomId('revoke-made', ANA, session.id);
    expect(wordsOf(await press(id))).toMatch(WHOLE);
  });

  it('and is sent to the staff where no address is set', async () => {
    const { say, ban } = await setUp({});
    await ban();
    const refusal = wordsOf(await say('session list'));
    expect(refusal).toContain('Ask the staff of this community.');
    expect(refusal).not.toContain('http');
  });
});

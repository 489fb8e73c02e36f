import { english } from '../../../src/discord/words/words.ts';
import { Declined } from '../../../src/discord/render/reply.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  findMeant,
  type SearchNames,
  suggestSessions,
} from '../../../src/discord/interactions/session-option.ts';
import { ANA, BEN, member, newBan, SECOND, STAFF } from '../../support/fixtures.ts';
import {
  buttonsOf,
  createDiscordHarness,
  idOfButton,
  type Person,
  SUE,
  wordsOf,
} from '../../support/discord-harness.ts';

const ana: Person = { id: ANA };

interface Choice {
  readonly name: string;
  readonly value: string;
}

async function setUp() {
  const stage = await createDiscordHarness();
  onTestFinished(() => stage.close());
  const { clock, complete, dispatch, sessions, slash, answer } = stage;

  /** Live API tokens of Ana's, the last one the newest. */
  async function tokens(...names: readonly string[]) {
    const made = [];
    for (const name of names) {
      clock.advance(SECOND);
      made.push(await stage.token(ANA, name));
    }
    return made;
  }

  /** The names of the choices while Ana, or one of the staff, types. */
  async function offered(
    command: 'session revoke' | 'token rotate' | 'admin revoke',
    typed: string,
  ): Promise<readonly Choice[]> {
    const [name = '', subcommand = ''] = command.split(' ');
    const option = name === 'token' ? 'token' : 'session';
    const isStaff = name === 'admin';
    const options = { ...(isStaff ? { user: ANA } : {}), [option]: typed };
    const interaction = complete(isStaff ? SUE : ana, name, subcommand, {
      options,
      focused: option,
    });
    await dispatch(interaction);
    return (answer() as { data: { choices: Choice[] } }).data.choices;
  }

  const say = async (person: Person, command: string, options: Record<string, string>) => {
    const [name = '', subcommand = ''] = command.split(' ');
    await dispatch(slash(person, name, subcommand, { options }));
    return answer();
  };

  return {
    ...stage,
    tokens,
    offered,
    revoke: (session: string) => say(ana, 'session revoke', { session }),
    rotate: (token: string) => say(ana, 'token rotate', { token }),
    revokeAsStaff: (session: string) => say(SUE, 'admin revoke', { user: ANA, session }),
    isLive: async (token: string) => (await sessions.verify(token)).is === 'valid',
  };
}

const names = (choices: readonly Choice[]) => choices.map(({ name }) => name);

const severalMatch = (typed: string) =>
  `match “${typed}”. Pick one from the list that opens while you type, or type the last four characters of its token.`;

describe('while somebody types', () => {
  it('the name of a session comes first, then the ending of its token, then its type', async () => {
    const { tokens, offered } = await setUp();
    const [one] = await tokens('raspberry pi');
    expect(await offered('session revoke', '')).toEqual([
      { name: `raspberry pi …${one!.session.hint} · never used`, value: one!.session.id },
    ]);
  });

  it.each(['session revoke', 'token rotate', 'admin revoke'] as const)(
    '%s finds by name, the best first, and not everything by its type',
    async (command) => {
      const { tokens, offered } = await setUp();
      await tokens('pi-hole', 'raspberry pi', 'deploy', 'Сервер', 'spider', 'CAFÉ');
      const first = async (typed: string) =>
        names(await offered(command, typed)).map((name) => name.split(' …')[0]);
      expect(await first('pi')).toEqual(['pi-hole', 'raspberry pi', 'spider']);
      expect(await first('сервер')).toEqual(['Сервер']);
      expect(await first(' cafe ')).toEqual(['CAFÉ']);
      expect(await first('token')).toHaveLength(6);
      expect(await first('nothing of this')).toEqual([]);
    },
  );

  it.each(['session revoke', 'token rotate', 'admin revoke'] as const)(
    '%s says how many more there are than Discord has room for',
    async (command) => {
      const { tokens, offered } = await setUp();
      await tokens('raspberry pi', ...Array.from({ length: 25 }, (_, index) => `api ${index}`));
      const all = await offered(command, '');
      expect(all).toHaveLength(25);
      expect(all[0]?.name).toMatch(/^api 24 /);
      expect(all.at(-1)).toEqual({
        name: '… 2 more: type a part of the name',
        value: '… 2 more: type a part of the name',
      });
      const some = await offered(command, 'api ');
      expect(some.at(-2)?.name).toMatch(/^api 1 /);
      expect(some.at(-1)?.name).toBe('… 2 more: type a part of the name');
      const fitting = await offered(command, 'api 1');
      expect(fitting).toHaveLength(11);
      expect(fitting.at(-1)?.name).toMatch(/^api 10 /);
      expect((await offered(command, 'pi'))[0]?.name).toMatch(/^raspberry pi /);
    },
  );

  it('each choice is one that Discord takes, whatever the names', async () => {
    const { tokens, offered } = await setUp();
    await tokens('x'.repeat(80), '🗝'.repeat(80), 'ﷺ'.repeat(80), '`'.repeat(80));
    for (const { name, value } of await offered('session revoke', '')) {
      expect(Array.from(name).length).toBeLessThanOrEqual(100);
      expect(value).toHaveLength(36);
    }
    expect(await offered('session revoke', 'ﷺ'.repeat(6_000))).toEqual([]);
    expect(await offered('session revoke', '\0\uD800')).toHaveLength(4);
  });
});

it('looks at some thousand names at each key that is pressed, and at all for a command', async () => {
  const among: unknown[] = [];
  const search: SearchNames = async (given) => {
    among.push(given.among);
    return { best: [], total: 0, whole: 0, named: 0 };
  };
  await suggestSessions(english, { typed: 'x', search });
  await expect(findMeant(english, { typed: 'x', search })).rejects.toThrow(Declined);
  expect(among).toEqual([5_000, undefined]);
});

describe('what was typed without picking from the list', () => {
  it('is taken where one token alone has that name or that ending', async () => {
    const { tokens, revoke, rotate, isLive } = await setUp();
    const [pi, phone, phones, other] = await tokens('raspberry pi', 'Phone', 'phones', 'Größe');
    expect(wordsOf(await revoke('phone'))).toContain('Revoked **Phone**');
    expect(wordsOf(await revoke(`…${pi!.session.hint}`))).toContain('Revoked **raspberry pi**');
    expect(wordsOf(await rotate(' grosse '))).toContain('The new token for **Größe**');
    const live = [pi, phone, phones, other].map((made) => isLive(made!.token));
    expect(await Promise.all(live)).toEqual([false, false, true, false]);
  });

  it('is refused where several have it, with what to do', async () => {
    const { tokens, revoke, rotate, revokeAsStaff, isLive } = await setUp();
    const made = await tokens('deploy', 'Deploy', 'deploy too');
    expect(wordsOf(await revoke('deploy'))).toBe(`2 ${severalMatch('deploy')}`);
    expect(wordsOf(await rotate('deploy'))).toBe(`2 ${severalMatch('deploy')}`);
    expect(wordsOf(await revokeAsStaff('deploy'))).toBe(`2 ${severalMatch('deploy')}`);
    expect(wordsOf(await revoke('dep'))).toBe(`3 ${severalMatch('dep')}`);
    for (const { token } of made) expect(await isLive(token)).toBe(true);
  });

  it('is refused where none has it, with what to do and without what was typed', async () => {
    const { tokens, revoke, rotate, revokeAsStaff } = await setUp();
    const [made] = await tokens('deploy');
    const rest = 'that name or ending. Pick one from the list that opens while you type.';
    for (const typed of ['laptop', 'token', made!.token, '@everyone', 'ﷺ'.repeat(80), '…']) {
      expect(wordsOf(await revoke(typed))).toBe(`None of your tokens and logins has ${rest}`);
      expect(wordsOf(await rotate(typed))).toBe(`None of your API tokens has ${rest}`);
      expect(wordsOf(await revokeAsStaff(typed))).toBe(`<@${ANA}> has nothing with ${rest}`);
    }
  });

  it('is asked about where it is only a part of a name, and rotates nothing', async () => {
    const { tokens, revoke, rotate, revokeAsStaff, isLive, dispatch, button, answer } =
      await setUp();
    const [pi] = await tokens('raspberry pi', 'deploy');
    expect(wordsOf(await rotate('rasp'))).toContain('only a part of a name');
    expect(wordsOf(await revokeAsStaff('rasp'))).toContain("'s **raspberry pi**");
    const asked = await revoke('rasp');
    expect(wordsOf(asked)).toContain('Revoke **raspberry pi**');
    expect(buttonsOf(asked).map(({ label }) => label)).toEqual(['Revoke it', 'Back']);
    expect(await isLive(pi!.token)).toBe(true);
    await dispatch(button(ana, idOfButton(asked, 'Revoke it')));
    expect(wordsOf(answer())).toContain('Revoked **raspberry pi**');
    expect(await isLive(pi!.token)).toBe(false);
  });

  it("never finds another member's session, nor a dead one", async () => {
    const { tokens, token, revoke, rotate, isLive, sessions } = await setUp();
    const theirs = await token(BEN, 'deploy');
    const [dead] = await tokens('laptop');
    await sessions.revoke(member(ANA), dead!.session.id);
    for (const typed of ['deploy', theirs.session.hint, 'laptop', dead!.session.hint]) {
      expect(wordsOf(await revoke(typed))).toContain('None of your tokens and logins');
      expect(wordsOf(await rotate(typed))).toContain('None of your API tokens');
    }
    expect(await isLive(theirs.token)).toBe(true);
  });

  it('is not looked for where the account is banned', async () => {
    const { tokens, accounts, revoke, offered } = await setUp();
    await tokens('deploy');
    await accounts.ban(STAFF, newBan(ANA));
    expect(wordsOf(await revoke('deploy'))).toContain('banned');
    expect(await offered('session revoke', 'deploy')).toEqual([]);
  });
});

import { MessageFlags, PermissionFlagsBits } from 'discord.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { mintToken } from '../../src/core/sessions/token.ts';
import { ANA, BEN, newBan, seededRandom, STAFF } from '../support/fixtures.ts';
import {
  createDiscordHarness,
  OTHER_CHANNEL,
  type Person,
  type Routes,
  wordsOf,
} from '../support/discord-harness.ts';
import { CALLBACK, discordError, message, ORIGINAL } from '../support/wire.ts';

const REPORT = 'Revoke leaked token';
const DELETE = `DELETE /channels/${OTHER_CHANNEL}/messages/${message.id}`;

/** Somebody who found a message in a channel in which the bot may delete. */
const RITA: Person = {
  id: BEN,
  username: 'rita',
  channel: OTHER_CHANNEL,
  appPermissions: PermissionFlagsBits.ManageMessages,
};

async function setUp(routes: Routes = {}) {
  const stage = await createDiscordHarness({ routes });
  onTestFinished(() => stage.close());
  const { dispatch, menu, sent } = stage;
  const requests = () => sent.map(({ method, path }) => `${method} ${path}`);
  const verdict = async (token: string) => (await stage.sessions.verify(token)).is;
  return {
    ...stage,
    requests,
    verdict,
    report: async (target: object, person = RITA): Promise<string> => {
      await dispatch(menu(person, REPORT, target));
      return wordsOf(sent.at(-1)?.body);
    },
  };
}

describe('reporting a message', () => {
  it('revokes what is in it, deletes it, and answers the reporter alone', async () => {
    const { report, token, verdict, requests, sent } = await setUp();
    const minted = await token();
    const answer = await report({ content: `why does ${minted.token} not work?` });
    expect(await verdict(minted.token)).toBe('invalid');
    expect(requests()).toEqual([`POST ${CALLBACK}`, DELETE, `PATCH ${ORIGINAL}`]);
    expect(sent[0]?.body).toEqual({ type: 5, data: { flags: MessageFlags.Ephemeral } });
    expect(answer).toMatch(/^Thank you/);
    expect(JSON.stringify(sent)).not.toContain(minted.token);
  });

  it('answers the same whether the token was live, had ended, was banned or never was', async () => {
    const { report, token, accounts } = await setUp();
    const [live, banned] = [await token(), await token('100000000000000007')];
    await accounts.ban(STAFF, newBan('100000000000000007'));
    const never = mintToken('lk', 'api', seededRandom('never'));
    const answers = new Set<string>();
    for (const content of [live.token, live.token, banned.token, never]) {
      answers.add(await report({ content }));
    }
    expect(answers.size).toBe(1);
  });

  it('leaves a message in which something only looks like a token', async () => {
    const { report, requests, store } = await setUp();
    const never = mintToken('lk', 'api', seededRandom('never'));
    expect(await report({ content: `Read the rules! ${never}` })).toMatch(/^Thank you/);
    expect(requests()).not.toContain(DELETE);
    expect(await store.audit({ limit: 9 })).toEqual([]);
  });

  it('writes down that the message was deleted, by whom and where', async () => {
    const { report, token, store } = await setUp();
    const minted = await token();
    await report({ content: minted.token });
    expect(await store.audit({ actions: ['message.deleted'], limit: 9 })).toMatchObject([
      { actorId: RITA.id, userId: message.author.id, detail: { channelId: expect.any(String) } },
    ]);
  });

  it.each([
    ['has no token', 'hello'],
    ['has a token of another kind', mintToken('other', 'api', seededRandom())],
    ['has a typing error', mintToken('lk', 'api', seededRandom()).replace(/.$/, '!')],
    ['is empty', ''],
  ])('says so where the message %s, and leaves it', async (_, content) => {
    const { report, requests } = await setUp();
    expect(await report({ content })).toContain('found no token');
    expect(requests()).toEqual([`POST ${CALLBACK}`, `PATCH ${ORIGINAL}`]);
  });

  it.each<[string, Person]>([
    ['the bot may not delete', { ...RITA, appPermissions: 0n }],
    ['it is a direct message', { ...RITA, server: null }],
  ])('leaves the message where %s, and revokes all the same', async (_, person) => {
    const { report, token, verdict, requests } = await setUp();
    const minted = await token();
    expect(await report({ content: minted.token }, person)).toMatch(/^Thank you/);
    expect(await verdict(minted.token)).toBe('invalid');
    expect(requests()).not.toContain(DELETE);
  });

  it('does not depend on the deletion', async () => {
    const { report, token, verdict, lines } = await setUp({ [DELETE]: discordError(403, 50_013) });
    const minted = await token();
    expect(await report({ content: minted.token })).toMatch(/^Thank you/);
    expect(await verdict(minted.token)).toBe('invalid');
    expect(lines.join('')).not.toContain(minted.token);
  });

  it.each<[string, (token: string) => object]>([
    ['an embed', (token) => ({ embeds: [{ type: 'rich', title: 'x', description: token }] })],
    ['a field of an embed', (token) => ({ embeds: [{ fields: [{ name: 'a', value: token }] }] })],
    ['a component', (token) => ({ components: [{ type: 10, id: 1, content: token }] })],
    [
      'the name of a file',
      (token) => ({
        attachments: [{ id: '1', filename: `${token}.txt`, size: 1, url: 'x', proxy_url: 'x' }],
      }),
    ],
    [
      'a forwarded message',
      (content) => ({
        message_reference: { type: 1, channel_id: '1', message_id: '2' },
        message_snapshots: [{ message: { ...message, content } }],
      }),
    ],
  ])('finds a token in %s', async (_, target) => {
    const { report, token, verdict } = await setUp();
    const minted = await token();
    await report(target(minted.token));
    expect(await verdict(minted.token)).toBe('invalid');
  });

  it('is for everybody, a banned member too', async () => {
    const { report, token, verdict, accounts } = await setUp();
    await accounts.ban(STAFF, newBan(BEN));
    const minted = await token(ANA);
    expect(await report({ content: minted.token })).toMatch(/^Thank you/);
    expect(await verdict(minted.token)).toBe('invalid');
  });

  it('is not another command under that menu', async () => {
    const { dispatch, menu, answer, requests } = await setUp();
    await dispatch(menu(RITA, 'unheard-of', { content: 'x' }));
    expect(wordsOf(answer())).toContain('again');
    expect(requests()).toHaveLength(2);
  });
});

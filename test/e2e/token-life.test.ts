import type { Exchange } from 'local-discord';
import { afterAll, describe, expect, test } from 'vitest';
import { setUp } from '../support/end-to-end.ts';
import { check, deliveriesTo, idOf, newToken, tokenIn } from '../support/tokens.ts';

const { product, member, ...stage } = await setUp({
  API_URL: 'https://api.lighthouse.example/lamps',
});

afterAll(() => stage[Symbol.asyncDispose]());

describe('a member with a token', () => {
  test('gets it by direct message, uses it, sees it in the list, revokes it, and it is refused', async () => {
    const ada = member('ada');

    const created = await ada.slash('token create', { name: 'deploy script', expires: '7d' });
    expect(created.ephemeral).toBe(true);
    expect(created.callback?.type).toBe(5);
    expect(ada.dms).toHaveLength(1);
    const dm = ada.dms[0]!;
    const token = tokenIn(dm);
    expect(created.text).not.toContain(token);
    expect(created.reply?.buttons.map(({ url }) => url)).toContain(
      `https://discord.com/channels/@me/${dm.channelId}/${dm.id}`,
    );

    const good = await check(product, token);
    expect(good.status).toBe(200);
    expect(good.body).toMatchObject({ user_id: ada.id, state: 'normal', type: 'api' });

    const listed = await ada.slash('session list');
    expect(listed.ephemeral).toBe(true);
    expect(listed.text).toContain('deploy script');
    expect(listed.text).toContain(token.slice(-4));
    expect(listed.text).not.toContain(token);
    expect(listed.text).toMatch(/last used <t:\d+:R>/);

    const [choice] = await ada.autocomplete('session revoke', 'session', 'DEPLOY');
    const revoked = await ada.slash('session revoke', { session: String(choice?.value) });
    expect(revoked.text).toContain('Revoked **deploy script**');
    expect((await check(product, token)).status).toBe(401);
    expect((await ada.slash('session list')).text).toContain('no tokens or logins');
  });

  test('revokes it from a phone, by its name as it is typed', async () => {
    const ada = member('ada');
    const token = await newToken(ada, 'Größe 4');
    const other = await newToken(ada, 'Größe 42');
    const [first] = await ada.autocomplete('session revoke', 'session', 'grosse 4');
    expect(first?.name).toBe(`Größe 4 …${token.slice(-4)} · never used`);
    const revoked = await ada.slash('session revoke', { session: 'grosse 4' });
    expect(revoked.text).toContain('Revoked **Größe 4**');
    expect((await check(product, token)).status).toBe(401);
    expect((await check(product, other)).status).toBe(200);
  });

  test('finds in the message: the token alone on its line, the expiry, what to do, buttons', async () => {
    const ada = member('ada');
    await ada.slash('token create', { name: 'x', expires: '36h' });
    const dm = ada.dms[0]!;
    const token = tokenIn(dm);
    expect(dm.content.split('\n')).toContain(`||${token}||`);
    expect(dm.content.split(token)).toHaveLength(2);
    expect(dm.content).toContain('/session revoke');
    const expiry = Number(/<t:(\d+):f>/.exec(dm.content)?.[1]);
    expect(expiry - Date.now() / 1000).toBeGreaterThan(36 * 3600 - 60);
    // SUPPRESS_NOTIFICATIONS and SUPPRESS_EMBEDS
    expect(dm.flags & 4100).toBe(4100);
    expect(dm.buttons.map(({ label }) => label)).toEqual([
      'Show it alone, to copy',
      'Saved, delete this message',
    ]);
  });

  test('can do all of it in the direct messages of the bot', async () => {
    const ada = member('ada');
    const created = await ada.slash('token create', { name: 'x', expires: '1h' }, { in: 'dm' });
    expect(created.ephemeral).toBe(true);
    expect((await check(product, tokenIn(ada.dms[0]))).status).toBe(200);
    const all = await ada.slash('session revoke-all', {}, { in: 'dm' });
    await ada.press(all.reply!, 'Revoke everything');
    expect((await check(product, tokenIn(ada.dms[0]))).status).toBe(401);
  });

  test('deletes the message with its button, and the token goes on working', async () => {
    const ada = member('ada');
    const token = await newToken(ada);
    const pressed = await ada.press(ada.dms[0]!, 'Saved, delete this message');
    expect(pressed.callback?.type).toBe(6);
    expect(ada.dms).toHaveLength(0);
    expect((await check(product, token)).status).toBe(200);
  });

  test('rotates it: the new one is delivered and the old one ends', async () => {
    const ada = member('ada');
    const old = await newToken(ada, 'bot', '30d');
    const [choice] = await ada.autocomplete('token rotate', 'token', 'bo');
    const rotated = await ada.slash('token rotate', { token: String(choice?.value) });
    expect(rotated.text).toContain('The new token for **bot**');
    const fresh = tokenIn(ada.dms[1]);
    expect(fresh).not.toBe(old);
    expect(rotated.text).not.toContain(fresh);
    expect((await check(product, fresh)).status).toBe(200);
    expect((await check(product, old)).status).toBe(401);
    const { sessions } = await list(fresh);
    expect(sessions.map(({ name }) => name)).toEqual(['bot']);
  });

  test('sees the account at a glance', async () => {
    const ada = member('ada');
    expect((await ada.slash('session me')).text).toContain('0 of 100');
    await newToken(ada);
    const me = await ada.slash('session me');
    expect(me.text).toContain('1 of 100');
    expect(me.text).toMatch(/Next to expire: \*\*token\*\* `…\w{4}`, <t:\d+:R>/);
    const opened = await ada.press(me.reply!, 'Show my tokens');
    expect(opened.text).toContain('1 active');
  });

  test('ends what a token made together with it', async () => {
    const ada = member('ada');
    const parent = await newToken(ada, 'parent');
    const child = await createOverHttp(parent, 'child');
    const grandchild = await createOverHttp(child, 'grandchild');
    const revoked = await ada.slash('session revoke', { session: await idOf(product, parent) });
    expect(revoked.text).toContain('2 tokens made with it still work');
    expect((await check(product, parent)).status).toBe(401);
    expect((await check(product, grandchild)).status).toBe(200);
    await ada.press(revoked.reply!, 'Revoke those too');
    expect((await check(product, child)).status).toBe(401);
    expect((await check(product, grandchild)).status).toBe(401);
  });
});

describe('the list', () => {
  test('turns pages by buttons, which miss and repeat nothing while sessions end', async () => {
    const ada = member('ada');
    const tokens: string[] = [];
    for (let index = 0; index < 20; index += 1) tokens.push(await newToken(ada, `token ${index}`));
    const first = await ada.slash('session list');
    expect(first.text).toContain('1–10 shown');
    expect(names(first.text)).toEqual(range(19, 10));
    await ada.slash('session revoke', { session: await idOf(product, tokens[12]!) });
    const second = await ada.press(first.reply!, 'Older');
    expect(second.callback?.type).toBe(6);
    expect(names(second.text)).toEqual(range(9, 0));
    expect(ways(second)).toEqual(['Newer', 'Only unused', 'Search…']);
    const back = await ada.press(second.reply!, 'Newer');
    expect(names(back.text)).toEqual([...range(19, 13), ...range(11, 10)]);
    expect(ways(back)).toEqual(['Older', 'Only unused', 'Search…']);
  });

  test('leads to what each is, and ends it after a question', async () => {
    const ada = member('ada');
    const kept = await newToken(ada, 'kept');
    const gone = await newToken(ada, 'gone');
    const shown = await ada.slash('session list', { type: 'api' });
    const id = await idOf(product, gone);
    const manage = shown.reply!.buttons.find(({ customId = '' }) => customId.includes(id));
    const one = await ada.press(shown.reply!, manage?.customId ?? '');
    expect(one.callback?.type).toBe(6);
    expect(one.text).toMatch(/^### \*\*gone\*\*/);
    const asked = await ada.press(one.reply!, 'Revoke…');
    expect(asked.text).toContain('Revoke **gone**');
    expect((await check(product, gone)).status).toBe(200);
    const done = await ada.press(asked.reply!, 'Revoke it');
    expect(done.text).toContain('Revoked **gone**');
    expect((await check(product, gone)).status).toBe(401);
    expect((await check(product, kept)).status).toBe(200);
    const back = await ada.press(done.reply!, 'Show my tokens');
    expect(back.text).toContain('kept');
    expect(back.text).not.toContain('gone');
  });

  test('shows a token alone in its message, to copy, and all of it again', async () => {
    const ada = member('ada');
    const token = await newToken(ada);
    const message = ada.dms[0]!;
    // Its message is changed where it is: the press itself has no further answer.
    const alone = await ada.press(message, 'Show it alone, to copy', { until: 'sent' });
    await expect.poll(() => message.content).toBe(token);
    expect(alone.callback?.type).toBe(6);
    await ada.press(message, 'Hide', { until: 'sent' });
    await expect.poll(() => message.content).toContain(`||${token}||`);
    expect(message.content).toContain('never post it');
    await ada.press(message, 'Saved, delete this message');
    expect(ada.dms).toEqual([]);
  });

  test('renames a token, and only to what may be shown', async () => {
    const ada = member('ada');
    const token = await newToken(ada, 'old name');
    const id = await idOf(product, token);
    const renamed = await ada.slash('token rename', { token: id, name: 'new name' });
    expect(renamed.text).toContain('called **new name** now');
    expect((await ada.slash('session list')).text).toContain('**new name**');
    const refused = await ada.slash('token rename', { token: id, name: token });
    expect(refused.text).toContain('contains a token');
    expect((await check(product, token)).status).toBe(200);
  });

  test('makes a token of 90 days where nothing else is chosen, and says so', async () => {
    const ada = member('ada');
    const created = await ada.slash('token create', { name: 'bot' });
    expect(created.text).toContain('without `expires`, a token gets 90 days');
    const how = await ada.press(created.reply!, 'How do I use it?');
    expect(how.text).toContain('https://api.lighthouse.example/lamps');
    const again = await ada.slash('token create', { name: 'Bot' });
    expect(again.text).toContain('already have a token called **bot**');
    expect(deliveriesTo(ada)).toHaveLength(1);
    await ada.press(again.reply!, 'Keep both');
    expect(deliveriesTo(ada)).toHaveLength(2);
    const third = await ada.slash('token create', { name: 'bot' });
    const rotated = await ada.press(third.reply!, 'Rotate that one');
    expect(rotated.text).toContain('The new token for **');
    expect((await list(tokenIn(deliveriesTo(ada).at(-1)))).sessions).toHaveLength(3);
  });

  test('goes on after direct messages were closed, with one press', async () => {
    const ada = member('ada');
    ada.closeDms();
    const refused = await ada.slash('token create', { name: 'bot', expires: '7d' });
    const still = await ada.press(refused.reply!, 'Try again');
    expect(deliveriesTo(ada)).toEqual([]);
    ada.openDms();
    const { reply = refused.reply } =
      still.followups.at(-1) === undefined ? still : { reply: still.followups.at(-1) };
    const done = await ada.press(reply!, 'Try again');
    expect(done.text).toContain('**bot** is in your direct messages');
    expect(deliveriesTo(ada)).toHaveLength(1);
  });

  test('shows only the type that was asked for', async () => {
    const ada = member('ada');
    await newToken(ada);
    expect((await ada.slash('session list', { type: 'login' })).text).toContain('no logins');
  });
});

async function list(token: string): Promise<{ sessions: { id: string; name: string }[] }> {
  const response = await fetch(`${product.url}/sessions`, { headers: { Authorization: token } });
  return (await response.json()) as { sessions: { id: string; name: string }[] };
}

async function createOverHttp(token: string, name: string): Promise<string> {
  const response = await fetch(`${product.url}/sessions`, {
    method: 'POST',
    headers: { Authorization: token, 'Content-Type': 'application/json' },
    body: JSON.stringify({ name, type: 'api', expiry: 3600 }),
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as { token: string }).token;
}

/** The buttons but for those of one row each. */
function ways({ reply }: Exchange): readonly string[] {
  return (reply?.buttons ?? []).flatMap(({ label }) => (label === 'Manage' ? [] : [label]));
}

function names(text: string): string[] {
  return [...text.matchAll(/\*\*(token \d+)\*\*/g)].map(([, name]) => name!);
}

function range(from: number, to: number): string[] {
  return Array.from({ length: from - to + 1 }, (_, index) => `token ${from - index}`);
}

import { afterAll, describe, expect, test } from 'vitest';
import { banBy } from '../support/fixtures.ts';
import { setUp } from '../support/end-to-end.ts';
import { check, deliveriesTo, idOf, newToken, sentTo } from '../support/tokens.ts';

const { discord, product, member, ...stage } = await setUp({
  MAX_API_TOKENS: '25',
  LOG_LEVEL: 'debug',
});

afterAll(() => stage[Symbol.asyncDispose]());

describe('a token is not made', () => {
  test.each([50007, 50278] as const)(
    'where Discord does not deliver it (%i), and the member is told which switch to flip',
    async (code) => {
      const bob = member('bob');
      bob.closeDms(code);
      const refused = await bob.slash('token create', { name: 'x', expires: '1h' });
      expect(refused.ephemeral).toBe(true);
      expect(refused.text).toContain('Privacy Settings and turn on Direct Messages');
      expect((await bob.slash('session list')).text).toContain('no tokens or logins');
      expect(await audit(bob.id)).toEqual(['token.undelivered']);
      bob.openDms();
      expect((await check(product, await newToken(bob))).status).toBe(200);
    },
  );

  test.each([
    {
      what: 'opening conversations too fast',
      path: /users\/@me\/channels/,
      status: 403,
      code: 40003,
    },
    { what: 'a long rate limit', path: /channels\/\d+\/messages$/, status: 429, retryAfter: 65 },
  ])('while Discord holds the bot back: $what', async ({ path, status, ...details }) => {
    // Where nobody else's messages meet that.
    await using alone = await setUp();
    const ada = alone.member('ada');
    alone.discord.fail({ method: 'POST', path, status, ...details });
    const refused = await ada.slash('token create', { name: 'x', expires: '1h' });
    expect(refused.text).toContain('Try again in a few minutes');
    expect((await ada.slash('session list')).text).toContain('no tokens or logins');
  });

  test.each([
    { what: 'answers 500 each time', hangUp: false },
    { what: 'hangs up each time', hangUp: true },
  ])('that works where Discord delivers it and then $what', async ({ hangUp }) => {
    const ada = member('ada');
    discord.fail({
      method: 'POST',
      path: new RegExp(`channels/${ada.dmChannelId}/messages$`),
      status: 500,
      times: 3,
      afterEffect: true,
      hangUp,
    });
    const refused = await ada.slash('token create', { name: 'x', expires: '1h' });
    expect(refused.text).toContain("If one arrived, it doesn't work");
    expect((await check(product, sentTo(discord, ada))).status).toBe(401);
    expect((await ada.slash('session list')).text).toContain('no tokens or logins');
    // What arrived says so too, as soon as it has been found.
    const words = () => ada.dms.map(({ text }) => text);
    await expect
      .poll(words, { timeout: 20_000 })
      .toEqual([expect.stringMatching(/^This token doesn't work/)]);
  });

  test('twice where Discord answers 500 once after delivering', async () => {
    const ada = member('ada');
    discord.fail({
      method: 'POST',
      path: new RegExp(`channels/${ada.dmChannelId}/messages$`),
      status: 502,
      afterEffect: true,
    });
    const token = await newToken(ada);
    expect(ada.dmHistory).toHaveLength(1);
    expect((await check(product, token)).status).toBe(200);
  });

  test('beyond the limit, which the answer names, with the list one press away', async () => {
    const ada = member('ada');
    const first = await newToken(ada);
    const id = await idOf(product, first);
    for (let index = 1; index < 25; index += 1) await newToken(ada);
    const refused = await ada.slash('token create', { name: 'x', expires: '1h' });
    expect(refused.text).toContain('limit of 25 active API tokens');
    expect(deliveriesTo(ada)).toHaveLength(25);
    const listed = await ada.press(refused.reply!, 'Show my tokens');
    expect(listed.text).toContain('used or made in the last 30 days');
    await ada.slash('session revoke', { session: id });
    await newToken(ada);
  });

  test('for a name that cannot be shown, or for none', async () => {
    const ada = member('ada');
    for (const name of [
      '   ',
      'a\u202Eb',
      'a\nb',
      'a\u0000b',
      '\u200B',
      'x'.repeat(81),
      'x'.repeat(4000),
    ]) {
      const refused = await ada.slash('token create', { name, expires: '1h' }, { raw: true });
      expect(refused.ephemeral).toBe(true);
      expect(refused.text).toMatch(/name/);
    }
    expect(ada.dmHistory).toHaveLength(0);
  });

  test('for an expiry that cannot be read or has passed, and the answer says what is allowed', async () => {
    const ada = member('ada');
    for (const expires of [
      '0',
      '-1h',
      '1e99d',
      'yesterday',
      '2020-01-01',
      '2027-02-30',
      '9223372036854775',
      '7',
    ]) {
      const refused = await ada.slash('token create', { name: 'x', expires });
      expect(refused.text).toContain('`7d`');
    }
    expect(ada.dmHistory).toHaveLength(0);
  });
});

test('an expiry beyond the last possible instant is capped, and that is said', async () => {
  const ada = member('ada');
  const expires = '292 million years';
  const [preview] = await ada.autocomplete('token create', 'expires', expires, { name: 'x' });
  expect(preview?.name).toContain('31 Dec 9999');
  const created = await ada.slash('token create', { name: 'x', expires });
  expect(created.text).toContain('<t:253402300799:D>');
  expect(created.text).toContain('the latest date there is');
});

test('a hostile name is shown as it is, wherever it is shown', async () => {
  const ada = member('ada');
  for (const name of [
    '@everyone',
    '<@&1>',
    '```',
    '[x](http://evil)',
    '||**_~`',
    '<t:1:R>',
    '# big',
    '%_\\\'"',
  ]) {
    const created = await ada.slash('token create', { name, expires: '1h' });
    const dm = ada.dms.at(-1)!;
    const listed = await ada.slash('session list');
    const shown = [created.text, dm.content.split('\n')[0]!, listed.text.split('[Only unused')[0]!];
    for (const text of shown) {
      expect(text.replaceAll(/\\(.)/g, '')).not.toContain(name);
      expect(text.replaceAll(/\\(.)/g, '$1')).toContain(name);
    }
    const choices = await ada.autocomplete('session revoke', 'session', name);
    expect(choices.map((choice) => choice.name.startsWith(name))).toEqual([true]);
  }
});

describe("another member's session", () => {
  test('and one that never was get the same answer', async () => {
    const [ada, eve] = [member('ada'), member('eve')];
    const token = await newToken(ada);
    const id = await idOf(product, token);
    const foreign = await eve.slash('session revoke', { session: id });
    const random = await eve.slash('session revoke', { session: crypto.randomUUID() });
    expect(foreign.text).toBe(random.text);
    expect((await eve.slash('token rotate', { token: id })).text).toBe(random.text);
    const named = await eve.slash('session revoke', { session: 'x' });
    const nonsense = await eve.slash('session revoke', { session: "' or 1=1 --" });
    expect(named.text).toContain('None of your tokens and logins has that name');
    expect(named.text).toBe(nonsense.text);
    expect((await check(product, token)).status).toBe(200);
    expect(eve.dmHistory).toHaveLength(0);
    expect(await eve.autocomplete('session revoke', 'session', '')).toEqual([]);
  });

  test('does not end by a button that somebody else presses', async () => {
    const [ada, eve] = [member('ada'), member('eve')];
    const token = await newToken(ada);
    const asked = await ada.slash('session revoke-all');
    const pressed = await eve.press(asked.reply!, 'Revoke everything');
    expect(pressed.followups.map(({ text, ephemeral }) => [text, ephemeral])).toEqual([
      ['These buttons belong to someone else. Run the command to get your own.', true],
    ]);
    expect((await check(product, token)).status).toBe(200);
    // A forged id in a button of one's own opens nothing either.
    await newToken(eve);
    const own = await eve.slash('session list');
    const forged = `revoke:${eve.id}:all:${await idOf(product, token)}:only`;
    await eve.pressCustomId(forged, own.reply!);
    expect((await check(product, token)).status).toBe(200);
  });
});

describe('a button', () => {
  test('that was pressed twice does its work once', async () => {
    const ada = member('ada');
    const token = await newToken(ada);
    const asked = await ada.slash('session revoke-all');
    const [one, two] = await Promise.all([
      ada.press(asked.reply!, 'Revoke everything'),
      ada.press(asked.reply!, 'Revoke everything'),
    ]);
    expect([one, two].filter(({ callback }) => callback?.type === 6)).toHaveLength(2);
    expect((await check(product, token)).status).toBe(401);
    expect((await audit(ada.id)).filter((action) => action === 'session.ended')).toHaveLength(1);
  });

  test('of an earlier version says so', async () => {
    const ada = member('ada');
    await newToken(ada);
    const shown = await ada.slash('session list');
    const pressed = await ada.pressCustomId('gone:1', shown.reply!);
    expect(pressed.followups[0]?.text).toContain('older version');
  });

  test('to end everything is good for a minute', async () => {
    const ada = member('ada');
    const token = await newToken(ada);
    const asked = await ada.slash('session revoke-all');
    const stale = `revoke-all:${ada.id}:${Math.floor(Date.now() / 1000) - 1}`;
    const pressed = await ada.pressCustomId(stale, asked.reply!);
    expect(pressed.text).toContain('Nothing was revoked');
    expect((await check(product, token)).status).toBe(200);
  });
});

test('an interaction that Discord delivers twice makes one token', async () => {
  const ada = member('ada');
  const sent = await ada.slash('token create', { name: 'x', expires: '1h' }, { until: 'sent' });
  for (let index = 0; index < 4; index += 1) ada.redeliver(sent);
  await sent.settled;
  await expect.poll(() => refusedCallbacks(sent.interactionId)).toBe(4);
  expect(ada.dmHistory).toHaveLength(1);
  expect((await ada.slash('session list')).text).toContain('1 active');
  expect(
    product.output.filter(
      (line) => /"level":(40|50|60)/.test(line) && line.includes(sent.interactionId),
    ),
  ).toEqual([]);
});

test('a banned account gets one clear answer to everything, and its tokens are refused', async () => {
  const mallory = member('mallory');
  const token = await newToken(mallory);
  const id = await idOf(product, token);
  const store = product.database.openStore();
  const act = { actor: { kind: 'system' as const }, at: Date.now() };
  await store.ban(act, mallory.id, banBy(act), false);

  expect((await check(product, token)).body).toMatchObject({ code: 'ApiBanned' });
  const answers = [
    await mallory.slash('session me'),
    await mallory.slash('session list'),
    await mallory.slash('session revoke', { session: id }),
    await mallory.slash('session revoke-all'),
    await mallory.slash('token create', { name: 'x', expires: '1h' }),
    await mallory.slash('token rotate', { token: id }),
  ].map(({ text }) => text);
  expect(new Set(answers).size).toBe(1);
  expect(answers[0]).toContain('banned');
  expect(await mallory.autocomplete('session revoke', 'session', '')).toEqual([]);
  expect(deliveriesTo(mallory)).toHaveLength(1);

  await store.unban(act, mallory.id, null, null);
  expect((await check(product, token)).status).toBe(200);
  await store.close();
});

test('what was typed but never ran: an option of autocomplete takes any value', async () => {
  const ada = member('ada');
  await newToken(ada, 'mine');
  const answer = await ada.slash('session revoke', { session: 'yours' });
  expect(answer.text).toContain('None of your tokens and logins has that name or ending');
});

test('no token is anywhere but in direct messages', async () => {
  const ada = member('ada');
  const first = await newToken(ada);
  await check(product, first);
  await ada.slash('session list');
  await ada.slash('session export');
  const tokens = discord.requests
    .filter(({ path }) => /channels\/\d+\/messages$/.test(path))
    .map(({ body }) => /lk_api_\w{49}/.exec(JSON.stringify(body))?.[0])
    .filter((token) => token !== undefined);
  expect(tokens).toContain(first);
  const elsewhere = [
    ...product.output,
    ...discord.requests
      .filter(({ path }) => !/channels\/\d+\/messages$/.test(path))
      .map(({ path, body }) => path + JSON.stringify(body ?? null)),
  ].join('\n');
  const tables = ['sessions', 'accounts', 'audit_events'].map((table) =>
    product.database.query(`select * from ${table}`),
  );
  const rows = (await Promise.all(tables)).flat();
  for (const token of new Set(tokens)) {
    expect(elsewhere).not.toContain(token);
    expect(JSON.stringify(rows)).not.toContain(token);
  }
});

async function audit(userId: string): Promise<unknown[]> {
  const rows = await product.database.query(
    `select action from audit_events where user_id = '${userId}' order by id`,
  );
  return rows.map(({ action }) => action);
}

function refusedCallbacks(interactionId: string): number {
  return discord.requests.filter(
    ({ path, status }) => path.includes(`interactions/${interactionId}/`) && status === 400,
  ).length;
}

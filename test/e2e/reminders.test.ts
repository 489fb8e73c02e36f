import type { LocalMember, LocalMessage } from 'local-discord';
import { afterAll, describe, expect, test } from 'vitest';
import { setUp } from '../support/end-to-end.ts';
import { check, deliveriesTo, idOf, newToken, tokenIn } from '../support/tokens.ts';

const { product, discord, member, ...stage } = await setUp();

afterAll(() => stage[Symbol.asyncDispose]());

const { query } = product.database;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** What would be so after some time: the jobs look at what is due when the program starts. */
async function laterBy(change: () => Promise<unknown>): Promise<void> {
  await product.stop();
  await change();
  await product.start();
  await discord.waitForBot(30_000);
}

/** So that the token expires that soon, after a life of `days`. */
function age(id: string, leftMs: number, days = 30) {
  const expiresAt = Date.now() + leftMs;
  return query(
    `update sessions set expires_at = ${expiresAt}, created_at = ${expiresAt - days * DAY},
      remind_at = 1 where id = '${id}'`,
  );
}

const endHour = () => query(`update deletions set due_at = ${Date.now()}`);

async function deletionsLeft(): Promise<number> {
  const [row] = await query('select count(*) as owed from deletions');
  return Number(row?.['owed']);
}

const notices = ({ dmHistory }: LocalMember): readonly LocalMessage[] =>
  dmHistory.filter(({ text }) => text.includes('[Notifications]'));

async function noticeTo(ada: LocalMember, words: string): Promise<LocalMessage> {
  await expect
    .poll(() => notices(ada).map(({ text }) => text))
    .toEqual([expect.stringContaining(words)]);
  return notices(ada)[0]!;
}

/** Presses the switch of one kind of notice. */
async function turnOff(owner: LocalMember, notice: string) {
  const { reply } = await owner.slash('session notify');
  const button = reply!.buttons.find(({ customId = '' }) => customId.includes(`:${notice}:`));
  return owner.press(reply!, button?.customId ?? '');
}

/** The custom id of the nth button of that name. */
function buttonOf({ buttons }: LocalMessage, label: string, nth: number): string {
  return buttons.filter((button) => button.label === label)[nth]?.customId ?? '';
}

describe('before a token expires', () => {
  test('its owner gets one message, rotates with one press, and nothing stands still', async () => {
    const ada = member('ada');
    const [one, two] = [await newToken(ada, 'one', '30d'), await newToken(ada, 'two', '30d')];
    await turnOff(ada, 'firstUse');
    const ids = [await idOf(product, one), await idOf(product, two)];
    await laterBy(() => Promise.all(ids.map((id, index) => age(id, 6 * DAY + index * 1_000))));
    const notice = await noticeTo(ada, 'API tokens expire soon');
    expect(notice.text).toMatch(/\*\*one\*\*[^]*\[Rotate\]\n\[Let it expire\][^]*\*\*two\*\*/);
    expect(notice.text).not.toContain(one);

    const rotate = buttonOf(notice, 'Rotate', 0);
    const rotated = await ada.press(notice, rotate);
    expect([rotated.ephemeral, rotated.callback?.type]).toEqual([true, 5]);
    expect(rotated.text).toContain('The new token for **one**');
    const fresh = tokenIn(deliveriesTo(ada).at(-1));
    expect((await check(product, fresh)).status).toBe(200);
    expect((await check(product, one)).status).toBe(200);
    const again = await ada.press(notice, rotate);
    expect(again.text).toContain('rotated this token a moment ago');
    expect((await ada.slash('session list')).text).toContain('rotated, works until');

    const letExpire = buttonOf(notice, 'Let it expire', 1);
    expect((await ada.press(notice, letExpire)).text).toContain("won't remind you");
    const now = Date.now();
    await laterBy(() =>
      query(`update sessions set last_used_at = ${now}, expires_at = ${now} where name = 'two'`),
    );
    expect(notices(ada)).toHaveLength(1);
  });

  test('its owner gets one message also where there are twelve, and rotates by its menu', async () => {
    const ada = member('ada');
    await turnOff(ada, 'firstUse');
    const key = await newToken(ada);
    const ids: string[] = [];
    for (let index = 0; index < 12; index += 1) {
      const made = await fetch(`${product.url}/sessions`, {
        method: 'POST',
        headers: { Authorization: key, 'Content-Type': 'application/json' },
        body: JSON.stringify({ name: `bot${index}`, type: 'api', expiry: 30 * 86_400 }),
      });
      ids.push(((await made.json()) as { session_id: string }).session_id);
    }
    await laterBy(() => Promise.all(ids.map((id, index) => age(id, 6 * DAY + index * 1_000))));
    const notice = await noticeTo(ada, 'API tokens expire soon');
    for (const index of ids.keys()) expect(notice.text).toContain(`**bot${index}**`);
    const [rotate] = notice.selects;
    const rotated = await ada.select(notice, [ids[7]!], rotate!.customId);
    expect(rotated.text).toContain('The new token for **bot7**');
    expect((await check(product, tokenIn(deliveriesTo(ada).at(-1)))).status).toBe(200);
  });

  test('a message that Discord refuses is not tried again, and /session me says so', async () => {
    const ada = member('ada');
    await turnOff(ada, 'firstUse');
    const id = await idOf(product, await newToken(ada, 'bot', '30d'));
    ada.closeDms();
    await laterBy(() => age(id, 6 * DAY));
    const me = async () => (await ada.slash('session me')).text;
    await expect.poll(me).toContain('Discord refused my last message');
    await laterBy(() => age(id, DAY - HOUR));
    expect(notices(ada)).toEqual([]);

    const still = await ada.press((await ada.slash('session me')).reply!, 'Try again');
    expect(still.text).toContain('Privacy Settings');
    ada.openDms();
    const now = await ada.press((await ada.slash('session me')).reply!, 'Try again');
    expect(now.text).toContain('It worked');
    expect(ada.dms.at(-1)?.text).toContain('message you again');
    expect(await me()).not.toContain('Discord refused');
  });
});

describe('a token that is used for the first time', () => {
  test('is told to who wants to hear of it, and can be revoked by who did not use it', async () => {
    const [ada, ben] = [member('ada'), member('ben')];
    const shown = await ben.slash('session notify');
    expect(shown.text).toContain('**First use**: on');
    const off = await turnOff(ben, 'firstUse');
    expect(off.text).toContain('**First use**: off');
    await check(product, await newToken(ben));
    const token = await newToken(ada, 'stolen');
    const made = await fetch(`${product.url}/sessions`, {
      method: 'POST',
      headers: { Authorization: token, 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'child', type: 'api', expiry: 3600 }),
    });
    const { token: child } = (await made.json()) as { token: string };
    await laterBy(async () => {});
    const notice = await noticeTo(ada, '**stolen**');
    expect(notice.text).toContain('used for the first time');
    const pressed = await ada.press(notice, "This wasn't me");
    expect(pressed.text).toContain('Revoked it and one token made with it');
    expect((await check(product, token)).status).toBe(401);
    expect((await check(product, child)).status).toBe(401);
    expect(notices(ben)).toEqual([]);
  });
});

describe('a rotated token', () => {
  test('that is used after its grace warns its owner once, and harms nothing', async () => {
    const ada = member('ada');
    await turnOff(ada, 'firstUse');
    const old = await newToken(ada, 'bot', '30d');
    const id = await idOf(product, old);
    const rotated = await ada.slash('token rotate', { token: id, grace: '1h' });
    expect(rotated.text).toMatch(/The old one, `…\w{4}`, works until <t:/);
    const fresh = tokenIn(deliveriesTo(ada).at(-1));
    expect((await check(product, old)).status).toBe(200);
    await laterBy(() => query(`update sessions set expires_at = ${Date.now()} where id = '${id}'`));
    expect((await check(product, old)).status).toBe(401);
    await laterBy(async () => {});
    const notice = await noticeTo(ada, 'which you replaced');
    expect(notice.text).toContain('**bot**');
    await check(product, old);
    await laterBy(async () => {});
    expect(notices(ada)).toHaveLength(1);
    expect((await check(product, fresh)).status).toBe(200);
  });
});

describe('the message with a token', () => {
  test('says when it goes, as the answer does, and goes then, unless its owner wants to keep it', async () => {
    const [ada, ben, cy] = [member('ada'), member('ben'), member('cy')];
    const created = await ada.slash('token create', { name: 'x', expires: '1h' });
    const message = ada.dms[0]!;
    expect(message.text).toMatch(/delete this message <t:\d+:R>/);
    expect(created.text).toMatch(/delete that message <t:\d+:R>/);
    expect(created.text).toContain('/token rotate');

    await newToken(ben);
    await ben.press(ben.dms[0]!, 'Saved, delete this message');

    await turnOff(cy, 'deletion');
    const kept = await cy.slash('token create', { name: 'x', expires: '1h' });
    expect(`${kept.text} ${cy.dms[0]?.text}`).not.toMatch(/delete th(?:at|is) message </);

    discord.fail({ method: 'DELETE', path: /messages/, status: 500, times: 1 });
    await laterBy(endHour);
    await expect.poll(async () => [message.deleted, await deletionsLeft()]).toEqual([true, 0]);
    expect((await check(product, tokenIn(message))).status).toBe(200);
    expect(cy.dms).toHaveLength(1);
  });
});

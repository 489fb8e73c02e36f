import type { LocalMember, LocalMessage } from 'local-discord';
import { can, idsOf, newest, pressAll, RAW, tokenIn } from './acts.ts';
import { APP_LOGIN, DAY, HOUR, MINUTE, type World } from './world.ts';

/** What a member is told unasked, by direct message, and what they press there. */
export async function walkThroughNotices(world: World): Promise<void> {
  const { discord, server, apiUrl, until, later, general } = world;

  /** A member who has heard nothing yet. */
  function someone(username: string) {
    const member = discord.addMember({ username, server });
    let heard = 0;
    return {
      member,
      /** The next message that has such a button; what came before it is old. */
      told: async (does: string): Promise<LocalMessage> => {
        // Uses are written, and reminders looked for, within a minute.
        later(MINUTE);
        const message = await until(`a message to ${username} with ${does}`, () =>
          member.dmHistory.slice(heard).find((each) => can(each, does)),
        );
        heard = member.dmHistory.length;
        return message;
      },
      create: async (name: string, expires: string): Promise<string> => {
        await member.slash('token create', { name, expires });
        heard = member.dmHistory.length;
        return tokenIn(newest(member));
      },
    };
  }

  async function call(token: string, path: string, body?: object): Promise<Record<string, string>> {
    const response = await fetch(apiUrl + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await response.json().catch(() => ({}))) as Record<string, string>;
  }
  async function rotate(token: string, grace: string): Promise<string> {
    const { id = '' } = await call(token, '/sessions/@me');
    const { token: successor = '' } = await call(token, `/sessions/${id}/rotate`, { grace });
    return successor;
  }
  async function makeWith(token: string): Promise<string> {
    const made = await call(token, '/sessions', { name: 'banana', type: 'api', expiry: 864_000 });
    return made['token'] ?? '';
  }
  const revoke = (token: string) =>
    fetch(`${apiUrl}/revoke`, { method: 'POST', body: new URLSearchParams({ token }) });

  {
    const { member, told, create } = someone('cy');
    await call(await create('banana', '30d'), '/sessions/@me');
    await pressAll(member, await told('not-me'));
    const parent = await create('deploy script', '30d');
    for (let count = 0; count < 2; count += 1) await call(await makeWith(parent), '/sessions/@me');
    const first = await told('not-me');
    await pressAll(member, first);
    await pressAll(member, first);
    await member.pressCustomId(idsOf(first)[0] ?? '', first, RAW);
  }
  {
    const { member, told, create } = someone('cy');
    const old = await create('banana', '30d');
    const fresh = await rotate(old, '1h');
    const rotated = await told('not-me');
    await call(fresh, '/sessions/@me');
    await told('not-me');
    later(2 * HOUR);
    await call(old, '/sessions/@me');
    await pressAll(member, rotated);
  }
  {
    const { member, told, create } = someone('cy');
    const old = await create('banana', '30d');
    await member.slash('token rotate', { token: 'banana', grace: '1h' });
    later(MINUTE);
    await rotate(old, '1h');
    await told('not-me');
    await call(tokenIn(newest(member)), '/sessions/@me');
    later(2 * HOUR);
    await call(old, '/sessions/@me');
    await until('the old token is told of', () =>
      member.dms.find((each) => can(each, 'not-me') && each.text.includes(old.slice(-4))),
    );
    await told('not-me');
  }
  {
    const { told, create } = someone('cy');
    await revoke(await create('banana', '30d'));
    await told('notices');
    for (let count = 1; count <= 2; count += 1) {
      const parent = await create('banana', '30d');
      for (let made = 0; made < count; made += 1) await makeWith(parent);
      await revoke(parent);
      await told('notices');
    }
  }
  {
    const { member, told, create } = someone('cy');
    await call('', '/leaks', { tokens: [await create('banana', '30d')] });
    await told('notices');
    const tokens = [await create('backup job', '30d'), await create('raspberry pi', '30d')];
    await call('', '/leaks', { tokens });
    await told('notices');
    const more = [await create('backup job', '30d'), await create('raspberry pi', '30d')];
    await member.menu(
      'Revoke leaked token',
      member.say(more.join(' '), { channelId: general }),
      RAW,
    );
  }
  await logIn(world);
  await letExpire(world, someone('cy'), 1);
  await letExpire(world, someone('cy'), 3);
  await letExpire(world, someone('cy'), 12);
}

async function logIn({ discord, server, apiUrl, until }: World): Promise<void> {
  const member = discord.addMember({ username: 'cy', server });
  const { code } = member.authorize({
    redirectUri: APP_LOGIN,
    codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    codeChallengeMethod: 'S256',
  });
  const code_verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
  const response = await fetch(`${apiUrl}/oauth2`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code, redirect_uri: APP_LOGIN, code_verifier }),
  });
  if (!response.ok) throw new Error(await response.text());
  const told = await until('the login is told of', () =>
    member.dms.find((message) => can(message, 'not-me')),
  );
  for (const type of ['login', 'app_login', 'api']) {
    await member.slash('session list', { type });
  }
  await member.slash('session me');
  await member.autocomplete('session revoke', 'session', '');
  await pressAll(member, told);
}

interface Someone {
  readonly member: LocalMember;
  readonly told: (does: string) => Promise<LocalMessage>;
  readonly create: (name: string, expires: string) => Promise<string>;
}

/** So many tokens are due at once; the last of them expires. */
async function letExpire({ apiUrl, later }: World, who: Someone, count: number) {
  const { member, told, create } = who;
  const tokens: string[] = [];
  for (let made = 1; made <= count; made += 1) tokens.push(await create(`banana ${made}`, '30d'));
  later(17 * DAY);
  const due = await told('notices');
  const [rotate, letGo] = due.selects;
  for (const select of [rotate, letGo]) {
    const value = select?.options.at(-1)?.value;
    if (select !== undefined && value !== undefined) {
      await member.select(due, [value], select.customId);
    }
  }
  later(12 * DAY);
  await told('notices');
  for (const token of tokens) {
    await fetch(`${apiUrl}/sessions/@me`, { headers: { authorization: `Bearer ${token}` } });
  }
  await told('not-me');
  later(2 * DAY);
  await told('notices');
  await pressAll(member, due);
}

import { describe, expect, it, onTestFinished } from 'vitest';
import { ANA } from '../support/fixtures.ts';
import {
  asForm,
  authorized,
  CODE,
  createHttpHarness,
  discordUser,
  refusal,
  type HttpHarness,
  WEB,
} from '../support/http-harness.ts';

type User = Parameters<typeof discordUser>[0];

async function setUp(user: User = {}): Promise<HttpHarness> {
  const service = createHttpHarness({
    identify: async () => authorized({ user: discordUser(user) }),
  });
  onTestFinished(() => service.close());
  await service.connect();
  return service;
}

/** Logs in, and returns what `GET /userinfo` says to the token. */
async function userinfo(service: HttpHarness): Promise<Readonly<Record<string, unknown>>> {
  const form = { grant_type: 'authorization_code', code: CODE, redirect_uri: WEB };
  const login = await service.send('/oauth2', asForm(form));
  const { token } = (await login.json()) as { token: string };
  const response = await service.call('GET', '/userinfo', `Bearer ${token}`);
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
  return (await response.json()) as Readonly<Record<string, unknown>>;
}

describe('GET /userinfo', () => {
  it('says flatly who has logged in, and no more than four things', async () => {
    const service = await setUp({ avatar: 'abc123', email: 'ana@example.org', locale: 'en-GB' });
    expect(await userinfo(service)).toEqual({
      sub: ANA,
      name: 'Ana',
      preferred_username: 'ana',
      picture: `https://cdn.discordapp.com/avatars/${ANA}/abc123.webp`,
    });
  });

  it.each([
    ['that moves', { avatar: 'a_b1' }, `/avatars/${ANA}/a_b1.gif`],
    [
      'that Discord chose',
      { avatar: null },
      `/embed/avatars/${Number(BigInt(ANA) >> 22n) % 6}.png`,
    ],
  ])('shows the picture %s', async (_, user, path) => {
    const { picture } = await userinfo(await setUp(user));
    expect(picture).toBe(`https://cdn.discordapp.com${path}`);
  });

  it('calls who has no display name by the user name', async () => {
    expect(await userinfo(await setUp({ global_name: null }))).toMatchObject({
      name: 'ana',
      preferred_username: 'ana',
    });
  });

  it('knows the id only of who has never logged in', async () => {
    const service = await setUp();
    const { token } = await service.token();
    const response = await service.call('GET', '/userinfo', token);
    expect(await response.json()).toEqual({ sub: ANA });
  });

  it('is not for a token that was revoked, nor for a banned account', async () => {
    const service = await setUp();
    const [revoked, banned] = [await service.token(), await service.token()];
    await service.sessions.revokeByToken(revoked.token, 'r');
    const [refused, ended] = [
      await service.call('GET', '/userinfo', revoked.token),
      await service.ban().then(() => service.call('GET', '/userinfo', banned.token)),
    ];
    expect(await refusal(refused)).toEqual([401, 'InvalidToken']);
    expect(await refusal(ended)).toEqual([403, 'ApiBanned']);
  });
});

import { startLocalDiscord } from 'local-discord';
import { describe, expect, test } from 'vitest';
import { startProduct } from '../support/product.ts';
import { health, setUp, type Stage } from '../support/end-to-end.ts';
import { newToken } from '../support/tokens.ts';
import { startPulse } from './pulse.ts';
import { until } from './until.ts';

const HEARTBEAT_MS = 500;
/** The library waits a minute for HELLO. */
const HELLO_WITHIN_MS = 60_000;

/** The connection breaks; the bot must answer again by itself, and HTTP must never stop. */
async function survive(stage: Stage, breakIt: () => void, withinMs = 30_000): Promise<string[]> {
  const { discord, product, member } = stage;
  const ada = member('ada');
  const pulse = startPulse(product, await newToken(ada));
  const before = discord.gatewayEvents.length;
  breakIt();
  const came = () => discord.gatewayEvents.slice(before).map(({ kind }) => kind);
  await until(
    'it came again',
    () => came().some((kind) => kind === 'resume' || kind === 'identify'),
    { withinMs },
  );
  await until('all is well', async () => (await health(product.url))[0] === 200);
  await newToken(ada, 'after');
  const { beats, others } = await pulse.stop();
  expect(others).toEqual([]);
  expect(beats).toBeGreaterThan(0);
  return came();
}

describe.concurrent('the gateway', () => {
  test('that asks to come again is resumed', async () => {
    await using stage = await setUp();
    expect(await survive(stage, () => stage.discord.askToReconnect())).toContain('resume');
  });

  test('that acknowledges no heartbeat is left and resumed', async () => {
    await using stage = await setUp({}, { heartbeatMs: HEARTBEAT_MS });
    expect(await survive(stage, () => stage.discord.silenceGateway())).toContain('resume');
  });

  test.each([4001, 4002, 4003, 4005, 4007, 4008, 4009])(
    'that closes with %i is found again',
    async (code) => {
      await using stage = await setUp();
      expect(await survive(stage, () => stage.discord.dropGateway({ code }))).toContain('close');
    },
  );

  test('that drops again and again is found again', async () => {
    await using stage = await setUp();
    const { discord } = stage;
    for (let drop = 0; drop < 3; drop += 1) {
      const came = await survive(stage, () => discord.dropGateway({ resumable: drop % 2 === 0 }));
      expect(came).toContain('close');
    }
  });

  test('brings what was typed while it was away', async () => {
    await using stage = await setUp();
    const { discord, member } = stage;
    const ada = member('ada');
    discord.dropGateway({ resumable: true });
    expect((await ada.slash('session me')).text).toContain('Your account');
  });

  test(
    'that says no HELLO is left, and found again',
    async () => {
      await using stage = await setUp();
      const { discord } = stage;
      const came = await survive(
        stage,
        () => {
          discord.ignoreGateway(1);
          discord.dropGateway({ resumable: true });
        },
        HELLO_WITHIN_MS + 30_000,
      );
      expect(came.filter((kind) => kind === 'connect').length).toBeGreaterThan(1);
    },
    HELLO_WITHIN_MS + 60_000,
  );

  test(
    'that says no HELLO at the start is left, and found again',
    async () => {
      await using discord = await startLocalDiscord();
      const ada = discord.addMember({ username: 'ada', server: discord.addServer() });
      discord.ignoreGateway(1);
      await using product = await startProduct(discord);
      expect(await health(product.url)).toEqual([503, 'not connected to Discord']);
      await until('all is well', async () => (await health(product.url))[0] === 200, {
        withinMs: HELLO_WITHIN_MS + 30_000,
      });
      await discord.waitForBot();
      expect(await newToken(ada)).toMatch(/^lk_api_/);
    },
    HELLO_WITHIN_MS + 60_000,
  );
});

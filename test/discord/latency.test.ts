import { expect, it, onTestFinished } from 'vitest';
import { components, memberCommands } from '../../src/discord/interactions/commands/index.ts';
import { writeCustomId } from '../../src/discord/interactions/custom-id.ts';
import { createDispatch } from '../../src/discord/interactions/dispatch.ts';
import { type CommandOutcome, type Meter, silentMeter } from '../../src/metrics.ts';
import { createCoreHarness } from '../support/core-harness.ts';
import { ANA, BEN, collectLog, createPostbox } from '../support/fixtures.ts';
import { withoutStaff } from '../support/without-staff.ts';
import { agreeable, createInteractions, discordError, type Responder } from '../support/wire.ts';

const commands = memberCommands(undefined);

/** The real commands, and the names under which their latency is told. */
function setUp(respond: Responder = agreeable) {
  const harness = createCoreHarness();
  const interactions = createInteractions(respond, ANA);
  onTestFinished(async () => {
    await harness.close();
  });
  const told: { name: string; seconds: number; outcome: CommandOutcome }[] = [];
  const meter: Meter = {
    ...silentMeter,
    command: (name, seconds, outcome) => void told.push({ name, seconds, outcome }),
  };
  const { sessions, tokens, clock } = harness;
  const { deliver } = createPostbox();
  const { log } = collectLog();
  const dispatch = interactions.answering(
    createDispatch({
      ...withoutStaff(harness),
      commands,
      components,
      sessions,
      tokens,
      clock,
      deliver: () => deliver,
      log,
      meter,
    }),
  );
  return { dispatch, interactions, told, store: harness.store };
}

it('the latency of each interaction is told once, by a name that we chose', async () => {
  const { dispatch, interactions, told } = setUp();
  await dispatch(interactions.command('session', 'list'));
  await dispatch(interactions.autocomplete('session', 'revoke', 'session', 'x'));
  await dispatch(interactions.button(writeCustomId('list', ANA, 'all', 'first')));
  expect(told.map(({ name }) => name)).toEqual(['session list', 'session revoke', 'list']);
  for (const { seconds } of told) {
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThan(60);
  }
});

it('whatever else arrives is told as other, so that the names stay as many as ours', async () => {
  const { dispatch, interactions, told } = setUp();
  for (let index = 0; index < 4; index += 1) {
    await dispatch(interactions.command(`command${index}`, 'list'));
    await dispatch(interactions.command('session', `sub${index}`));
    await dispatch(interactions.button(writeCustomId(`component${index}`, ANA)));
    await dispatch(interactions.button(`nonsense ${index}`));
  }
  for (const name of ['__proto__', 'constructor', 'toString']) {
    await dispatch(interactions.command('session', name));
    await dispatch(interactions.command(name, 'list'));
    await dispatch(interactions.button(writeCustomId(name, ANA)));
    await dispatch(interactions.autocomplete(name, name, name, ''));
  }
  expect(told).toHaveLength(28);
  expect(new Set(told.map(({ name }) => name))).toEqual(new Set(['other']));
});

it('the latency is told, too, of what could not be acknowledged', async () => {
  const { dispatch, interactions, told } = setUp(() => discordError(404, 10_062));
  await dispatch(interactions.command('session', 'list'));
  expect(told).toMatchObject([{ name: 'session list', outcome: 'unanswered' }]);
});

it('each is told with what came out', async () => {
  const { dispatch, interactions, told, store } = setUp();
  await dispatch(interactions.command('session', 'list'));
  await dispatch(interactions.command('session', 'revoke', { session: 'nonsense' }));
  await dispatch(interactions.button(writeCustomId('list', BEN, 'all', 'first')));
  await store.close();
  await dispatch(interactions.command('session', 'list'));
  await dispatch(interactions.autocomplete('session', 'revoke', 'session', 'x'));
  expect(told.map(({ name, outcome }) => [name, outcome])).toEqual([
    ['session list', 'ok'],
    ['session revoke', 'refused'],
    ['list', 'refused'],
    ['session list', 'failed'],
    ['session revoke', 'failed'],
  ]);
});

it('an answer that Discord refuses is told as failed', async () => {
  const { dispatch, interactions, told } = setUp((sent, call) =>
    sent.method === 'PATCH' ? discordError(400, 50_035) : agreeable(sent, call),
  );
  await dispatch(interactions.command('session', 'list'));
  expect(told).toMatchObject([{ outcome: 'failed' }]);
});

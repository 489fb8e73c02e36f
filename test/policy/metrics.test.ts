import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TOKEN_SHAPED } from '../../src/core/sessions/token.ts';
import {
  components,
  memberCommands,
  messageCommands,
} from '../../src/discord/interactions/commands/index.ts';
import { writeCustomId } from '../../src/discord/interactions/custom-id.ts';
import { createDispatch } from '../../src/discord/interactions/dispatch.ts';
import { createMetrics } from '../../src/metrics.ts';
import { createCoreHarness } from '../support/core-harness.ts';
import { ANA, BEN, collectLog, createPostbox, idAt, START } from '../support/fixtures.ts';
import { withoutStaff } from '../support/without-staff.ts';
import { createHttpHarness } from '../support/http-harness.ts';
import { agreeable, createInteractions } from '../support/wire.ts';

const commands = memberCommands(undefined);

/** What each label may say. */
const ALLOWED: Readonly<Record<string, RegExp>> = {
  outcome: /^(valid|invalid|banned|missing|ok|refused|failed|unanswered)$/,
  status: /^[2-5]\d\d$/,
  type: /^(login|app_login|api)$/,
  reason: /^[a-z]+$/,
  method: /^[a-zA-Z]+$/,
  version: /^\d+\.\d+\.\d+$/,
  name: /^[A-Za-z -]{1,40}$/,
  le: /^(\d+(\.\d+)?|\+Inf)$/,
};

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND', 'LAMPS'];

const readings = {
  version: '0.1.0',
  clock: () => START,
  isOnline: () => true,
  isWritable: async () => true,
  liveSessions: async () => ({ login: 1, app_login: 2, api: 3 }),
  waiting: async () => ({ count: 1, oldestAt: START }),
  backups: { everyMs: 60_000, newestAt: async () => START },
};

/** Every series, its name and its labels. */
function seriesIn(text: string) {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({
      name: /^\w+/.exec(line)?.[0] ?? '',
      labels: Array.from(
        line.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g),
        ([, label = '', value = '']) => ({
          label,
          value,
        }),
      ),
    }));
}

/** Uses all that there is to use over HTTP and in Discord, as strangers and members do. */
async function live() {
  const metrics = createMetrics();
  metrics.addReadings(readings);
  const service = createHttpHarness({
    meter: metrics,
    onRecorded: metrics.recorded,
    through: (store) => metrics.measure(store),
  });
  const harness = createCoreHarness({ through: (store) => metrics.measure(store) });
  const interactions = createInteractions(agreeable, ANA);
  onTestFinished(async () => {
    await harness.close();
    await service.close();
  });
  const { token } = await service.token();
  const routes = service.api.routes.map(({ path }) => path);
  const paths = [...new Set(routes)].flatMap((path) => {
    const real = path.replaceAll(/:\w+(\{[^}]*\})?/g, idAt(START)).replaceAll('*', BEN);
    return [real, `${real}/${ANA}`, `${real}?token=${token}`, `${real}/${token}`];
  });
  for (const path of paths) {
    for (const method of METHODS) {
      await service.send(path, { method, headers: { Authorization: token, 'X-Request-Id': ANA } });
    }
  }
  const dispatch = interactions.answering(
    createDispatch({
      ...withoutStaff(harness),
      commands,
      components,
      messageCommands,
      sessions: harness.sessions,
      tokens: harness.tokens,
      clock: harness.clock,
      deliver: () => createPostbox().deliver,
      log: collectLog().log,
      meter: metrics,
    }),
  );
  for (const command of commands) {
    const { name } = command.data;
    for (const subcommand of [...Object.keys(command.subcommands), ANA, token]) {
      await dispatch(interactions.command(name, subcommand));
    }
  }
  await dispatch(interactions.command(`x${ANA}`, token));
  for (const component of [...components.map(({ name }) => name), ANA]) {
    await dispatch(interactions.button(writeCustomId(component, ANA, BEN)));
  }
  return { text: await metrics.text(), token, routes: service.api.routes };
}

describe('the labels of metrics', () => {
  it('hold nothing that anybody chose: no user, no token, no path', async () => {
    const { text, token, routes } = await live();
    const known = new Set(['other', ...routes.map(({ method, path }) => `${method} ${path}`)]);
    const series = seriesIn(text);
    expect(series.length).toBeGreaterThan(300);
    expect(text).not.toContain(token);
    expect(text.search(TOKEN_SHAPED)).toBe(-1);
    expect(text).not.toMatch(/="[^"]*(?:\d{15,}|[\da-f]{8}-[\da-f]{4}-|\?|%)[^"]*"/);
    const odd = series
      .filter(({ name }) => name.startsWith('latchkey_'))
      .flatMap(({ name, labels }) => labels.map((each) => ({ name, ...each })))
      .filter(({ label, value }) =>
        label === 'route' ? !known.has(value) : ALLOWED[label]?.test(value) !== true,
      );
    expect(odd).toEqual([]);
  });
});

/** What a rule's expressions name, but for functions, labels and numbers. */
function metricsIn(rules: string): string[] {
  const expressions = Array.from(
    rules.matchAll(/^ {8}expr: (.+\n(?: {10}.+\n)*)/gm),
    ([, expression = '']) => expression,
  );
  const bare = expressions
    .join('\n')
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)|"[^"]*"/g, ' ');
  const names = Array.from(bare.matchAll(/[A-Za-z_:][\w:]*(?!\w*\s*\()/g), ([name]) => name);
  const words = new Set(['and', 'or', 'unless', 'sum', 'rate', 'time', 'absent', 'max', 'min']);
  return [...new Set(names.filter((name) => !words.has(name)))];
}

describe('the alert rules', () => {
  const rules = readFileSync(new URL('../../deploy/alerts.yml', import.meta.url), 'utf8');

  it('name only metrics that are there, and what Prometheus itself knows', async () => {
    const metrics = createMetrics();
    metrics.addReadings(readings);
    metrics.check('valid');
    const names = new Set(seriesIn(await metrics.text()).map(({ name }) => name));
    const named = metricsIn(rules);
    expect(named.length).toBeGreaterThan(4);
    expect(named.filter((name) => !names.has(name))).toEqual(['up']);
  });

  it('are read as they are meant by this test', () => {
    const some =
      '        expr: sum by (x) (rate(a_total{y="z_total"}[5m])) > 2\n          and b_c == 0\n';
    expect(metricsIn(some)).toEqual(['a_total', 'b_c']);
    expect(rules.match(/^ +- alert: /gm)).toHaveLength(5);
    expect(rules.match(/^ +expr: /gm)).toHaveLength(5);
  });
});

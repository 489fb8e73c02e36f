import { createRequire } from 'node:module';
import { request } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBrowser } from './browser.ts';
import { openPlayground, type Playground } from './playground.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const TOKEN = /lk_api_[0-9A-Za-z]{49}/;
const DESKTOP = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

let playground: Playground;
let page: Page;
let problems: string[];
beforeEach(async () => {
  const opened = await openPlayground();
  const context = await browser.newContext({ viewport: DESKTOP, bypassCSP: true });
  page = await context.newPage();
  problems = [];
  page.on('pageerror', ({ message }) => problems.push(message));
  page.on('console', (said) => said.type() === 'error' && problems.push(said.text()));
  playground = opened;
  await page.goto(playground.page.url);
  await page.locator('#step-1').waitFor();
  return async () => {
    await context.close();
    await playground[Symbol.asyncDispose]();
    // oxlint-disable-next-line vitest/no-standalone-expect -- it is what runs after each test
    expect(problems).toEqual([]);
  };
});

async function step(number: number): Promise<void> {
  await page.locator(`#step-${number}`).click();
  await page.locator(`#step-${number}.done`).waitFor();
}

/** What axe-core has against the page as it stands. */
async function axe(): Promise<string[]> {
  await page.addScriptTag({ path: AXE });
  const { violations } = await page.evaluate(() =>
    // axe-core puts itself there, in the browser, and types no such global.
    (
      globalThis as unknown as { axe: { run(): Promise<{ violations: AxeViolation[] }> } }
    ).axe.run(),
  );
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
  );
}
interface AxeViolation {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly string[] }[];
}

const statuses = () =>
  page.locator('.calls li:has(.path:text-is("/sessions/@me")) > .status').allTextContents();

describe('the guided tour', () => {
  it('shows a token created, used, leaked, revoked, and its owner banned', async () => {
    const ada = page.locator('#side-1');
    const sue = page.locator('#side-2');

    await step(1);
    await ada.locator('.message:has(.spoiler)').waitFor();
    await step(2);
    await expect.poll(statuses).toEqual(['200']);
    await step(3);
    await expect.poll(() => sue.locator('.messages').innerText()).toMatch(TOKEN);
    await step(4);
    await expect.poll(statuses).toEqual(['200', '401']);
    await sue.locator('.message.ephemeral').first().waitFor();
    await step(5);
    await expect.poll(statuses).toEqual(['200', '401', '403']);
    expect(await page.locator('.step:enabled').count()).toBe(0);
    expect(await page.locator('.violations p').allTextContents()).toEqual([]);
  });

  it('masks each token among the calls until it is pressed', async () => {
    await step(1);
    const secret = page.locator('.calls .secret').first();
    await secret.waitFor();
    expect(await page.locator('.calls').innerText()).not.toMatch(TOKEN);
    await secret.click();
    expect(await secret.innerText()).toMatch(TOKEN);
    await secret.click();
    expect(await secret.innerText()).not.toMatch(TOKEN);
  });
});

describe('a reader', () => {
  it('types a command with the keyboard alone, and asks whether the token is good', async () => {
    const ada = page.locator('#side-1');
    await ada.locator('.line').focus();
    await page.keyboard.type('/token cr');
    await ada.locator('.composer > .offers li').first().waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.type('from the keyboard');
    await page.keyboard.press('Tab');
    await page.keyboard.type('36h');
    const expires = ada.locator('.option:nth-of-type(2) .offers li').first();
    await expires.waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await ada.locator('.message.ephemeral').waitFor();

    await ada.locator('.channel').last().click();
    await ada.locator('.spoiler').first().press('Enter');
    const token = TOKEN.exec(await ada.locator('.messages').innerText())?.[0] ?? '';
    await page.locator('#probe').fill(token);
    await page.locator('#probe').press('Enter');
    await expect.poll(() => page.locator('#probe-result').innerText()).toMatch(/^200/);

    await page.locator('#switches button').last().click();
    await page.locator('#probe').press('Enter');
    await expect.poll(() => page.locator('#probe-result').innerText()).toMatch(/^401/);
  });

  it('sees what automatic moderation keeps from being posted', async () => {
    const ada = page.locator('#side-1');
    const sue = page.locator('#side-2');
    await step(1);
    await sue.locator('.line').fill('/admin guard');
    await sue.locator('.line').press('Enter');
    await sue.locator('.command select').selectOption('on');
    await sue.locator('.command .primary').click();
    await sue.locator('.message.ephemeral').waitFor();

    await ada.locator('.spoiler').first().click();
    const token = TOKEN.exec(await ada.locator('.messages').innerText())?.[0] ?? '';
    await ada.locator('.channel').first().click();
    await ada.locator('.line').fill(token);
    await ada.locator('.line').press('Enter');
    await expect.poll(() => ada.locator('.notice').innerText()).not.toBe('');
    expect(await ada.locator('.messages').innerText()).not.toMatch(TOKEN);
  });

  it('closes the direct messages of a person, and no token is made', async () => {
    const ada = page.locator('#side-1');
    await ada.locator('.head .toggle').click();
    await ada.locator('.head .toggle[aria-pressed=true]').waitFor();
    await ada.locator('.line').fill('/token create');
    await ada.locator('.line').press('Enter');
    await ada.locator('.command input').first().fill('nobody gets it');
    await ada.locator('.command input').nth(1).fill('7d');
    await ada.locator('.command .primary').click();
    await ada.locator('.message.ephemeral').waitFor();
    await ada.locator('.channel').last().click();
    expect(await ada.locator('.messages .message').count()).toBe(0);
  });

  it('sees checks go on while Discord is down, and commands once it is back', async () => {
    const ada = page.locator('#side-1');
    const down = page.getByRole('button', { name: 'Discord is down' });
    const say = async (command: string) => {
      await ada.locator('.line').fill(command);
      await ada.locator('.line').press('Enter');
      await ada.locator('.command .primary').click();
    };
    await step(1);
    await ada.locator('.spoiler').first().click();
    const token = TOKEN.exec(await ada.locator('.messages').innerText())?.[0] ?? '';
    await ada.locator('.channel').first().click();

    await down.click();
    await expect.poll(() => down.getAttribute('aria-pressed')).toBe('true');
    await page.locator('#probe').fill(token);
    await page.locator('#probe').press('Enter');
    await expect.poll(() => page.locator('#probe-result').innerText()).toMatch(/^200/);
    await say('/session me');
    await expect.poll(() => ada.locator('.notice').innerText()).toMatch(/did not respond/);

    await down.click();
    await expect.poll(() => down.getAttribute('aria-pressed')).toBe('false');
    await ada.getByRole('button', { name: 'Cancel' }).click();
    await say('/session me');
    await expect.poll(() => ada.locator('.notice').innerText()).toBe('');
    await ada.locator('.message.ephemeral').last().waitFor();
  });

  it('meets nothing that axe-core knows to be wrong, at any width', async () => {
    expect(await axe()).toEqual([]);
    for (const number of [1, 2, 3, 4, 5]) await step(number);
    expect(await axe()).toEqual([]);
    await page.locator('#side-1 .line').fill('/');
    await page.locator('#side-1 .composer > .offers li').first().waitFor();
    expect(await axe()).toEqual([]);
    await page.setViewportSize(PHONE);
    expect(await axe()).toEqual([]);
    const widest = await page.locator('html').evaluate(({ scrollWidth }) => scrollWidth);
    expect(widest).toBe(PHONE.width);
  });
});

/** The status of a request whose headers a browser would not let a page set. */
function ask(path: string, headers: Record<string, string>, body?: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const { port, pathname } = new URL(playground.page.url);
  const method = body === undefined ? 'GET' : 'POST';
  const where = { port, host: '127.0.0.1', path: path.replace('~/', pathname), method, headers };
  const asked = request(where, (response) => {
    response.destroy();
    resolve(response.statusCode ?? 0);
  });
  asked.on('error', reject).end(body);
  return promise;
}

describe('the page', () => {
  it('answers only under its own name, from itself, below its random path', async () => {
    const { host, origin } = new URL(playground.page.url);
    const type = { 'content-type': 'application/json' };
    const act = JSON.stringify({ do: 'step', index: 0 });
    expect(await ask('~/', { host })).toBe(200);
    expect(await ask('/', { host })).toBe(404);
    expect(await ask('~/', { host: 'rebound.example' })).toBe(421);
    expect(await ask('~/events', { host, origin: 'https://other.example' })).toBe(403);
    expect(await ask('~/acts', { host, ...type, origin: 'https://other.example' }, act)).toBe(403);
    expect(await ask('~/acts', { host, ...type }, act)).toBe(403);
    expect(await ask('~/acts', { host, origin, 'content-type': 'text/plain' }, act)).toBe(403);
    expect(await ask('~/acts', { host, origin, ...type }, 'x'.repeat(70_000))).toBe(400);
    expect(await ask('~/..%2fpackage.json', { host })).toBe(404);
    expect(await page.locator('.step.done').count()).toBe(0);
  });
});

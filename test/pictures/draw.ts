import { startLocalDiscord } from 'local-discord';
import { openPage } from 'local-discord/page';
import { fileURLToPath } from 'node:url';
import { openBrowser } from '../playground/browser.ts';
import type { Scene } from './scenes.ts';
import { withPalette } from './palette.ts';

/** A phone's, in CSS pixels. */
const WIDTH = 390;
const STAGE = fileURLToPath(new URL('stage.js', import.meta.url));

/** Room for one message at a time. */
const STYLE = `
  body { height: auto; background: var(--ground); }
  body > :not(#scene) { display: none !important; }
  #scene { padding: 6px 0; }`;

/**
 * Each scene as a PNG, drawn by the page of the local Discord in a real browser.
 * @throws Error where a message is wider than a phone
 */
export async function drawScenes(
  scenes: ReadonlyMap<string, Scene>,
): Promise<ReadonlyMap<string, Buffer>> {
  await using parts = new AsyncDisposableStack();
  const discord = parts.use(await startLocalDiscord());
  const server = discord.addServer({ name: 'Lighthouse' });
  const people = [discord.addMember({ username: 'ada', server })];
  const opened = parts.use(await openPage(discord, { server, people }));
  const browser = await openBrowser();
  parts.defer(() => browser.close());
  const page = await browser.newPage({
    viewport: { width: WIDTH, height: 800 },
    deviceScaleFactor: 2,
    locale: 'en-US',
    timezoneId: 'UTC',
    bypassCSP: true,
  });
  await page.goto(opened.url);
  await page.addStyleTag({ content: STYLE });
  await page.addScriptTag({ path: STAGE, type: 'module' });

  const drawn = new Map<string, Buffer>();
  for (const [name, scene] of scenes) {
    await page.evaluate(`showScene(${JSON.stringify(scene)})`);
    const shown = page.locator('#scene');
    const width = await shown.evaluate(({ scrollWidth }) => scrollWidth);
    if (width > WIDTH) throw new Error(`${name} is ${width} px wide; a phone has ${WIDTH}`);
    drawn.set(name, withPalette(await shown.screenshot({ animations: 'disabled' })));
  }
  return drawn;
}

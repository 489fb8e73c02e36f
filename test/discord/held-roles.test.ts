import { PermissionFlagsBits } from 'discord.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createPolicy } from '../../src/core/policy/policy.ts';
import { feedPost } from '../../src/discord/render/render-feed.ts';
import { noticeCard } from '../../src/discord/render/render-notices.ts';
import { english } from '../../src/discord/words/words.ts';
import { createDiscordHarness, idOfButton, SUE, wordsOf } from '../support/discord-harness.ts';
import { ANA, BEN, DAY, HOUR, newSession, SECOND, START } from '../support/fixtures.ts';
import { DEV, HOLDERS_POLICY, PATRON, see } from '../support/roles.ts';

const TIM = { ...SUE, id: '900000000000000010', permissions: PermissionFlagsBits.ViewChannel };

/** Ana and Ben are developers with a token each; the role is held for them, of which the staff hear. */
async function setUp() {
  const harness = await createDiscordHarness({ policy: HOLDERS_POLICY });
  onTestFinished(() => harness.close());
  const { store, clock } = harness;
  for (const userId of [ANA, BEN]) {
    const made = newSession({ userId, createdAt: clock(), expiresAt: clock() + 9 * DAY });
    const act = { actor: { kind: 'system' }, at: clock() } as const;
    await store.add(act, made, { maxApiTokens: 9, creationsPerHour: 9 });
    await see(store, userId, { roles: DEV, at: clock() }, clock());
    await store.touch(act, [[made.session.id, clock() + SECOND]]);
  }
  clock.advance(HOUR);
  const hold = () => store.holdRole(DEV, clock(), 9);
  const post = feedPost(english, [heldEvent], '0123456789ab', () => undefined);
  return {
    ...harness,
    hold,
    apply: idOfButton(post, 'Apply'),
    wait: idOfButton(post, 'Wait 24 hours'),
  };
}

const event = {
  id: 1,
  at: START,
  actorKind: 'system',
  actorId: null,
  actorSessionId: null,
  actorHint: null,
  requestId: null,
  userId: 'several',
  sessionId: null,
  session: null,
} as const;
const heldEvent = { ...event, action: 'roles.held', detail: { roles: ['dev'], count: 2 } } as const;

const told = (policy: typeof HOLDERS_POLICY | undefined) =>
  noticeCard(
    {
      id: 'b',
      recipient: ANA,
      triedAt: null,
      attempts: 1,
      events: [
        {
          ...event,
          userId: ANA,
          action: 'roles.changed',
          detail: { suspended: true, told: true },
        },
      ],
    },
    { words: english, now: START, appealUrl: undefined, policy, mark: 'mark' },
  );

describe('what the feed says of roles that many lost', () => {
  it('names the role and how many, and offers to let it count or to wait', () => {
    const post = feedPost(english, [heldEvent], 'mark', () => undefined);
    expect(post.content).toContain('2 members lost dev. That is a lot at once');
    expect(JSON.stringify(post)).toContain('feed-apply:staff:mark');
    expect(JSON.stringify(post)).toContain('feed-wait:staff:mark');
    const applied = { ...heldEvent, action: 'roles.applied' } as const;
    expect(JSON.stringify(feedPost(english, [applied], 'mark', () => undefined))).not.toContain(
      'feed-apply',
    );
  });

  it('is done by any of the staff, once', async () => {
    const { hold, press, apply, store } = await setUp();
    await hold();
    expect(wordsOf(await press(apply))).toBe('It counts now that 2 members lost dev.');
    expect(await store.findHeld()).toEqual([]);
    expect((await store.findAccount(ANA))?.look?.roles).toBe('');
    expect(wordsOf(await press(apply))).toContain('Nothing is held any more');
  });

  it('waits a day longer', async () => {
    const { hold, press, wait, store, clock } = await setUp();
    await hold();
    clock.advance(HOUR);
    expect(wordsOf(await press(wait))).toContain('2 members keep dev for 24 hours more.');
    expect(await store.findHeld()).toMatchObject([{ first: clock() }]);
  });

  it('is refused to who is not staff at the press', async () => {
    const { hold, press, apply, wait, store } = await setUp();
    await hold();
    for (const button of [apply, wait]) {
      expect(wordsOf(await press(button, TIM))).toBe('Only the staff can do that.');
    }
    expect(await store.findHeld()).toMatchObject([{ count: 2, first: START + HOUR }]);
  });
});

describe('staff', () => {
  it('see of a member what they lost, and that it is held', async () => {
    const { admin, hold } = await setUp();
    expect(wordsOf(await admin('user', { user: ANA }))).not.toContain('held');
    await hold();
    const shown = wordsOf(await admin('user', { user: ANA }));
    expect(shown).toContain('Roles that count: dev · last seen');
    expect(shown).toContain('**Lost, but held** dev');
  });

  it('see in the statistics the oldest look, and what is held', async () => {
    const { admin, hold, store, clock } = await setUp();
    const seen = `<t:${START / 1000}:R>`;
    expect(wordsOf(await admin('stats'))).toContain(
      `**Roles** oldest look at a member whose token was used since: ${seen}`,
    );
    await hold();
    expect(wordsOf(await admin('stats'))).toContain('**Held** 2 members lost dev');
    for (const userId of [ANA, BEN]) await see(store, userId, { roles: DEV, at: clock() }, clock());
    const stats = wordsOf(await admin('stats'));
    expect(stats).toContain('**Roles** seen of everybody since their tokens were last used');
    expect(stats).not.toContain('Held');
  });

  it('see nothing of roles where none count', async () => {
    const harness = await createDiscordHarness();
    onTestFinished(() => harness.close());
    expect(wordsOf(await harness.admin('stats'))).not.toMatch(/roles|held/i);
  });
});

describe('a member who lost every role that may hold tokens', () => {
  it('is told what brings everything back', () => {
    const many = wordsOf(told(HOLDERS_POLICY));
    expect(many).toContain("### Your tokens don't work for now");
    expect(many).toContain('You need one of these roles: **patron** and **dev**.');
    const roles = [{ name: 'patron', id: PATRON }];
    const one = createPolicy({ roles, holders: ['patron'], scopes: [] });
    expect(wordsOf(told(one))).toContain('You need the role **patron**.');
  });

  it('is told nothing once the policy asks for no role', () => {
    expect(told(undefined)).toBeNull();
  });
});

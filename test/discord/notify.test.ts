import { ComponentType, MessageFlags } from 'discord.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SendTestMessage } from '../../src/core/accounts/notices.ts';
import { AppError } from '../../src/core/errors.ts';
import type { MintedToken } from '../../src/core/sessions/minted-token.ts';
import type { Deliver } from '../../src/core/tokens/delivery.ts';
import { components, memberCommands } from '../../src/discord/interactions/commands/index.ts';
import { readCustomId, writeCustomId } from '../../src/discord/interactions/custom-id.ts';
import { createDispatch } from '../../src/discord/interactions/dispatch.ts';
import { silentMeter } from '../../src/metrics.ts';
import { createCoreHarness } from '../support/core-harness.ts';
import {
  ANA,
  BEN,
  collectLog,
  createPostbox,
  DAY,
  HOUR,
  idAt,
  member,
  newBan,
  SECOND,
  STAFF,
  START,
} from '../support/fixtures.ts';
import { withoutStaff } from '../support/without-staff.ts';
import { CALLBACK, createInteractions, ORIGINAL } from '../support/wire.ts';

const commands = memberCommands(undefined);

interface Options {
  readonly userId?: string;
  readonly sendTestMessage?: SendTestMessage;
  readonly deliver?: Deliver;
}

/** The real dispatcher with the real commands; `sendTestMessage` is what Discord does with a greeting. */
function setUp({ userId = ANA, sendTestMessage, deliver }: Options = {}) {
  const harness = createCoreHarness();
  const postbox = createPostbox();
  const interactions = createInteractions(undefined, userId);
  onTestFinished(async () => {
    await harness.close();
  });
  const greeted: string[] = [];
  const dispatch = interactions.answering(
    createDispatch({
      ...withoutStaff(harness),
      sendTestMessage: () => sendTestMessage ?? (async (to) => void greeted.push(to)),
      commands,
      components,
      log: collectLog().log,
      sessions: harness.sessions,
      tokens: harness.tokens,
      clock: harness.clock,
      deliver: () => deliver ?? postbox.deliver,
      meter: silentMeter,
    }),
  );
  const { sent } = interactions.wire;
  const last = () => JSON.stringify(sent.at(-1)?.body);
  /** The custom ids of the last answer. */
  const buttons = () => Array.from(last().matchAll(/"custom_id":"([^"]*)"/g), ([, id = '']) => id);
  const command = (subcommand: string) => dispatch(interactions.command('session', subcommand));
  const create = () =>
    dispatch(interactions.command('token', 'create', { name: 'deploy', expires: '7d' }));
  const press = (component: string, ...args: string[]) =>
    dispatch(interactions.button(writeCustomId(component, ANA, ...args)));
  const choose = (component: string, id: string) =>
    dispatch(interactions.select(writeCustomId(component, ANA), [id]));
  const pressId = (customId: string, beside?: readonly unknown[]) =>
    dispatch(interactions.button(customId, beside));
  return {
    ...harness,
    postbox,
    greeted,
    sent,
    last,
    buttons,
    command,
    create,
    press,
    choose,
    pressId,
  };
}

const routes = (sent: readonly { method: string; path: string }[]) =>
  sent.map(({ method, path }) => `${method} ${path}`);

const closed = () => Promise.reject(new AppError({ code: 'dm_closed' }));

const BESIDE = { type: 5, data: { flags: MessageFlags.Ephemeral } };

describe('/session notify', () => {
  it('shows each kind with a switch, which turns that one off and on again', async () => {
    const { command, buttons, pressId, last, store } = setUp();
    await command('notify');
    const switches = buttons();
    expect(switches.map((id) => readCustomId(id).args)).toEqual([
      ['expiry', 'off'],
      ['firstUse', 'off'],
      ['login', 'off'],
      ['rotation', 'off'],
      ['deletion', 'off'],
    ]);
    for (const [index, id] of switches.entries()) {
      await pressId(id);
      const [name = '', next] = readCustomId(buttons()[index] ?? '').args;
      expect(next).toBe('on');
      expect(await store.findNotices(ANA)).toMatchObject({ [name]: false });
    }
    expect(last().match(/: off/g)).toHaveLength(5);
    await pressId(buttons()[0]!);
    expect(await store.findNotices(ANA)).toMatchObject({ expiry: true, login: false });
  });

  it('changes its own message', async () => {
    const { press, sent } = setUp();
    await press('notify', 'login', 'off');
    expect(routes(sent)).toEqual([`POST ${CALLBACK}`, `PATCH ${ORIGINAL}`]);
    expect(sent[0]?.body).toEqual({ type: 6 });
  });

  it.each([['everything'], ['refusedAt'], ['constructor'], ['']])(
    'knows no switch named %j',
    async (name) => {
      const { press, last, store } = setUp();
      await press('notify', name, 'off');
      expect(last()).toContain('older version');
      expect(await store.findAccount(ANA)).toBeNull();
    },
  );

  it('can be used by a banned member', async () => {
    const { press, store, accounts } = setUp();
    await accounts.ban(STAFF, newBan(ANA));
    await press('notify', 'login', 'off');
    expect(await store.findNotices(ANA)).toMatchObject({ login: false });
  });
});

describe('a member whom Discord keeps from us', () => {
  it.each(['me', 'notify'])('sees that in /session %s, and what to do', async (subcommand) => {
    const { command, last, token, store } = setUp();
    await token();
    await command(subcommand);
    expect(last()).not.toContain('Discord refused');
    await store.saveDmStatus(ANA, START);
    await command(subcommand);
    expect(last()).toContain('Discord refused my last message');
    expect(last()).toContain(`<t:${START / SECOND}:R>`);
    expect(last()).toContain(`reach:${ANA}`);
  });

  it('sees it after a token could not be delivered, too', async () => {
    const { create, command, last, token } = setUp({ deliver: closed });
    await token();
    await create();
    await command('me');
    expect(last()).toContain('Discord refused my last message');
  });

  it('presses a button to try again, and is told beside it that it worked', async () => {
    const { press, sent, greeted, last, token, store } = setUp();
    await token();
    await store.saveDmStatus(ANA, START);
    await store.saveNotice(ANA, 'expiry', false);
    await press('reach');
    expect(greeted).toEqual([ANA]);
    expect(sent[0]?.body).toEqual(BESIDE);
    expect(last()).toContain('It worked');
    // Not everybody wants them.
    expect(last()).not.toContain('remind');
    expect((await store.findNotices(ANA)).refusedAt).toBeNull();
  });

  it('is told how to allow it where it did not', async () => {
    const { press, last, token, store } = setUp({ sendTestMessage: closed });
    await token();
    await store.saveDmStatus(ANA, START);
    await press('reach');
    expect(last()).toContain('Privacy Settings');
    expect((await store.findNotices(ANA)).refusedAt).toBe(START);
  });
});

describe('Let it expire', () => {
  it('ends the reminders and says when it expires', async () => {
    const { press, last, sent, token, store } = setUp();
    const { session } = await token(ANA, 'deploy', 90 * DAY);
    await press('let-expire', session.id);
    expect(sent[0]?.body).toEqual(BESIDE);
    expect(last()).toContain(`It expires <t:${session.expiresAt / SECOND}:D>`);
    expect(await store.remind({ actor: STAFF, at: START + 89 * DAY }, 9)).toBe(0);
  });

  it('is a choice of a menu too', async () => {
    const { choose, last, sent, token, store } = setUp();
    const { session } = await token(ANA, 'deploy', 90 * DAY);
    await choose('let-expire', session.id);
    expect(sent[0]?.body).toEqual(BESIDE);
    expect(last()).toContain(`It expires <t:${session.expiresAt / SECOND}:D>`);
    expect(await store.remind({ actor: STAFF, at: START + 89 * DAY }, 9)).toBe(0);
  });

  it('says so where the token has ended or is not theirs', async () => {
    const { press, last, token, store } = setUp();
    const { session } = await token(BEN, 'deploy', 90 * DAY);
    for (const id of [session.id, session.id.toUpperCase(), idAt(START)]) {
      await press('let-expire', id);
      expect(last()).toContain('may have expired or been revoked');
      expect(last()).toContain('/session list');
    }
    expect(await store.remind({ actor: STAFF, at: START + 76 * DAY }, 9)).toBe(1);
  });
});

describe('Rotate', () => {
  it('sends a new token, says where, and leaves the old one a day', async () => {
    const { press, last, sent, token, postbox, sessions, clock } = setUp();
    const old = await token(ANA, 'deploy', 90 * DAY);
    await press('rotate', old.session.id);
    expect(sent[0]?.body).toEqual(BESIDE);
    expect(postbox.delivered.map(({ session }) => session.name)).toEqual(['deploy']);
    expect(last()).toContain('The new token for **deploy** is in your direct messages');
    expect(last()).toContain(`works until <t:${(START + DAY) / SECOND}:f>`);
    expect(last()).toContain(`delete that message <t:${(START + HOUR) / SECOND}:R>`);
    expect(last()).toContain('/token rotate');
    expect(last()).not.toContain(postbox.delivered[0]?.token);
    clock.advance(DAY - 1);
    expect(await sessions.verify(old.token)).toMatchObject({ is: 'valid' });
  });

  it('is a choice of a menu too', async () => {
    const { choose, last, token, postbox } = setUp();
    const old = await token(ANA, 'deploy', 90 * DAY);
    await choose('rotate', old.session.id);
    expect(postbox.delivered.map(({ session }) => session.name)).toEqual(['deploy']);
    expect(last()).toContain(`works until <t:${(START + DAY) / SECOND}:f>`);
  });

  it('pressed twice rotates once, and says so', async () => {
    const { press, last, token, postbox } = setUp();
    const old = await token(ANA, 'deploy', 90 * DAY);
    await press('rotate', old.session.id);
    await press('rotate', old.session.id);
    expect(postbox.delivered).toHaveLength(1);
    expect(last()).toContain('rotated this token a moment ago');
  });

  it('pressed again later says that the unused one is revoked', async () => {
    const { press, last, token, postbox, sessions, clock } = setUp();
    const old = await token(ANA, 'deploy', 90 * DAY);
    await press('rotate', old.session.id);
    expect(last()).not.toContain('rotated it earlier');
    clock.advance(HOUR);
    await press('rotate', old.session.id);
    expect(last()).toContain('You rotated it earlier, too');
    const [lost, kept] = postbox.delivered;
    expect(await sessions.verify(lost?.token ?? '')).toEqual({ is: 'invalid' });
    expect(await sessions.verify(kept?.token ?? '')).toMatchObject({ is: 'valid' });
    clock.advance(HOUR);
    await press('rotate', old.session.id);
    expect(last()).toContain('in use');
    expect(postbox.delivered).toHaveLength(2);
  });

  it('pressed again after the new one was used and revoked says nothing of that', async () => {
    const { press, last, token, postbox, sessions, clock } = setUp();
    const old = await token(ANA, 'deploy', 90 * DAY);
    await press('rotate', old.session.id);
    const [next] = postbox.delivered;
    await sessions.verify(next?.token ?? '');
    await sessions.revoke(member(ANA), next?.session.id ?? '');
    clock.advance(HOUR);
    await press('rotate', old.session.id);
    expect(postbox.delivered).toHaveLength(2);
    expect(last()).not.toContain('rotated it earlier');
  });

  it('does nothing for a banned member', async () => {
    const { press, last, token, postbox, accounts } = setUp();
    const { session } = await token();
    await accounts.ban(STAFF, newBan(ANA));
    await press('rotate', session.id);
    expect(last()).toContain('banned here');
    expect(postbox.delivered).toEqual([]);
  });

  it('does nothing with the token of another member', async () => {
    const { press, last, token, postbox } = setUp();
    const { session } = await token(BEN);
    await press('rotate', session.id);
    expect(last()).toContain('may have expired or been revoked');
    expect(postbox.delivered).toEqual([]);
  });
});

/** A reminder of so many tokens. */
async function remind(count: number, deliver?: (post: Deliver, nth: number) => Deliver) {
  const postbox = createPostbox();
  let nth = 0;
  const stage = setUp({
    deliver: (...args) => {
      nth += 1;
      return (deliver?.(postbox.deliver, nth) ?? postbox.deliver)(...args);
    },
  });
  const due: MintedToken[] = [];
  for (let made = 1; made <= count; made += 1) {
    due.push(await stage.token(ANA, `lamp ${made}`, 90 * DAY));
  }
  const beside = due.map(({ session }) => ({
    type: ComponentType.ActionRow,
    components: [
      { type: ComponentType.Button, custom_id: writeCustomId('rotate', ANA, session.id) },
    ],
  }));
  return {
    ...stage,
    due,
    names: () => postbox.delivered.map(({ session }) => session.name),
    pressAll: () => stage.pressId(writeCustomId('rotate-all', ANA), beside),
  };
}

describe('Rotate all', () => {
  it('sends a new token for each, and leaves the old ones a day', async () => {
    const { pressAll, names, last, due, sessions, clock } = await remind(3);
    await pressAll();
    expect(names()).toEqual(['lamp 1', 'lamp 2', 'lamp 3']);
    expect(last()).toContain('Rotated 3 tokens; the new ones are in your direct messages.');
    expect(last()).not.toContain('left alone');
    clock.advance(DAY - 1);
    for (const { token } of due) {
      expect(await sessions.verify(token)).toMatchObject({ is: 'valid' });
    }
  });

  it('leaves alone what has ended, and says so', async () => {
    const { pressAll, names, last, due, sessions } = await remind(3);
    await sessions.revoke(member(ANA), due[1]?.session.id ?? '');
    await pressAll();
    expect(names()).toEqual(['lamp 1', 'lamp 3']);
    expect(last()).toContain('Rotated 2 tokens');
    expect(last()).toContain('1 was left alone: it has ended, or was rotated already.');
    await pressAll();
    expect(names()).toHaveLength(2);
    expect(last()).toContain('None of them was rotated');
  });

  it('rotates none for who was banned meanwhile, and says until when and why', async () => {
    const { pressAll, names, last, accounts, clock } = await remind(3);
    const until = clock() + 7 * DAY;
    await accounts.ban(STAFF, { ...newBan(ANA), reason: 'spam', until });
    await pressAll();
    expect(names()).toEqual([]);
    expect(last()).toContain("You are banned here, so I can't do that.");
    expect(last()).toContain(`<t:${Math.floor(until / SECOND)}:`);
    expect(last()).toContain('spam');
  });

  it('stops where Discord takes no more messages, and says what became of the rest', async () => {
    const { pressAll, names, last, due, sessions, clock } = await remind(3, (post, nth) =>
      nth === 2
        ? () => Promise.reject(new AppError({ code: 'undelivered', reason: 'held' }))
        : post,
    );
    await pressAll();
    expect(names()).toEqual(['lamp 1']);
    expect(last()).toContain('Rotated 1 token; the new one is in your direct messages.');
    expect(last()).toContain("I couldn't go on, so the rest are unchanged. Discord is limiting");
    clock.advance(2 * DAY);
    const still = await Promise.all(due.map(({ token }) => sessions.verify(token)));
    expect(still.map(({ is }) => is)).toEqual(['invalid', 'valid', 'valid']);
  });

  it('changes nothing where direct messages are closed, and says how to open them', async () => {
    const { pressAll, last, due, sessions, clock } = await remind(2, () => closed);
    await pressAll();
    expect(last()).toContain("I couldn't message you, so nothing was created or changed.");
    expect(last()).toContain('Tap **Lighthouse** › Privacy Settings');
    clock.advance(2 * DAY);
    for (const { token } of due) {
      expect(await sessions.verify(token)).toMatchObject({ is: 'valid' });
    }
  });

  it('says so where they are closed on the way', async () => {
    const { pressAll, names, last } = await remind(2, (post, nth) => (nth === 2 ? closed : post));
    await pressAll();
    expect(names()).toEqual(['lamp 1']);
    expect(last()).toContain('Rotated 1 token');
    expect(last()).toContain("didn't let me message you anymore, so the rest are unchanged");
    expect(last()).not.toContain('nothing was');
  });
});

describe("This wasn't me", () => {
  it('revokes it with all that it created, and says what else to do', async () => {
    const { press, last, sent, token, sessions, tokens } = setUp();
    const root = await token();
    const child = await tokens.create(member(ANA, root.session.id), {
      name: 'child',
      expiresAt: START + DAY,
    });
    await press('not-me', root.session.id);
    expect(sent[0]?.body).toEqual(BESIDE);
    expect(last()).toContain('Revoked it and one token made with it');
    expect(last()).toContain('change its password');
    expect(await sessions.verify(child.token)).toEqual({ is: 'invalid' });
    await press('not-me', root.session.id);
    expect(last()).toContain('It had already stopped working');
  });

  it('names the token with which it was created, while that works, and revokes that too', async () => {
    const { press, pressId, last, buttons, token, sessions, tokens, clock } = setUp();
    const stolen = await token(ANA, 'ci', 90 * DAY);
    const { id } = stolen.session;
    const child = await tokens.rotate(member(ANA, id), { id, graceMs: 7 * DAY });
    await press('not-me', child.session.id);
    expect(last()).toContain(
      `It was made with **ci** \`…${stolen.session.hint}\`, which still works`,
    );
    expect(last()).toContain('change its password');
    expect(buttons()).toEqual([writeCustomId('not-me', ANA, id)]);
    await pressId(buttons()[0]!);
    expect(last()).toContain('Revoked it.');
    expect(buttons()).toEqual([]);
    clock.advance(HOUR);
    expect(await sessions.verify(stolen.token)).toEqual({ is: 'invalid' });
  });

  it('of a token that was rotated in Discord leaves the new one, with a button for that', async () => {
    const { press, last, buttons, token, sessions, tokens } = setUp();
    const old = await token(ANA, 'ci', 90 * DAY);
    const next = await tokens.rotate(member(ANA), { id: old.session.id, graceMs: 0 });
    await press('not-me', old.session.id);
    expect(last()).toContain('It had already stopped working');
    expect(last()).toContain(`**ci** \`…${next.session.hint}\` replaced it and still works`);
    expect(buttons()).toEqual([writeCustomId('not-me', ANA, next.session.id)]);
    expect(await sessions.verify(next.token)).toMatchObject({ is: 'valid' });
  });

  it('revokes nothing of another member, and says nothing of it', async () => {
    const { press, last, token, sessions } = setUp();
    const theirs = await token(BEN);
    await press('not-me', theirs.session.id);
    const foreign = last();
    await press('not-me', idAt(START));
    expect(last()).toBe(foreign);
    expect(await sessions.verify(theirs.token)).toMatchObject({ is: 'valid' });
  });
});

describe('the buttons of a notice', () => {
  it.each(['rotate', 'let-expire', 'not-me', 'reach', 'notify'])(
    '%s are for whom they were made only',
    async (component) => {
      const { press, last, token, postbox, sessions, greeted } = setUp({ userId: BEN });
      const mine = await token(ANA);
      await press(component, mine.session.id);
      expect(last()).toContain('belong to someone else');
      expect([postbox.delivered, greeted]).toEqual([[], []]);
      expect(await sessions.verify(mine.token)).toMatchObject({ is: 'valid' });
    },
  );
});

import { MessageFlags, PermissionFlagsBits } from 'discord.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AUDIT_ACTIONS } from '../../src/core/audit/audit.ts';
import { writeCustomId } from '../../src/discord/interactions/custom-id.ts';
import { ANA, BEN, DAY, HOUR, member, newBan, SECOND, STAFF, START } from '../support/fixtures.ts';
import {
  buttonsOf,
  countComponents,
  createDiscordHarness,
  idOfButton,
  ok,
  OTHER_CHANNEL,
  type Person,
  type Routes,
  SERVER,
  SUE,
  wordsOf,
} from '../support/discord-harness.ts';
import { CALLBACK, ORIGINAL, WEBHOOK } from '../support/wire.ts';

const TOM: Person = { ...SUE, id: '900000000000000008', username: 'tom' };
const RULES = `/guilds/${SERVER}/auto-moderation/rules`;

/** A member of the server with a role that may manage it. */
const keeper = (userId: string): Routes => ({
  [`GET /guilds/${SERVER}/members/${userId}`]: ok({ user: { id: userId }, roles: ['5'] }),
  [`GET /guilds/${SERVER}`]: ok({
    id: SERVER,
    owner_id: '1',
    roles: [{ id: '5', permissions: String(PermissionFlagsBits.ManageGuild) }],
  }),
});

async function setUp(routes: Routes = {}) {
  const stage = await createDiscordHarness({ routes });
  onTestFinished(() => stage.close());
  const { sessions, store } = stage;
  return {
    ...stage,
    requests: () => stage.sent.map(({ method, path }) => `${method} ${path}`),
    verdict: async (token: string) => (await sessions.verify(token)).is,
    ban: async (userId = ANA) => (await store.findAccount(userId))?.ban ?? null,
    /** The values that are offered for an option while it is typed. */
    offered: async (subcommand: string, focused: string, options: Record<string, string>) => {
      const { complete, dispatch } = stage;
      await dispatch(complete(SUE, 'admin', subcommand, { options, focused }));
      const { data } = stage.answer() as { data: { choices: { name: string; value: string }[] } };
      return data.choices;
    },
  };
}

describe('every answer of /admin', () => {
  it('is for the eyes of who asked alone, and is one of the staff’s', async () => {
    const { admin, sent, requests } = await setUp();
    for (const [subcommand, options] of [
      ['user', { user: ANA }],
      ['ban', { user: ANA }],
      ['unban', { user: ANA }],
      ['revoke', { user: ANA }],
      ['sessions', {}],
      ['audit', {}],
      ['stats', {}],
      ['export', {}],
      ['guard', { action: 'status' }],
    ] as const) {
      sent.length = 0;
      const answer = await admin(subcommand, options);
      expect(sent[0]?.body).toEqual({ type: 5, data: { flags: MessageFlags.Ephemeral } });
      expect(requests().at(-1)).toBe(`PATCH ${ORIGINAL}`);
      expect(wordsOf(answer)).not.toMatch(/wrong|Only the staff|undefined|NaN|null/);
      expect(wordsOf(answer)).not.toBe('');
    }
  });

  it.each<[string, Person, RegExp]>([
    ['who is not staff', { ...SUE, permissions: 0n }, /Only the staff/],
    ['who is elsewhere', { ...SUE, channel: OTHER_CHANNEL }, /staff channel/],
  ])('is refused to %s; the staff hear of it once a minute', async (_, person, words) => {
    const { admin, press, clock, store, token, verdict, ban } = await setUp();
    const minted = await token();
    const refused = () => store.audit({ actions: ['staff.refused'], limit: 99 });
    expect(wordsOf(await admin('revoke', { user: ANA }, person))).toMatch(words);
    expect(wordsOf(await admin('ban', { user: ANA }, person))).toMatch(words);
    expect(wordsOf(await admin('stats', {}, person))).toMatch(words);
    for (const component of [
      'adm-user',
      'adm-unban',
      'adm-ban',
      'adm-all',
      'adm-list',
      'inv',
      'aud',
    ]) {
      expect(wordsOf(await press(`${component}:${person.id}:${ANA}`, person))).toMatch(words);
    }
    expect(await refused()).toMatchObject([
      { actorKind: 'member', actorId: SUE.id, detail: { command: '/admin revoke' } },
    ]);
    clock.advance(60 * SECOND);
    await admin('stats', {}, person);
    expect(await refused()).toHaveLength(2);
    expect(await verdict(minted.token)).toBe('valid');
    expect(await ban()).toBeNull();
  });

  it('offers nothing while who is not staff types, and writes nothing down', async () => {
    const { dispatch, complete, answer, token, store } = await setUp();
    await token();
    const options = { user: ANA, session: '' };
    const person = { ...SUE, permissions: 0n };
    await dispatch(complete(person, 'admin', 'revoke', { options, focused: 'session' }));
    expect(answer()).toMatchObject({ data: { choices: [] } });
    expect(await store.audit({ actions: ['staff.refused'], limit: 9 })).toEqual([]);
  });
});

describe('/admin user', () => {
  it('shows who somebody is, what they have and what happened', async () => {
    const { admin, token, accounts } = await setUp();
    const { session } = await token(ANA, 'deploy');
    await token(BEN, 'another');
    const words = wordsOf(await admin('user', { user: ANA }));
    expect(words).toContain(`<@${ANA}>`);
    expect(words).toContain('1 API token');
    expect(words).toContain('deploy');
    expect(words).toContain(`…${session.hint}`);
    expect(words).toContain('created an API token');
    expect(words).not.toContain('another');
    await accounts.ban(STAFF, { ...newBan(ANA, 'spam'), until: START + HOUR });
    const banned = wordsOf(await admin('user', { user: ANA }));
    expect(banned).toContain('**Banned** until');
    expect(banned).toContain('spam');
    expect(banned).toContain(`<t:${(START + HOUR) / 1_000}:f>`);
  });

  it('leads to everything else by its buttons', async () => {
    const { admin, press, submit, token, ban, verdict, clock } = await setUp();
    const minted = await token(ANA, 'deploy');
    for (let index = 0; index < 11; index += 1) {
      clock.advance(SECOND);
      await token(ANA, `token ${index}`);
    }
    const memberDetails = await admin('user', { user: ANA });
    const list = await press(idOfButton(memberDetails, 'Tokens and logins'));
    expect(wordsOf(list)).toContain('1–10 of 12');
    const older = await press(idOfButton(list, 'Older'));
    expect(wordsOf(older)).toContain('11–12 of 12');
    expect(wordsOf(older)).toContain('deploy');
    expect(wordsOf(await press(idOfButton(older, 'Newer')))).toContain('1–10 of 12');
    expect(await press(idOfButton(older, 'Back'))).toEqual(memberDetails);
    expect(wordsOf(await press(idOfButton(memberDetails, 'Audit')))).toContain(
      `Audit of <@${ANA}>`,
    );

    const asked = await submit(idOfButton(memberDetails, 'Ban…'));
    expect(await ban()).toBeNull();
    await press(idOfButton(asked, 'Ban'));
    expect(await ban()).toMatchObject({ source: 'staff', by: SUE.id, reason: null });
    const banned = await admin('user', { user: ANA });
    expect(wordsOf(await press(idOfButton(banned, 'Lift the ban')))).not.toContain('**Banned**');
    expect(await ban()).toBeNull();

    const all = await press(idOfButton(memberDetails, 'Revoke all…'));
    expect(await verdict(minted.token)).toBe('valid');
    expect(wordsOf(await press(idOfButton(all, 'Revoke everything')))).toContain('12 sessions');
    expect(await verdict(minted.token)).toBe('invalid');
    const after = buttonsOf(await admin('user', { user: ANA }));
    expect(after.filter(({ disabled }) => disabled).map(({ label }) => label)).toEqual([
      'Revoke all…',
      'Tokens and logins',
    ]);
  });
});

describe('/admin ban', () => {
  it('asks first, then bans, once', async () => {
    const { admin, press, token, ban, verdict, store } = await setUp();
    const minted = await token();
    const options = { user: ANA, reason: ' spam ', duration: '7d' };
    const asked = await admin('ban', options);
    expect(wordsOf(asked)).toContain('one session stops now and works again');
    expect(wordsOf(asked)).toContain(`The button stops working <t:${START / 1_000 + 300}:R>.`);
    expect(await ban()).toBeNull();
    const id = idOfButton(asked, 'Ban');
    expect(wordsOf(await press(id))).toContain(`Banned <@${ANA}> until`);
    expect(await ban()).toEqual({
      source: 'staff',
      at: START,
      until: START + 7 * DAY,
      by: SUE.id,
      reason: 'spam',
      isReasonTold: true,
    });
    expect(await verdict(minted.token)).toBe('banned');
    expect(wordsOf(await press(id))).toContain('Nothing was done');
    expect(await store.audit({ actions: ['account.banned'], limit: 9 })).toHaveLength(1);
  });

  it('is not made after its end', async () => {
    const { admin, press, clock, ban } = await setUp();
    const asked = await admin('ban', { user: ANA, duration: '1m' });
    clock.advance(60 * SECOND);
    expect(wordsOf(await press(idOfButton(asked, 'Ban')))).toContain('has passed');
    expect(await ban()).toBeNull();
  });

  it('keeps a reason without what no database keeps', async () => {
    const { admin, press, ban, store } = await setUp();
    const asked = await admin('ban', { user: ANA, reason: ' \0sp\uD83Dam\0 ' });
    await press(idOfButton(asked, 'Ban'));
    expect(await ban()).toMatchObject({ reason: 'spam' });
    await admin('unban', { user: ANA, reason: '\0 \uDE00' });
    const [event] = await store.audit({ actions: ['account.unbanned'], limit: 1 });
    expect(event?.detail).toMatchObject({ reason: null });
  });

  it('takes no reason with a token in it, even where U+0000 splits it', async () => {
    const { admin, token, ban } = await setUp();
    const { token: secret } = await token();
    const reason = `posted ${secret.slice(0, 20)}\0${secret.slice(20)}`;
    expect(wordsOf(await admin('ban', { user: ANA, reason }))).toContain('token in that reason');
    expect(await ban()).toBeNull();
  });

  it('takes no reason with a token in it', async () => {
    const { admin, token, ban, store } = await setUp();
    const { token: secret } = await token();
    const refused = await admin('ban', { user: ANA, reason: `posted ${secret}` });
    expect(wordsOf(refused)).toContain('token in that reason');
    expect(buttonsOf(refused)).toEqual([]);
    expect(JSON.stringify(refused)).not.toContain(secret);
    await admin('unban', { user: ANA, reason: secret });
    expect(await ban()).toBeNull();
    expect(JSON.stringify(await store.audit({ limit: 99 }))).not.toContain(secret);
  });

  it('revokes the sessions for good if told so', async () => {
    const { admin, press, token, verdict } = await setUp();
    const minted = await token();
    const asked = await admin('ban', { user: ANA, sessions: 'end' });
    expect(wordsOf(asked)).toContain('for good');
    expect(wordsOf(await press(idOfButton(asked, 'Ban')))).toContain('Revoked their one session');
    await admin('unban', { user: ANA });
    expect(await verdict(minted.token)).toBe('invalid');
  });

  it('can be left', async () => {
    const { admin, press, ban } = await setUp();
    const asked = await admin('ban', { user: ANA });
    expect(wordsOf(await press(idOfButton(asked, 'Cancel')))).toContain('Nothing was done');
    expect(await ban()).toBeNull();
  });

  it('is not carried out by another, nor after five minutes, nor by who is not staff any more', async () => {
    const { admin, press, ban, clock } = await setUp();
    const id = idOfButton(await admin('ban', { user: ANA }), 'Ban');
    expect(wordsOf(await press(id, TOM))).toContain('someone else');
    expect(wordsOf(await press(id.replace(SUE.id, TOM.id), TOM))).toContain('Nothing was done');
    expect(wordsOf(await press(id, { ...SUE, permissions: 0n }))).toContain('Only the staff');
    clock.advance(5 * 60 * SECOND);
    expect(wordsOf(await press(id))).toContain('Nothing was done');
    expect(await ban()).toBeNull();
  });

  it.each<[string, string, RegExp, Routes]>([
    ['oneself', SUE.id, /yourself/, {}],
    ['one of the staff', BEN, /is staff/, keeper(BEN)],
    [
      'whom Discord does not tell of',
      BEN,
      /Discord/,
      {
        [`GET /guilds/${SERVER}/members/${BEN}`]: { status: 500, body: {} },
      },
    ],
  ])('is not for %s, from the command or the memberDetails', async (_, userId, words, routes) => {
    const { admin, submit } = await setUp(routes);
    const refused = await admin('ban', { user: userId });
    expect(wordsOf(refused)).toMatch(words);
    expect(buttonsOf(refused)).toEqual([]);
    const sent = await submit(idOfButton(await admin('user', { user: userId }), 'Ban…'));
    expect(wordsOf(sent)).toMatch(words);
  });

  it('is not for bots', async () => {
    const { admin } = await setUp({
      [`GET /guilds/${SERVER}/members/${BEN}`]: ok({ user: { id: BEN, bot: true }, roles: [] }),
    });
    expect(wordsOf(await admin('ban', { user: BEN }))).toContain('Bots');
  });

  it('explains a duration that cannot be read, and offers some', async () => {
    const { admin, offered } = await setUp();
    expect(wordsOf(await admin('ban', { user: ANA, duration: 'soon' }))).toContain('7d');
    const choices = await offered('ban', 'duration', { user: ANA, duration: '' });
    expect(choices.map(({ value }) => value)).toContain('7 days');
  });
});

const banButton = async (
  admin: (name: string, options: Record<string, string>) => Promise<unknown>,
) => idOfButton(await admin('user', { user: ANA }), 'Ban…');

describe('the button *Ban…*', () => {
  it('opens a form, for which Discord is asked nothing', async () => {
    const { admin, press, sent, requests, ban } = await setUp();
    const id = await banButton(admin);
    sent.length = 0;
    const opened = await press(id);
    expect(requests()).toEqual([`POST ${CALLBACK}`]);
    expect(opened).toMatchObject({ type: 9, data: { custom_id: id, title: 'Ban a member' } });
    expect(await ban()).toBeNull();
  });

  it('bans as the form says, once that is confirmed', async () => {
    const { admin, press, submit, token, verdict, ban } = await setUp();
    const { token: minted } = await token();
    const form = { reason: ' spam ', duration: '2 weeks', sessions: 'end' };
    const asked = await submit(await banButton(admin), form);
    expect(wordsOf(asked)).toContain('spam');
    expect(await ban()).toBeNull();
    await press(idOfButton(asked, 'Ban'));
    expect(await ban()).toMatchObject({ reason: 'spam', by: SUE.id, until: START + 14 * DAY });
    await admin('unban', { user: ANA });
    expect(await verdict(minted)).toBe('invalid');
  });

  it('bans until further notice, and pauses, where the form is left empty', async () => {
    const { admin, press, submit, token, verdict, ban } = await setUp();
    const { token: minted } = await token();
    const form = { reason: '', duration: '', sessions: 'keep' };
    await press(idOfButton(await submit(await banButton(admin), form), 'Ban'));
    expect(await ban()).toMatchObject({ reason: null, until: null });
    expect(await verdict(minted)).toBe('banned');
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['a duration that nobody can read', { duration: 'a while' }, /7d/],
    ['a token as the reason', { reason: `lk_api_${'a'.repeat(43)}` }, /token in that reason/],
  ])('says what is wrong with %s, and bans nobody', async (_, form, words) => {
    const { admin, submit, token, ban } = await setUp();
    const { token: minted } = await token();
    const typed = 'reason' in form ? { reason: `see ${minted}` } : form;
    const refused = await submit(await banButton(admin), typed);
    expect(wordsOf(refused)).toMatch(words);
    expect(buttonsOf(refused)).toEqual([]);
    expect(await ban()).toBeNull();
  });

  it('is looked at again when the form is sent: who lost the role meanwhile bans nobody', async () => {
    const { admin, submit, ban } = await setUp();
    const refused = await submit(await banButton(admin), {}, { ...SUE, permissions: 0n });
    expect(wordsOf(refused)).toContain('Only the staff');
    expect(buttonsOf(refused)).toEqual([]);
    expect(await ban()).toBeNull();
  });

  it.each<[string, Person, RegExp]>([
    ['another of the staff', TOM, /someone else/],
    ['whoever is no longer staff', { ...SUE, permissions: 0n }, /Only the staff/],
    ['staff elsewhere', { ...SUE, channel: OTHER_CHANNEL }, /staff channel/],
  ])('opens nothing for %s', async (_, person, words) => {
    const { admin, press } = await setUp();
    const id = await banButton(admin);
    const answer = await press(id, person);
    expect(answer).toMatchObject({ type: 4, data: { flags: MessageFlags.Ephemeral } });
    expect(wordsOf(answer)).toMatch(words);
  });
});

describe('the buttons under a post in the feed', () => {
  const MARK = 'mark';
  const id = (component: string, owner = 'staff') => writeCustomId(component, owner, ANA, MARK);

  it('are for each of the staff, who answer for themselves', async () => {
    const { press, admin, sent, token } = await setUp();
    await token(ANA, 'deploy');
    const shown = await admin('user', { user: ANA });
    sent.length = 0;
    expect(await press(id('feed-user'))).toEqual(shown);
    expect(sent[0]?.body).toEqual({ type: 5, data: { flags: MessageFlags.Ephemeral } });
    expect(wordsOf(await press(id('feed-user'), TOM))).toContain('deploy');
  });

  it('revoke all that a member has, once that is confirmed', async () => {
    const { press, token, verdict } = await setUp();
    const { token: minted } = await token();
    const asked = await press(id('feed-all'));
    expect(await verdict(minted)).toBe('valid');
    await press(idOfButton(asked, 'Revoke everything'));
    expect(await verdict(minted)).toBe('invalid');
  });

  it('ban with a form', async () => {
    const { press, submit, ban } = await setUp();
    expect(await press(id('feed-ban'), TOM)).toMatchObject({ type: 9 });
    const asked = await submit(id('feed-ban'), { reason: 'a leak' }, TOM);
    await press(idOfButton(asked, 'Ban'), TOM);
    expect(await ban()).toMatchObject({ reason: 'a leak', by: TOM.id });
  });

  it.each(['feed-user', 'feed-all', 'feed-ban', 'feed-audit'])(
    '%s is refused to who is not staff, and to staff elsewhere',
    async (component) => {
      const { press, submit, ban } = await setUp();
      for (const [person, words] of [
        [{ ...SUE, permissions: 0n }, 'Only the staff'],
        [{ ...SUE, channel: OTHER_CHANNEL }, 'staff channel'],
      ] as const) {
        expect(wordsOf(await press(id(component), person))).toContain(words);
        expect(wordsOf(await submit(id(component), {}, person))).toContain(words);
      }
      expect(await ban()).toBeNull();
    },
  );

  it('alone are for all of the staff: no other button is by naming them', async () => {
    const { press } = await setUp();
    for (const component of ['adm-user', 'adm-all', 'adm-ban', 'adm-unban', 'adm-list', 'list']) {
      expect(wordsOf(await press(id(component)))).toContain('someone else');
    }
  });
});

describe('*Look up* in the menu of a member', () => {
  it('shows staff what /admin user shows', async () => {
    const { admin, dispatch, userMenu, answer, token } = await setUp();
    await token(ANA, 'deploy');
    const shown = await admin('user', { user: ANA });
    await dispatch(userMenu(SUE, 'Look up', ANA));
    expect(answer()).toEqual(shown);
  });

  it.each<[string, Person, RegExp]>([
    ['who is not staff', { ...SUE, permissions: 0n }, /Only the staff/],
    ['who is elsewhere', { ...SUE, channel: OTHER_CHANNEL }, /staff channel/],
  ])('is refused to %s', async (_, person, words) => {
    const { dispatch, userMenu, answer } = await setUp();
    await dispatch(userMenu(person, 'Look up', ANA));
    expect(wordsOf(answer())).toMatch(words);
  });
});

describe('/admin unban', () => {
  it('lifts a ban by staff or by the server, with its reason, once', async () => {
    const { admin, accounts, ban, store } = await setUp();
    await accounts.ban(STAFF, newBan(ANA));
    expect(wordsOf(await admin('unban', { user: ANA, reason: 'sorry' }))).toContain('Unbanned');
    expect(await ban()).toBeNull();
    expect(wordsOf(await admin('unban', { user: ANA }))).toContain('is not banned');
    await accounts.followBan(ANA);
    await admin('unban', { user: ANA });
    expect(await ban()).toBeNull();
    const [, first] = await store.audit({ actions: ['account.unbanned'], limit: 9 });
    expect(first).toMatchObject({
      actorKind: 'staff',
      actorId: SUE.id,
      detail: { reason: 'sorry' },
    });
  });
});

describe('/admin revoke', () => {
  it('offers the sessions of that member, and asks before it revokes one', async () => {
    const { admin, press, offered, token, verdict } = await setUp();
    const [mine, theirs] = [await token(ANA, 'deploy'), await token(BEN, 'deploy')];
    const choices = await offered('revoke', 'session', { user: ANA, session: 'DEPL' });
    expect(choices.map(({ value }) => value)).toEqual([mine.session.id]);
    const asked = await admin('revoke', { user: ANA, session: mine.session.id.toUpperCase() });
    expect(wordsOf(asked)).toContain('deploy');
    expect(await verdict(mine.token)).toBe('valid');
    expect(buttonsOf(asked).map(({ label }) => label)).toEqual(['Revoke it', 'Cancel']);
    expect(wordsOf(await press(idOfButton(asked, 'Revoke it')))).toContain('Revoked');
    expect(await verdict(mine.token)).toBe('invalid');
    expect(await verdict(theirs.token)).toBe('valid');
  });

  it('revokes what a session created as well, if told so, and else says that it lives on', async () => {
    const { admin, press, token, tokens, verdict } = await setUp();
    const root = await token();
    const child = await tokens.create(member(ANA, root.session.id), {
      name: 'child',
      expiresAt: START + DAY,
    });
    const asked = await admin('revoke', { user: ANA, session: root.session.id });
    const [one, both] = buttonsOf(asked);
    expect(both?.label).toBe('Revoke it and 1 made with it');
    expect(wordsOf(await press(one!.custom_id))).toContain('1 token made with it still works');
    expect(await verdict(child.token)).toBe('valid');
    expect(wordsOf(await press(both!.custom_id))).toContain('may have expired or been revoked');
    const again = await token();
    const other = await tokens.create(member(ANA, again.session.id), {
      name: 'child',
      expiresAt: START + DAY,
    });
    const third = await admin('revoke', { user: ANA, session: again.session.id });
    await press(buttonsOf(third)[1]!.custom_id);
    expect([await verdict(again.token), await verdict(other.token)]).toEqual([
      'invalid',
      'invalid',
    ]);
  });

  it('by a part of its name or its last characters, where only one has them', async () => {
    const { admin, token } = await setUp();
    const [one] = [await token(ANA, 'lamp one'), await token(ANA, 'lamp two')];
    const asked = await admin('revoke', { user: ANA, session: 'ONE' });
    expect(wordsOf(asked)).toContain('**lamp one**');
    expect(wordsOf(await admin('revoke', { user: ANA, session: one.session.hint }))).toContain(
      '**lamp one**',
    );
    expect(wordsOf(await admin('revoke', { user: ANA, session: 'lamp' }))).toContain(
      '2 match “lamp”',
    );
    const none = await admin('revoke', { user: ANA, session: 'lantern' });
    expect(wordsOf(none)).toContain(`<@${ANA}> has nothing with`);
    expect(buttonsOf(none)).toEqual([]);
  });

  it('never by the name that a member gave to one session after the id of another', async () => {
    const { admin, token } = await setUp();
    const one = await token(ANA, 'lamp');
    await token(ANA, one.session.id);
    const asked = await admin('revoke', { user: ANA, session: one.session.id });
    expect(wordsOf(asked)).toContain('**lamp**');
  });

  it("never shows another member's session under this one's name, nor one that ended", async () => {
    const { admin, token, sessions } = await setUp();
    const theirs = await token(BEN);
    const refused = await admin('revoke', { user: ANA, session: theirs.session.id });
    expect(wordsOf(refused)).toContain('may have expired or been revoked');
    await sessions.revoke(member(BEN), theirs.session.id);
    const ended = await admin('revoke', { user: BEN, session: theirs.session.id });
    expect(wordsOf(ended)).toContain('may have expired or been revoked');
  });

  it('says of what is not there how to find what is', async () => {
    const { admin, press, token, sessions } = await setUp();
    const unknown = await admin('revoke', {
      user: ANA,
      session: '00000000-0000-7000-8000-000000000000',
    });
    const hint = `<@${ANA}> has no such token or login; it may have expired or been revoked. `;
    expect(wordsOf(unknown)).toContain(hint);
    expect(wordsOf(unknown)).toContain('/admin user');
    const { session } = await token(ANA);
    const asked = await admin('revoke', { user: ANA, session: session.id });
    await sessions.revoke(member(ANA), session.id);
    expect(wordsOf(await press(idOfButton(asked, 'Revoke it')))).toContain(hint);
  });

  it('of everything asks first, and says that there is nothing', async () => {
    const { admin, press, token, verdict } = await setUp();
    expect(wordsOf(await admin('revoke', { user: ANA }))).toContain('has no tokens or logins');
    const [mine, theirs] = [await token(), await token(BEN)];
    const asked = await admin('revoke', { user: ANA });
    await press(idOfButton(asked, 'Revoke everything'));
    expect([await verdict(mine.token), await verdict(theirs.token)]).toEqual(['invalid', 'valid']);
  });
});

describe('/admin sessions', () => {
  it('shows those of all members, a page at a time, and keeps its filter', async () => {
    const { admin, press, token, clock } = await setUp();
    await token(ANA, 'the first', 30 * DAY);
    for (let index = 0; index < 9; index += 1) {
      clock.advance(SECOND);
      await token(index % 2 === 0 ? ANA : BEN, `short ${index}`, HOUR);
    }
    const all = await admin('sessions');
    expect(wordsOf(all)).toContain(`<@${ANA}>`);
    expect(wordsOf(all)).toContain(`<@${BEN}>`);
    expect(wordsOf(all)).not.toContain('the first');
    const older = await press(idOfButton(all, 'Older'));
    expect(wordsOf(older)).toContain('the first');
    expect(wordsOf(await press(idOfButton(older, 'Newest')))).toContain('short 8');
    const short = await admin('sessions', { expiring: '2h', type: 'api' });
    const rest = wordsOf(await press(idOfButton(short, 'Older')));
    expect(rest).toContain('short 0');
    expect(rest).not.toContain('the first');
    expect(wordsOf(await admin('sessions', { type: 'login' }))).toContain('no such');
  });

  it('can be of those that nobody used for long', async () => {
    const { admin, token, sessions, lastUsed, clock } = await setUp();
    await token(ANA, 'forgotten', 300 * DAY);
    const used = await token(ANA, 'needed', 300 * DAY);
    clock.advance(90 * DAY);
    await sessions.verify(used.token);
    await lastUsed.flush();
    const words = wordsOf(await admin('sessions', { unused: '30d' }));
    expect(words).toContain('forgotten');
    expect(words).not.toContain('needed');
    expect(wordsOf(await admin('sessions', { unused: 'soon' }))).toContain('7d');
  });
});

describe('/admin audit', () => {
  it('shows what happened, a page at a time, and keeps its filter', async () => {
    const { admin, press, token, accounts } = await setUp();
    await accounts.ban(STAFF, newBan(BEN, 'long ago'));
    await token('100000000000000007');
    for (let index = 0; index < 16; index += 1) await token();
    const all = await admin('audit');
    expect(wordsOf(all)).not.toContain('long ago');
    const older = await press(idOfButton(all, 'Older'));
    expect(wordsOf(older)).toContain('long ago');
    expect(await press(idOfButton(older, 'Newest'))).toEqual(all);
    const some = await admin('audit', { user: ANA, action: 'session.created', since: '1h' });
    const rest = await press(idOfButton(some, 'Older'));
    expect(wordsOf(rest)).toContain('created');
    expect(wordsOf(rest)).not.toContain('100000000000000007');
    expect(wordsOf(rest)).not.toContain('long ago');
    expect(wordsOf(await admin('audit', { action: 'account.banned' }))).toContain('long ago');
    expect(wordsOf(await admin('audit', { user: '1', action: 'account.banned' }))).toContain('No ');
  });

  it('can be of a group of events, on each of its pages', async () => {
    const { admin, press, token, accounts, sessions } = await setUp();
    await accounts.ban(STAFF, newBan(BEN, 'long ago'));
    for (let index = 0; index < 6; index += 1) {
      const { session } = await token();
      await sessions.revoke(member(ANA), session.id);
    }
    const first = await admin('audit', { action: ' Session ' });
    const second = wordsOf(await press(idOfButton(first, 'Older')));
    const words = wordsOf(first) + second;
    expect(words.match(/created an API token/g)).toHaveLength(6);
    expect(words.match(/revoked their own session/g)).toHaveLength(6);
    expect(words).not.toContain('banned');
    expect(wordsOf(await admin('audit', { action: 'account' }))).toContain('long ago');
  });

  it('of a kind that there is not is refused, with what to do', async () => {
    const { admin, press } = await setUp();
    for (const action of ['nonsense', 'session.', '__proto__', '%']) {
      const refused = wordsOf(await admin('audit', { action }));
      expect(refused).toContain('There is no such kind of event. Pick one from the list');
    }
    expect(wordsOf(await press(writeCustomId('aud', SUE.id, '', 'x', '', '')))).toContain(
      'no such kind',
    );
  });

  it('offers groups and kinds of events while one is typed', async () => {
    const { offered } = await setUp();
    const values = async (action: string) =>
      (await offered('audit', 'action', { action })).map(({ value }) => value);
    const all = await values('');
    expect(all.slice(0, 3)).toEqual(['session', 'token', 'guard']);
    expect(all).toHaveLength(25);
    expect(all.at(-1)).toMatch(/^… \d+ more/);
    for (const action of AUDIT_ACTIONS) expect(await values(action)).toContain(action);
    expect((await values(' SESS')).slice(0, 2)).toEqual(['session', 'session.created']);
    expect(await values('banned')).toEqual(['account.banned', 'account.unbanned']);
    expect(await values('nothing')).toEqual([]);
  });

  it('shows the last time only', async () => {
    const { admin, accounts, clock } = await setUp();
    await accounts.ban(STAFF, newBan(BEN, 'long ago'));
    clock.advance(2 * DAY);
    await accounts.ban(STAFF, newBan(ANA, 'just now'));
    const words = wordsOf(await admin('audit', { since: '1d' }));
    expect(words).toContain('just now');
    expect(words).not.toContain('long ago');
  });
});

describe('/admin stats', () => {
  it('counts', async () => {
    const { admin, token, accounts } = await setUp();
    await token();
    await token();
    await accounts.ban(STAFF, newBan(BEN));
    const words = wordsOf(await admin('stats'));
    expect(words).toContain('2, 1 banned');
    expect(words).toContain('2 API tokens');
  });
});

describe('/admin export', () => {
  it('sends the live sessions as a table that no spreadsheet takes for formulas', async () => {
    const { admin, token, uploads, store } = await setUp();
    const { session, token: secret } = await token(ANA, '=HYPERLINK("http://evil")');
    await token(BEN, 'a, "b"');
    expect(wordsOf(await admin('export'))).toContain('2 sessions');
    const [file, ...others] = uploads;
    expect(others).toEqual([]);
    expect(file?.name).toBe('sessions.csv');
    const lines = file!.text.split('\r\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe(
      '"id","user_id","type","name","hint","created_by","created_at","last_used_at","expiry"',
    );
    expect(file!.text).toContain(
      `"${session.id}","${ANA}","api","'=HYPERLINK(""http://evil"")","${session.hint}",""`,
    );
    expect(file!.text).toContain('"a, ""b"""');
    expect(file!.text).not.toContain(secret);
    expect(await store.audit({ actions: ['sessions.exported'], limit: 9 })).toHaveLength(1);
  });

  it('sends a table of nothing with its head', async () => {
    const { admin, uploads } = await setUp();
    await admin('export');
    expect(uploads[0]?.text).toMatch(/^"id","user_id",.*"expiry"$/);
  });

  it('sends them as JSON', async () => {
    const { admin, token, uploads } = await setUp();
    const { session } = await token(ANA, '=1');
    await admin('export', { format: 'json' });
    expect(uploads[0]?.name).toBe('sessions.json');
    expect(JSON.parse(uploads[0]!.text)).toEqual([
      {
        id: session.id,
        user_id: ANA,
        type: 'api',
        name: '=1',
        hint: session.hint,
        created_by: null,
        created_at: new Date(START).toISOString(),
        last_used_at: null,
        expiry: new Date(START + DAY).toISOString(),
      },
    ]);
  });
});

describe('/admin guard', () => {
  it('is turned on and off, and tells its state', async () => {
    const { admin, sent } = await setUp();
    expect(wordsOf(await admin('guard', { action: 'status' }))).toContain('**off**');
    expect(wordsOf(await admin('guard', { action: 'on' }))).toContain('is on');
    expect(sent.map(({ method, path }) => `${method} ${path}`)).toContain(`POST ${RULES}`);
    expect(wordsOf(await admin('guard', { action: 'off' }))).toContain('already off');
  });
});

/** What Discord would refuse in an answer. */
function excesses(body: unknown): string[] {
  const customIds = buttonsOf(body).map(({ custom_id }) => custom_id);
  const labels = buttonsOf(body).map(({ label }) => label);
  const { content = '' } = body as { content?: string };
  return [
    ...customIds.filter(({ length }) => length > 100),
    ...customIds.filter((id, index) => customIds.indexOf(id) !== index),
    ...labels.filter(({ length }) => length > 80),
    ...(countComponents((body as { components?: unknown }).components) > 40 ? ['components'] : []),
    ...(wordsOf(body).length > 4_000 ? [`${wordsOf(body).length} characters in a card`] : []),
    ...(content.length > 2_000 ? [`${content.length} characters`] : []),
  ];
}

describe('with the worst of data', () => {
  const ADA = '1'.repeat(20);
  const SYD: Person = { ...SUE, id: '9'.repeat(20) };
  const NAME = '`'.repeat(80);
  const REASON = '*'.repeat(300);

  async function fill() {
    const stage = await setUp();
    const { accounts, clock, tokens, token } = stage;
    const root = await token(ADA, NAME, 9_000 * DAY);
    for (let index = 0; index < 20; index += 1) {
      clock.advance(SECOND);
      await tokens.create(member(ADA, root.session.id), {
        name: NAME,
        expiresAt: clock() + 9_000 * DAY,
      });
    }
    return { ...stage, root, accounts };
  }

  it('sessions stay within what Discord takes', async () => {
    const { admin, press, root, sent } = await fill();
    const memberDetails = await admin('user', { user: ADA }, SYD);
    const list = await press(idOfButton(memberDetails, 'Tokens and logins'), SYD);
    await press(idOfButton(list, 'Older'), SYD);
    const all = await admin('sessions', { type: 'api', expiring: '9000y', unused: '0s' }, SYD);
    await press(idOfButton(all, 'Older'), SYD);
    const one = await admin('revoke', { user: ADA, session: root.session.id }, SYD);
    await press(buttonsOf(one)[1]!.custom_id, SYD);
    expect(wordsOf(all).length).toBeGreaterThan(1_500);
    expect(
      sent.filter(({ body }) => body !== undefined).flatMap(({ body }) => excesses(body)),
    ).toEqual([]);
  });

  it('a ban with the longest reason stays within what Discord takes', async () => {
    const { admin, press, sent } = await fill();
    const options = { user: ADA, reason: REASON, duration: '9000y', sessions: 'end' };
    const asked = await admin('ban', options, SYD);
    expect(wordsOf(asked)).toContain('\\*\\*\\*');
    await press(idOfButton(asked, 'Ban'), SYD);
    await admin('user', { user: ADA }, SYD);
    await admin('unban', { user: ADA, reason: REASON }, SYD);
    expect(
      sent.filter(({ body }) => body !== undefined).flatMap(({ body }) => excesses(body)),
    ).toEqual([]);
  });

  it('a page of the audit and a memberDetails full of the longest reasons are within it too', async () => {
    const { admin, press, accounts } = await fill();
    for (let index = 0; index < 16; index += 1) await accounts.ban(STAFF, newBan(ADA, REASON));
    const audit = await admin('audit', {}, SYD);
    expect(wordsOf(audit).match(/banned/g)).toHaveLength(10);
    expect(excesses(audit)).toEqual([]);
    expect(excesses(await press(idOfButton(audit, 'Older'), SYD))).toEqual([]);
    expect(excesses(await admin('user', { user: ADA }, SYD))).toEqual([]);
  });

  it('pages of the audit have custom ids that are short enough, whatever the filter', async () => {
    const { admin, press, accounts } = await fill();
    for (const action of AUDIT_ACTIONS) {
      const options = { user: ADA, action, since: '9999999999999999 billion years' };
      const answer = await admin('audit', options, SYD);
      expect(excesses(answer)).toEqual([]);
    }
    for (let index = 0; index < 17; index += 1) await accounts.ban(STAFF, newBan(ADA));
    const options = {
      user: ADA,
      action: 'account.banned',
      since: '9999999999999999 billion years',
    };
    const first = await admin('audit', options, SYD);
    expect(excesses(first)).toEqual([]);
    const second = await press(idOfButton(first, 'Older'), SYD);
    expect(excesses(second)).toEqual([]);
    expect(wordsOf(second)).toContain('banned');
  });
});

it('a button of one of the staff is not for another of them', async () => {
  const { admin, press, requests } = await setUp();
  const memberDetails = await admin('user', { user: ANA });
  for (const { custom_id } of buttonsOf(memberDetails)) {
    expect(wordsOf(await press(custom_id, TOM))).toContain('someone else');
  }
  expect(requests().slice(-2)).toEqual([`POST ${CALLBACK}`, `POST ${WEBHOOK}`]);
});

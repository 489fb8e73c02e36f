import { describe, expect, it } from 'vitest';
import { AUDIT_ACTIONS, type AuditAction, type AuditRow } from '../../../src/core/audit/audit.ts';
import { END_REASONS } from '../../../src/core/sessions/session.ts';
import { eventSentence, nameless } from '../../../src/discord/render/render-audit.ts';
import { plain, shorten } from '../../../src/discord/render/render.ts';
import { english } from '../../../src/discord/words/words.ts';
import { ANA, BEN, DAY, idAt, START } from '../../support/fixtures.ts';

const KEEPER = '900000000000000009';
const SESSION = idAt(START);

const ASKED = { request: SESSION, name: 'lamp', scope: 'lamps:all', lapsesAt: START + DAY };

const DETAILS: Readonly<Record<AuditAction, Readonly<Record<string, unknown>>>> = {
  'session.created': { type: 'api', expiresAt: START + DAY },
  'session.rotated': { replaced: SESSION, expiresAt: START + DAY, graceEndsAt: START, told: true },
  'rotation.refused': { hint: 'Zz09' },
  'request.opened': { ...ASKED, why: 'for the club', expiresAt: START + DAY },
  'request.approved': ASKED,
  'request.undelivered': ASKED,
  'request.denied': { ...ASKED, reason: 'not now' },
  'request.lapsed': { ...ASKED, approved: false },
  'token.expiring': { hint: 'Zz09' },
  'token.expired': { hint: 'Zz09' },
  'token.first_used': { hint: 'Zz09' },
  'token.reused': { hint: 'Zz09' },
  'session.ended': { reason: 'revoked', hint: 'Zz09', among: 1 },
  'sessions.ended': { reason: 'revoked', count: 7 },
  'token.undelivered': { why: 'dm_closed' },
  'token.reported': { hint: 'Zz09', ended: 2, channelId: '7' },
  'token.renamed': { hint: 'Zz09' },
  'token.revoked': { hint: 'Zz09', type: 'api', ended: 2 },
  'message.deleted': { channelId: '7' },
  'login.refused': { why: 'banned' },
  'guard.blocked': { channelId: '7' },
  'guard.changed': { on: true },
  'account.banned': { source: 'staff', reason: 'spam', until: START + DAY, ended: 3 },
  'account.unbanned': { source: 'staff', reason: 'sorry' },
  'roles.changed': { lost: ['patron'], gained: ['dev'], suspended: true },
  'roles.held': { roles: ['patron'], count: 21 },
  'roles.applied': { roles: ['patron'], count: 21 },
  'roles.kept': { roles: ['patron'], count: 21 },
  'account.exported': {},
  'account.forgotten': {},
  'sessions.exported': {},
  'staff.viewed': { what: 'member' },
  'staff.refused': { command: '/admin ban', why: 'Only the staff can do that.' },
};

const line = (action: AuditAction, overrides: Partial<AuditRow> = {}) =>
  eventSentence(
    english,
    {
      id: 1,
      at: START,
      actorKind: 'staff',
      actorId: KEEPER,
      actorSessionId: null,
      actorHint: null,
      requestId: 'r',
      action,
      userId: ANA,
      sessionId: SESSION,
      detail: DETAILS[action],
      ...overrides,
    },
    nameless,
  );

/** Where the words are not the key. */
const BY_WORDS: Readonly<Record<string, string>> = { displaced: 'too many', banned: 'with a ban' };

const own = { actorKind: 'member', actorId: ANA } as const;
const bySystem = { actorKind: 'system', actorId: null, requestId: null } as const;

describe('an event', () => {
  it.each(AUDIT_ACTIONS)('%s has a sentence of its own', (action) => {
    const words = line(action);
    expect(words).not.toMatch(/undefined|NaN|null|\[object/);
    expect(words.length).toBeGreaterThan(10);
    const others = AUDIT_ACTIONS.filter((each) => each !== action).map((each) => line(each));
    expect(others).not.toContain(words);
  });

  it.each(AUDIT_ACTIONS)('%s names who did it to whom', (action) => {
    const words = line(action);
    const nobody: readonly AuditAction[] = ['account.forgotten', 'roles.held'];
    const mentions = Array.from(words.matchAll(/<@(\d+)>/g), ([, id]) => id);
    expect(mentions.length > 0).toBe(!nobody.includes(action));
    for (const id of mentions) expect([KEEPER, ANA]).toContain(id);
  });

  it.each(AUDIT_ACTIONS)('%s fits in a line, and has no id of a session', (action) => {
    for (const actor of [{}, own, bySystem]) {
      const words = line(action, actor);
      expect(words).not.toContain('\n');
      expect(words).not.toContain(SESSION);
    }
  });

  it('says what was created, and what is odd about it', () => {
    expect(line('session.created')).toContain('an API token');
    expect(line('session.created', { detail: { type: 'login' } })).toContain('logged in');
    const detail = { type: 'api', oddities: ['many', 'long', 'fresh'] };
    const words = line('session.created', { detail });
    for (const oddity of [/hour/, /year/, /younger than a week/]) expect(words).toMatch(oddity);
  });

  it('says whether it was done to oneself or to another', () => {
    expect(line('session.ended', own)).toContain('their own session `…Zz09`');
    expect(line('session.ended')).toContain(`<@${ANA}>'s session \`…Zz09\``);
    expect(line('sessions.ended', own)).toContain('7 sessions of their own');
    expect(line('sessions.ended')).toContain(`7 sessions of <@${ANA}>`);
    expect(line('session.rotated', own)).toContain('their own');
    expect(line('token.reported', own)).toContain(`<@${ANA}>'s token`);
  });

  it.each(END_REASONS)('says why sessions ended: %s', (reason) => {
    for (const action of ['session.ended', 'sessions.ended'] as const) {
      const words = line(action, { detail: { reason, count: 2, hint: 'Zz09' } });
      expect(words).toContain(BY_WORDS[reason] ?? reason);
    }
  });

  it('says how long a ban lasts, why, and what it ended', () => {
    const words = line('account.banned');
    expect(words).toContain(`<@${KEEPER}> banned <@${ANA}>`);
    expect(words).toContain(`until <t:${(START + DAY) / 1_000}:f>`);
    expect(words).toContain('spam');
    expect(words).toContain('3 sessions');
    const bare = { source: 'staff', reason: null, until: null, ended: 0 };
    expect(line('account.banned', { detail: bare })).toMatch(/banned <@\d+>$/);
  });

  it('says that the server did it, and when it was the time that was over', () => {
    const banned = { source: 'server', reason: null, until: null, ended: 0 };
    expect(line('account.banned', { ...bySystem, detail: banned })).toContain('in the server');
    const unbanned = { source: 'server', reason: null };
    expect(line('account.unbanned', { ...bySystem, detail: unbanned })).toContain('the server');
    const lifted = line('account.unbanned', { detail: unbanned });
    expect(lifted).toContain(`<@${KEEPER}> unbanned`);
    const over = { source: 'staff', reason: 'it expired' };
    expect(line('account.unbanned', { ...bySystem, detail: over })).toContain('ban is over');
  });

  it('says with which token it was done, where it was not in Discord', () => {
    const over = { ...own, actorSessionId: SESSION } as const;
    expect(line('session.created', { ...over, actorHint: 'Qq11' })).toContain('> (with `…Qq11`)');
    expect(line('session.created', over)).toContain('> (with a token that is gone)');
    expect(line('session.created', own)).not.toContain('with');
    const bearer = { actorKind: 'bearer', actorId: null } as const;
    expect(line('token.revoked', bearer)).toContain(`Someone who had it revoked <@${ANA}>'s`);
  });

  it('says what the staff looked at', () => {
    expect(line('staff.viewed')).toContain(`looked at the account of <@${ANA}>`);
    const all = { userId: KEEPER, detail: { what: 'sessions' } };
    expect(line('staff.viewed', all)).toMatch(/looked at all members' sessions$/);
  });

  it('says what became of a report, and where it was', () => {
    expect(line('token.reported')).toContain('in <#7>: 2 sessions revoked');
    const dead = { hint: 'Zz09', ended: 0, channelId: null };
    expect(line('token.reported', { detail: dead })).toMatch(
      /`…Zz09`: it had already stopped working$/,
    );
    expect(line('guard.blocked', bySystem)).toContain('<#7>');
    expect(line('guard.changed')).toContain('on');
    expect(line('guard.changed', { detail: { on: false } })).toContain('off');
  });

  it.each([
    '@everyone <@1> <@&1> <#1>',
    '**bold** `code` ||spoiler|| [x](http://evil)',
    '</admin ban:1> <t:0:R> :smile:',
    '# heading > quote - list',
    '`'.repeat(300),
  ])('takes the reason %j as it is written', (reason) => {
    for (const action of ['account.banned', 'account.unbanned'] as const) {
      const words = line(action, { detail: { ...DETAILS[action], reason } });
      expect(words).toContain(plain(shorten(reason, 60)));
      expect(words).not.toContain(`: ${reason}`);
    }
  });

  it('names nobody who was forgotten', () => {
    const forgotten = {
      userId: 'forgotten',
      actorId: null,
      requestId: null,
      actorKind: 'member',
    } as const;
    for (const action of AUDIT_ACTIONS) {
      const words = line(action, { ...forgotten });
      expect(words).not.toMatch(/<@|undefined|NaN|null/);
    }
    expect(line('session.rotated', forgotten)).toContain('a forgotten member');
    expect(line('token.reported', { userId: 'forgotten', actorId: BEN })).toContain(`<@${BEN}>`);
  });
});

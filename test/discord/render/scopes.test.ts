import { describe, expect, it } from 'vitest';
import { createPolicy } from '../../../src/core/policy/policy.ts';
import type { AuditRowWithSession } from '../../../src/core/outbox/store.ts';
import { eventSentence, nameless } from '../../../src/discord/render/render-audit.ts';
import { describeSession } from '../../../src/discord/render/describe-session.ts';
import { tokenMessage } from '../../../src/discord/messages/deliver.ts';
import { noticeCard } from '../../../src/discord/render/render-notices.ts';
import { sayScopes, scopeLine } from '../../../src/discord/render/scopes.ts';
import { memberCommands } from '../../../src/discord/interactions/commands/index.ts';
import { english } from '../../../src/discord/words/words.ts';
import type { Session } from '../../../src/core/sessions/session.ts';
import { ANA, HOUR, newSession, START } from '../../support/fixtures.ts';

const rule = { given: false, roles: null, longestMs: null, approval: false };
const policy = createPolicy({
  roles: [],
  holders: null,
  scopes: [
    { ...rule, name: 'lamps:read', says: 'See your lamps', given: true },
    { ...rule, name: 'lamps_all', says: 'See *all* lamps' },
  ],
});
const long = createPolicy({
  roles: [],
  holders: null,
  scopes: Array.from({ length: 23 }, (_, index) => ({
    ...rule,
    name: `scope${index}`.padEnd(40, '*'),
    says: `*${index}*`.padEnd(100, '*'),
    given: true,
  })),
});

const sessionWith = (scope: string | null) =>
  newSession({ id: '01a4b1c2-0000-7000-8000-00000000002a', name: 'lamp', scope }).session;

const rowOf = (session: Session, action: AuditRowWithSession['action'], detail = {}) =>
  ({
    id: 1,
    at: START,
    actorKind: 'member',
    actorId: ANA,
    actorSessionId: null,
    requestId: null,
    action,
    userId: ANA,
    sessionId: session.id,
    detail,
    session,
  }) as unknown as AuditRowWithSession;

/** As it is read: without what keeps a character from formatting anything. */
const read = (text: string) => text.replaceAll('\\', '');

/** All that is shown of a token outside its card. */
function everythingOf(session: Session, by: typeof policy | undefined): string {
  const notice = (action: 'token.expiring' | 'token.first_used', events = [session]) =>
    noticeCard(
      {
        id: 'b',
        recipient: ANA,
        triedAt: null,
        events: events.map((each) => rowOf(each, action)),
      } as never,
      { words: english, now: START + HOUR, appealUrl: undefined, mark: 'm', policy: by },
    );
  return JSON.stringify([
    tokenMessage(english, { token: 't', session }, null, by),
    notice('token.expiring'),
    notice('token.expiring', [session, { ...session, id: '01a4b1c2-0000-7000-8000-00000000002b' }]),
    notice('token.first_used'),
    sayScopes(english, by, session.scope),
    scopeLine(english, by, session),
  ]);
}

const sentence = (action: 'session.created' | 'session.rotated', detail: object) =>
  read(
    eventSentence(english, rowOf(sessionWith(null), action, { type: 'api', ...detail }), nameless),
  );

describe('the scopes of a token', () => {
  it('are in its message, its reminders, its rows and the file of an export', () => {
    const session = sessionWith('lamps:read');
    const [message, expiring, several, used, said, line] = JSON.parse(
      everythingOf(session, policy),
    ) as unknown[];
    for (const each of [message, expiring, used, said]) {
      expect(JSON.stringify(each)).toContain('It can: See your lamps.');
    }
    expect(read(JSON.stringify(several))).toContain('-# lamps:read');
    expect(read(String(line))).toBe('\n-# lamps:read');
    expect(describeSession(session)).toMatchObject({ scope: 'lamps:read' });
  });

  it('are told of one that may do nothing, and of one from before there was a policy', () => {
    expect(scopeLine(english, policy, sessionWith(''))).toBe('\n-# no scope');
    expect(sayScopes(english, policy, '')).toEqual(['It can do nothing but look at itself.']);
    expect(read(scopeLine(english, policy, sessionWith(null)))).toContain(
      'lamps:read, latchkey:read',
    );
  });

  it('cannot break the formatting, nor fill the message', () => {
    expect(sayScopes(english, policy, 'lamps_all')[0]).toContain('See \\*all\\* lamps');
    expect(scopeLine(english, policy, sessionWith('lamps_all'))).toContain('lamps\\_all');
    const [said = ''] = sayScopes(english, long, null);
    expect(said.length).toBeLessThan(700);
    expect(said).toMatch(/and \d+ more things\.$/);
    expect(scopeLine(english, long, sessionWith(null)).length).toBeLessThan(200);
  });

  it('are in the audit, where they were written', () => {
    expect(sentence('session.created', { scope: 'lamps:read' })).toMatch(
      /API token \(lamps:read\)$/,
    );
    expect(sentence('session.rotated', { scope: '' })).toMatch(/API token \(no scope\)$/);
    expect(sentence('session.created', {})).toMatch(/API token$/);
  });
});

describe('without a policy', () => {
  it('nothing that is shown depends on scopes, by a byte', () => {
    const shown = everythingOf(sessionWith(null), undefined);
    expect(everythingOf(sessionWith('lamps:read'), undefined)).toBe(shown);
    expect(shown).not.toMatch(/It can|scope/);
    expect(Object.keys(describeSession(sessionWith(null)))).not.toContain('scope');
  });

  it('no command has an option for scopes', () => {
    const published = (by: typeof policy | undefined) =>
      JSON.stringify(memberCommands(by).map(({ data }) => data));
    expect(published(policy)).toContain('"scopes"');
    expect(published(undefined)).not.toContain('scope');
    const plain = createPolicy({ roles: [], holders: null, scopes: [] });
    expect(published(plain)).toBe(published(undefined));
  });
});

import { describe, expect, it } from 'vitest';
import type { AuditRowWithSession } from '../../../src/core/outbox/store.ts';
import { createPolicy } from '../../../src/core/policy/policy.ts';
import { LONGEST_WHY, type Request } from '../../../src/core/requests/request.ts';
import { nameless } from '../../../src/discord/render/render-audit.ts';
import { noticeCard } from '../../../src/discord/render/render-notices.ts';
import { requestLines, requestPost } from '../../../src/discord/render/render-request.ts';
import { english } from '../../../src/discord/words/words.ts';
import { buttonsOf, wordsOf } from '../../support/discord-harness.ts';
import { ANA, DAY, idAt, START } from '../../support/fixtures.ts';

const rule = { given: false, roles: null, longestMs: null, approval: false };
const POLICY = createPolicy({
  roles: [],
  holders: null,
  scopes: [
    { ...rule, name: 'lamps:read', says: 'See your lamps', given: true },
    { ...rule, name: 'lamps:all', says: 'Switch *all* lamps', approval: true },
  ],
});

const ID = idAt(START);
const MARK = '0123456789ab';
const ASKED = {
  request: ID,
  name: '*lamp*',
  scope: 'lamps:all lamps:read',
  lapsesAt: START + 7 * DAY,
};

const event = (
  action: AuditRowWithSession['action'],
  detail: Readonly<Record<string, unknown>> = {},
  overrides: Partial<AuditRowWithSession> = {},
): AuditRowWithSession => ({
  id: 1,
  at: START,
  actorKind: 'member',
  actorId: ANA,
  actorSessionId: null,
  actorHint: null,
  requestId: 'r',
  action,
  userId: ANA,
  sessionId: null,
  session: null,
  detail: { ...ASKED, ...detail },
  ...overrides,
});

const opened = event('request.opened', { why: '@everyone <please>', expiresAt: START + 90 * DAY });

const post = (row = opened, policy = POLICY) => requestPost(english, policy, row, MARK, nameless);

/** Without what keeps a character from formatting anything. */
const read = (node: unknown) => wordsOf(node).replaceAll('\\', '');

describe('the post about a request', () => {
  it('says who asks, for what, why and until when, and formats nothing that was typed', () => {
    const words = wordsOf(post()?.components);
    expect(words).toContain(`<@${ANA}> asks for an API token`);
    expect(words).toContain(String.raw`To approve: **Switch \*all\* lamps**`);
    expect(words).toContain('It can also: See your lamps');
    expect(words).toContain(String.raw`Name: \*lamp\*`);
    expect(words).toContain(String.raw`Why: \@everyone \<please\>`);
    expect(words).toContain(`<t:${(START + 7 * DAY) / 1000}:R>`);
  });

  it('has buttons for any of the staff, which Discord takes, with the mark of the post', () => {
    const buttons = buttonsOf(post()?.components);
    expect(buttons.map(({ label }) => label)).toEqual(['Approve', 'Deny…', 'Look up']);
    for (const { custom_id: id } of buttons) {
      expect(id).toMatch(/^feed-(approve|deny|user):staff:.*:0123456789ab$/);
      expect(id.length).toBeLessThanOrEqual(100);
    }
  });

  it('names what the policy no longer has', () => {
    const none = createPolicy({ roles: [], holders: null, scopes: [] });
    expect(read(post(opened, none)?.components)).toContain('lamps:all and lamps:read');
  });

  it('is none once its member was forgotten', () => {
    const { request, scope, lapsesAt } = ASKED;
    expect(
      post({ ...opened, userId: 'forgotten', detail: { request, scope, lapsesAt } }),
    ).toBeNull();
  });

  it('fits in a message, however much there is to say', () => {
    const scopes = Array.from({ length: 23 }, (_, index) => ({
      ...rule,
      name: `scope${index}`,
      says: '*'.repeat(100),
      approval: index % 2 === 0,
    }));
    const request: Omit<Request, 'approved'> = {
      id: ID,
      userId: ANA,
      name: '*'.repeat(80),
      scope: scopes.map(({ name }) => name).join(' '),
      why: '*'.repeat(LONGEST_WHY),
      createdAt: START,
      expiresAt: START + DAY,
      lapsesAt: START + DAY,
    };
    const wide = createPolicy({ roles: [], holders: null, scopes });
    const lines = requestLines(english, wide, request);
    // What the post, or an answer with a reason of the same length, has besides.
    expect(lines.join('\n').length).toBeLessThan(4_000 - 2 * LONGEST_WHY - 400);
  });
});

const notice = (row: AuditRowWithSession) =>
  noticeCard(
    { id: ID, recipient: ANA, events: [row], triedAt: null, attempts: 1 },
    { words: english, now: START, appealUrl: undefined, policy: POLICY, mark: MARK },
  )?.components;

describe('what a member is told of a request', () => {
  it('that was denied: what it was for, and the reason if there is one', () => {
    const plain = notice(event('request.denied', { reason: null }));
    expect(read(plain)).toContain("The staff didn't approve ***lamp***: Switch *all* lamps.");
    expect(read(plain)).not.toContain('Reason');
    const reasoned = notice(event('request.denied', { reason: 'Not *yet*' }));
    expect(wordsOf(reasoned)).toContain(String.raw`Reason: Not \*yet\*`);
  });

  it('that was approved, but not delivered: until when it is there, with a button to get it', () => {
    const told = notice(event('request.undelivered'));
    expect(read(told)).toContain('Your request was approved');
    expect(buttonsOf(told)).toContainEqual(
      expect.objectContaining({ label: 'Get the token', custom_id: `fetch:${ANA}:${ID}` }),
    );
  });

  it('that lapsed: whether it was the staff or they who came too late', () => {
    expect(read(notice(event('request.lapsed', { approved: false })))).toContain(
      "The staff didn't answer within a week",
    );
    expect(read(notice(event('request.lapsed', { approved: true })))).toContain(
      "you didn't get the token within a week",
    );
  });

  it('that was opened or approved: nothing, since they asked, and have the token', () => {
    expect(notice(opened)).toBeUndefined();
    expect(notice(event('request.approved'))).toBeUndefined();
  });
});

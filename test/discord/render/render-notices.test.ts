import { describe, expect, it } from 'vitest';
import type { AuditAction } from '../../../src/core/audit/audit.ts';
import type { AuditRowWithSession, Batch } from '../../../src/core/outbox/store.ts';
import type { Session } from '../../../src/core/sessions/session.ts';
import { readCustomId } from '../../../src/discord/interactions/custom-id.ts';
import { noticeCard } from '../../../src/discord/render/render-notices.ts';
import { english } from '../../../src/discord/words/words.ts';
import type { Card } from '../../../src/discord/render/reply.ts';
import { ANA, BEN, DAY, HOUR, idAt, newSession, START } from '../../support/fixtures.ts';

const MARK = '0123456789ab';
const END = Math.floor((START + DAY) / 1_000);

const about = (
  action: AuditAction,
  session: Session | null = null,
  detail = {},
): AuditRowWithSession => ({
  id: 1,
  at: START,
  actorKind: 'system',
  actorId: null,
  actorSessionId: null,
  actorHint: null,
  requestId: null,
  action,
  userId: ANA,
  sessionId: session?.id ?? null,
  session,
  detail: { hint: session?.hint ?? 'Zz09', ...detail },
});

const token = (overrides: Partial<Session> = {}) => newSession({ ...overrides }).session;

function show(events: readonly AuditRowWithSession[], now = START, recipient: string | null = ANA) {
  const batch: Batch = { id: idAt(START), recipient, events, triedAt: null, attempts: 1 };
  return noticeCard(batch, { words: english, now, appealUrl: undefined, mark: MARK });
}

interface Node {
  readonly options?: readonly { readonly label: string; readonly value: string }[];
  readonly type?: number;
  readonly content?: string;
  readonly label?: string;
  readonly custom_id?: string;
  readonly components?: unknown;
}

/** Every component in it, at whatever depth. */
function nodesOf(node: unknown): Node[] {
  if (Array.isArray(node)) return node.flatMap(nodesOf);
  if (typeof node !== 'object' || node === null) return [];
  const self = node as Node;
  return [self, ...nodesOf(self.components)];
}

const textsOf = (card: Card | null) =>
  nodesOf(card?.components).flatMap(({ content }) => content ?? []);

const wordsOf = (card: Card | null) => textsOf(card).join('\n');

const allButtonsOf = (card: Card | null) =>
  nodesOf(card?.components).flatMap(({ label, custom_id: id }) =>
    id === undefined ? [] : [{ label, ...readCustomId(id) }],
  );

/** But for the one that is on every notice. */
const buttonsOf = (card: Card | null) =>
  allButtonsOf(card).filter(({ component }) => component !== 'notices');

const menusOf = (card: Card | null) =>
  nodesOf(card?.components).flatMap(({ options, custom_id: id = '' }) =>
    options === undefined ? [] : [{ ...readCustomId(id), options }],
  );

const KINDS = [
  'token.expiring',
  'token.expired',
  'token.first_used',
  'token.reused',
  'token.reported',
  'token.revoked',
  'session.rotated',
  'rotation.refused',
] as const;

describe('a reminder', () => {
  it('names the token and when it ends, with a way to renew it and one to let it be', () => {
    const session = token({ name: 'deploy' });
    const card = show([about('token.expiring', session)]);
    expect(wordsOf(card)).toMatch(/^### deploy expires <t:\d+:R>/);
    expect(wordsOf(card)).toContain(`API token \`…Zz09\`, <t:${END}:f>`);
    expect(wordsOf(card)).toContain('keeps working for a day');
    expect(buttonsOf(card)).toEqual([
      { label: 'Rotate', component: 'rotate', owner: ANA, args: [session.id] },
      { label: 'Let it expire', component: 'let-expire', owner: ANA, args: [session.id] },
    ]);
  });

  it('of several has buttons for each', () => {
    const all = [token({ name: 'one' }), token({ name: 'two' })];
    const card = show(all.map((session) => about('token.expiring', session)));
    expect(wordsOf(card)).toContain('2 API tokens expire soon');
    expect(wordsOf(card)).toMatch(/\*\*one\*\*[^]*\*\*two\*\*/);
    const each = buttonsOf(card).filter(({ component }) => component !== 'rotate-all');
    expect(each.map(({ args }) => args[0])).toEqual(all.flatMap(({ id }) => [id, id]));
    expect(buttonsOf(card).at(-1)).toMatchObject({ label: 'Rotate all', component: 'rotate-all' });
  });

  it('of more than eight is a list, with a menu for each act', () => {
    const all = Array.from({ length: 12 }, (_, index) => token({ name: `bot${index}` }));
    const card = show(all.map((session) => about('token.expiring', session)));
    for (const { name } of all) {
      expect(wordsOf(card)).toContain(`**${name}** \`…Zz09\` expires <t:${END}:f>`);
    }
    const [rotate, letExpire, ...others] = menusOf(card);
    expect(others).toEqual([]);
    expect(rotate).toMatchObject({ component: 'rotate', owner: ANA, args: [] });
    expect(letExpire).toMatchObject({ component: 'let-expire', owner: ANA, args: [] });
    for (const menu of [rotate, letExpire]) {
      expect(menu?.options.map(({ value }) => value)).toEqual(all.map(({ id }) => id));
      expect(menu?.options[3]?.label).toBe('bot3 …Zz09 · never used');
    }
    expect(wordsOf(card)).toContain('keeps working for a day');
    expect(wordsOf(card)).not.toContain(' more');
  });

  it('of more than have room shows those that end first, and says how many more there are', () => {
    const all = Array.from({ length: 40 }, (_, index) =>
      token({ name: `bot${index}`, expiresAt: START + DAY - index }),
    );
    const card = show(all.map((session) => about('token.expiring', session)));
    const [menu] = menusOf(card);
    const first = all.toReversed().slice(0, 25);
    expect(menu?.options.map(({ value }) => value)).toEqual(first.map(({ id }) => id));
    expect(wordsOf(card)).toContain('**bot39**');
    expect(wordsOf(card)).not.toContain('**bot14**');
    expect(wordsOf(card)).toContain('… and 15 more');
    expect(wordsOf(card)).toContain('/token rotate');
  });

  it.each([
    ['was revoked', { ended: { at: START, by: ANA, reason: 'revoked' } }],
    ['was rotated, with a grace', { rotatedAt: START }],
    ['expired', { expiresAt: START }],
  ] as const)('leaves out what %s before it went out', (_, overrides) => {
    const over = token(overrides);
    const left = token({ name: 'left' });
    const card = show([about('token.expiring', over), about('token.expiring', left)]);
    expect(buttonsOf(card).map(({ args }) => args[0])).toEqual([left.id, left.id]);
    expect(wordsOf(card)).toContain('### left expires');
    expect(show([about('token.expiring', over)])).toBeNull();
  });
});

describe('the last word', () => {
  it('names what expired, and how to get a new one', () => {
    const session = token({ name: 'deploy', lastUsedAt: START + HOUR });
    const card = show([about('token.expired', session)], START + DAY);
    expect(wordsOf(card)).toContain(`**deploy** \`…Zz09\` expired <t:${END}:R>`);
    expect(wordsOf(card)).toContain('/token create');
    expect(buttonsOf(card)).toEqual([]);
  });

  it('names all that expired together, as many as have room', () => {
    const all = Array.from({ length: 12 }, (_, index) => token({ name: `bot${index}` }));
    const card = show(
      all.map((session) => about('token.expired', session)),
      START + DAY,
    );
    for (const { name } of all) expect(wordsOf(card)).toContain(`**${name}** \`…Zz09\``);
    expect(wordsOf(card)).not.toContain(' more');
  });

  it('is not said of what was ended', () => {
    const ended = { at: START, by: ANA, reason: 'revoked' } as const;
    expect(show([about('token.expired', token({ ended }))])).toBeNull();
  });
});

describe('a first use', () => {
  it('says which token and when, with a button for whoever did not do that', () => {
    const session = token({ name: 'deploy', lastUsedAt: START });
    const card = show([about('token.first_used', session)], START + HOUR);
    expect(wordsOf(card)).toContain(
      `**deploy** \`…Zz09\` was used for the first time, <t:${START / 1_000}:R>`,
    );
    expect(buttonsOf(card)).toEqual([
      { label: "This wasn't me", component: 'not-me', owner: ANA, args: [session.id] },
    ]);
  });

  it('is told of what ended meanwhile too: it may have made something', () => {
    const ended = { at: START, by: ANA, reason: 'revoked' } as const;
    const session = token({ lastUsedAt: START, ended });
    expect(buttonsOf(show([about('token.first_used', session)]))).toHaveLength(1);
  });
});

describe('a login', () => {
  it.each([
    ['login', 'login'],
    ['app_login', 'app login'],
  ] as const)('of type %s is told with its button', (type, words) => {
    const session = token({ type, name: null });
    const card = show([about('session.created', session)]);
    expect(wordsOf(card)).toContain(`Someone logged in as you <t:${START / 1_000}:R>`);
    expect(wordsOf(card)).toContain(`${words} \`…Zz09\`, until <t:`);
    expect(buttonsOf(card)).toMatchObject([{ component: 'not-me', args: [session.id] }]);
  });

  it('that ended before it was told is told all the same', () => {
    const ended = { at: START, by: ANA, reason: 'revoked' } as const;
    const session = token({ type: 'login', name: null, ended });
    expect(buttonsOf(show([about('session.created', session)]))).toHaveLength(1);
  });
});

describe('a warning', () => {
  it('of a use after the grace says that it was refused and what to do, with a button for it', () => {
    const session = token({ name: 'deploy', rotatedAt: START });
    const card = show([about('token.reused', session)]);
    expect(wordsOf(card)).toContain('Something tried **deploy** `…Zz09`, which you replaced');
    expect(wordsOf(card)).toContain('It was refused');
    expect(wordsOf(card)).toContain('Update whatever still uses it');
    expect(buttonsOf(card)).toMatchObject([
      { label: "I didn't rotate it", component: 'not-me', args: [session.id] },
    ]);
  });

  it('has the last four characters where the token’s row is gone', () => {
    const gone = about('token.reused', null, { hint: 'Ab_1' });
    expect(wordsOf(show([gone]))).toContain(String.raw`a token \`…Ab\_1\``.replaceAll('\\`', '`'));
    expect(buttonsOf(show([gone]))).toEqual([]);
    expect(buttonsOf(show([gone, about('token.reused', token())]))).toHaveLength(1);
    expect(wordsOf(show([about('token.reported', null, { hint: 'Ab1*' })]))).toContain(
      String.raw`…Ab1\*`,
    );
  });
});

describe('a rotation', () => {
  it('over HTTP names the new token and the one that asked, with a button', () => {
    const session = token({ name: 'deploy' });
    const rotated = { ...about('session.rotated', session), actorHint: 'Qq11' };
    const words = wordsOf(show([rotated]));
    expect(words).toContain('**deploy** `…Zz09` replaced an older token');
    expect(words).toContain('with `…Qq11`');
    expect(buttonsOf(show([rotated]))).toMatchObject([
      { label: "This wasn't me", component: 'not-me', args: [session.id] },
    ]);
  });

  it('that was refused says that the new token is as it was, and offers the end of the old one', () => {
    const session = token({ name: 'deploy', rotatedAt: START });
    const card = show([about('rotation.refused', session)]);
    expect(wordsOf(card)).toContain('I refused; the new token is unchanged');
    expect(buttonsOf(card)).toMatchObject([{ component: 'not-me', args: [session.id] }]);
  });
});

describe('what somebody revoked who had it', () => {
  it.each([
    [1, /had it\.$/m],
    [2, /and so was 1 token made with it\.$/m],
    [4, /and so were 3 tokens made with it\.$/m],
  ])('is told with what else ended, of %i', (ended, words) => {
    const session = token({ name: 'deploy' });
    const card = show([about('token.revoked', session, { ended })]);
    expect(wordsOf(card)).toContain('**deploy** `…Zz09` was revoked');
    expect(wordsOf(card)).toMatch(words);
    expect(buttonsOf(card)).toEqual([]);
  });
});

const ofBan = (detail: object, appealUrl?: string) => {
  const event = about('account.banned', null, {
    source: 'staff',
    reason: null,
    until: null,
    ended: 0,
    ...detail,
  });
  const batch = { id: idAt(START), recipient: ANA, events: [event], triedAt: null, attempts: 1 };
  return wordsOf(noticeCard(batch, { words: english, now: START, appealUrl, mark: MARK }));
};

describe('a ban', () => {
  it('says until when, why, what becomes of the tokens and where to turn to', () => {
    const words = ofBan(
      { until: START + DAY, reason: 'a *leak*', told: true },
      'https://a.example/b',
    );
    expect(words).toContain('You are banned here');
    expect(words).toContain(`Until <t:${END}:f>`);
    expect(words).toContain(String.raw`Reason: a \*leak\*`);
    expect(words).toContain('paused; they work again after the ban');
    expect(words).toContain('https://a.example/b');
  });

  it('says that tokens were revoked where they were, and whom to ask where there is no address', () => {
    const words = ofBan({ ended: 3 });
    expect(words).toContain('were revoked');
    expect(words).not.toContain('paused');
    expect(words).toContain('Until the staff lift the ban');
    expect(words).toContain('Ask the staff');
  });

  it('keeps a reason that was given for the audit alone', () => {
    for (const told of [undefined, false])
      expect(ofBan({ reason: 'secret', told })).not.toContain('secret');
  });

  it('of the server lasts as long as that', () => {
    expect(ofBan({ source: 'server' })).toContain(
      'As long as you are banned in the Discord server',
    );
  });

  it('that is over says what works again', () => {
    const words = wordsOf(show([about('account.unbanned', null, { source: 'staff' })]));
    expect(words).toContain('Your ban is over');
    expect(words).toContain('works again');
  });
});

const reports = (count: number) =>
  Array.from({ length: count }, () => ({
    ...about('token.reported', token(), { channelId: null }),
    actorKind: 'bearer' as const,
  }));

describe('what was reported', () => {
  it('over HTTP says that it was found', () => {
    expect(wordsOf(show(reports(1)))).toContain('Your token `…Zz09` was found in the open');
    expect(wordsOf(show(reports(2)))).toContain(
      'Your tokens `…Zz09` and `…Zz09` were found in the open',
    );
  });

  it('names fifty at most, and how many more there are', () => {
    expect(wordsOf(show(reports(60)))).toContain('`…Zz09` and 10 more were found');
  });
});

describe('every notice', () => {
  it('says where to choose what comes, and by what it is found again', () => {
    for (const action of KINDS) {
      const card = show([about(action, token())]);
      expect(allButtonsOf(card).at(-1)).toMatchObject({ component: 'notices', args: [MARK] });
      expect(wordsOf(card)).not.toContain(MARK);
    }
  });

  it.each(['token.expiring', 'token.expired', 'token.first_used', 'session.created'] as const)(
    'is pointless where the session is gone: %s',
    (action) => {
      expect(show([about(action, null)])).toBeNull();
    },
  );

  it('is for members, of something, and of what is a notice', () => {
    expect(show([about('token.reused', token())], START, null)).toBeNull();
    expect(show([])).toBeNull();
    expect(show([about('session.ended', token())])).toBeNull();
  });

  it('shows a name as it is, whatever is in it', () => {
    const name = '**@everyone** [x](https://x.example) <@1> `||';
    for (const action of ['token.expiring', 'token.expired', 'token.first_used'] as const) {
      const words = wordsOf(show([about(action, token({ name }))]));
      expect(words).toContain(
        String.raw`\*\*\@everyone\*\* \[x\]\(https\:\/\/x\.example\) \<\@1\> \`\|\|`,
      );
    }
  });

  it('fits into a message with eight of the longest names, each button once', () => {
    const name = '`'.repeat(80);
    const events = (action: AuditAction) =>
      Array.from({ length: 8 }, () => about(action, token({ name, userId: '1'.repeat(20) })));
    for (const action of [...KINDS, 'session.created'] as const) {
      const card = show(events(action), START, '1'.repeat(20));
      expect(nodesOf(card?.components).length).toBeLessThanOrEqual(40);
      expect(textsOf(card).join('').length).toBeLessThanOrEqual(4_000);
      const ids = nodesOf(card?.components).flatMap(({ custom_id: id }) => id ?? []);
      expect(new Set(ids).size).toBe(ids.length);
      for (const id of ids) expect(id.length).toBeLessThanOrEqual(100);
    }
  });

  it.each(['token.expiring', 'token.expired'] as const)(
    'fits into a message with a thousand of the longest names: %s',
    (action) => {
      const name = '`'.repeat(80);
      const all = Array.from({ length: 1_000 }, () => about(action, token({ name })));
      const card = show(all, START, '1'.repeat(20));
      const nodes = nodesOf(card?.components);
      expect(nodes.length).toBeLessThanOrEqual(40);
      expect(textsOf(card).join('').length).toBeLessThanOrEqual(4_000);
      expect(wordsOf(card)).toMatch(/… and 9\d\d more/);
      for (const { options = [] } of nodes) {
        expect(options.length).toBeLessThanOrEqual(25);
        for (const { label } of options) expect(label.length).toBeLessThanOrEqual(100);
      }
    },
  );

  it('has no button for anybody but its owner', () => {
    const theirs = token({ userId: BEN });
    for (const { owner } of allButtonsOf(show([about('token.first_used', theirs)]))) {
      expect(owner).toBe(ANA);
    }
  });
});

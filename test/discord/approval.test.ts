import { describe, expect, it, onTestFinished } from 'vitest';
import { refuse } from '../../src/core/errors.ts';
import { createPolicy } from '../../src/core/policy/policy.ts';
import { REQUEST_LIFETIME_MS } from '../../src/core/requests/request.ts';
import type { Deliver } from '../../src/core/tokens/delivery.ts';
import { writeCustomId } from '../../src/discord/interactions/custom-id.ts';
import {
  buttonsOf,
  createDiscordHarness,
  type DiscordHarnessOptions,
  idOfButton,
  type Person,
  SUE,
  wordsOf,
} from '../support/discord-harness.ts';
import {
  ANA,
  communityMember,
  createPostbox,
  DAY,
  idAt,
  member,
  newBan,
  STAFF,
  START,
} from '../support/fixtures.ts';

const DEV = '998877665544332211';
const rule = { given: false, roles: null, longestMs: null, approval: false };
const POLICY = createPolicy({
  roles: [{ name: 'dev', id: DEV }],
  holders: null,
  scopes: [
    { ...rule, name: 'lamps:read', says: 'See your lamps', given: true },
    { ...rule, name: 'lamps:all', says: 'Switch all lamps', approval: true, roles: ['dev'] },
  ],
});

const ANA_HERE: Person = { id: ANA, username: 'ana' };
const TOM: Person = { ...SUE, id: '900000000000000008', username: 'tom' };

async function setUp(options: DiscordHarnessOptions = {}) {
  const held = { roles: [DEV] as readonly string[], isThere: true };
  const box = createPostbox();
  const harness = await createDiscordHarness({
    policy: POLICY,
    findMember: async () => (held.isThere ? communityMember(...held.roles) : null),
    deliver: box.deliver,
    ...options,
  });
  onTestFinished(() => harness.close());
  const { dispatch, slash, sent, press, submit, requests, clock } = harness;
  const say = async (name: string, subcommand: string, given = {}, person = ANA_HERE) => {
    await dispatch(slash(person, name, subcommand, { options: given }));
    return sent.at(-1)?.body;
  };
  const offered = (scopes = 'lamps:all lamps:read') =>
    say('token', 'create', { name: 'lamp', scopes });
  return {
    ...harness,
    held,
    box,
    say,
    offered,
    /** Ana's modal, sent. */
    ask: async (why = 'for the club') => {
      const id = idOfButton(await offered(), 'Ask the staff…');
      return submit(id, { why }, ANA_HERE);
    },
    /** Straight into the core. */
    open: (userId = ANA) =>
      requests.open(member(userId), {
        name: 'lamp',
        scopes: ['lamps:all', 'lamps:read'],
        expiresAt: clock() + 90 * DAY,
        why: 'for the club',
      }),
    approve: (id: string, person = SUE) =>
      press(writeCustomId('feed-approve', 'staff', id, 'mark'), person),
    deny: (id: string, reason: string, person = SUE) =>
      submit(writeCustomId('feed-deny', 'staff', id, 'mark'), { reason }, person),
  };
}

/** Without what keeps a character from formatting anything. */
const read = (node: unknown) => wordsOf(node).replaceAll('\\', '');

describe('a member who names a scope that staff approve', () => {
  it('is offered to ask, or to go on without it, and has no token yet', async () => {
    const { offered, box } = await setUp();
    const body = await offered();
    expect(read(body)).toContain('The staff have to approve **lamp** first');
    expect(read(body)).toContain('Switch all lamps');
    expect(buttonsOf(body).map(({ label }) => label)).toEqual([
      'Ask the staff…',
      'Go on without it',
    ]);
    const alone = await offered('lamps:all');
    expect(buttonsOf(alone).map(({ label }) => label)).toEqual(['Ask the staff…']);
    expect(box.delivered).toEqual([]);
  });

  it('says why in a modal, which opens at once', async () => {
    const { offered, press, sent } = await setUp();
    const id = idOfButton(await offered(), 'Ask the staff…');
    sent.length = 0;
    await press(id, ANA_HERE);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.body).toMatchObject({
      type: 9,
      data: { title: 'Ask the staff', custom_id: id },
    });
  });

  it('asks once with one modal, and can go on without the scope after that', async () => {
    const { offered, submit, requests, press, box } = await setUp();
    const id = idOfButton(await offered(), 'Ask the staff…');
    const asked = await submit(id, { why: ' for \n the club ' }, ANA_HERE);
    expect(read(asked)).toContain('I asked the staff for **lamp**');
    const twice = await submit(id, { why: 'again' }, ANA_HERE);
    expect(read(twice)).toContain('This was answered already');
    const own = await requests.own(member(ANA));
    expect(own).toMatchObject([{ why: 'for the club', scope: 'lamps:all lamps:read' }]);
    await press(idOfButton(asked, 'Go on without it'), ANA_HERE);
    expect(box.delivered.map(({ session }) => session.scope)).toEqual(['lamps:read']);
  });

  it('is told of a reason that says nothing, or has a token in it, and may write another', async () => {
    const { offered, submit, requests, token } = await setUp();
    const { token: real } = await token();
    const id = idOfButton(await offered(), 'Ask the staff…');
    const ask = (why: string) => submit(id, { why }, ANA_HERE);
    expect(read(await ask('  \n '))).toContain('Say in a few words why');
    const leaked = await ask(`because ${real}`);
    expect(read(leaked)).toContain("There's a token in what you wrote");
    expect(read(leaked)).not.toContain(real);
    expect(await requests.own(member(ANA))).toEqual([]);
    expect(read(await ask('because'))).toContain('I asked the staff');
  });

  it('is refused without the role for it, with three requests open, and when banned', async () => {
    const { ask, offered, held, accounts } = await setUp();
    held.roles = [];
    expect(read(await ask())).toContain("You'd need another role for the scope **lamps:all**");
    held.roles = [DEV];
    for (let count = 0; count < 3; count += 1) await ask();
    expect(read(await ask())).toContain('3 requests of yours are open already');
    await accounts.ban(STAFF, newBan(ANA));
    expect(read(await offered())).toContain('You are banned here');
  });

  it('sees what they asked for', async () => {
    const { ask, say, requests } = await setUp();
    await ask();
    const shown = read(await say('session', 'me'));
    expect(shown).toContain('**Waiting for the staff** lamp (lamps:all, lamps:read)');
    expect(await requests.own(member(ANA))).toHaveLength(1);
  });
});

describe('the staff', () => {
  it('approve, and the token goes to its member alone', async () => {
    const { open, approve, box } = await setUp();
    const { id } = await open();
    const body = await approve(id);
    expect(read(body)).toContain(`**Approved** by <@${SUE.id}>`);
    expect(read(body)).toContain('Why: for the club');
    expect(buttonsOf(body)).toEqual([]);
    const [minted] = box.delivered;
    expect(minted?.session).toMatchObject({ userId: ANA, scope: 'lamps:all lamps:read' });
    expect(JSON.stringify(body)).not.toContain(minted?.token);
  });

  it('are too late where another answered, and one of two who press at once is', async () => {
    const { open, approve, deny, sent, box } = await setUp();
    const { id } = await open();
    await Promise.all([approve(id), approve(id, TOM)]);
    const said = sent.map(({ body }) => read(body));
    expect(said.filter((each) => each.includes('**Approved** by'))).toHaveLength(1);
    expect(said.filter((each) => each.includes('was answered already'))).toHaveLength(1);
    expect(box.delivered).toHaveLength(1);
    expect(read(await deny(id, 'no'))).toContain('was answered already');
  });

  it('do not approve their own', async () => {
    const { open, approve, box } = await setUp();
    const { id } = await open(SUE.id);
    expect(read(await approve(id))).toContain("You can't approve your own request");
    expect(read(await approve(id, TOM))).toContain('**Approved** by');
    expect(box.delivered).toHaveLength(1);
  });

  it('read why nothing can be approved, of whom, and may try again', async () => {
    const { open, approve, held, accounts, token, requests } = await setUp({ maxApiTokens: 1 });
    const { id } = await open();
    const refused = async (why: string) => {
      const words = read(await approve(id));
      expect(words).toContain(why);
      expect(words).toContain('Nothing was approved');
      expect(words).toContain(`<@${ANA}>`);
    };
    held.roles = [];
    await refused('none of the roles for the scope **lamps:all**: dev');
    held.isThere = false;
    await refused("is not in the community's Discord server");
    held.isThere = true;
    held.roles = [DEV];
    await token();
    await refused('has reached the limit of 1 active API token');
    await accounts.ban(STAFF, newBan(ANA));
    await refused('is banned here');
    expect(await requests.own(member(ANA))).toMatchObject([{ approved: null }]);
  });

  it('are too late after a week', async () => {
    const { open, approve, clock } = await setUp();
    const { id } = await open();
    clock.advance(REQUEST_LIFETIME_MS);
    expect(read(await approve(id))).toContain('nobody answered it in time');
  });

  it('deny with a reason, in which there is no token', async () => {
    const { open, deny, press, token, requests, sent } = await setUp();
    const { id } = await open();
    const { token: real } = await token();
    sent.length = 0;
    await press(writeCustomId('feed-deny', 'staff', id, 'mark'));
    expect(sent[0]?.body).toMatchObject({ type: 9, data: { title: 'Deny a request' } });
    expect(read(await deny(id, `see ${real}`))).toContain('There is a token in that reason');
    expect(await requests.own(member(ANA))).toHaveLength(1);
    const body = read(await deny(id, 'Not *yet*'));
    expect(body).toContain(`**Denied** by <@${SUE.id}>`);
    expect(body).toContain('is told: Not *yet*');
    expect(await requests.own(member(ANA))).toEqual([]);
  });

  it('answer where they look the member up, if the post is gone, and see how many wait', async () => {
    const { open, admin, press, submit, box } = await setUp();
    await open();
    await open();
    expect(read(await admin('stats'))).toContain('**Requests** 2 wait for the staff');
    const dossier = await admin('user', { user: ANA });
    expect(read(dossier)).toContain('**Request** lamp');
    const answers = buttonsOf(dossier).filter(({ label }) => /^(Approve|Deny…)$/.test(label));
    expect(answers).toHaveLength(4);
    await press(answers[0]?.custom_id ?? '');
    expect(box.delivered).toHaveLength(1);
    await submit(answers[3]?.custom_id ?? '', { reason: '' });
    const after = read(await admin('user', { user: ANA }));
    expect(after).not.toContain('**Request** lamp');
    expect(after).toContain(`approved by <@${SUE.id}>`);
    expect(after).toContain('for the club');
  });

  it('can look up a member whose requests and tokens say as much as they can', async () => {
    const { admin, requests, token, accounts, clock } = await setUp();
    const hostile = '*'.repeat(80);
    for (let count = 0; count < 5; count += 1) await token(ANA, hostile);
    for (let count = 0; count < 3; count += 1) {
      await requests.open(member(ANA), {
        name: hostile,
        scopes: ['lamps:all', 'lamps:read'],
        expiresAt: clock() + DAY,
        why: '*'.repeat(300),
      });
    }
    await accounts.ban(STAFF, newBan(ANA, '*'.repeat(300)));
    const dossier = wordsOf(await admin('user', { user: ANA }));
    expect(dossier.match(/\*\*Request\*\*/g)).toHaveLength(3);
    expect(dossier.length).toBeLessThanOrEqual(4_000);
  });

  it.each(['feed-approve', 'feed-deny', 'adm-approve', 'adm-deny'])(
    'are the only ones whom %s answers',
    async (component) => {
      const { open, press, box, requests } = await setUp();
      const { id } = await open();
      const owner = component.startsWith('feed') ? 'staff' : ANA;
      const words = read(await press(writeCustomId(component, owner, id), ANA_HERE));
      expect(words).toContain('Only the staff can do that');
      expect(box.delivered).toEqual([]);
      expect(await requests.own(member(ANA))).toHaveLength(1);
    },
  );

  it.each(['', 'x', idAt(START)])('are told of a button with the id %j', async (id) => {
    const { approve, deny } = await setUp();
    for (const body of [await approve(id), await deny(id, 'no')]) {
      expect(read(body)).toMatch(/from an older version of me|was answered already/);
    }
  });
});

/** Refused by Discord, until `isOpen`. */
function closable() {
  const box = createPostbox();
  const state = { isOpen: false };
  const deliver: Deliver = async (...given) => {
    if (!state.isOpen) throw refuse({ code: 'dm_closed' });
    return box.deliver(...given);
  };
  return { state, box, deliver };
}

const held = () => Promise.reject(refuse({ code: 'undelivered', reason: 'held' }));

describe('an approved token that did not arrive', () => {
  it('waits, which staff read, and its member fetches it with one press', async () => {
    const { state, box, deliver } = closable();
    const { open, approve, say, press } = await setUp({ deliver });
    const { id } = await open();
    const told = read(await approve(id));
    expect(told).toContain("Discord doesn't let me message");
    expect(told).toContain('can get the token with `/session me`');
    const shown = await say('session', 'me');
    expect(read(shown)).toContain('**Approved** lamp');
    const fetch = idOfButton(shown, 'Get the token');
    const still = await press(fetch, ANA_HERE);
    expect(read(still)).toContain("I couldn't message you");
    expect(idOfButton(still, 'Try again')).toBe(fetch);
    state.isOpen = true;
    const fetched = await press(fetch, ANA_HERE);
    expect(read(fetched)).toContain('Your token **lamp** is in your direct messages');
    expect(read(fetched)).toContain('Switch all lamps');
    expect(read(await press(fetch, ANA_HERE))).toContain('was answered already');
    expect(box.delivered).toHaveLength(1);
    expect(read(await say('session', 'me'))).not.toContain('**Approved**');
  });

  it('is nobody else’s to fetch', async () => {
    const { deliver } = closable();
    const { open, approve, press } = await setUp({ deliver });
    const { id } = await open();
    await approve(id);
    const theirs = writeCustomId('fetch', TOM.id, id);
    expect(read(await press(theirs, TOM))).toContain('was answered already');
    expect(read(await press(writeCustomId('fetch', ANA, id), TOM))).toContain(
      'belong to someone else',
    );
  });

  it('is said to staff in another way where Discord only failed', async () => {
    const { open, approve } = await setUp({ deliver: held });
    const { id } = await open();
    expect(read(await approve(id))).toContain("The message with the token didn't reach");
  });
});

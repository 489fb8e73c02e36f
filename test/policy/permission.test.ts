import { describe, expect, it, onTestFinished } from 'vitest';
import { createNotices } from '../../src/core/accounts/notices.ts';
import { createOwnData } from '../../src/core/accounts/own-data.ts';
import type { Actor, Staff } from '../../src/core/actor.ts';
import { RULES, type Verb } from '../../src/core/permission.ts';
import { createHeldRoles } from '../../src/core/policy/held-roles.ts';
import { createConfirmations } from '../../src/core/staff/confirmations.ts';
import { recordGuardChange } from '../../src/core/staff/guard.ts';
import { createStaff } from '../../src/core/staff/staff.ts';
import { createCoreHarness } from '../support/core-harness.ts';
import { ANA, idAt, member, newBan, seededRandom, STAFF, START } from '../support/fixtures.ts';

/** What nobody asks for: the program does it by itself, or it is what finds out who asks. */
const OURS = new Set([
  'sessions.verify',
  'sessions.purge',
  'accounts.findBan',
  'accounts.followBan',
  'accounts.followUnban',
  'accounts.followLeave',
  'accounts.catchUp',
  'accounts.liftExpiredBans',
  'staff.noteRefusal',
  'heldRoles.find',
  'heldRoles.tell',
  'heldRoles.applyOverdue',
]);

type Method = (...input: unknown[]) => Promise<unknown>;

/** Every verb of every service, under its name. */
function setUp() {
  const harness = createCoreHarness();
  onTestFinished(() => harness.close());
  const { store, clock, lastUsed, sessions, tokens, requests, accounts, leaks } = harness;
  const services = {
    sessions,
    tokens,
    requests,
    accounts,
    leaks,
    notices: createNotices({ store, clock }),
    ownData: createOwnData({ store, clock }),
    staff: createStaff({ store, lastUsed, clock }),
    confirmations: createConfirmations({ store, clock, random: seededRandom() }),
    heldRoles: createHeldRoles({ store, clock, policy: undefined, isStaffed: true }),
    guard: {
      change: (actor: Staff, on: boolean) => recordGuardChange({ store, clock }, actor, on),
    },
  };
  const verbs = Object.entries(services).flatMap(([service, methods]) =>
    Object.entries(methods).map(
      ([name, method]) => [`${service}.${name}`, method as Method] as const,
    ),
  );
  return { ...harness, verbs: new Map(verbs.filter(([name]) => !OURS.has(name))) };
}

/** Runs a verb, with what may be anything; how it is refused, if it is. */
async function refusalOf(method: Method | undefined, actor: Actor): Promise<unknown> {
  const rest = [{ id: idAt(START), userId: ANA }, 0, {}];
  try {
    await method?.(actor, ...rest);
    return undefined;
  } catch (error) {
    return (error as { refusal?: unknown }).refusal;
  }
}

const rules = Object.entries(RULES) as [Verb, (typeof RULES)[Verb]][];
const of = (who: string) => rules.filter(([, rule]) => rule.who === who).map(([verb]) => verb);

describe('who may do what', () => {
  it('is said of every verb, and of nothing else', () => {
    expect([...setUp().verbs.keys()].toSorted()).toEqual(Object.keys(RULES).toSorted());
  });

  it.each(of('staff'))('%s is refused to a member', async (verb) => {
    const refusal = await refusalOf(setUp().verbs.get(verb), member(ANA));
    expect(refusal).toEqual({ code: 'restricted', reason: 'staff_only' });
  });

  const byMembers = of('member');

  it.each(byMembers.filter((verb) => RULES[verb].banned === 'refused'))(
    '%s is refused to the banned',
    async (verb) => {
      const { accounts, verbs } = setUp();
      await accounts.ban(STAFF, newBan(ANA));
      expect(await refusalOf(verbs.get(verb), member(ANA))).toEqual({ code: 'banned' });
    },
  );

  it.each(byMembers.filter((verb) => RULES[verb].banned === 'allowed'))(
    '%s is not refused to the banned',
    async (verb) => {
      const { accounts, verbs } = setUp();
      await accounts.ban(STAFF, newBan(ANA));
      expect(await refusalOf(verbs.get(verb), member(ANA))).not.toEqual({ code: 'banned' });
    },
  );

  const credential = { kind: 'token', sessionId: idAt(START + 1), isSuperseded: true } as const;
  const superseded = { code: 'restricted', reason: 'superseded' };

  it.each(byMembers.filter((verb) => RULES[verb].superseded === 'allowed'))(
    '%s is not refused to a token that was rotated',
    async (verb) => {
      const refusal = await refusalOf(setUp().verbs.get(verb), { ...member(ANA), credential });
      expect(refusal).not.toEqual(superseded);
    },
  );

  it.each(byMembers.filter((verb) => RULES[verb].superseded !== 'allowed'))(
    '%s is refused to a token that was rotated, of another session',
    async (verb) => {
      const refusal = await refusalOf(setUp().verbs.get(verb), { ...member(ANA), credential });
      expect(refusal).toEqual(superseded);
    },
  );
});

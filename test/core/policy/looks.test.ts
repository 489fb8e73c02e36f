import { describe, expect, it } from 'vitest';
import { SYSTEM } from '../../../src/core/actor.ts';
import { judgeHeld, judgeLook, type LookFacts } from '../../../src/core/policy/looks.ts';
import { newestOf } from '../../../src/core/policy/policy.ts';
import type { KnownLook } from '../../../src/core/policy/standing.ts';
import { ANA, DAY, HOUR, SECOND, START } from '../../support/fixtures.ts';
import { DEV, HOLDERS_POLICY, PATRON } from '../../support/roles.ts';

const BOTH = `${PATRON} ${DEV}`;
const known = (roles: string, more: Partial<KnownLook> = {}): KnownLook => ({
  roles,
  at: START,
  ...more,
});

const facts = (seen: KnownLook | null, more: Partial<LookFacts> = {}): LookFacts => ({
  userId: ANA,
  known: seen,
  othersLost: 0,
  members: 100,
  isBanned: false,
  hasLive: true,
  ...more,
});

const MASS = { othersLost: 20, members: 200 };

/** What a look at these roles, an hour later, makes of that. */
function judge(roles: string, given: LookFacts, at = START + HOUR) {
  const act = { actor: SYSTEM, at };
  return judgeLook(HOLDERS_POLICY, act, { roles, at })(given);
}

const eventOf = (plan: ReturnType<typeof judge>) => plan?.events[0];

describe('a look', () => {
  it('takes what was lost at once, and says which roles', () => {
    const plan = judge(PATRON, facts(known(BOTH)));
    expect(plan).toMatchObject({ look: { roles: PATRON, at: START + HOUR }, isLoss: true });
    expect(eventOf(plan)).toMatchObject({ action: 'roles.changed', lost: ['dev'], gained: [] });
    expect(eventOf(plan)).not.toHaveProperty('suspended');
  });

  it('says nothing where nothing changed, or of who was not known', () => {
    expect(judge(DEV, facts(known(DEV)))?.events).toEqual([]);
    expect(judge(DEV, facts(null))?.events).toEqual([]);
  });

  it('tells who lost every role that may hold tokens, once, and again after a day', () => {
    const out = judge('', facts(known(DEV)));
    expect(eventOf(out)).toMatchObject({ suspended: true, told: true });
    expect(out?.look.toldAt).toBe(START + HOUR);
    const back = judge(DEV, facts(out?.look ?? null), START + 2 * HOUR);
    expect(eventOf(back)).toMatchObject({ lost: [], gained: ['dev'] });
    const again = judge('', facts(back?.look ?? null), START + 3 * HOUR);
    expect(eventOf(again)).toMatchObject({ suspended: true });
    expect(eventOf(again)).not.toHaveProperty('told');
    const later = judge('', facts(back?.look ?? null), START + DAY + HOUR);
    expect(eventOf(later)).toMatchObject({ told: true });
  });

  it('tells nobody who has nothing, or is banned', () => {
    for (const more of [{ hasLive: false }, { isBanned: true }]) {
      const plan = judge('', facts(known(DEV), more));
      expect(eventOf(plan)).toMatchObject({ suspended: true });
      expect(eventOf(plan)).not.toHaveProperty('told');
    }
  });

  it('tells who is looked at first and may hold no tokens', () => {
    expect(eventOf(judge('', facts(null)))).toMatchObject({
      lost: [],
      suspended: true,
      told: true,
    });
  });

  it('holds what the twenty-first of two hundred loses, not the twentieth, nor one of three hundred', () => {
    const held = { roles: '', since: START + HOUR };
    expect(judge('', facts(known(DEV), MASS))).toMatchObject({
      look: { roles: DEV, held },
      isLoss: true,
      events: [],
    });
    const few = judge('', facts(known(DEV), { ...MASS, othersLost: 19 }));
    expect(few?.look).not.toHaveProperty('held');
    const many = judge('', facts(known(DEV), { ...MASS, members: 210 }));
    expect(many?.look).not.toHaveProperty('held');
  });

  it('gives what was gained at once, whatever is held', () => {
    const plan = judge(PATRON, facts(known(DEV), MASS));
    expect(plan?.look).toMatchObject({ roles: BOTH, held: { roles: PATRON } });
    expect(eventOf(plan)).toMatchObject({ lost: [], gained: ['patron'] });
  });

  it('holds on to what is held since it began, and counts it once', () => {
    const before = known(BOTH, { held: { roles: PATRON, since: START } });
    const plan = judge(PATRON, facts(before));
    expect(plan).toMatchObject({ look: { roles: BOTH, held: before.held }, isLoss: false });
  });

  it('takes what one member loses besides what is held', () => {
    const before = known(BOTH, { held: { roles: PATRON, since: START } });
    expect(judge('', facts(before))).toMatchObject({
      look: { roles: DEV, held: { roles: '', since: START } },
      isLoss: true,
    });
  });

  it('releases what came back', () => {
    const before = known(BOTH, { held: { roles: PATRON, since: START } });
    const plan = judge(BOTH, facts(before));
    expect(plan?.look).toEqual({ roles: BOTH, at: START + HOUR });
    expect(plan?.events).toEqual([]);
  });

  it('older than another counts for nothing, unless that one is of a time to come', () => {
    const act = { actor: SYSTEM, at: START + HOUR };
    const look = { roles: '', at: START - SECOND };
    const by = judgeLook(HOLDERS_POLICY, act, look);
    expect(by(facts(known(DEV)))).toBeNull();
    expect(by(facts(known(DEV, { at: START + DAY })))).not.toBeNull();
  });
});

describe('what is held', () => {
  const act = { actor: SYSTEM, at: START + HOUR };
  it('takes effect with what follows of it', () => {
    const before = known(DEV, { held: { roles: '', since: START } });
    const plan = judgeHeld(HOLDERS_POLICY, act)(facts(before));
    expect(plan?.look).toEqual({ roles: '', at: START, toldAt: act.at });
    expect(eventOf(plan)).toMatchObject({ lost: ['dev'], suspended: true, told: true });
    expect(judgeHeld(HOLDERS_POLICY, act)(facts(known(DEV)))).toBeNull();
  });

  it('stays so, whatever a session is made by', () => {
    const before = known(DEV, { held: { roles: '', since: START } });
    const made = { roles: '', at: START + SECOND };
    expect(newestOf(made, before)).toEqual({ roles: DEV, at: START + SECOND });
  });
});

import { describe, expect, it } from 'vitest';
import type { Account, Ban } from '../../../src/core/accounts/account.ts';
import { noticeOf } from '../../../src/core/audit/recipients.ts';
import { judgeBan, judgeExpiry, judgeUnban } from '../../../src/core/accounts/bans.ts';
import { ANA, HOUR, newSession, STAFF, START } from '../../support/fixtures.ts';

const act = { actor: STAFF, at: START };
const byStaff: Ban = {
  source: 'staff',
  at: START,
  until: START + HOUR,
  by: '9',
  reason: 'spam',
  isReasonTold: true,
};
const byServer: Ban = {
  source: 'server',
  at: START,
  until: null,
  by: null,
  reason: null,
  isReasonTold: false,
};

const account = (overrides: Partial<Account> = {}): Account => ({
  userId: ANA,
  createdAt: START,
  look: null,
  ban: null,
  bannedInServer: false,
  serverBanWaived: false,
  ...overrides,
});

const actions = ({ sessions }: ReturnType<typeof judgeBan>) =>
  sessions?.events.map(({ action }) => action) ?? null;

describe('a ban', () => {
  it('opens an account, and says how many sessions it ended', () => {
    const ended = [newSession().session, newSession().session];
    const plan = judgeBan(act, ANA, null, byStaff, ended);
    expect(plan.standing).toEqual({ ban: byStaff, bannedInServer: false, serverBanWaived: false });
    expect(plan.sessions?.end).toHaveLength(2);
    expect(plan.sessions?.events.at(-1)).toMatchObject({ action: 'account.banned', ended: 2 });
  });

  it('by the server stands behind one of the staff, and says nothing', () => {
    const plan = judgeBan(act, ANA, account({ ban: byStaff }), byServer, []);
    expect(plan).toEqual({
      standing: expect.objectContaining({ ban: byStaff, bannedInServer: true }),
      sessions: null,
    });
  });

  it('by the server takes the place of one that is over', () => {
    const over = { ...byStaff, until: START };
    const plan = judgeBan(act, ANA, account({ ban: over }), byServer, []);
    expect(plan.standing).toMatchObject({ ban: byServer, bannedInServer: true });
    expect(actions(plan)).toEqual(['account.banned']);
  });

  it('by staff replaces theirs, and leaves what the server did', () => {
    const before = account({ ban: byServer, bannedInServer: true });
    const { standing } = judgeBan(act, ANA, before, byStaff, []);
    expect(standing).toEqual({ ban: byStaff, bannedInServer: true, serverBanWaived: false });
  });
});

describe('an unban', () => {
  it('by staff lifts any ban, and waives that of the server', () => {
    const before = account({ ban: byServer, bannedInServer: true });
    const plan = judgeUnban(act, before, 'sorry', null);
    expect(plan.standing).toEqual({ ban: null, bannedInServer: false, serverBanWaived: true });
    expect(plan.sessions?.events).toMatchObject([{ action: 'account.unbanned', reason: 'sorry' }]);
  });

  it('by staff keeps what was waived before', () => {
    const before = account({ ban: byStaff, serverBanWaived: true });
    expect(judgeUnban(act, before, null, null).standing.serverBanWaived).toBe(true);
  });

  it('by the server lifts its own only, and ends the waiver', () => {
    const staffs = account({ ban: byStaff, bannedInServer: true, serverBanWaived: true });
    const kept = judgeUnban(act, staffs, null, 'server');
    expect(kept.standing).toEqual({ ban: byStaff, bannedInServer: false, serverBanWaived: false });
    expect(actions(kept)).toBeNull();
    const own = account({ ban: byServer, bannedInServer: true });
    expect(judgeUnban(act, own, null, 'server').standing.ban).toBeNull();
  });

  it('of who is not banned says nothing', () => {
    expect(actions(judgeUnban(act, account(), null, null))).toBeNull();
  });
});

describe('a ban whose time is over', () => {
  it('is lifted', () => {
    const plan = judgeExpiry(act, { ...account(), ban: byStaff });
    expect(plan.standing.ban).toBeNull();
    expect(actions(plan)).toEqual(['account.unbanned']);
  });

  it("gives way to the server's", () => {
    const plan = judgeExpiry(act, { ...account({ bannedInServer: true }), ban: byStaff });
    expect(plan.standing.ban).toEqual(byServer);
    expect(actions(plan)).toEqual(['account.unbanned', 'account.banned']);
  });

  it.each([
    ['that it is over', false, ['account.unbanned']],
    ["of the server's alone, which goes on", true, ['account.banned']],
  ])('is told to the member: %s', (_, bannedInServer, told) => {
    const plan = judgeExpiry(act, { ...account({ bannedInServer }), ban: byStaff });
    const heard = plan.sessions?.events.filter((event) => noticeOf(event) !== null);
    expect(heard?.map(({ action }) => action)).toEqual(told);
  });
});

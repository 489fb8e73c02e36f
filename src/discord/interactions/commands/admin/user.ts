import { type Account, isBanned } from '../../../../core/accounts/account.ts';
import type { Staff, UserId } from '../../../../core/actor.ts';
import type { Policy } from '../../../../core/policy/policy.ts';
import { type Session, SESSION_TYPES } from '../../../../core/sessions/session.ts';
import { eventLines, member, membersIn, type NameOf } from '../../../render/render-audit.ts';
import { pager } from '../../../render/pager.ts';
import {
  button,
  buttons,
  card,
  dangerButton,
  dateTime,
  divider,
  instant,
  named,
  plain,
  relative,
  sessionRow,
  shorten,
  text,
} from '../../../render/render.ts';
import { lapsing } from '../../../render/replies.ts';
import type { Reply } from '../../../render/reply.ts';
import { scopeLine } from '../../../render/scopes.ts';
import type { Words } from '../../../words/words.ts';
import { afterwards } from '../../afterwards.ts';
import type {
  AutocompleteContext,
  Choice,
  CommandContext,
  Component,
  ComponentContext,
} from '../../command.ts';
import { AUDIT, MEMBER_LIST, writeCustomId } from '../../custom-id.ts';
import { readCursor, requireId, requireUserId } from '../../ids.ts';
import { findMeant, searchThoseOf, suggestSessions } from '../../session-option.ts';
import { showRequests } from './requests.ts';
import { banComponents, requireBannable } from './ban.ts';
import {
  type StaffContext,
  countLive,
  nameMember,
  ofMember,
  confirmButton,
  cancel,
  requireTarget,
} from './question.ts';

const PAGE_SIZE = 10;

const look = (context: ComponentContext<Staff>) =>
  memberDetails(context, requireUserId(context.args[0] || context.values[0]));

export const adminUserComponents: readonly Component[] = [
  { audience: 'staff', name: 'adm-user', run: look },
  { audience: 'staff', name: 'adm-look', reply: 'new', run: look },
  { audience: 'staff', name: 'adm-list', run: turnPage },
  { audience: 'staff', name: 'adm-unban', run: unbanFromDossier },
  { audience: 'staff', name: 'adm-all', run: askRevokeAllFromButton },
  { audience: 'staff', name: 'adm-do', run: carryOut },
  { audience: 'staff', name: 'adm-cancel', run: async ({ words }) => words('staff.nothing_done') },
  { audience: 'staff', name: 'feed-user', reply: 'new', isShared: true, run: look },
  ...banComponents,
  {
    audience: 'staff',
    name: 'feed-all',
    reply: 'new',
    isShared: true,
    run: askRevokeAllFromButton,
  },
];

export async function showUser(context: CommandContext<Staff>): Promise<Reply> {
  return memberDetails(context, requireTarget(context).id);
}

export async function revoke(context: CommandContext<Staff>): Promise<Reply> {
  const { words, actor, staff, clock } = context;
  const { id: userId } = requireTarget(context);
  const typed = context.options.text('session');
  if (typed === null) return askRevokeAll(context, userId);
  const search = searchThoseOf(userId, context);
  const whom = await nameMember(context, userId);
  const { id } = await findMeant(words, { typed, search }, whom);
  const shown = await ofMember(whom, staff.show(actor, userId, id));
  const { session, descendants: count } = shown;
  const act = { do: 'revoke', userId, id: session.id } as const;
  const what = { session: named(words, session), member: whom };
  return card(
    text([words('staff_revoke.ask', what), lapsing(words, clock())].join('\n')),
    buttons(
      await confirmButton(context, words('revoke.button'), { ...act, includeDescendants: false }),
      ...(count > 0
        ? [
            await confirmButton(context, words('revoke.button.made', { count }), {
              ...act,
              includeDescendants: true,
            }),
          ]
        : []),
      cancel(context),
    ),
  );
}

export async function suggestSessionsOf(
  context: AutocompleteContext<Staff>,
): Promise<readonly Choice[]> {
  const { words, typed, options } = context;
  const userId = options.userId('user');
  if (userId === null) return [];
  return suggestSessions(words, { typed, search: searchThoseOf(userId, context) });
}

/** All that staff may know of a member, and what they can do about it, which comes first. */
export async function memberDetails(context: StaffContext, userId: UserId): Promise<Reply> {
  const { staff, actor, clock, words, namesOf, policy } = context;
  const { account, live, sessions, authorization, audit, requests } = await staff.memberDetails(
    actor,
    userId,
  );
  // All of it has to fit in one message.
  const shown = sessions.slice(0, Math.max(sessions.length - requests.length, 0));
  const now = clock();
  const total = live.reduce((sum, each) => sum + each.count, 0);
  const known = await namesOf([userId, ...audit.flatMap(membersIn)]);
  const nameOf: NameOf = (id) =>
    known(id) ?? (id === userId ? authorization?.user.username : undefined);
  const id = (component: string, ...args: string[]) =>
    writeCustomId(component, actor.userId, userId, ...args);
  const isOut = isBanned(account, now);
  const what = words.list(
    SESSION_TYPES.flatMap((type) => {
      const count = live.find((each) => each.type === type)?.count ?? 0;
      return count === 0 ? [] : [words(`count.${type}`, { count })];
    }),
  );
  return card(
    text(
      [
        words('member.title', { member: member(words, userId, nameOf), id: userId }),
        what === '' ? words('member.nothing') : words('member.active', { what }),
        ...roleLines(words, policy, account),
        ...(isOut && account !== null ? banLines(words, account, nameOf) : []),
      ].join('\n'),
    ),
    buttons(
      isOut
        ? button(words('member.unban'), id('adm-unban'))
        : dangerButton(words('member.ban'), id('adm-ban')),
      { ...dangerButton(words('member.revoke_all'), id('adm-all')), disabled: total === 0 },
      { ...button(words('member.sessions'), id('adm-list')), disabled: total === 0 },
      button(words('member.audit'), AUDIT.write(actor.userId, { userId })),
    ),
    ...showRequests(context, requests),
    ...(shown.length === 0
      ? []
      : [divider(), ...shown.map((each) => text(staffRow(context, each)))]),
    ...(audit.length === 0
      ? []
      : [divider(), text([words('member.recent'), eventLines(words, audit, nameOf)].join('\n'))]),
  );
}

/** What is known of the roles that count, and what follows; nothing where none do. */
function roleLines(
  words: Words,
  policy: Policy | undefined,
  account: Account | null,
): readonly string[] {
  if (policy === undefined || !policy.followsRoles || account === null) return [];
  const { look: seen } = account;
  if (seen === null) return [words('member.roles.unseen')];
  const { roles, isSuspended } = policy.standing('', seen.roles);
  const { roles: left } = policy.standing('', seen.held?.roles ?? seen.roles);
  const lost = roles.filter((name) => !left.includes(name));
  const when = relative(seen.at);
  return [
    roles.length === 0
      ? words('member.roles.none', { when })
      : words('member.roles', { roles: words.list(roles.map(plain)), when }),
    ...(lost.length === 0 ? [] : [words('member.held', { roles: words.list(lost.map(plain)) })]),
    ...(isSuspended
      ? [words('member.suspended', { roles: words.list((policy.holders ?? []).map(plain)) })]
      : []),
  ];
}

function banLines(words: Words, { ban: given }: Account, nameOf: NameOf): readonly string[] {
  if (given === null) return [];
  const { source, by, until, at, reason } = given;
  const when = relative(at);
  const values = { by: by === null ? '' : member(words, by, nameOf), when };
  const told =
    source === 'server'
      ? words('member.banned.server', { when })
      : by === null
        ? words('member.banned.unknown', { when })
        : until === null
          ? words('member.banned.for_good', values)
          : words('member.banned', { ...values, until: dateTime(until) });
  return reason === null
    ? [told]
    : [told, words('member.reason', { reason: plain(shorten(reason, 200)) })];
}

function staffRow({ words, policy }: StaffContext, session: Session): string {
  return `${sessionRow(words, session)}${scopeLine(words, policy, session)}`;
}

async function turnPage(context: ComponentContext<Staff>): Promise<Reply> {
  const { staff, actor, args, words } = context;
  const { direction, id, ...of } = MEMBER_LIST.read(args);
  const userId = requireUserId(of.userId);
  const cursor = readCursor(direction, id);
  const page = await staff.list(actor, { userId, limit: PAGE_SIZE, cursor });
  const back = button(words('button.back'), writeCustomId('adm-user', actor.userId, userId));
  const whom = await nameMember(context, userId);
  if (page.sessions.length === 0) {
    return card(text(words('member.sessions.none', { member: whom })), buttons(back));
  }
  const { position, turns } = pager(words, page, (to, end) =>
    MEMBER_LIST.write(actor.userId, { userId, direction: to, id: end }),
  );
  return card(
    text(words('member.sessions.title', { member: whom, ...position })),
    divider(),
    ...page.sessions.map((session) => text(staffRow(context, session))),
    buttons(...turns, back),
  );
}

async function unbanFromDossier(context: ComponentContext<Staff>): Promise<Reply> {
  const userId = requireUserId(context.args[0]);
  await context.accounts.unban(context.actor, userId, null);
  return afterwards(memberDetails(context, userId), async () =>
    context.words('unban.done', { member: await nameMember(context, userId) }),
  );
}

function askRevokeAllFromButton(context: ComponentContext<Staff>): Promise<Reply> {
  return askRevokeAll(context, requireUserId(context.args[0]));
}

async function askRevokeAll(context: StaffContext, userId: UserId): Promise<Reply> {
  const { words, clock } = context;
  const count = await countLive(context, userId);
  const whom = await nameMember(context, userId);
  if (count === 0) return words('staff_revoke.all.none', { member: whom });
  return card(
    text(
      [words('staff_revoke.all.ask', { member: whom, count }), lapsing(words, clock())].join('\n'),
    ),
    buttons(
      await confirmButton(context, words('staff_revoke.all.button'), { do: 'revoke-all', userId }),
      cancel(context),
    ),
  );
}

async function carryOut(context: ComponentContext<Staff>): Promise<Reply> {
  const { confirmations, accounts, staff, actor, args, words, clock } = context;
  const act = await confirmations.consume(actor, requireId(args[0]));
  const whom = await nameMember(context, act.userId);
  switch (act.do) {
    case 'ban': {
      // They may have become staff since.
      await requireBannable(context, act.userId);
      const paused = await countLive(context, act.userId);
      const ended = await accounts.ban(actor, act);
      const { until } = act;
      return [
        until === null
          ? words('ban.done', { member: whom })
          : words('ban.done.until', { member: whom, when: instant(words, until, clock()) }),
        act.endSessions
          ? words('ban.done.ended', { count: ended })
          : words('ban.done.paused', { count: paused }),
      ].join(' ');
    }
    case 'revoke-all': {
      const count = await staff.revokeAll(actor, act.userId);
      return words('staff_revoke.all.done', { count, member: whom });
    }
    case 'revoke': {
      const { session, descendants: count } = await ofMember(
        whom,
        staff.revoke(actor, act.userId, act.id, act.includeDescendants),
      );
      const what = { session: named(words, session), member: whom };
      const done = act.includeDescendants
        ? words('staff_revoke.done.made', what)
        : words('staff_revoke.done', what);
      return count === 0 ? done : `${done} ${words('staff_revoke.left', { count })}`;
    }
  }
}

import type { User } from 'discord.js';
import { isBanned } from '../../../core/accounts/account.ts';
import type { Staff, UserId } from '../../../core/actor.ts';
import { SESSION_TYPES } from '../../../core/sessions/session.ts';
import { hasToken } from '../../../core/sessions/token.ts';
import type { PendingAction } from '../../../core/staff/confirmations.ts';
import { storable } from '../../../core/storable.ts';
import { eventLines } from '../../render/render-audit.ts';
import {
  button,
  buttons,
  card,
  count,
  dangerButton,
  divider,
  instant,
  named,
  plain,
  sessionLines,
  shorten,
  text,
  TYPE_NAMES,
} from '../../render/render.ts';
import { lapsing } from '../../render/replies.ts';
import type { Card, Reply } from '../../render/reply.ts';
import { Declined } from '../../render/reply.ts';
import type {
  AutocompleteContext,
  Choice,
  CommandContext,
  Component,
  ComponentContext,
  Context,
} from '../command.ts';
import { writeCustomId } from '../custom-id.ts';
import { parseExpires } from '../expires.ts';
import { readCursor, requireId, requireUserId } from '../ids.ts';
import { findMeant, searchThoseOf, suggestSessions } from '../session-option.ts';

const PAGE_SIZE = 8;

type StaffContext = Context<Staff>;

export const adminUserComponents: readonly Component[] = [
  {
    audience: 'staff',
    name: 'adm-user',
    run: (context) => memberDetails(context, requireUserId(context.args[0])),
  },
  { audience: 'staff', name: 'adm-list', run: turnPage },
  { audience: 'staff', name: 'adm-ban', run: askBanFromDossier },
  { audience: 'staff', name: 'adm-unban', run: unbanFromDossier },
  { audience: 'staff', name: 'adm-all', run: askRevokeAllFromDossier },
  { audience: 'staff', name: 'adm-do', run: carryOut },
  { audience: 'staff', name: 'adm-cancel', run: async () => 'Nothing was done.' },
];

export async function showUser(context: CommandContext<Staff>): Promise<Reply> {
  return memberDetails(context, requireTarget(context).id);
}

export async function ban(context: CommandContext<Staff>): Promise<Reply> {
  const { options, clock } = context;
  const target = requireTarget(context);
  const duration = options.getString('duration');
  return askBan(context, {
    userId: target.id,
    reason: readReason(options.getString('reason')),
    until: duration === null ? null : parseExpires(duration, clock()).expiresAt,
    endSessions: options.getString('sessions') === 'end',
  });
}

export async function unban(context: CommandContext<Staff>): Promise<Reply> {
  const { accounts, actor, options } = context;
  const { id } = requireTarget(context);
  const lifted = await accounts.unban(actor, id, readReason(options.getString('reason')));
  return lifted
    ? `The ban of <@${id}> is lifted. The sessions that it did not revoke work again.`
    : `<@${id}> is not banned.`;
}

export async function revoke(context: CommandContext<Staff>): Promise<Reply> {
  const { id: userId } = requireTarget(context);
  const typed = context.options.getString('session');
  if (typed === null) return askRevokeAll(context, userId);
  const search = searchThoseOf(userId, context);
  const { id } = await findMeant({ typed, search }, `<@${userId}>'s`);
  const { session, descendants: made } = await context.staff.show(context.actor, userId, id);
  const act = { do: 'revoke', userId, id: session.id } as const;
  return card(
    text(
      `Revoke ${named(session)} of <@${userId}>? It stops working at once, for good.\n${lapsing(context.clock())}`,
    ),
    buttons(
      await confirmButton(context, 'Revoke it', { ...act, includeDescendants: false }),
      ...(made > 0
        ? [
            await confirmButton(context, `Revoke it and the ${made} it created`, {
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
  const userId = context.options.get('user')?.value;
  if (typeof userId !== 'string') return [];
  return suggestSessions({ typed: context.typed, search: searchThoseOf(userId, context) });
}

/** All that staff may know of a member, and what they can do about it. */
async function memberDetails(context: StaffContext, userId: UserId): Promise<Reply> {
  const { staff, actor, clock } = context;
  const { account, live, sessions, authorization, audit } = await staff.memberDetails(
    actor,
    userId,
  );
  const now = clock();
  const total = live.reduce((sum, each) => sum + each.count, 0);
  const id = (component: string, ...args: string[]) =>
    writeCustomId(component, actor.userId, userId, ...args);
  const username = authorization === null ? '' : ` · ${plain(authorization.user.username)}`;
  const state = isBanned(account, now) ? `**banned** ${banLine(account)}` : 'normal';
  const census = SESSION_TYPES.flatMap((type) => {
    const amount = live.find((each) => each.type === type)?.count ?? 0;
    return amount === 0 ? [] : [count(amount, TYPE_NAMES[type])];
  });
  return card(
    text(`### <@${userId}>\n\`${userId}\`${username}\nState: ${state}`),
    text(`**Live** ${census.join(' · ') || 'nothing'}`),
    ...(sessions.length === 0
      ? []
      : [divider(), ...sessions.map((each) => text(sessionLines(each)))]),
    ...(audit.length === 0 ? [] : [divider(), text(eventLines(audit))]),
    buttons(
      isBanned(account, now)
        ? button('Lift the ban', id('adm-unban'))
        : dangerButton('Ban…', id('adm-ban')),
      { ...dangerButton('Revoke all…', id('adm-all')), disabled: total === 0 },
      { ...button('All sessions', id('adm-list')), disabled: total === 0 },
      button('Audit', writeCustomId('aud', actor.userId, userId, '', '', '')),
    ),
  );
}

function banLine(account: Parameters<typeof isBanned>[0]): string {
  const given = account?.ban;
  if (given === null || given === undefined) return '';
  const by =
    given.source === 'server' ? 'by the server' : given.by === null ? '' : `by <@${given.by}>`;
  const until = given.until === null ? 'for good' : `until ${instant(given.until)}`;
  const reason = given.reason === null ? '' : `: ${plain(shorten(given.reason, 200))}`;
  return `${by} ${until}, since ${instant(given.at)}${reason}`;
}

async function turnPage({ staff, actor, args }: ComponentContext<Staff>): Promise<Reply> {
  const [user, direction, id] = args;
  const userId = requireUserId(user);
  const cursor = readCursor(direction, id);
  const page = await staff.list(actor, { userId, limit: PAGE_SIZE, cursor });
  const [first, last] = [page.sessions[0], page.sessions.at(-1)];
  const back = button('Back', writeCustomId('adm-user', actor.userId, userId));
  if (first === undefined || last === undefined) {
    return card(text(`No more live sessions of <@${userId}>.`), buttons(back));
  }
  const until = page.newer + page.sessions.length;
  const turn = (to: string, cursorId: string) =>
    writeCustomId('adm-list', actor.userId, userId, to, cursorId);
  return card(
    text(`### Live sessions of <@${userId}>\n${page.newer + 1} to ${until} of ${page.total}`),
    divider(),
    ...page.sessions.map((session) => text(sessionLines(session))),
    buttons(
      ...(page.newer > 0 ? [button('◀ Newer', turn('before', first.id))] : []),
      ...(until < page.total ? [button('Older ▶', turn('after', last.id))] : []),
      back,
    ),
  );
}

function askBanFromDossier(context: ComponentContext<Staff>): Promise<Reply> {
  const userId = requireUserId(context.args[0]);
  return askBan(context, { userId, reason: null, until: null, endSessions: false });
}

async function unbanFromDossier(context: ComponentContext<Staff>): Promise<Reply> {
  const userId = requireUserId(context.args[0]);
  await context.accounts.unban(context.actor, userId, null);
  return memberDetails(context, userId);
}

function askRevokeAllFromDossier(context: ComponentContext<Staff>): Promise<Reply> {
  return askRevokeAll(context, requireUserId(context.args[0]));
}

async function askBan(
  context: StaffContext,
  given: Omit<Extract<PendingAction, { do: 'ban' }>, 'do'>,
): Promise<Card> {
  const { userId, until, reason, endSessions } = given;
  await requireBannable(context, userId);
  const total = await countLive(context, userId);
  const { account } = await context.staff.memberDetails(context.actor, userId);
  const present = isBanned(account, context.clock()) ? banLine(account) : null;
  return card(
    text(
      [
        `### Ban <@${userId}>?`,
        ...(present === null ? [] : [`They are banned already ${present}. This replaces it.`]),
        `Nothing of the account works ${until === null ? 'until somebody lifts the ban' : `until ${instant(until)}`}. That stops ${count(total, 'live session')}${endSessions ? ', revoked for good' : ', back with the unban'}.`,
        ...(reason === null ? [] : [`Reason: ${plain(reason)}`]),
        lapsing(context.clock()),
      ].join('\n'),
    ),
    buttons(await confirmButton(context, 'Ban', { do: 'ban', ...given }), cancel(context)),
  );
}

async function askRevokeAll(context: StaffContext, userId: UserId): Promise<Reply> {
  const total = await countLive(context, userId);
  if (total === 0) return `<@${userId}> has no live sessions.`;
  return card(
    text(
      `### Revoke everything <@${userId}> has?\n**${count(total, 'live session')}** will stop working at once, for good.\n${lapsing(context.clock())}`,
    ),
    buttons(
      await confirmButton(context, 'Revoke everything', { do: 'revoke-all', userId }),
      cancel(context),
    ),
  );
}

async function carryOut(context: ComponentContext<Staff>): Promise<Reply> {
  const { confirmations, accounts, staff, actor, args } = context;
  const act = await confirmations.consume(actor, requireId(args[0]));
  switch (act.do) {
    case 'ban': {
      // They may have become staff since.
      await requireBannable(context, act.userId);
      const ended = await accounts.ban(actor, act);
      return `<@${act.userId}> is banned${act.until === null ? '' : ` until ${instant(act.until)}`}.${act.endSessions ? ` ${count(ended, 'session')} revoked.` : ''}`;
    }
    case 'revoke-all': {
      const ended = await staff.revokeAll(actor, act.userId);
      return `Revoked ${count(ended, 'session')} of <@${act.userId}>.`;
    }
    case 'revoke': {
      const { session, descendants: made } = await staff.revoke(
        actor,
        act.userId,
        act.id,
        act.includeDescendants,
      );
      const done = `Revoked ${named(session)} of <@${act.userId}>${act.includeDescendants ? ' and all that it created' : ''}.`;
      if (made === 0) return done;
      return `${done} It created ${count(made, 'session')} that ${made === 1 ? 'is' : 'are'} still live: see \`/admin user\`.`;
    }
  }
}

async function countLive({ staff, actor }: StaffContext, userId: UserId): Promise<number> {
  return (await staff.list(actor, { userId, limit: 0 })).total;
}

async function confirmButton(context: StaffContext, caption: string, act: PendingAction) {
  const id = await context.confirmations.request(context.actor, act);
  return dangerButton(caption, writeCustomId('adm-do', context.actor.userId, id));
}

function cancel({ actor }: StaffContext) {
  return button('Cancel', writeCustomId('adm-cancel', actor.userId));
}

/** A reason is shown to all staff: a token in it would be too. */
function readReason(typed: string | null): string | null {
  const reason = storable(typed ?? '').trim() || null;
  if (reason !== null && hasToken(reason)) {
    throw new Declined(
      'There is a token in that reason. Nothing was done: leave it out, and revoke it with *Revoke leaked token* where it was posted.',
    );
  }
  return reason;
}

function requireTarget({ options }: CommandContext<Staff>): User {
  const target = options.getUser('user');
  if (target === null) throw new Declined('Name a member: `user` is missing.');
  return target;
}

/** Nobody bans themselves, another of the staff or a bot by accident. */
async function requireBannable(
  { actor, staffChannel }: StaffContext,
  userId: UserId,
): Promise<void> {
  if (userId === actor.userId) throw new Declined('You cannot ban yourself.');
  switch (await staffChannel.standingOf(userId)) {
    case 'bot':
      throw new Declined('Bots have no account here.');
    case 'staff':
      throw new Declined(`<@${userId}> is staff. Remove their staff role or permission first.`);
    case 'member':
      return;
  }
}

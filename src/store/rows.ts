import type { Account, BanSource, BanState } from '../core/accounts/account.ts';
import { credentialOf, idOf, type UserId } from '../core/actor.ts';
import type { AuditEvent } from '../core/audit/audit.ts';
import type { KnownLook } from '../core/policy/standing.ts';
import type { Request } from '../core/requests/request.ts';
import type { EndReason, Session } from '../core/sessions/session.ts';
import type { Instant } from '../core/time.ts';

// Rows as both engines hold them: what is null or not together stands apart in the core.

export interface SessionRow extends Omit<Session, 'ended'> {
  readonly endedAt: Instant | null;
  readonly endedBy: UserId | null;
  readonly endReason: EndReason | null;
}

/** Written out: the rest of a row takes ten times as long to copy, and lists are long. */
export function toSession(row: SessionRow): Session {
  const { endedAt: at, endedBy: by, endReason: reason } = row;
  return {
    id: row.id,
    userId: row.userId,
    type: row.type,
    name: row.name,
    hint: row.hint,
    parentId: row.parentId,
    replaces: row.replaces,
    scope: row.scope,
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    rotatedAt: row.rotatedAt,
    lastUsedAt: row.lastUsedAt,
    ended: at === null || reason === null ? null : { at, by, reason },
  };
}

/** A ban as columns: all null where there is none. */
export interface BanRow {
  readonly bannedAt: Instant | null;
  readonly bannedUntil: Instant | null;
  readonly banSource: BanSource | null;
  readonly bannedBy: UserId | null;
  readonly banReason: string | null;
  readonly banReasonTold: boolean;
  readonly bannedInServer: boolean;
  readonly serverBanWaived: boolean;
}

export interface AccountRow extends BanRow {
  readonly userId: UserId;
  readonly createdAt: Instant;
  readonly roles: string | null;
  readonly rolesAt: Instant | null;
  readonly heldRoles: string | null;
  readonly heldAt: Instant | null;
  readonly suspensionToldAt: Instant | null;
}

export type LookRow = Pick<
  AccountRow,
  'roles' | 'rolesAt' | 'heldRoles' | 'heldAt' | 'suspensionToldAt'
>;

export function toLook(row: LookRow): KnownLook | null {
  const { roles, rolesAt: at, heldRoles, heldAt: since, suspensionToldAt: toldAt } = row;
  if (roles === null || at === null) return null;
  const held = heldRoles === null || since === null ? {} : { held: { roles: heldRoles, since } };
  return { roles, at, ...held, ...(toldAt === null ? {} : { toldAt }) };
}

/** Of who was never looked at. */
export const NO_LOOK: LookRow = {
  roles: null,
  rolesAt: null,
  heldRoles: null,
  heldAt: null,
  suspensionToldAt: null,
};

/** A look as columns. */
export function toLookRow({ roles, at, held, toldAt }: KnownLook): LookRow {
  const [heldRoles, heldAt] = [held?.roles ?? null, held?.since ?? null];
  return { roles, rolesAt: at, heldRoles, heldAt, suspensionToldAt: toldAt ?? null };
}

export function toAccount(row: AccountRow): Account {
  const { userId, createdAt, bannedAt: at, bannedUntil: until, banSource: source } = row;
  const { bannedBy: by, banReason: reason, banReasonTold: isReasonTold } = row;
  const ban =
    at === null || source === null ? null : { source, at, until, by, reason, isReasonTold };
  const { bannedInServer, serverBanWaived } = row;
  return { userId, createdAt, ban, bannedInServer, serverBanWaived, look: toLook(row) };
}

export function toBanRow({ ban, bannedInServer, serverBanWaived }: BanState): BanRow {
  return {
    bannedAt: ban?.at ?? null,
    bannedUntil: ban?.until ?? null,
    banSource: ban?.source ?? null,
    bannedBy: ban?.by ?? null,
    banReason: ban?.reason ?? null,
    banReasonTold: ban?.isReasonTold ?? false,
    bannedInServer,
    serverBanWaived,
  };
}

export interface RequestRow extends Omit<Request, 'approved'> {
  readonly approvedAt: Instant | null;
  readonly approvedBy: UserId | null;
}

export function toRequest({ approvedAt: at, approvedBy: by, ...request }: RequestRow): Request {
  return { ...request, approved: at === null || by === null ? null : { at, by } };
}

/** An event as it is written: what its action adds stands in one column. */
export function toAuditRow(event: AuditEvent) {
  const { actor, at, userId, action, sessionId, ...detail } = { sessionId: null, ...event };
  return {
    at,
    actorKind: actor.kind,
    actorId: idOf(actor),
    actorSessionId: credentialOf(actor),
    requestId: actor.kind === 'system' ? null : actor.requestId,
    action,
    userId,
    sessionId,
    detail,
  };
}

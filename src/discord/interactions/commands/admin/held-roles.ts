import type { Staff } from '../../../../core/actor.ts';
import { plain } from '../../../render/render.ts';
import type { Component, ComponentContext } from '../../command.ts';

/** The buttons below what the feed says of roles that many lost at once. */
export const heldRolesComponents: readonly Component[] = [
  { audience: 'staff', name: 'feed-apply', reply: 'new', isShared: true, run: apply },
  { audience: 'staff', name: 'feed-wait', reply: 'new', isShared: true, run: wait },
];

async function apply({ heldRoles, actor, words }: ComponentContext<Staff>): Promise<string> {
  const { count, roles } = await heldRoles.apply(actor);
  if (count === 0) return words('held.none');
  return words('held.applied', { count, roles: words.list(roles.map(plain)) });
}

async function wait({ heldRoles, actor, words }: ComponentContext<Staff>): Promise<string> {
  const { count, roles } = await heldRoles.keep(actor);
  if (count === 0) return words('held.none');
  return words('held.kept', { count, roles: words.list(roles.map(plain)) });
}

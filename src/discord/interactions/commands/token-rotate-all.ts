import { AppError } from '../../../core/errors.ts';
import { GRACES } from '../../../core/sessions/session.ts';
import { outdated } from '../../render/replies.ts';
import type { Reply } from '../../render/reply.ts';
import type { ComponentContext } from '../command.ts';
import { writeCustomId } from '../custom-id.ts';
import { requireId } from '../ids.ts';

/** More than a reminder lists. */
const MOST_AT_ONCE = 25;

/** Every token that the reminder has a button or a choice for, one message each. */
export async function rotateAll(context: ComponentContext): Promise<Reply> {
  const { tokens, actor, deliver, words, message } = context;
  const ids = rotatableIn(message.components, actor.userId).slice(0, MOST_AT_ONCE);
  if (ids.length === 0) throw outdated();
  let count = 0;
  const failures: string[] = [];
  for (const id of ids) {
    try {
      await tokens.rotateAndDeliver(actor, { id, graceMs: GRACES['24h'] }, deliver(words));
      count += 1;
    } catch (error) {
      // What goes on for no other token either ends this; what was rotated or ended meanwhile does not.
      if (!(error instanceof AppError)) throw error;
      if (error.code !== 'not_found' && error.code !== 'conflict') {
        if (count === 0) throw error;
        failures.push(words.refusal(error.refusal) ?? '');
        break;
      }
    }
  }
  return [words('notice.rotated_all', { count }), ...failures].join('\n');
}

/** The tokens that a message offers to rotate, by what its components carry. */
function rotatableIn(components: readonly unknown[], owner: string): readonly string[] {
  const found = new Set<string>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(visit);
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return;
    const { custom_id: id, components: inner, options } = node as Record<string, unknown>;
    const prefix = writeCustomId('rotate', owner);
    if (typeof id === 'string' && id.startsWith(`${prefix}:`)) {
      found.add(requireId(id.slice(prefix.length + 1)));
    }
    if (id === prefix && Array.isArray(options)) {
      for (const { value } of options as { value?: unknown }[]) {
        if (typeof value === 'string') found.add(requireId(value));
      }
    }
    visit(inner);
  };
  visit(components);
  return [...found];
}

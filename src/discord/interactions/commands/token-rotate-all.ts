import { AppError } from '../../../core/errors.ts';
import { GRACES } from '../../../core/sessions/session.ts';
import { outdated } from '../../render/replies.ts';
import { Declined, type Reply } from '../../render/reply.ts';
import type { ComponentContext } from '../command.ts';
import { writeCustomId } from '../custom-id.ts';
import { requireId } from '../ids.ts';
import { stepsToOpen } from './token-message.ts';

/** More than a reminder lists. */
const MOST_AT_ONCE = 25;

/** Every token that the reminder has a button or a choice for, one message each. */
export async function rotateAll(context: ComponentContext): Promise<Reply> {
  const { tokens, actor, deliver, words, message } = context;
  const ids = rotatableIn(message.components, actor.userId).slice(0, MOST_AT_ONCE);
  if (ids.length === 0) throw outdated();
  let count = 0;
  let skipped = 0;
  for (const id of ids) {
    try {
      await tokens.rotateAndDeliver(actor, { id, graceMs: GRACES['24h'] }, deliver(words));
      count += 1;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error.code === 'not_found' || error.code === 'conflict') {
        skipped += 1;
        continue;
      }
      const isClosed = error.code === 'dm_closed';
      if (count === 0 && isClosed) {
        const steps = await stepsToOpen(context);
        throw new Declined(() => steps);
      }
      const why = words.refusal(error.refusal);
      if (count === 0 || why === undefined) throw error;
      // What goes on for no other token either.
      return said(
        isClosed
          ? words('notice.rotated_all.closed')
          : words('notice.rotated_all.stopped', { why }),
      );
    }
  }
  return said();

  function said(...stopped: readonly string[]): Reply {
    return [
      words('notice.rotated_all', { count }),
      ...(count > 0 && skipped > 0 ? [words('notice.rotated_all.skipped', { skipped })] : []),
      ...stopped,
    ].join('\n');
  }
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

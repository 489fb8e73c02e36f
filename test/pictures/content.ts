import { createHash } from 'node:crypto';
import type { Scene } from './scenes.ts';

const MINUTE_MS = 60_000;

/**
 * Stands for what is read in a picture: the same wherever and whenever the scene is played, and another
 * one as soon as a word, a button or a time differs.
 */
export function contentHash({ message, now, names, rooms }: Scene): string {
  const called = new Map([...Object.entries(names), ...Object.entries(rooms)]);
  const nameOf = (id: string): string => called.get(id) ?? 'id';

  function readable(text: string): string {
    return text
      .replaceAll(/<t:(\d+):(\w)>/g, (_, seconds: string, style: string) => {
        const minutes = minute(Number(seconds) * 1000) - minute(now);
        return `<${style}:${minutes}>`;
      })
      .replaceAll(/\d{17,20}/g, nameOf);
  }

  const { content, components, embeds, files, author, by, answers, isEphemeral, isEdited } =
    message;
  const read = { content, components, embeds, files, author, by, answers, isEphemeral, isEdited };
  const text = JSON.stringify(read, (member, value: unknown) => {
    // What nobody reads, and what differs from run to run.
    if (member === 'id' || member === 'custom_id') return undefined;
    return typeof value === 'string' ? readable(value) : value;
  });
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

const minute = (ms: number): number => Math.floor(ms / MINUTE_MS);

/** A text in pieces, those that are secret marked as such. */
export type Pieces = readonly { readonly text: string; readonly isSecret: boolean }[];

/** Divides texts where something secret begins or ends. */
export type Divide = (text: string) => Pieces;

const LONGEST = 4_000;

/**
 * Finds what is secret, then cuts: a text ends before a secret that would not stand in it whole.
 * `pattern` is a regular expression's source.
 */
export function createDivide(secrets: readonly string[], pattern?: string): Divide {
  const sources = [...secrets.map((secret) => literal(secret)), ...(pattern ? [pattern] : [])];
  const secret = new RegExp(sources.join('|'), 'g');
  return (text) => {
    const pieces: { text: string; isSecret: boolean }[] = [];
    let end = 0;
    let left = LONGEST;
    const add = (piece: string, isSecret: boolean): void => {
      const kept = isSecret && piece.length > left ? '' : piece.slice(0, left);
      left = kept === piece ? left - piece.length : 0;
      if (kept !== '') pieces.push({ text: kept, isSecret });
    };
    for (const { 0: found, index } of text.matchAll(secret)) {
      add(text.slice(end, index), false);
      add(found, true);
      end = index + found.length;
    }
    add(text.slice(end), false);
    return pieces;
  };
}

function literal(text: string): string {
  return text.replaceAll(/\W/g, String.raw`\$&`);
}

import { expect, it } from 'vitest';
import { z } from 'zod';
import { parseUuid } from '../../src/core/uuid.ts';

const ID = '01890000-0000-7abc-8def-0123456789ab';

it('an id is read in upper and lower case', () => {
  expect(parseUuid(ID)).toBe(ID);
  expect(parseUuid(ID.toUpperCase())).toBe(ID);
});

it.each(['', ' ', 'x', `${ID} `, ` ${ID}`, `${ID}\n`, `{${ID}}`, ID.replaceAll('-', ''), `${ID}0`])(
  '%j is no id, here as in the schemas of the HTTP API',
  (text) => {
    expect(parseUuid(text)).toBeNull();
    expect(z.guid().safeParse(text).success).toBe(false);
  },
);

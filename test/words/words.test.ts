import { expect, test } from 'vitest';
import { runProgram } from '../support/run-program.ts';

test('whatever members and staff read stands in the catalogue', async () => {
  const { code, said } = await runProgram('test/words/main.ts', '--pseudo');
  expect({ code, said }).toMatchObject({ code: 0 });
}, 180_000);

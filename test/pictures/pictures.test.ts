import { expect, test } from 'vitest';
import { runProgram } from '../support/run-program.ts';

test('each picture in the documents shows its message as it is', async () => {
  const { code, said } = await runProgram('test/pictures/main.ts', '--check');
  expect({ code, said }).toMatchObject({ code: 0 });
}, 180_000);

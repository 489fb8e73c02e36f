import { statSync } from 'node:fs';
import { resolve } from 'node:path';

const FLAG = /^--env-file(?:-if-exists)?(?:=(.*))?$/;
const OTHERS = 0o006;

/** The files with variables, secrets among them, that Node was started with and that anybody may read or write. */
export function exposedEnvFiles(nodeOptions: readonly string[]): string[] {
  return nodeOptions
    .flatMap((option, index) => {
      const flag = FLAG.exec(option);
      return flag === null ? [] : [resolve(flag[1] ?? nodeOptions[index + 1] ?? '')];
    })
    .filter((file) => ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & OTHERS) !== 0);
}

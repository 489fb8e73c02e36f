import process from 'node:process';
import { describeEffect, describePolicy } from '../app/policy-report.ts';
import { importStore } from '../app/import-store.ts';
import { ConfigError, readDatabaseAddress } from '../config.ts';
import { foresee, type Holdings } from '../core/policy/effect.ts';
import { createPolicy, type Policy } from '../core/policy/policy.ts';
import { policyJsonSchema, readPolicyFile } from '../policy-file.ts';
import { StoreError } from '../store/store-error.ts';

const USAGE = 'npm run policy -- check FILE says what a policy file would do.';
/** The file cannot be used as a policy. */
const EXIT_WRONG = 1;
/** The command cannot be understood, or the database not be read. */
const EXIT_FAILED = 2;

/** `npm run policy`. */
async function main([verb, file, ...more]: readonly string[]): Promise<number> {
  if (verb === 'schema' && file === undefined) {
    return say([JSON.stringify(policyJsonSchema(), null, 2)]);
  }
  if (verb !== 'check' || file === undefined || more.length > 0) throw new ConfigError(USAGE);
  const rules = readPolicyFile(file);
  if ('problems' in rules) {
    process.stderr.write(rules.problems.map((each) => `${file}: ${each}\n`).join(''));
    return EXIT_WRONG;
  }
  const policy = createPolicy(rules);
  say([`${file} can be used.`, '', ...describePolicy(policy), '']);
  if (policy.followsRoles && !process.env['COMMUNITY_SERVER_ID']) {
    say([
      'COMMUNITY_SERVER_ID is not set: Latchkey does not start without it, as this policy names roles.',
      '',
    ]);
  }
  if (policy.scopes.some(({ approval }) => approval) && !process.env['STAFF_CHANNEL_ID']) {
    say([
      'STAFF_CHANNEL_ID is not set: Latchkey does not start without it, as staff approve some scopes.',
      '',
    ]);
  }
  const holdings = await readHoldings();
  if (holdings === null)
    return say(['There is no database yet, so nothing changes for any token.']);
  return say(describeEffect(policy, foresee(policy, policyOfNow(file), holdings)));
}

async function readHoldings(): Promise<Holdings | null> {
  const address = readDatabaseAddress(process.env);
  const isOnServer = 'url' in address;
  await importStore(isOnServer);
  if (!isOnServer) {
    const { readHoldings: readFile } = await import('../store/sqlite/file/holdings.ts');
    return readFile(address.file, Date.now());
  }
  const { readHoldings: readServer } = await import('../store/postgres/server/holdings.ts');
  return readServer(address.url, Date.now());
}

/** What to compare with: another file, which can be used. */
function policyOfNow(file: string): Policy | undefined {
  const now = process.env['POLICY_FILE'];
  if (now === undefined || now === '' || now === file) return undefined;
  const rules = readPolicyFile(now);
  return 'problems' in rules ? undefined : createPolicy(rules);
}

function say(lines: readonly string[]): number {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const known = error instanceof ConfigError || error instanceof StoreError;
  process.stderr.write(`${known ? error.message : String(error)}\n`);
  process.exitCode = EXIT_FAILED;
}

import {
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import type { PolicyRules } from './core/policy/policy.ts';
import { OWN_SCOPES } from './core/policy/policy.ts';
import { MOST_SCOPES, SCOPE_NAME } from './core/policy/scopes.ts';

/** More than any policy needs: each role, scope and sentence of the most and longest are some 10 kB. */
export const MOST_POLICY_BYTES = 65_536;

/** What is wrong with a policy file: a line for each problem, with its place in the file. */
export interface PolicyProblems {
  readonly problems: readonly string[];
}

const UNITS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  y: 365 * 86_400_000,
};
const MOST_OWN_SCOPES = MOST_SCOPES - OWN_SCOPES.length;
const OWN_NAMES = OWN_SCOPES.map(({ name }) => name);

const roleName = z
  .string({ error: 'must be the name of a role, in quotes' })
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,39}$/,
    'must be 1 to 40 of a-z 0-9 _ -, the first a letter or digit',
  );
const roleNames = z
  .array(roleName, { error: 'must be a list of names of roles, as in ["patron"]' })
  .min(1, 'must name one role or more; leave it out if it needs none');
const snowflake = z
  .string({ error: 'must be the id of a Discord role, in quotes' })
  .regex(/^\d{17,20}$/, 'must be the id of a Discord role: 17 to 20 digits, in quotes');
const says = z
  .string({ error: 'must be there: what a token with it may do, in a few words' })
  .trim()
  .min(1, 'must be there: what a token with it may do, in a few words')
  .max(100, 'must have 100 characters at most');
const flag = z.boolean({ error: 'must be true or false' });
const longest = z
  .string({ error: 'must be a duration from 1m to 100y, as in "12h" or "30d"' })
  .regex(/^[1-9]\d{0,5}[mhdy]$/, 'must be a duration from 1m to 100y, as in "12h" or "30d"')
  .refine((text) => durationMs(text) <= 100 * (UNITS['y'] ?? 0), {
    error: 'must be a duration from 1m to 100y, as in "12h" or "30d"',
  });

const scope = z.strictObject({
  says,
  given: flag.optional().meta({ description: 'Whether it is ticked from the start' }),
  roles: roleNames.optional().meta({ description: 'Only for members with one of these' }),
  approval: flag.optional().meta({ description: 'Staff approve each token with it' }),
  longest: longest.optional().meta({ description: 'No token with it lives longer' }),
});

/** Of Latchkey's own scopes a policy only says whether they are given. */
const ownScope = z.strictObject({ says: says.optional(), given: flag });

const [readScope, writeScope] = OWN_SCOPES.map(({ name }) => name);

/** What a policy file may say. The JSON schema in the repository is made of it. */
export const policySchema = z.strictObject({
  $schema: z.string().optional(),
  roles: z
    .record(roleName, snowflake)
    .optional()
    .meta({ description: 'Names for roles of the server COMMUNITY_SERVER_ID' }),
  holders: roleNames
    .optional()
    .meta({ description: 'Who may hold tokens at all: members with one of these' }),
  scopes: z
    .object({ [`${readScope}`]: ownScope.optional(), [`${writeScope}`]: ownScope.optional() })
    .catchall(scope)
    .optional()
    .meta({ description: 'What tokens may do' }),
});

/** What an editor reads, to complete and check a policy file while it is written. */
export function policyJsonSchema(): z.core.JSONSchema.BaseSchema {
  const { properties, ...rest } = z.toJSONSchema(policySchema, { io: 'input' });
  const { scopes } = properties ?? {};
  if (typeof scopes !== 'object') throw new Error('a policy has scopes');
  // What is looked at besides.
  const names = { propertyNames: { pattern: SCOPE_NAME.source }, maxProperties: MOST_SCOPES };
  return {
    ...rest,
    title: "Latchkey's POLICY_FILE",
    properties: { ...properties, scopes: { ...scopes, ...names } },
  };
}

type PolicyFile = z.infer<typeof policySchema>;

/** What a scope says, of which Latchkey's own say less. */
type ScopeEntry = {
  readonly [Key in keyof z.infer<typeof scope>]?: z.infer<typeof scope>[Key] | undefined;
};

/**
 * The policy in a file.
 * @returns the problems, a line for each, where it cannot be used
 */
export function readPolicyFile(path: string): PolicyRules | PolicyProblems {
  let text: string;
  try {
    if (statSync(path).size > MOST_POLICY_BYTES) {
      return { problems: [`is larger than a policy may be (${MOST_POLICY_BYTES} bytes)`] };
    }
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { problems: [`cannot be read (${reason})`] };
  }
  return readPolicy(text);
}

/** The same of its text. */
export function readPolicy(text: string): PolicyRules | PolicyProblems {
  const broken: ParseError[] = [];
  const root = parseTree(text, broken, { disallowComments: true });
  const [first] = broken;
  if (root === undefined || first !== undefined) {
    const place = placeOf(text, first?.offset ?? 0);
    const what =
      first === undefined ? 'nothing is there' : WRONG_JSON[printParseErrorCode(first.error)];
    return { problems: [`${place}: this is not JSON: ${what ?? 'something is out of place'}`] };
  }
  const value: unknown = getNodeValue(root);
  const problems: Problem[] = [...doubled(root), ...wrongNames(value)];
  const read = policySchema.safeParse(value);
  if (!read.success)
    problems.push(...read.error.issues.flatMap((issue) => toProblems(issue, root)));
  problems.push(...contradictions(namesSchema.parse(value)));
  if (problems.length === 0 && read.success) return toRules(read.data);
  const lines = problems.map(({ path, node, message }) => {
    const at = node ?? nearest(root, path);
    const what = path.length === 0 ? 'the file' : nameOf(path);
    return { offset: at.offset, line: `${placeOf(text, at.offset)}: ${what} ${message}` };
  });
  const sorted = lines.toSorted((one, other) => one.offset - other.offset);
  return { problems: [...new Set(sorted.map(({ line }) => line))] };
}

type Path = readonly (string | number)[];

interface Problem {
  readonly path: Path;
  readonly message: string;
  /** Where that is not the value at the path. */
  readonly node?: Node;
}

/** What is wrong with the text, by the parser's names. */
const WRONG_JSON: Readonly<Record<string, string>> = {
  CommaExpected: 'a comma is missing before this',
  ColonExpected: 'a colon is missing before this',
  ValueExpected: 'a value is missing here, or a comma is too many',
  PropertyNameExpected: 'a name in quotes is missing here, or a comma is too many',
  CloseBraceExpected: 'a } is missing here',
  CloseBracketExpected: 'a ] is missing here',
  EndOfFileExpected: 'the end of the file should be here',
  InvalidSymbol: 'this is no value: text needs quotes',
  InvalidNumberFormat: 'this is no number',
  InvalidCommentToken: 'comments are not allowed',
  UnexpectedEndOfComment: 'comments are not allowed',
  UnexpectedEndOfString: 'a quote is missing here',
  InvalidEscapeCharacter: 'this escape is not allowed',
  InvalidCharacter: 'this character is not allowed',
};

/** Line and column, from 1. */
function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

/** `scopes["lamps:all"].roles[0]` without what is hard to read: `scopes, lamps:all, roles, 1st`. */
function nameOf(path: Path): string {
  return path
    .map((part) => (typeof part === 'number' ? `entry ${part + 1}` : `"${part}"`))
    .join(' › ');
}

/** Names that are there twice: a parser would take the last without a word. */
function doubled(node: Node, path: Path = []): Problem[] {
  const children = node.children ?? [];
  if (node.type === 'array') {
    return children.flatMap((child, index) => doubled(child, [...path, index]));
  }
  if (node.type !== 'object') return [];
  const seen = new Set<string>();
  return children.flatMap(({ children: [key, value] = [] }) => {
    const name = String(key?.value);
    const inner = value === undefined ? [] : doubled(value, [...path, name]);
    const isTwice = seen.has(name);
    seen.add(name);
    if (!isTwice || key === undefined) return inner;
    return [{ path: [...path, name], message: 'is there twice', node: key }, ...inner];
  });
}

function toProblems(issue: z.core.$ZodIssue, root: Node): Problem[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: 'is not known here',
      ...keyAt(root, [...path, key]),
    }));
  }
  if (issue.code === 'invalid_key') {
    const [inner] = issue.issues;
    return [{ path, message: inner?.message ?? issue.message, ...keyAt(root, path) }];
  }
  return [{ path, message: path.length === 0 ? 'must be a JSON object' : issue.message }];
}

/** The name of a value, where the problem is with that. */
function keyAt(root: Node, path: Path): Pick<Problem, 'node'> {
  const node = findNodeAtLocation(root, [...path])?.parent?.children?.[0];
  return node === undefined ? {} : { node };
}

/** The value at a path, or where it should be. */
function nearest(root: Node, path: Path): Node {
  return findNodeAtLocation(root, [...path]) ?? nearest(root, path.slice(0, -1));
}

/** Names of scopes that can be none: what they say is looked at all the same. */
function wrongNames(value: unknown): Problem[] {
  const { scopes } = (value ?? {}) as { readonly scopes?: unknown };
  return Object.keys(scopes ?? {})
    .filter((name) => !SCOPE_NAME.test(name))
    .map((name) => ({
      path: ['scopes', name],
      message: 'is no name of a scope: that has 1 to 40 of A-Z a-z 0-9 : . _ / -',
    }));
}

const namedScopeSchema = z
  .object({
    roles: z.array(z.string()).catch([]),
    given: z.unknown().optional(),
    approval: z.unknown().optional(),
  })
  .catch({ roles: [], given: false, approval: false });

/** What names what, in a file that may be wrong in any way. */
const namesSchema = z
  .object({
    roles: z.record(z.string(), z.unknown()).catch({}),
    holders: z.array(z.string()).catch([]),
    scopes: z.record(z.string(), namedScopeSchema).catch({}),
  })
  .catch({ roles: {}, holders: [], scopes: {} });

/** What is right by itself, and not together. */
function contradictions({ roles, holders, scopes }: z.infer<typeof namesSchema>): Problem[] {
  const problems: Problem[] = [];
  const byId = new Map<unknown, string>();
  for (const [name, id] of Object.entries(roles)) {
    const other = byId.get(id);
    byId.set(id, name);
    if (other === undefined) continue;
    problems.push({ path: ['roles', name], message: `is the same role as "${other}"` });
  }
  const requireKnown = (path: Path, named: readonly string[]) => {
    for (const [index, name] of named.entries()) {
      const at = [...path, index];
      if (!Object.hasOwn(roles, name)) {
        problems.push({ path: at, message: `names "${name}", which is not in "roles"` });
      } else if (named.indexOf(name) < index) {
        problems.push({ path: at, message: `names "${name}" again` });
      }
    }
  };
  requireKnown(['holders'], holders);
  const names = Object.keys(scopes);
  for (const name of names) requireKnown(['scopes', name, 'roles'], scopes[name]?.roles ?? []);
  for (const name of names) {
    const { given, approval } = scopes[name] ?? {};
    if (given !== true || approval !== true) continue;
    const message = 'cannot be true beside "given": staff approve only what a member asks for';
    problems.push({ path: ['scopes', name, 'approval'], message });
  }
  const others = names.filter((name) => !OWN_NAMES.includes(name)).length;
  if (others > MOST_OWN_SCOPES) {
    problems.push({
      path: ['scopes'],
      message: `has ${others} scopes; ${MOST_OWN_SCOPES} is the most that a menu of Discord's can show beside Latchkey's own two`,
    });
  }
  return problems;
}

function toRules({ roles = {}, holders, scopes = {} }: PolicyFile): PolicyRules {
  return {
    roles: Object.entries(roles).map(([name, id]) => ({ name, id })),
    holders: holders ?? null,
    scopes: Object.entries(scopes).flatMap(([name, rule]) => {
      if (rule === undefined) return [];
      const own = OWN_SCOPES.find((each) => each.name === name);
      const { roles: needed, longest: most, approval = false }: ScopeEntry = rule;
      return {
        name,
        says: rule.says ?? own?.says ?? name,
        given: rule.given ?? false,
        roles: needed ?? null,
        longestMs: most === undefined ? null : durationMs(most),
        approval,
      };
    }),
  };
}

function durationMs(text: string): number {
  return Number.parseInt(text, 10) * (UNITS[text.at(-1) ?? ''] ?? NaN);
}

import type { FormProblem } from './errors.ts';
import { asList, asObject, asString, type Json } from './json.ts';
import { readPattern } from './rust-pattern.ts';

const LISTS = {
  keyword_filter: { most: 1000, length: 60 },
  regex_patterns: { most: 10, length: 260 },
  allow_list: { most: 100, length: 60 },
} as const;
const CUSTOM_MESSAGE = 150;

/** Discord's limits for a rule for automatic moderation. */
export function checkRule(rule: Json): FormProblem[] {
  const name = asString(rule['name']) ?? '';
  return [
    ...outside(name.length, ['name'], { least: 1, most: 100 }),
    ...outside(asList(rule['actions']).length, ['actions'], { least: 1, most: 5 }),
    ...outside(asList(rule['exempt_roles']).length, ['exempt_roles'], { most: 20 }),
    ...outside(asList(rule['exempt_channels']).length, ['exempt_channels'], { most: 50 }),
    ...asList(rule['actions']).flatMap((action, index) => {
      const message = asString(asObject(asObject(action)['metadata'])['custom_message']) ?? '';
      const at = ['actions', index, 'metadata', 'custom_message'];
      return outside(message.length, at, { most: CUSTOM_MESSAGE });
    }),
    ...listProblems(asObject(rule['trigger_metadata'])),
  ];
}

function listProblems(metadata: Json): FormProblem[] {
  const problems: FormProblem[] = [];
  for (const [member, { most, length }] of Object.entries(LISTS)) {
    const at = ['trigger_metadata', member];
    const entries = asList(metadata[member]).map((entry) => asString(entry) ?? '');
    problems.push(...outside(entries.length, at, { most }));
    entries.forEach((entry, index) => {
      problems.push(...outside(entry.length, [...at, index], { least: 1, most: length }));
      if (member === 'regex_patterns' && readPattern(entry) === undefined) {
        problems.push({
          at: [...at, index],
          code: 'AUTO_MODERATION_INVALID_REGEX',
          message: 'Regex validation failed',
        });
      }
    });
  }
  return problems;
}

function outside(
  length: number,
  at: readonly (string | number)[],
  { least = 0, most }: { readonly least?: number; readonly most: number },
): FormProblem[] {
  if (length >= least && length <= most) return [];
  const message = `Must be between ${least} and ${most} in length.`;
  return [{ at, code: 'BASE_TYPE_BAD_LENGTH', message }];
}

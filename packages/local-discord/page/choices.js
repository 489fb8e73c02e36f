// What a select of people, roles or channels offers.
const PEOPLE = new Set([5, 7]);
const ROLES = new Set([6, 7]);
const CHANNELS = 8;

/** Undefined for a field of another type. */
export function choicesOf(type, { names, roles, rooms }) {
  if (!PEOPLE.has(type) && !ROLES.has(type) && type !== CHANNELS) return undefined;
  return [
    ...(PEOPLE.has(type)
      ? Object.entries(names).map(([value, name]) => ({ value, label: `@${name}` }))
      : []),
    ...(ROLES.has(type) ? [...roles].map(([value, label]) => ({ value, label })) : []),
    ...(type === CHANNELS
      ? [...rooms].map(([value, name]) => ({ value, label: `# ${name}` }))
      : []),
  ];
}

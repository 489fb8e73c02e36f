import { type Goal, GOALS, isMet } from './goals.ts';
import type { Result } from './result.ts';

/** One section's results, as lines of equal columns. */
export function table(name: string, results: readonly Result[]): string {
  const rows = [['', name, 'measured', 'goal', ''], ...results.map(row)];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  return rows
    .map((cells) =>
      cells
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return column === 2 ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function row({ goal, what, value, unit, remark = '' }: Result): string[] {
  const figure = show(value, unit ?? (goal && (GOALS[goal] as Goal).unit));
  if (goal === undefined) return ['', what ?? '', figure, '', remark];
  const promised: Goal = GOALS[goal];
  const verdict = isMet(goal, value) ? 'met' : 'MISSED';
  return [
    goal,
    promised.what,
    figure,
    bound(promised),
    [verdict, remark].filter(Boolean).join(', '),
  ];
}

function bound({ atLeast, atMost, unit }: Goal): string {
  return atLeast === undefined ? `<= ${show(atMost ?? 0, unit)}` : `>= ${show(atLeast, unit)}`;
}

function show(value: number, unit: string | undefined): string {
  if (unit === undefined) return `${value >= 10 ? value.toFixed(0) : value.toFixed(2)}x`;
  return `${value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${unit}`;
}

import { describe, expect, it } from 'vitest';
import { createProgress } from '../../../src/store/move/progress.ts';
import { createClock, SECOND } from '../../support/fixtures.ts';

function start(isTerminal: boolean, { width = 80, total = 2_000_000, done = 0 } = {}) {
  const written: string[] = [];
  const clock = createClock();
  const screen = { isTerminal, width, write: (text: string) => void written.push(text) };
  return { written, clock, progress: createProgress(screen, { total, done }, clock) };
}

describe('the progress of a move', () => {
  it('is a bar in one line of a terminal', () => {
    const { written, clock, progress } = start(true, { done: 500_000 });
    clock.advance(10 * SECOND);
    progress.reached(1_000_000, 'sessions');
    expect(written).toHaveLength(1);
    expect(written[0]).toMatch(/^\r\[#{15}\.{15}\] 50%, 1,000,000 of 2,000,000 rows, sessions/);
    clock.advance(0.01 * SECOND);
    progress.reached(1_001_000, 'sessions');
    expect(written).toHaveLength(1);
    progress.reached(2_000_000, 'leases');
    expect(written[1]).toContain(`[${'#'.repeat(30)}] 100%`);
    progress.close();
    progress.close();
    expect(written.slice(2)).toEqual(['\n']);
  });

  it('says how long it will take, by what it has done itself', () => {
    const { written, clock, progress } = start(true, { done: 500_000, width: 120 });
    clock.advance(10 * SECOND);
    progress.reached(1_000_000, 'sessions');
    expect(written[0]).toContain('about 20 s left');
  });

  it('never breaks the line', () => {
    const { written, progress } = start(true, { width: 40 });
    progress.reached(1_000_000, 'sessions');
    expect(written[0]).toHaveLength(40);
  });

  it('is a line now and then elsewhere', () => {
    const { written, clock, progress } = start(false, { total: 100 });
    for (let done = 1; done <= 100; done += 1) {
      clock.advance(SECOND);
      progress.reached(done, 'sessions');
    }
    progress.close();
    expect(written).toHaveLength(21);
    expect(written[1]).toBe('6%, 6 of 100 rows, sessions, about 94 s left\n');
    expect(written.at(-1)).toBe('100%, 100 of 100 rows, sessions\n');
  });
});

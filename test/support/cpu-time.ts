import { createContext, runInContext } from 'node:vm';

const STOP_AFTER_MS = 1_000;

const context = createContext({ work: (): unknown => undefined });

/**
 * How long this thread computes at it, in milliseconds: what else the machine does counts for nothing.
 * @throws if it is not done after a second, also in the middle of a pattern
 */
export function cpuTime(work: () => unknown): number {
  context['work'] = work;
  const before = process.threadCpuUsage();
  runInContext('work()', context, { timeout: STOP_AFTER_MS });
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

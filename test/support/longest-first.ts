import { BaseSequencer, type TestSequencerConstructor, type TestSpecification } from 'vitest/node';

/** Starts the named files before all others, in that order: what begins last and takes long is waited for alone. */
export function longestFirst(...names: readonly string[]): TestSequencerConstructor {
  const rankOf = ({ moduleId }: TestSpecification) =>
    names.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
  return class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      // eslint-disable-next-line unicorn/no-array-sort -- vitest's own, which resolves with a new array.
      const sorted = await super.sort(files);
      const named = sorted.filter((file) => rankOf(file) >= 0);
      const rest = sorted.filter((file) => rankOf(file) < 0);
      return [...named.toSorted((one, other) => rankOf(one) - rankOf(other)), ...rest];
    }
  };
}

import { AppError } from '../../core/errors.ts';

/**
 * What follows upon an act that is done; `otherwise` where the database is away by then, since its refusal
 * would say that nothing was done.
 */
export async function afterwards<Shown>(
  following: Promise<Shown>,
  otherwise: () => Shown | Promise<Shown>,
): Promise<Shown> {
  try {
    return await following;
  } catch (error) {
    const code = error instanceof AppError ? error.code : undefined;
    if (code !== 'unavailable' && code !== 'uncertain') throw error;
    return otherwise();
  }
}

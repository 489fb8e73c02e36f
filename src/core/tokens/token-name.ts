import { refuse } from '../errors.ts';
import { hasToken } from '../sessions/token.ts';

/** In characters, as people count them. */
export const NAME_LENGTH = 80;

// Control, line-separating, direction-changing and invisible characters, and halves of characters;
// the joiners and the variation selectors that scripts and emoji are spelled with may stay.
const UNPRINTABLE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u2800]|(?!\u200C|\u200D|[\uFE00-\uFE0F])[\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
/** Hebrew with points and accents has so many on a letter; more of them cover the lines around it. */
const MOST_MARKS = 5;
const TOO_MANY_MARKS = /[\p{Mn}\p{Me}\u200C\u200D]{6}/u;
/** England's, Scotland's and Wales': a black flag and tags, which are invisible anywhere else. */
const REGIONAL_FLAG = /\u{1F3F4}[\u{E0020}-\u{E007F}]+/gu;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

/**
 * A token's name, trimmed.
 * @throws AppError `invalid`, with what is allowed
 */
export function parseName(text: string): string {
  const name = text.trim();
  const { length } = Array.from(name);
  if (length === 0 || !VISIBLE.test(name)) {
    throw refuse({ code: 'invalid', reason: 'name_missing', max: NAME_LENGTH });
  }
  if (length > NAME_LENGTH) {
    throw refuse({ code: 'invalid', reason: 'name_too_long', length, max: NAME_LENGTH });
  }
  if (UNPRINTABLE.test(name.replaceAll(REGIONAL_FLAG, ''))) {
    throw refuse({ code: 'invalid', reason: 'name_unprintable' });
  }
  if (TOO_MANY_MARKS.test(name)) {
    throw refuse({ code: 'invalid', reason: 'name_marks', max: MOST_MARKS });
  }
  if (hasToken(name)) {
    throw refuse({ code: 'invalid', reason: 'name_has_token' });
  }
  return name;
}

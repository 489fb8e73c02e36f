// What Rust's regular expressions have not, so that Discord refuses it: looks around and back.
const NOT_IN_RUST = /\(\?<?[=!]|\\[1-9]|\\k</;

/** A pattern in Rust's flavor as far as both flavors have it; undefined if it is none. */
export function readPattern(pattern: string): RegExp | undefined {
  if (NOT_IN_RUST.test(pattern)) return undefined;
  const [, flags = '', rest = ''] = /^(?:\(\?([imsx]+)\))?(.*)$/s.exec(pattern) ?? [];
  const source = rest
    .replaceAll('(?P<', '(?<')
    .replaceAll(String.raw`\A`, '^')
    .replaceAll(String.raw`\z`, '$');
  for (const mode of ['u', '']) {
    try {
      return new RegExp(source, flags.replaceAll('x', '') + mode);
    } catch {
      // Rust allows escapes that are needless, which the Unicode mode does not.
    }
  }
  return undefined;
}

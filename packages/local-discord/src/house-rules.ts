/** What a project holds its bot to beyond Discord's own rules; nothing unless told. */
export interface HouseRules {
  /** A first answer to a command or a component is for the eyes of the one who acted only. */
  readonly privateAnswers?: boolean;
  /** No message could notify somebody. */
  readonly noPings?: boolean;
}

/** What a restart must not lose, as JSON, each under a name. */
export interface SettingStore {
  findSetting(name: string): Promise<unknown>;
  /** Null removes it. */
  saveSetting(name: string, value: unknown): Promise<void>;
}

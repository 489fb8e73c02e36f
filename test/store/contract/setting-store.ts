import { describe, expect, it } from 'vitest';
import { findApplication, saveApplication } from '../../../src/core/accounts/authorization.ts';
import { store } from './stage.ts';

/** What a restart must not lose. */
export function describeSettingStore(): void {
  describe('a setting', () => {
    it('is what was saved last, whatever it is, until it is removed', async () => {
      expect(await store.findSetting('a')).toBeUndefined();
      for (const value of ['text', 7, false, { deep: ['🗝', null] }, []]) {
        await store.saveSetting('a', value);
        expect(await store.findSetting('a')).toEqual(value);
      }
      await store.saveSetting('b', 'other');
      await store.saveSetting('a', null);
      expect(await store.findSetting('a')).toBeUndefined();
      expect(await store.findSetting('b')).toBe('other');
      await store.saveSetting('unheard-of', null);
    });
  });

  describe('our application', () => {
    it('is kept as it was told last', async () => {
      expect(await findApplication(store)).toBeNull();
      await saveApplication(store, { id: '1', name: 'One', icon: null, tags: ['a'] });
      expect(await findApplication(store)).toEqual({
        id: '1',
        name: 'One',
        icon: null,
        tags: ['a'],
      });
      await saveApplication(store, { id: '2', name: 'Two 🗝' });
      expect(await findApplication(store)).toEqual({ id: '2', name: 'Two 🗝' });
    });
  });
}

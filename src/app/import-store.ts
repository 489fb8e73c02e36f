import { registerHooks } from 'node:module';

/**
 * Imports the store, in a file or on a server. Node reads a package's description again for each of its modules, to learn of
 * which kind they are: that of drizzle-orm has 180 kB, which comes to a third of a second and 100 MB at
 * each start. Here its modules say so themselves.
 */
export async function importStore(isOnServer: boolean) {
  const hooks = registerHooks({
    resolve(specifier, context, resolveAsUsual) {
      const { parentURL } = context;
      if (!specifier.startsWith('.') || !parentURL?.includes('/node_modules/drizzle-orm/')) {
        return resolveAsUsual(specifier, context);
      }
      return { url: new URL(specifier, parentURL).href, format: 'module', shortCircuit: true };
    },
  });
  try {
    return isOnServer
      ? await import('../store/postgres/server/open.ts')
      : await import('../store/sqlite/file/care.ts');
  } finally {
    // Each import costs more while there are hooks.
    hooks.deregister();
  }
}

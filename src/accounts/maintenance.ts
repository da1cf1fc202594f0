import type { AccountDeps } from './deps.ts';

/** Closes or opens the doors of all nodes; takes effect within the directory's refresh. Gives since when, or undefined. */
export async function setMaintenance(deps: AccountDeps, input: { isOn: boolean }): Promise<string | undefined> {
  await deps.directory.refresh();
  const since = deps.directory.maintenanceSince;
  if (input.isOn === (since !== undefined)) return since;
  const value = input.isOn ? deps.now() : null;
  await deps.store.transaction(async (store) => {
    await store.settings.write('maintenance_since', value);
    await store.settings.next('revision');
  });
  await deps.directory.refresh();
  return value ?? undefined;
}

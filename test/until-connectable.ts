import { connect, type NetConnectOpts } from 'node:net';

/** Resolves once something accepts connections there; rejects after 20 seconds with why it does not. */
export async function untilConnectable(to: NetConnectOpts): Promise<void> {
  for (const end = Date.now() + 20_000; ; ) {
    const error = await new Promise<Error | undefined>((resolve) => {
      const connection = connect(to, () => resolve(undefined)).once('error', resolve);
      connection.once('connect', () => connection.destroy());
    });
    if (error === undefined) return;
    if (Date.now() > end) throw error;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

import type { LoyaltyPlatforms } from '../../accounts/loyalty-platform.ts';
import type { Chain } from '../../accounts/topology.ts';
import { type PlatformLog, SpaazaClient } from './client.ts';

/** The settings of all links; the names are those of the configuration. */
export interface LinkSettings {
  /** By chain id. `apiUrl` replaces the address that the topology gives. */
  spaaza: Readonly<Record<number, { credential?: { key: string; secret: string }; apiUrl?: string }>>;
  spaazaApiVersion: string;
  spaazaTimeoutMs: number;
  spaazaRatePerSecond: number;
  spaazaConcurrency: number;
}

interface Opened {
  apiUrl: string;
  hostname: string;
  client: SpaazaClient;
}

/**
 * The platform of each chain that the topology has and the settings hold a credential for. `chains` is asked every time,
 * so that an applied topology is followed: a chain with another address or hostname gets a new client, and the old one
 * ends with its last call. Nothing is opened before the first call.
 */
export function createLoyaltyPlatforms(
  settings: LinkSettings,
  chains: () => readonly Chain[],
  log: PlatformLog,
): LoyaltyPlatforms {
  const opened = new Map<number, Opened>();
  const clientOf = (chainId: number): SpaazaClient | undefined => {
    const { credential, apiUrl: ownApiUrl } = settings.spaaza[chainId] ?? {};
    const chain = credential && chains().find(({ id }) => id === chainId);
    if (credential === undefined || chain === undefined) return undefined;
    const apiUrl = ownApiUrl ?? chain.api;
    const { hostname } = chain;
    const known = opened.get(chainId);
    if (known?.apiUrl === apiUrl && known.hostname === hostname) return known.client;
    known?.client.close().catch(() => undefined);
    const client = new SpaazaClient({
      chainId,
      apiUrl,
      hostname,
      credential,
      apiVersion: settings.spaazaApiVersion,
      timeoutMs: settings.spaazaTimeoutMs,
      perSecond: settings.spaazaRatePerSecond,
      concurrency: settings.spaazaConcurrency,
      log,
    });
    opened.set(chainId, { apiUrl, hostname, client });
    return client;
  };
  return {
    platformOf: clientOf,
    close: async () => {
      await Promise.all([...opened.values()].map(({ client }) => client.close()));
    },
  };
}

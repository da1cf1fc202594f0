import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { chainEntries, settingEntries } from '../src/config-table.ts';

const root = join(import.meta.dirname, '..');
const composeFiles = ['compose.yaml', 'compose.postgres.yaml'];
const manifestFiles = readdirSync(join(root, 'deploy/kubernetes')).map((name) => `deploy/kubernetes/${name}`);
const dockerfile = read('Dockerfile');
const { version } = JSON.parse(read('package.json')) as { version: string };

describe('the deployment files', () => {
  it.each([...composeFiles, ...manifestFiles])('are YAML without a fault or a key given twice: %s', (file) => {
    const documents = parseAllDocuments(read(file), { merge: true, strict: true, uniqueKeys: true });
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
    expect(documents.length).toBeGreaterThan(0);
  });

  it.each(['Dockerfile', 'deploy/nginx.conf', ...composeFiles, ...manifestFiles])(
    'name no setting that Foyer would refuse: %s',
    (file) => {
      const names = [...read(file).matchAll(/\bFOYER_[A-Z0-9_]+/g)].map(([name]) => name);
      expect(names.filter((name) => !isSetting(name))).toEqual([]);
    },
  );

  it('give values that Foyer accepts', () => {
    const kinds = new Map(settingEntries().map(([, { env, kind }]) => [env, kind]));
    const given = [...composeFiles.flatMap((file) => foyerServices(file)).map(({ environment }) => environment)];
    const settings = manifests('ConfigMap').map(({ data }) => data as Record<string, string>);
    const pairs = [...given, ...settings].flatMap((each) => Object.entries(each)).filter(([name]) => kinds.has(name));
    expect(pairs.length).toBeGreaterThan(5);
    expect(pairs.filter(([name, value]) => kinds.get(name)?.parse(value) === undefined)).toEqual([]);
  });

  it('pin every image to a version, and Foyer to the one of this package', () => {
    const images = [
      ...[...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!).filter((image) => image !== 'tools'),
      ...composeFiles.flatMap((file) => Object.values(services(file)).map(({ image }) => image)),
      ...workloads().flatMap(({ pod }) => pod.containers.map(({ image }) => image)),
    ];
    const [newTag] = /(?<=newTag: ).+/.exec(read('deploy/kubernetes/kustomization.yaml')) ?? [];
    expect(images.filter((image) => !/:v?\d+\.\d+\.\d+|^postgres:\d+\.\d+/.test(image))).toEqual([]);
    expect(new Set(images.filter((image) => image.startsWith('foyer')))).toEqual(new Set([`foyer:${version}`]));
    expect(newTag).toBe(version);
  });

  it.each(composeFiles)('give no container of %s root, a writable root, privileges or capabilities', (file) => {
    for (const [name, service] of Object.entries(services(file))) {
      expect(service, name).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
      expect(service.security_opt, name).toContain('no-new-privileges:true');
      expect(service.privileged, name).toBeUndefined();
      // PostgreSQL's own image starts as root and steps down.
      if (name !== 'postgres') expect(service.user, name).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    }
    for (const { environment, volumes = [], tmpfs = [] } of foyerServices(file)) {
      const isOnDisk = environment.FOYER_DATABASE_URL === 'sqlite:/data/foyer.db';
      expect(volumes.some((volume) => volume.endsWith(':/data'))).toBe(isOnDisk);
      expect(tmpfs.some((mount) => mount.startsWith('/tmp'))).toBe(true);
    }
  });

  it('give no pod root, a writable root, privileges, capabilities or a token of the cluster', () => {
    expect(workloads().map(({ kind }) => kind)).toEqual(expect.arrayContaining(['Deployment', 'Job']));
    for (const { pod } of workloads()) {
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      expect(pod.securityContext.runAsUser).toBeGreaterThan(0);
      expect(pod.automountServiceAccountToken).toBe(false);
      for (const { securityContext } of pod.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
  });

  it('keep variables from the pods that Kubernetes makes of the service named foyer', () => {
    expect(manifests('Service').map(({ metadata }) => metadata.name)).toContain('foyer');
    expect(workloads().map(({ pod }) => pod.enableServiceLinks)).toEqual(workloads().map(() => false));
  });

  it('wait longer for the end of a node than the node waits for its requests', () => {
    for (const file of composeFiles) {
      for (const { command, stop_grace_period, environment } of foyerServices(file)) {
        if (command !== undefined) continue;
        expect(Number.parseInt(stop_grace_period!, 10)).toBeGreaterThan(Number(environment.FOYER_SHUTDOWN_SECONDS));
      }
    }
    const [deployment] = workloads().filter(({ kind }) => kind === 'Deployment');
    const preStop = deployment!.pod.containers[0]!.lifecycle!.preStop.exec.command;
    const settings = manifests('ConfigMap')[0]!.data as Record<string, string>;
    expect(preStop[0]).toBe('sleep');
    expect(deployment!.pod.terminationGracePeriodSeconds).toBeGreaterThan(
      Number(preStop[1]) + Number(settings.FOYER_SHUTDOWN_SECONDS),
    );
  });

  it('ask /readyz where requests are handed out and /livez where processes are replaced', () => {
    const nodes = composeFiles.flatMap(foyerServices).filter(({ command }) => command === undefined);
    expect(nodes).toHaveLength(4);
    for (const { healthcheck } of nodes) expect(healthcheck?.test?.join(' ')).toContain('/readyz');
    expect(/^HEALTHCHECK[\s\S]*?^ENTRYPOINT/m.exec(dockerfile)?.[0]).toContain('/livez');
    for (const { kind, pod } of workloads()) {
      if (kind !== 'Deployment') continue;
      expect(pod.containers[0]).toMatchObject({
        livenessProbe: { httpGet: { path: '/livez' } },
        readinessProbe: { httpGet: { path: '/readyz' } },
        startupProbe: { httpGet: { path: '/livez' } },
      });
    }
  });

  it('start the three nodes on PostgreSQL only after a migration that ran by itself', () => {
    const all = services('compose.postgres.yaml');
    const nodes = Object.entries(all).filter(([, { image, command }]) => image.startsWith('foyer:') && !command);
    expect(nodes.map(([name]) => name)).toEqual(['foyer-1', 'foyer-2', 'foyer-3']);
    expect(all.migrate).toMatchObject({ command: ['migrate'], restart: 'no' });
    expect(all.migrate!.depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
    for (const [, { depends_on }] of nodes) {
      expect(depends_on).toEqual({ migrate: { condition: 'service_completed_successfully' } });
    }
    const upstream = [...read('deploy/nginx.conf').matchAll(/^\s*server (foyer-\d):8080/gm)].map(([, name]) => name);
    expect(upstream).toEqual(nodes.map(([name]) => name));
  });

  it('believe the address of a caller from the proxy alone, and from there it is replaced', () => {
    const all = services('compose.postgres.yaml');
    const address = (all.nginx!.networks as Record<string, { ipv4_address: string }>).front!.ipv4_address;
    for (const { environment } of foyerServices('compose.postgres.yaml')) {
      expect(environment.FOYER_TRUST_PROXY).toBe(address);
    }
    expect(read('deploy/nginx.conf')).toMatch(/^\s*proxy_set_header X-Forwarded-For \$remote_addr;$/m);
  });

  it('count what a network uses up for all nodes together, in a Valkey that only they reach and that keeps nothing', () => {
    const { valkey, ...others } = services('compose.postgres.yaml');
    expect(valkey!.image).toMatch(/^valkey\/valkey:/);
    expect(valkey!.command!.join(' ')).toMatch(/^valkey-server --save {2}--appendonly no /);
    expect(valkey).toMatchObject({ networks: ['data'], healthcheck: { test: ['CMD', 'valkey-cli', 'ping'] } });
    expect([valkey!.ports, valkey!.volumes]).toEqual([undefined, undefined]);
    const [{ networks }] = documents('compose.postgres.yaml') as [{ networks: Record<string, unknown> }];
    expect(networks.data).toEqual({ internal: true });
    // It has no password, so nothing that is reached from elsewhere may be beside it.
    for (const [name, { ports, networks }] of Object.entries(others)) {
      if (ports !== undefined) expect(JSON.stringify(networks), name).not.toContain('data');
    }
    for (const { environment } of foyerServices('compose.postgres.yaml')) {
      expect(environment.FOYER_REDIS_URL).toBe('redis://valkey:6379');
    }
    // A share for each node would be a share of what all have together.
    for (const file of [...composeFiles, ...manifestFiles]) expect(read(file)).not.toContain('FOYER_IP_FAILURES');
  });

  it('hold no secret, only the names of files that do', () => {
    const isSecret = new Set(settingEntries().flatMap(([, { env, isSecret }]) => (isSecret ? [env] : [])));
    for (const { environment } of composeFiles.flatMap(foyerServices)) {
      const open = Object.entries(environment).filter(([name]) => isSecret.has(name));
      expect(open.filter(([, value]) => !value.startsWith('sqlite:') && !isOpenRedis(value))).toEqual([]);
    }
    for (const { environment = {} } of Object.values(services('compose.postgres.yaml'))) {
      const words = Object.entries(environment).filter(
        ([name, value]) => /PASSWORD|URL/.test(name) && !isOpenRedis(value),
      );
      for (const [name, value] of words)
        expect([name, value]).toEqual([expect.stringMatching(/_FILE$/), expect.stringMatching(/^\/run\/secrets\//)]);
    }
    expect(manifests('Secret')).toEqual([]);
    expect(read('deploy/secrets/.gitignore')).toMatch(/^\*$/m);
  });

  it('start a server with the same room for young objects everywhere, as it is measured', () => {
    const starts = [
      [read('package.json'), '"start": "exec node FLAG dist/main.js serve"'],
      [dockerfile, 'ENTRYPOINT ["node", "FLAG", "/app/dist/main.js"]'],
      [read('docs/operations.md'), 'ExecStart=/usr/bin/node FLAG /opt/foyer/dist/main.js serve'],
      [read('docs/operations.md'), '`node FLAG dist/main.js serve`'],
      [read('bench/children.ts'), "'FLAG'"],
    ];
    for (const [text, start] of starts) expect(text).toContain(start!.replace('FLAG', '--max-semi-space-size=32'));
  });

  it('build an image that runs as nobody special, from what the Dockerfile copies and nothing else', () => {
    expect(dockerfile.match(/^USER .*$/gm)).toEqual(['USER 1000:1000']);
    expect(dockerfile).toContain('RUN ln -s /app/dist/main.js /usr/local/bin/foyer\n');
    expect(dockerfile.match(/^(?:ENTRYPOINT|CMD|STOPSIGNAL|VOLUME) .*$/gm)).toEqual([
      'VOLUME /data',
      'STOPSIGNAL SIGTERM',
      'ENTRYPOINT ["node", "--max-semi-space-size=32", "/app/dist/main.js"]',
      'CMD ["serve"]',
    ]);
    // Set in the image, it would stand against the FOYER_DATABASE_URL_FILE of every deployment.
    expect(dockerfile).not.toMatch(/^[^#\n]*FOYER_DATABASE_URL[= ]/m);
    const allowed = read('.dockerignore')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths]) => paths!.split(' '));
    expect(read('.dockerignore')).toMatch(/^\*$/m);
    expect(copied.map((path) => path.replace(/\/$/, '')).toSorted()).toEqual(allowed.toSorted());
    expect(allowed.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

interface Service {
  image: string;
  command?: string[];
  user?: string;
  privileged?: boolean;
  environment?: Record<string, string>;
  security_opt?: string[];
  ports?: string[];
  volumes?: string[];
  tmpfs?: string[];
  stop_grace_period?: string;
  healthcheck?: { test?: string[] };
  depends_on?: unknown;
  networks?: unknown;
}

interface Container {
  image: string;
  securityContext: unknown;
  lifecycle?: { preStop: { exec: { command: string[] } } };
}

interface Pod {
  enableServiceLinks?: boolean;
  automountServiceAccountToken?: boolean;
  terminationGracePeriodSeconds?: number;
  securityContext: Record<string, unknown>;
  containers: Container[];
}

interface Manifest {
  kind: string;
  metadata: { name: string };
  data?: unknown;
  spec?: { template?: { spec: Pod } };
}

/** Known by its own name or as the `_FILE` of one, or as a family's prefix. */
function isSetting(name: string): boolean {
  const bare = name.replace(/_FILE$/, '');
  const isKnown = settingEntries().some(([, { env }]) => env === bare);
  return isKnown || chainEntries().some(([, { prefix }]) => bare.startsWith(prefix));
}

/** Its address is no secret when there is no password in it. */
function isOpenRedis(value: string): boolean {
  return /^redis:\/\/[^@]+$/.test(value);
}

function documents(file: string): unknown[] {
  return parseAllDocuments(read(file), { merge: true }).map((document) => document.toJS());
}

function services(file: string): Record<string, Service> {
  const [document] = documents(file) as [{ services: Record<string, Service> }];
  return document.services;
}

/** Those that run Foyer, the migration among them. */
function foyerServices(file: string): (Service & { environment: Record<string, string> })[] {
  return Object.values(services(file))
    .filter(({ image }) => image.startsWith('foyer:'))
    .map((service) => ({ ...service, environment: service.environment ?? {} }));
}

function manifests(kind: string): Manifest[] {
  return manifestFiles
    .flatMap((file) => parseAllDocuments(read(file)).map((document) => document.toJS() as Manifest))
    .filter((manifest) => manifest.kind === kind);
}

function workloads(): { kind: string; pod: Pod }[] {
  return ['Deployment', 'Job'].flatMap((kind) =>
    manifests(kind).map((manifest) => ({ kind, pod: manifest.spec!.template!.spec })),
  );
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}
